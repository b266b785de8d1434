//! What two ways to decide (an old and a new policy, an old and a new model) make of the same tickets: how many go
//! from where to where, which of them a person must look at, and what else changes for them, what matters most first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use super::expect::{or_none, skills, sorted, stage_word};
use super::ratio::Ratio;
use crate::classifier::AbstainReason;
use crate::routing::Decision;

/// How many example tickets are kept for each way from one destination to another, and for each change.
const EXAMPLES: usize = 5;

/// What differs between two ways to decide.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Tickets decided.
    pub tickets: u64,
    /// Tickets that go elsewhere.
    pub moved: u64,
    /// Tickets that a person must look at first and had not to, wherever they go.
    pub newly_human: u64,
    /// Ids of the first of them.
    pub newly_human_examples: Vec<String>,
    /// Tickets that a person need no longer look at first, wherever they go.
    pub no_longer_human: u64,
    /// Tickets that go elsewhere or that one of both is true of: what a limit is held against.
    pub concerned: u64,
    /// How many tickets go where, by where they went: each old destination's new ones.
    pub matrix: BTreeMap<String, BTreeMap<String, u64>>,
    /// The ways on which tickets moved, each with the rules that sent them, the most used first.
    pub ways: Vec<Moved>,
    /// What else changes, wherever tickets go: whether a person must look at them first, what was promised, who gets
    /// them, and what follows; of each the most frequent first.
    pub changed: Vec<Changed>,
}

/// Tickets that moved the same way by the same rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// Where they went.
    pub from: String,
    /// Where they go.
    pub to: String,
    /// How many.
    pub tickets: u64,
    /// Ids of the first of them.
    pub examples: Vec<String>,
    /// The rules that sent them: the old one and the new one.
    pub rules: (String, String),
}

/// Tickets that differ in one part of their decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// The part: the name of a field of [`Decision`], or `step` for the part of the rule that is in force.
    pub what: &'static str,
    /// How many.
    pub tickets: u64,
    /// How many of them go elsewhere as well.
    pub moved: u64,
    /// The first of them.
    pub examples: Vec<ChangedTicket>,
}

/// One part of a ticket's decision as it was and as it is, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangedTicket {
    /// The ticket's id.
    pub ticket_id: String,
    /// How it was.
    pub old: String,
    /// How it is.
    pub new: String,
}

/// A part of a decision and its words.
type Part = (&'static str, fn(&Decision) -> String);

/// What can change besides where a ticket goes, in groups: those that matter most first.
const PARTS: [&[Part]; 4] = [
    &[("requires_human", |one| {
        or_none(one.abstain_reason.map(AbstainReason::as_str)).to_owned()
    })],
    &[
        ("priority", |one| one.priority.to_string()),
        ("first_response_due", |one| time(one.first_response_due)),
        ("resolution_due", |one| time(one.resolution_due)),
    ],
    &[
        ("rule", |one| one.rule.to_string()),
        ("step", |one| match one.step {
            Some(step) => step.to_string(),
            None => stage_word(one.stage).to_owned(),
        }),
        ("required_skills", |one| skills(&one.required_skills)),
        ("preferred_skills", |one| skills(&one.preferred_skills)),
        ("agent", |one| or_none(one.agent.as_deref()).to_owned()),
        ("tags", |one| sorted(&one.tags)),
    ],
    &[
        ("next_evaluation_at", |one| time(one.next_evaluation_at)),
        ("notes", |one| {
            let notes = one.notes.join(" / ");
            or_none(Some(notes.as_str()).filter(|notes| !notes.is_empty())).to_owned()
        }),
    ],
];

/// The group of a part and its place in there.
fn place(what: &str) -> Option<(usize, usize)> {
    let groups = PARTS.iter().enumerate();
    groups
        .filter_map(|(group, parts)| Some((group, parts.iter().position(|one| one.0 == what)?)))
        .next()
}

fn time(at: Option<jiff::Timestamp>) -> String {
    or_none(at.map(|at| at.to_string()).as_deref()).to_owned()
}

impl Difference {
    /// Adds a ticket and what was and is decided.
    pub fn note(&mut self, ticket_id: &str, old: &Decision, new: &Decision) {
        let (from, to) = (destination(old), destination(new));
        let moves = from != to;
        self.tickets += 1;
        *self
            .matrix
            .entry(from.clone())
            .or_default()
            .entry(to.clone())
            .or_default() += 1;
        if !old.requires_human && new.requires_human {
            self.newly_human += 1;
            keep_example(&mut self.newly_human_examples, || ticket_id.to_owned());
        }
        self.no_longer_human += u64::from(old.requires_human && !new.requires_human);
        self.concerned += u64::from(moves || old.requires_human != new.requires_human);
        self.note_changes(ticket_id, old, new, moves);
        if moves {
            self.note_move(ticket_id, (from, old), (to, new));
        }
    }

    /// Notes a ticket that goes elsewhere.
    fn note_move(
        &mut self,
        ticket_id: &str,
        (from, old): (String, &Decision),
        (to, new): (String, &Decision),
    ) {
        self.moved += 1;
        let rules = [old, new].map(|decision| &*decision.rule);
        let known = self.ways.iter_mut().find(|way| {
            way.from == from && way.to == to && [&*way.rules.0, &*way.rules.1] == rules
        });
        match known {
            Some(way) => {
                way.tickets += 1;
                keep_example(&mut way.examples, || ticket_id.to_owned());
            }
            None => self.ways.push(Moved {
                from,
                to,
                tickets: 1,
                examples: vec![ticket_id.to_owned()],
                rules: (old.rule.to_string(), new.rule.to_string()),
            }),
        }
    }

    /// Notes what else differs for a ticket, which may go elsewhere as well.
    fn note_changes(&mut self, ticket_id: &str, old: &Decision, new: &Decision, moves: bool) {
        for &(what, words) in PARTS.into_iter().flatten() {
            let (old, new) = (words(old), words(new));
            if old == new {
                continue;
            }
            let known = self.changed.iter().position(|one| one.what == what);
            let index = known.unwrap_or_else(|| {
                self.changed.push(Changed {
                    what,
                    tickets: 0,
                    moved: 0,
                    examples: Vec::new(),
                });
                self.changed.len() - 1
            });
            let changed = &mut self.changed[index];
            changed.tickets += 1;
            changed.moved += u64::from(moves);
            keep_example(&mut changed.examples, || ChangedTicket {
                ticket_id: ticket_id.to_owned(),
                old,
                new,
            });
        }
    }

    /// Puts the most used ways first, and of the changes those that matter most, of these the most frequent.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.ways.sort_by(|a, b| {
            let by_count = b.tickets.cmp(&a.tickets);
            by_count.then_with(|| (&a.from, &a.to, &a.rules).cmp(&(&b.from, &b.to, &b.rules)))
        });
        self.changed.sort_by_key(|one| {
            let (group, place) = place(one.what).unzip();
            (group, Reverse(one.tickets), place)
        });
        self
    }

    /// The share of tickets that go elsewhere.
    #[must_use]
    pub const fn moved_share(&self) -> Ratio {
        self.share(self.moved)
    }

    /// The share of tickets that go elsewhere, or that a person must look at first where none had to, or the other
    /// way round.
    #[must_use]
    pub const fn concerned_share(&self) -> Ratio {
        self.share(self.concerned)
    }

    const fn share(&self, part: u64) -> Ratio {
        match self.tickets {
            0 => Ratio::new(0, 1),
            tickets => Ratio::new(part, tickets),
        }
    }
}

/// Keeps one more example, if there are not enough.
fn keep_example<T>(examples: &mut Vec<T>, example: impl FnOnce() -> T) {
    if examples.len() < EXAMPLES {
        examples.push(example());
    }
}

/// Where a decision sends a ticket: its queue, or the article or bot that answers it.
#[must_use]
pub fn destination(decision: &Decision) -> String {
    match (&decision.self_service_article, &decision.self_service_bot) {
        (Some(article), _) => format!("article {article}"),
        (None, Some(bot)) => format!("bot {bot}"),
        (None, None) => decision.queue.clone(),
    }
}
