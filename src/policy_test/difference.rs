//! What two ways to decide (an old and a new policy, an old and a new model) make of the same tickets: how many go
//! from where to where.

use std::collections::BTreeMap;

use serde::Serialize;

use super::ratio::Ratio;
use crate::routing::Decision;

/// How many example tickets are kept for each way from one destination to another.
const EXAMPLES: usize = 5;

/// What moves between two ways to decide.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Tickets decided.
    pub tickets: u64,
    /// Tickets that go elsewhere.
    pub moved: u64,
    /// Tickets that go where they went, by another rule.
    pub other_rule: u64,
    /// Tickets that go where they went, with another priority.
    pub other_priority: u64,
    /// How many tickets go where, by where they went: each old destination's new ones.
    pub matrix: BTreeMap<String, BTreeMap<String, u64>>,
    /// The ways on which tickets moved, the most used first.
    pub ways: Vec<Moved>,
}

/// Tickets that moved the same way.
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
    /// The rules that sent the first of them: the old one and the new one.
    pub rules: (String, String),
}

impl Difference {
    /// Adds a ticket and what was and is decided.
    pub fn note(&mut self, ticket_id: &str, old: &Decision, new: &Decision) {
        let (from, to) = (destination(old), destination(new));
        self.tickets += 1;
        *self
            .matrix
            .entry(from.clone())
            .or_default()
            .entry(to.clone())
            .or_default() += 1;
        if from == to {
            self.other_rule += u64::from(old.rule != new.rule);
            self.other_priority += u64::from(old.priority != new.priority);
            return;
        }
        self.moved += 1;
        let known = self
            .ways
            .iter_mut()
            .find(|way| way.from == from && way.to == to);
        match known {
            Some(way) => {
                way.tickets += 1;
                if way.examples.len() < EXAMPLES {
                    way.examples.push(ticket_id.to_owned());
                }
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

    /// Puts the most used ways first.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.ways.sort_by(|a, b| {
            let by_count = b.tickets.cmp(&a.tickets);
            by_count.then_with(|| (&a.from, &a.to).cmp(&(&b.from, &b.to)))
        });
        self
    }

    /// The share of tickets that go elsewhere.
    #[must_use]
    pub const fn moved_share(&self) -> Ratio {
        if self.tickets == 0 {
            return Ratio::new(0, 1);
        }
        Ratio::new(self.moved, self.tickets)
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
