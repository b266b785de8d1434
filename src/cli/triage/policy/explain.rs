//! `triage policy explain`: how one ticket is decided, test by test.

use std::collections::BTreeSet;
use std::process::ExitCode;

use anyhow::anyhow;
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::OutputFormat;
use super::explain_print::print;
use super::model::{load_fitting, load_policy};
use crate::classifier::{Classification, Prediction};
use crate::cli::facet_option::facet_label;
use crate::cli::source_args::SourceArgs;
use crate::cli::triage::ticket::TicketArgs;
use crate::cli::triage::{parse_now, parse_waited};
use crate::policy_test::{Classified, Model};
use crate::routing::fault::advice;
use crate::routing::{DecisionInput, KnownLabels, decide, inspect};
use crate::ticket::{Ticket, Urgency};
use crate::triage::known_labels;

/// Shows how a ticket is decided, test by test
///
/// The ticket gives its words, which the configured model classifies, or a topic, which is taken as it is. A topic
/// and facets given are held against the model of the configured policy, or against one that is named.
#[derive(Debug, Args)]
pub(in crate::cli::triage) struct ExplainArgs {
    #[command(flatten)]
    ticket: TicketArgs,
    /// Take this topic in place of what a model says
    #[arg(long)]
    topic: Option<String>,
    /// Probability of the topic given
    #[arg(long, value_name = "SHARE", requires = "topic", default_value = "0.95", value_parser = parse_share)]
    confidence: f32,
    /// Urgency of the ticket whose topic is given
    #[arg(long, requires = "topic", default_value = "normal")]
    urgency: Urgency,
    /// A facet of the ticket whose topic is given, as NAME=LABEL (repeatable)
    #[arg(long, value_name = "NAME=LABEL", requires = "topic", value_parser = facet_label)]
    facet: Vec<(String, String)>,
    #[command(flatten)]
    sources: SourceArgs,
    /// How long the ticket has waited, such as 10m or 1h30m
    #[arg(long, value_name = "TIME", value_parser = parse_waited, allow_hyphen_values = true, default_value = "0s")]
    waited: SignedDuration,
    /// The time to decide at [default: the present]
    #[arg(long, value_name = "TIME", value_parser = parse_now)]
    now: Option<Timestamp>,
    /// How to write the decision
    #[arg(long, value_enum, default_value = "human")]
    format: OutputFormat,
}

impl ExplainArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// If the ticket, the policy, the roster or the model is unusable.
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        let sources = self.sources.settings(&[])?.sources();
        let configured = !self.sources.names_policy();
        let roster = sources.roster.as_deref();
        let roster = roster.filter(|_| configured || self.sources.names_roster());
        let (policy, roster) = load_policy(&sources.policy, roster)?;
        let (ticket, said) = match &self.topic {
            Some(topic) => {
                if configured || self.sources.names_models() {
                    let bundle = load_fitting(&sources, &policy)?;
                    self.check_pinned(topic, &known_labels(&bundle))?;
                }
                (self.pinned_ticket()?, self.pinned(topic))
            }
            None => {
                let ticket = self.ticket.read()?;
                let bundle = load_fitting(&sources, &policy)?;
                let said = Model::new(&bundle).explain(&ticket);
                (ticket, said)
            }
        };
        let input = DecisionInput {
            ticket: &ticket,
            classification: &said.classification,
            roster: roster.as_ref(),
            policy: &policy,
            now: self.now.unwrap_or_else(Timestamp::now),
            waited: self.waited,
            deciding_words: &said.deciding_words,
        };
        let decision = decide(&input);
        let seen = inspect(&input, &decision);
        match self.format {
            OutputFormat::Human => print(&input, &decision, &seen),
            OutputFormat::Json => say!(
                "{}",
                serde_json::to_string_pretty(&json!({
                    "ticket": ticket,
                    "classification": said.classification,
                    "decision": decision,
                    "rules": seen,
                }))?
            ),
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The ticket; one without words still has a text, so that its topic counts.
    fn pinned_ticket(&self) -> anyhow::Result<Ticket> {
        if self.ticket.names_text() {
            return self.ticket.read();
        }
        let mut ticket = self.ticket.read_without_text();
        "(pinned)".clone_into(&mut ticket.body);
        Ok(ticket)
    }

    /// Refuses labels that the model cannot give: no ticket will ever be decided as one with them.
    fn check_pinned(&self, topic: &str, known: &KnownLabels) -> anyhow::Result<()> {
        let names = |labels: &BTreeSet<String>, what: &str, word: &str| {
            let advice = advice(word, labels.iter().map(String::as_str));
            match labels.contains(word) {
                true => Ok(()),
                false => Err(anyhow!("the model has no {what} '{word}': {advice}")),
            }
        };
        names(&known.topics, "topic", topic)?;
        let facets: BTreeSet<String> = known.facets.keys().cloned().collect();
        for (facet, label) in &self.facet {
            names(&facets, "facet", facet)?;
            let mut labels = known.facets.get(facet).into_iter();
            labels.try_for_each(|labels| names(labels, &format!("label of '{facet}'"), label))?;
        }
        Ok(())
    }

    fn pinned(&self, topic: &str) -> Classified {
        let mut facets: Vec<_> = self
            .facet
            .iter()
            .map(|(name, label)| (name.clone(), Prediction::given(label, 1.0)))
            .collect();
        facets.sort_by(|a, b| a.0.cmp(&b.0));
        let classification = Classification {
            topic: Some(Prediction::given(topic, self.confidence)),
            area: None,
            urgency: Some(Prediction::given(self.urgency.as_str(), 1.0)),
            facets,
        };
        Classified {
            classification,
            deciding_words: Vec::new(),
        }
    }
}

fn parse_share(argument: &str) -> Result<f32, String> {
    let share = argument
        .parse()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "give a number from 0 to 1".to_owned())
}
