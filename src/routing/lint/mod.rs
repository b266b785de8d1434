//! What is allowed in a policy and still looks like a mistake: rules that are never reached, names that nothing
//! uses, topics without a rule, steps that nobody on the roster could take. Each finding is certain: where a
//! reason cannot be proved, nothing is said.

mod formula;
mod knowledge;
mod prover;
mod staffing;
#[cfg(test)]
mod tests;
mod unused;

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use self::formula::{Formula, Written, formula};
use self::prover::{Budget, Reach, reach};
use super::condition::Expression;
use super::fault::{Fault, Position};
use super::policy::{Policy, PolicyAgainst};
#[cfg(test)]
use super::roster::Roster;

/// What kind of mistake it looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LintKind {
    /// The condition of a rule can never hold.
    NeverHolds,
    /// Two rules have the same condition.
    DuplicateCondition,
    /// Whenever the condition of a rule holds, that of an earlier one does.
    UnreachableRule,
    /// A condition computes with the time so that it cannot be told when it turns.
    UnforeseenTime,
    /// No rule asks for a topic of the model.
    UnhandledTopic,
    /// A declared skill, queue or calendar is used nowhere.
    Unused,
    /// A step requires a skill that nobody holds.
    SkillNobodyHolds,
    /// A step requires a skill that one agent alone holds.
    SkillOneHolds,
    /// Nobody on the roster could ever take a step.
    StepNobodyTakes,
    /// Tickets can get to a queue that nobody serves.
    QueueNobodyServes,
}

impl LintKind {
    /// The name used in answers and messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NeverHolds => "never-holds",
            Self::DuplicateCondition => "duplicate-condition",
            Self::UnreachableRule => "unreachable-rule",
            Self::UnforeseenTime => "unforeseen-time",
            Self::UnhandledTopic => "unhandled-topic",
            Self::Unused => "unused",
            Self::SkillNobodyHolds => "skill-nobody-holds",
            Self::SkillOneHolds => "skill-one-holds",
            Self::StepNobodyTakes => "step-nobody-takes",
            Self::QueueNobodyServes => "queue-nobody-serves",
        }
    }
}

impl fmt::Display for LintKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Something that looks like a mistake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lint {
    /// What kind it is.
    pub kind: LintKind,
    /// Where it is, what it is and what to do about it.
    #[serde(flatten)]
    pub fault: Fault,
}

impl Policy {
    /// Everything that looks like a mistake, in the order of the file. `text` is what the policy was parsed from;
    /// it tells where names are declared.
    #[must_use]
    pub fn lint(&self, text: &str, against: PolicyAgainst<'_>) -> Vec<Lint> {
        let mut lints = self.lint_conditions();
        lints.extend(self.expressions().flat_map(Expression::unforeseen).map(|at| {
            let message = "it cannot be told when time changes what this gives, so its tickets are to be decided \
                           anew every minute: compare waited or now with a duration or a time, or ask in_hours";
            lint(LintKind::UnforeseenTime, *at, message.to_owned())
        }));
        unused::lint(self, text, &mut lints);
        if let Some(labels) = against.labels {
            lints.extend(self.unhandled_topics(&labels.topics).into_iter().map(|topic| Lint {
                kind: LintKind::UnhandledTopic,
                fault: Fault {
                    position: None,
                    message: format!(
                        "no rule asks for the topic '{topic}', so its tickets go to the default queue \
                         or to a rule for any topic: give it a rule"
                    ),
                    file: None,
                },
            }));
        }
        if let Some(roster) = against.roster {
            staffing::lint(self, roster, &mut lints);
        }
        lints.sort_by(|a, b| a.fault.cmp(&b.fault).then(a.kind.cmp(&b.kind)));
        lints.dedup();
        lints
    }

    fn lint_conditions(&self) -> Vec<Lint> {
        let formulas: Vec<Formula<'_>> = self
            .rules
            .iter()
            .map(|rule| formula(rule.when.tree()))
            .collect();
        let conditions = self.rules.iter().map(|rule| rule.when.tree());
        let written: Vec<Written<'_>> = conditions.map(Written::new).collect();
        let mut lints = Vec::new();
        let mut budget = Budget::new();
        for (index, rule) in self.rules.iter().enumerate() {
            let mut earlier = self.rules.iter().zip(&written).take(index);
            let twin = earlier.find(|(_, earlier)| written.get(index) == Some(*earlier));
            let twin = twin.map(|(twin, _)| twin);
            let id = &rule.id;
            let (kind, message) = match (twin, formulas.split_at_checked(index)) {
                (Some(twin), _) => (
                    LintKind::DuplicateCondition,
                    format!(
                        "rule '{id}' is never reached: rule '{}' (line {}) has the same condition; \
                         keep one of them",
                        twin.id, twin.position.line
                    ),
                ),
                (None, Some((before, [own, ..]))) => match reach(own, before, &mut budget) {
                    Reach::Open => continue,
                    Reach::Never => (
                        LintKind::NeverHolds,
                        format!(
                            "the condition of rule '{id}' can never hold: no ticket meets all of its parts"
                        ),
                    ),
                    Reach::Behind(places) => (
                        LintKind::UnreachableRule,
                        format!(
                            "rule '{id}' is never reached: whenever its condition holds, {}; \
                             move it up or drop it",
                            self.name_rules(&places)
                        ),
                    ),
                },
                (None, _) => continue,
            };
            lints.push(lint(kind, rule.position, message));
        }
        lints
    }

    /// Which rules hold, for a message.
    fn name_rules(&self, places: &BTreeSet<usize>) -> String {
        let named: Vec<String> = places
            .iter()
            .filter_map(|&place| self.rules.get(place))
            .map(|rule| format!("'{}' (line {})", rule.id, rule.position.line))
            .collect();
        match named.as_slice() {
            [one] => format!("that of rule {one} holds too"),
            several => format!("that of one of the rules {} holds too", several.join(", ")),
        }
    }
}

fn lint(kind: LintKind, position: Position, message: String) -> Lint {
    Lint {
        kind,
        fault: Fault {
            position: Some(position),
            message,
            file: None,
        },
    }
}
