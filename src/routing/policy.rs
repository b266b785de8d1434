//! A routing policy that has been checked: what it holds is consistent, so a decision cannot fail. Never changed
//! once made; a new policy replaces it whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use jiff::SignedDuration;

use super::check;
use super::condition::{Expression, LabelUseKind, Vocabulary};
use super::document;
use super::fault::{Faults, FileErrors, PolicyErrors, Position, RosterErrors, Unfit};
use super::known_labels::KnownLabels;
use super::last_resort::LastResort;
use super::mention::{Mention, Mentioned};
use super::note::Note;
use super::priorities::Priorities;
use super::rank::OrderBy;
use super::relax::Relaxed;
use super::roster::Roster;
use super::sla::Sla;
use crate::checksum::sha256_hex;

/// Largest policy file, in bytes.
pub const MAX_POLICY_BYTES: usize = 1 << 20;

/// Most rules of a policy.
pub const MAX_RULES: usize = 10_000;

/// The rules by which tickets are routed.
#[derive(Debug)]
pub struct Policy {
    pub(super) origin: String,
    pub(super) version: String,
    pub(super) skills: BTreeSet<String>,
    pub(super) queues: BTreeMap<String, Queue>,
    pub(super) vocabulary: Vocabulary,
    pub(super) sla: Sla,
    pub(super) priorities: Priorities,
    pub(super) languages: BTreeMap<String, String>,
    pub(super) always_human: Vec<TopicPattern>,
    pub(super) rules: Vec<Rule>,
    pub(super) default_queue: String,
    /// Notes of tickets whose rule has none of its own.
    pub(super) notes: Vec<Note>,
    /// What stands elsewhere and is named here.
    pub(super) mentions: Vec<Mention>,
}

/// What a policy is held against besides itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct PolicyAgainst<'a> {
    /// The agents; `None` leaves out what is about them.
    pub roster: Option<&'a Roster>,
    /// The labels of a model; `None` leaves out what is about them.
    pub labels: Option<&'a KnownLabels>,
}

/// A queue that tickets wait in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Queue {
    /// Where tickets go that nobody in this queue could take; never leads back.
    pub(super) overflow: Option<String>,
    /// Who may be chosen here when nobody else can be.
    pub(super) last_resort: Option<LastResort>,
}

/// What to do with the tickets that a condition holds for.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) position: Position,
    pub(super) id: Arc<str>,
    pub(super) when: Expression,
    pub(super) priority: Option<u8>,
    pub(super) steps: Vec<Step>,
    pub(super) otherwise: Option<String>,
    /// Answers instead of an agent, as does `bot`; at most one of them.
    pub(super) article: Option<String>,
    pub(super) bot: Option<String>,
    pub(super) tags: Vec<String>,
    /// In the place of the policy's own notes.
    pub(super) notes: Option<Vec<Note>>,
}

impl Rule {
    /// Whether an article or a bot stands in for an agent.
    pub(super) const fn answers(&self) -> bool {
        self.article.is_some() || self.bot.is_some()
    }

    /// All that is evaluated for a ticket.
    pub(super) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let steps = self.steps.iter();
        let of_steps = steps.flat_map(|step| step.preferred_agent.iter().chain(&step.skip_if));
        std::iter::once(&self.when).chain(of_steps)
    }
}

/// A stage of a ticket's wait.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) position: Position,
    /// The queue that the ticket waits in: the step's own or, where it names none, the next one's.
    pub(super) destination: String,
    /// Whether the step names its queue itself, so that agents must serve it.
    pub(super) names_queue: bool,
    pub(super) required: BTreeMap<String, u8>,
    pub(super) preferred: BTreeMap<String, u8>,
    pub(super) order_by: Vec<OrderBy>,
    /// How long the step lasts; the last step of a rule lasts for ever unless it has an `otherwise`.
    pub(super) timeout: Option<SignedDuration>,
    pub(super) preferred_agent: Option<Expression>,
    /// The step is passed over where this holds.
    pub(super) skip_if: Option<Expression>,
    /// What it asks for later on, in order.
    pub(super) relaxed: Vec<Relaxed>,
}

/// A topic with `*` for any characters, such as `safety/*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TopicPattern {
    pub(super) position: Position,
    pub(super) pattern: String,
}

impl TopicPattern {
    pub(super) fn matches(&self, topic: &str) -> bool {
        let mut parts = self.pattern.split('*');
        let Some(mut rest) = parts.next().and_then(|first| topic.strip_prefix(first)) else {
            return false;
        };
        let mut parts = parts.peekable();
        if parts.peek().is_none() {
            return rest.is_empty();
        }
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                return rest.ends_with(part);
            }
            match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        true
    }
}

impl Policy {
    /// Reads the YAML `text` of a policy; `origin` names it in messages.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, each with line, column and, for an unknown name, the nearest one.
    pub fn parse(text: &str, origin: &str) -> Result<Self, PolicyErrors> {
        match Self::parse_against(text, origin, PolicyAgainst::default()) {
            Ok(policy) => Ok(policy),
            Err(Unfit::Policy(errors)) => Err(errors),
            Err(Unfit::Roster(RosterErrors(errors))) => Err(PolicyErrors(errors)),
        }
    }

    /// Reads the YAML `text` of a policy and holds it against a roster and the labels of a model; `origin` names it in
    /// messages.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it by itself, beside the roster and beside the model, all at once, each with line,
    /// column and, for an unknown name, the nearest one.
    pub fn parse_against(
        text: &str,
        origin: &str,
        against: PolicyAgainst<'_>,
    ) -> Result<Self, Unfit> {
        let document = document::parse(text, origin, MAX_POLICY_BYTES).map_err(PolicyErrors)?;
        let mut faults = Faults::default();
        let policy = check::read_policy(&document, text, origin, &mut faults);
        let mut roster_faults = None;
        if let Some(policy) = &policy {
            if let Some(labels) = against.labels {
                policy.hold_against(labels, &mut faults);
            }
            if let Some(roster) = against.roster {
                roster_faults = roster.check_beside(policy, faults.beside()).err();
            }
        }
        match (faults.into_result(origin), roster_faults) {
            (Err(mut errors), others) => {
                if let Some(RosterErrors(others)) = others {
                    errors.append(others);
                }
                Err(PolicyErrors(errors).into())
            }
            (Ok(()), Some(errors)) => Err(errors.into()),
            (Ok(()), None) => policy.ok_or_else(|| {
                let message = "the policy is empty: give it rules and a default".to_owned();
                PolicyErrors(FileErrors::single(origin, None, message)).into()
            }),
        }
    }

    /// Reads a policy file.
    ///
    /// # Errors
    ///
    /// It cannot be read, or anything is wrong with it.
    pub fn load(path: &Path) -> Result<Self, PolicyErrors> {
        let text = document::read(path, MAX_POLICY_BYTES)?;
        Self::parse(&text, &path.display().to_string())
    }

    /// A version that follows from the file's text alone: the first 12 hexadecimal digits of its SHA-256.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The declared skills, in ascending order.
    pub fn skills(&self) -> impl Iterator<Item = &str> + Clone {
        self.skills.iter().map(String::as_str)
    }

    /// Whether a skill is declared.
    #[must_use]
    pub fn has_skill(&self, skill: &str) -> bool {
        self.skills.contains(skill)
    }

    /// The declared queues, in ascending order.
    pub fn queues(&self) -> impl Iterator<Item = &str> + Clone {
        self.queues.keys().map(String::as_str)
    }

    /// Whether a queue is declared.
    #[must_use]
    pub fn has_queue(&self, queue: &str) -> bool {
        self.queues.contains_key(queue)
    }

    /// The ids of the rules, in the order in which they are tried.
    pub fn rule_ids(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| &*rule.id)
    }

    /// Whether a note of it shows the words that decided, so that a decision should be told them.
    #[must_use]
    pub fn shows_deciding_words(&self) -> bool {
        let rules = self.rules.iter().filter_map(|rule| rule.notes.as_ref());
        let mut notes = rules.chain([&self.notes]).flatten();
        notes.any(Note::uses_words)
    }

    /// Whether the policy leaves every ticket of this topic to people.
    #[must_use]
    pub fn is_always_human(&self, topic: &str) -> bool {
        self.always_human
            .iter()
            .any(|pattern| pattern.matches(topic))
    }

    /// The agents named in conditions, steps and last resorts, with their places.
    pub(super) fn named_agents(&self) -> impl Iterator<Item = (Position, &str)> {
        let in_expressions = self.mentions.iter().filter_map(|one| match &one.what {
            Mentioned::Label(LabelUseKind::Agent(id)) if !id.is_empty() => {
                Some((one.position, id.as_str()))
            }
            _ => None,
        });
        let last_resorts = self
            .queues
            .values()
            .filter_map(|queue| queue.last_resort.as_ref());
        let in_queues = last_resorts.flat_map(|last| &last.agents);
        in_expressions.chain(in_queues.map(|(position, id)| (*position, id.as_str())))
    }

    /// All that is evaluated for a ticket: conditions, agents asked for, the impact.
    pub(super) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let of_rules = self.rules.iter().flat_map(Rule::expressions);
        of_rules.chain(self.priorities.expressions())
    }

    /// The skill of a language given as a BCP 47 tag: that of the whole tag or of the language alone.
    pub(super) fn language_skill(&self, tag: &str) -> Option<&str> {
        let tag = tag.to_ascii_lowercase();
        let language = tag.split(['-', '_']).next().unwrap_or_default();
        let found = self
            .languages
            .get(&tag)
            .or_else(|| self.languages.get(language));
        found.map(String::as_str)
    }

    /// The queues from `start` on along their overflow.
    pub(super) fn overflow_chain<'a>(&'a self, start: &'a str) -> impl Iterator<Item = &'a str> {
        std::iter::successors(Some(start), |&queue| {
            self.queues.get(queue)?.overflow.as_deref()
        })
        // No chain of a checked policy is longer; without the bound a mistake here would never end.
        .take(self.queues.len().max(1))
    }
}

/// The text of a policy's file.
///
/// # Errors
///
/// It cannot be read, is too large or not UTF-8.
pub fn read_policy_text(path: &Path) -> Result<String, PolicyErrors> {
    Ok(document::read(path, MAX_POLICY_BYTES)?)
}

/// The version of a policy of this text, be it right or wrong; see [`Policy::version`].
#[must_use]
pub fn version_of(text: &str) -> String {
    const DIGITS: usize = 12;
    let mut version = sha256_hex(text.as_bytes());
    version.truncate(DIGITS);
    version
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_changes_with_the_text() {
        let parse = |text: &str| Policy::parse(text, "p").unwrap().version().to_owned();
        let text = "version: 1\nqueues: {a: {}}\ndefault: {queue: a}\n";
        assert_eq!(parse(text), parse(text));
        assert_ne!(parse(text), parse(&format!("{text}# changed\n")));
        assert_eq!(parse(text).len(), 12);
    }

    #[test]
    fn patterns_match_with_stars_anywhere() {
        let matches = |pattern: &str, topic: &str| {
            let position = Position { line: 1, column: 1 };
            TopicPattern {
                position,
                pattern: pattern.into(),
            }
            .matches(topic)
        };
        assert!(matches("safety/*", "safety/incident"));
        assert!(!matches("safety/*", "billing/safety/x"));
        assert!(matches("safety/incident", "safety/incident"));
        assert!(!matches("safety", "safety/incident"));
        assert!(matches("*", "anything"));
        assert!(matches("*/in*dent", "safety/incident"));
        assert!(!matches("ab*ba", "aba"));
    }
}
