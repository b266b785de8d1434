//! Reads the agents that a case expects something of.

use std::collections::{BTreeMap, BTreeSet};

use super::expect::REJECT_WORDS;
use super::read_case::{Agents, NONE, known, known_name};
use super::read_expect::is_none;
use crate::routing::Position;
use crate::routing::document::{Node, NodeValue};
use crate::routing::fault::Faults;
use crate::routing::fields;

/// The agents whom a case may name.
pub(super) enum AgentNames<'a> {
    /// Nobody: there is no roster.
    None,
    /// Anybody: the roster cannot be used, which is told where it is named.
    Any,
    /// Those of the roster.
    These(BTreeSet<&'a str>),
}

impl<'a> AgentNames<'a> {
    pub(super) fn new(agents: &'a Agents) -> Self {
        match agents {
            Agents::Without => Self::None,
            Agents::Unknown => Self::Any,
            Agents::Of(roster) => {
                let ids = roster.agents().iter().map(|agent| agent.id.as_str());
                Self::These(ids.collect())
            }
        }
    }

    /// One agent, or `none`.
    pub(super) fn read_or_none(&self, node: &Node, faults: &mut Faults) -> Option<Option<String>> {
        if is_none(node) {
            return Some(None);
        }
        self.check_roster(node, faults)?;
        let agent = fields::text(node, "agent", faults)?;
        self.check(agent, node.position, faults)
            .then(|| Some(agent.to_owned()))
    }

    /// One agent or a list of them.
    pub(super) fn read_several(&self, node: &Node, faults: &mut Faults) -> Option<Vec<String>> {
        self.check_roster(node, faults)?;
        Some(several_of(node, "agent", faults, |name, at, faults| {
            self.check(name, at, faults)
        }))
    }

    /// Reasons to reject agents, by the agent.
    pub(super) fn read_rejected(
        &self,
        node: &Node,
        faults: &mut Faults,
    ) -> Option<BTreeMap<String, String>> {
        self.check_roster(node, faults)?;
        let words: BTreeSet<&str> = REJECT_WORDS.into_iter().collect();
        let mut rejected = BTreeMap::new();
        let entries = fields::entries(node, "rejected", faults)?;
        refuse_none_named(entries.is_empty(), node, "agent", faults);
        for (key, value) in entries {
            let word = known(value, "reason", &words, faults);
            // Only somebody who is not on the roster can be rejected for not being there.
            if word != Some("NOT_ON_ROSTER") {
                self.check(&key.name, key.position, faults);
            }
            if let Some(word) = word {
                rejected.insert(key.name.clone(), word.to_owned());
            }
        }
        Some(rejected)
    }

    /// Notes that nobody can be named where there is no roster.
    fn check_roster(&self, node: &Node, faults: &mut Faults) -> Option<()> {
        match self {
            Self::Any | Self::These(_) => Some(()),
            Self::None => {
                faults.add(
                    node.position,
                    "the case has no roster, so no agent is ever chosen: give it one or leave this out",
                );
                None
            }
        }
    }

    fn check(&self, name: &str, at: Position, faults: &mut Faults) -> bool {
        match self {
            Self::These(ids) => known_name(name, at, "agent", ids, faults),
            Self::Any | Self::None => true,
        }
    }
}

/// One name or a list of them, those that `is_known`, which notes any other.
pub(super) fn several_of(
    node: &Node,
    what: &str,
    faults: &mut Faults,
    is_known: impl Fn(&str, Position, &mut Faults) -> bool,
) -> Vec<String> {
    let items = match &node.value {
        NodeValue::List(items) => items.as_slice(),
        // What is neither a name nor a list of them is told below.
        _ => std::slice::from_ref(node),
    };
    if items.is_empty() {
        faults.add(
            node.position,
            format!("no {what} is named: name one or write '{NONE}'"),
        );
    }
    items
        .iter()
        .filter_map(|item| {
            let name = fields::text(item, what, faults)?;
            is_known(name, item.position, faults).then(|| name.to_owned())
        })
        .collect()
}

/// What names nothing is met by everything.
pub(super) fn refuse_none_named(empty: bool, node: &Node, what: &str, faults: &mut Faults) {
    if empty {
        faults.add(
            node.position,
            format!("no {what} is named, so this cannot fail: name one or leave this out"),
        );
    }
}
