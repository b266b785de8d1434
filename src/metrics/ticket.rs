//! Tickets answered: what they were about, how urgent, what came of them, and how sure the model was.

use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

use prometheus::{Histogram, IntCounter, IntCounterVec};

use super::MetricsError;
use super::family::Families;
use crate::classifier::{AbstainReason, Classification, Prediction};
use crate::routing::Decision;
use crate::ticket::Urgency;

/// Upper bounds of the topic's confidence.
const CONFIDENCE: [f64; 12] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0];
/// What stands for the urgency where the model does not tell it.
const NO_URGENCY: &str = "none";
/// The urgencies, and none.
const URGENCIES: usize = Urgency::ALL.len() + 1;

/// What came of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Handling {
    /// It may be acted on without a person.
    Automated,
    /// There is a prediction for a person to confirm.
    Suggested,
    /// A person must look at it first.
    ToPerson,
}

impl Handling {
    const ALL: [Self; 3] = [Self::Automated, Self::Suggested, Self::ToPerson];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Automated => "automated",
            Self::Suggested => "suggested",
            Self::ToPerson => "to_person",
        }
    }
}

/// A ticket that was answered: what the model said, and where the ticket goes if that was asked for.
#[derive(Debug, Clone, Copy)]
pub struct Answered<'a> {
    /// What the model said.
    pub classification: &'a Classification,
    /// Where the ticket goes; `None` if it was only classified.
    pub decision: Option<&'a Decision>,
}

impl Answered<'_> {
    fn abstained(&self) -> Option<AbstainReason> {
        match self.decision {
            Some(decision) => decision.abstain_reason,
            None => self.classification.topic.as_ref()?.abstain_reason,
        }
    }

    fn handling(&self) -> Handling {
        let may_automate = |topic: &Prediction| topic.automate;
        if self.abstained().is_some() {
            Handling::ToPerson
        } else if self.classification.topic.as_ref().is_some_and(may_automate) {
            Handling::Automated
        } else {
            Handling::Suggested
        }
    }
}

/// One counter for each urgency and handling, made when it is first needed.
type OfTopic = [[OnceLock<IntCounter>; Handling::ALL.len()]; URGENCIES];

/// The metrics of tickets.
pub(super) struct Tickets {
    totals: IntCounterVec,
    abstentions: IntCounterVec,
    confidence: Histogram,
}

impl Tickets {
    pub(super) fn new(families: &Families) -> Result<Self, MetricsError> {
        Ok(Self {
            totals: families.labelled_counter(
                "triage_tickets_total",
                "Tickets classified or routed, but for those of backlogs, by what they were about and what came of them.",
                &["topic", "urgency", "outcome"],
            )?,
            abstentions: families.labelled_counter(
                "triage_abstentions_total",
                "Tickets left to a person, by the reason.",
                &["reason"],
            )?,
            confidence: families.histogram(
                "triage_topic_confidence",
                "Calibrated probability of the topic chosen.",
                &CONFIDENCE,
            )?,
        })
    }

    pub(super) fn of_model(&self, topics: &[String]) -> TicketCounters {
        TicketCounters {
            totals: self.totals.clone(),
            by_topic: topics
                .iter()
                .map(|topic| (topic.as_str().into(), Default::default()))
                .collect(),
            abstentions: AbstainReason::ALL.map(|reason| {
                let total = self.abstentions.with_label_values(&[reason.as_str()]);
                (reason, total)
            }),
            confidence: self.confidence.clone(),
        }
    }
}

/// Counters of the tickets that one model answers.
pub struct TicketCounters {
    totals: IntCounterVec,
    by_topic: HashMap<Box<str>, OfTopic>,
    abstentions: [(AbstainReason, IntCounter); AbstainReason::ALL.len()],
    confidence: Histogram,
}

impl fmt::Debug for TicketCounters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TicketCounters")
            .field("topics", &self.by_topic.len())
            .finish_non_exhaustive()
    }
}

impl TicketCounters {
    /// Counts a ticket. One without a topic of this model, which no model answers with, is not counted by topic.
    pub fn count(&self, ticket: Answered<'_>) {
        if let Some(reason) = ticket.abstained()
            && let Some((_, total)) = self.abstentions.iter().find(|(of, _)| *of == reason)
        {
            total.inc();
        }
        let Some(topic) = &ticket.classification.topic else {
            return;
        };
        self.confidence.observe(f64::from(topic.confidence));
        if let Some(of_topic) = self.by_topic.get(topic.label.as_str()) {
            let urgency = ticket.classification.urgency_level();
            self.total(of_topic, &topic.label, urgency, ticket.handling())
                .inc();
        }
    }

    fn total<'a>(
        &self,
        of_topic: &'a OfTopic,
        topic: &str,
        urgency: Option<Urgency>,
        handling: Handling,
    ) -> &'a IntCounter {
        let place = urgency.map_or(0, |urgency| urgency as usize + 1);
        of_topic[place][handling as usize].get_or_init(|| {
            let urgency = urgency.map_or(NO_URGENCY, Urgency::as_str);
            self.totals
                .with_label_values(&[topic, urgency, handling.as_str()])
        })
    }
}
