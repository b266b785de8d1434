//! What a queue does when a ticket has come to its last stage there and nobody is eligible: it may let agents be
//! chosen who are full or not there. Queue and skills still count, and nowhere else is such an agent ever chosen.

use jiff::SignedDuration;

use super::document::{Node, NodeValue};
use super::eligibility::Lack;
use super::fault::{Faults, Position, advice};
use super::fields::{self, Fields};

/// The fields of `last_resort`.
pub(super) const LAST_RESORT_FIELDS: &[&str] = &["accept", "agents", "after"];

/// Who may be chosen although something is in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LastResort {
    /// What is overlooked.
    pub(super) accept: Vec<Lack>,
    /// The agents who may be chosen; empty for all.
    pub(super) agents: Vec<(Position, String)>,
    /// How long a ticket must have waited.
    pub(super) after: SignedDuration,
}

impl LastResort {
    /// Whether it lets this agent be chosen.
    pub(super) fn allows(&self, agent: &str) -> bool {
        self.agents.is_empty() || self.agents.iter().any(|(_, id)| id == agent)
    }
}

/// Reads `last_resort`.
pub(super) fn read_last_resort(node: &Node, faults: &mut Faults) -> Option<LastResort> {
    let fields = Fields::open(node, "last_resort", LAST_RESORT_FIELDS, faults)?;
    let accept = fields.require("accept", faults)?;
    let mut accepted: Vec<Lack> = Vec::new();
    let items = fields::items(accept, "accept", faults);
    for item in items {
        let Some(word) = fields::text(item, "accept", faults) else {
            continue;
        };
        match Lack::ALL.iter().find(|lack| lack.as_str() == word) {
            Some(&lack) if !accepted.contains(&lack) => accepted.push(lack),
            Some(_) => faults.add(
                item.position,
                format!("accept names '{word}' twice: keep one"),
            ),
            None => {
                let advice = advice(word, Lack::ALL.iter().map(|lack| lack.as_str()));
                faults.add(
                    item.position,
                    format!("an agent cannot be taken although '{word}': {advice}"),
                );
            }
        }
    }
    // What is no list is told already.
    let empty = |node: &Node| matches!(&node.value, NodeValue::List(items) if items.is_empty());
    if empty(accept) {
        faults.add(
            accept.position,
            "accept must name what is overlooked: leave last_resort out otherwise",
        );
    }
    let agents = fields.get("agents").map(|node| {
        let items = fields::items(node, "agents", faults);
        if empty(node) {
            faults.add(
                node.position,
                "agents must name somebody: leave it out for all",
            );
        }
        let read = |item: &Node| {
            let id = fields::name(item, "an agent", faults)?;
            Some((item.position, id.to_owned()))
        };
        items.iter().filter_map(read).collect()
    });
    Some(LastResort {
        accept: accepted,
        agents: agents.unwrap_or_default(),
        after: fields
            .duration("after", faults)
            .unwrap_or(SignedDuration::ZERO),
    })
}
