//! The priority of tickets whose rule sets none: by urgency and, where the policy names an attribute for it, by
//! the impact that the attribute tells.

use std::collections::BTreeMap;

use cel::Context;
use jiff::Timestamp;

use super::by_urgency::{check_order, read_by_urgency};
use super::check::Names;
use super::check_rule::read_expression;
use super::condition::{Expression, Moment, Purpose};
use super::document::{Node, NodeValue};
use super::fault::Faults;
use super::fields::{self, Fields};
use crate::ticket::Urgency;

/// The field of `priorities` besides the urgencies.
pub(super) const IMPACT: &str = "impact";

/// The fields of `impact`.
pub(super) const IMPACT_FIELDS: &[&str] = &["from", "levels"];

/// Most rows of the table.
const MAX_IMPACT_LEVELS: usize = 100;

/// The table of impact and urgency.
#[derive(Debug, Default)]
pub(super) struct Priorities {
    /// For tickets without a known impact.
    plain: ByUrgency,
    impact: Option<Impact>,
}

#[derive(Debug)]
struct Impact {
    /// Tells the impact of a ticket.
    from: Expression,
    levels: BTreeMap<String, ByUrgency>,
}

/// A priority for each urgency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ByUrgency {
    urgent: u8,
    high: u8,
    normal: u8,
    low: u8,
}

impl Default for ByUrgency {
    fn default() -> Self {
        Self {
            urgent: 90,
            high: 70,
            normal: 50,
            low: 20,
        }
    }
}

impl ByUrgency {
    const fn of(self, urgency: Urgency) -> u8 {
        match urgency {
            Urgency::Urgent => self.urgent,
            Urgency::High => self.high,
            Urgency::Normal => self.normal,
            Urgency::Low => self.low,
        }
    }

    /// Itself with what is `given` in the place of its own.
    fn with(self, given: &BTreeMap<Urgency, u8>) -> Self {
        let of = |urgency| given.get(&urgency).copied().unwrap_or(self.of(urgency));
        Self {
            urgent: of(Urgency::Urgent),
            high: of(Urgency::High),
            normal: of(Urgency::Normal),
            low: of(Urgency::Low),
        }
    }
}

/// A priority and the level of impact that it was found by, if any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Priority {
    pub(super) value: u8,
    pub(super) impact: Option<String>,
}

impl Priorities {
    /// The priority of a ticket with these variables.
    pub(super) fn of(&self, urgency: Urgency, variables: &Context<'_, '_>) -> Priority {
        let found = self.impact.as_ref().and_then(|impact| {
            let level = impact.from.text_value(variables)?;
            let row = impact.levels.get(&level)?;
            Some((row, level))
        });
        match found {
            Some((row, level)) => Priority {
                value: row.of(urgency),
                impact: Some(level),
            },
            None => Priority {
                value: self.plain.of(urgency),
                impact: None,
            },
        }
    }

    /// When the impact could next be another one because time passes.
    pub(super) fn next_change(
        &self,
        moment: Moment<'_>,
        variables: &Context<'_, '_>,
    ) -> Option<Timestamp> {
        let impact = self.impact.as_ref()?;
        impact.from.next_change(moment, variables)
    }

    /// The expression that tells the impact.
    pub(super) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.impact.iter().map(|impact| &impact.from)
    }
}

/// Reads `priorities`.
pub(super) fn read_priorities(node: &Node, names: &Names<'_>, faults: &mut Faults) -> Priorities {
    let plain = read_row(node, ByUrgency::default(), &[IMPACT], "priorities", faults);
    let entries = match &node.value {
        NodeValue::Map(entries) => entries.as_slice(),
        _ => &[],
    };
    let impact = entries
        .iter()
        .find(|(key, value)| key.name == IMPACT && value.value != NodeValue::Null)
        .and_then(|(_, value)| read_impact(value, plain, names, faults));
    Priorities { plain, impact }
}

fn read_impact(
    node: &Node,
    plain: ByUrgency,
    names: &Names<'_>,
    faults: &mut Faults,
) -> Option<Impact> {
    let fields = Fields::open(node, IMPACT, IMPACT_FIELDS, faults)?;
    let from = fields.require("from", faults);
    let from = from.and_then(|node| read_expression(node, "from", Purpose::Impact, names, faults));
    let levels = fields.require("levels", faults)?;
    let entries = fields::entries(levels, "levels", faults)?;
    if entries.is_empty() || entries.len() > MAX_IMPACT_LEVELS {
        faults.add(
            levels.position,
            format!("levels must have 1 to {MAX_IMPACT_LEVELS} entries"),
        );
        return None;
    }
    let mut rows = BTreeMap::new();
    for (key, value) in entries {
        let what = format!("priorities of impact '{}'", key.name);
        rows.insert(key.name.clone(), read_row(value, plain, &[], &what, faults));
    }
    Some(Impact {
        from: from?,
        levels: rows,
    })
}

fn read_row(
    node: &Node,
    default: ByUrgency,
    others: &[&'static str],
    what: &str,
    faults: &mut Faults,
) -> ByUrgency {
    let before = faults.count();
    let entries = fields::entries(node, what, faults).unwrap_or_default();
    let given = read_by_urgency(&entries, others, what, faults, |node, what, faults| {
        fields::integer(node, what, 0..=100_u8, faults)
    });
    let row = default.with(&given);
    if faults.count() == before {
        let own = |level| (row.of(level), given.contains_key(&level));
        let all: Vec<_> = Urgency::ALL
            .iter()
            .map(|&level| (level, own(level)))
            .collect();
        check_order(
            all.iter().map(|(level, priority)| (*level, priority)),
            (node.position, what),
            // Of two that are both the default's, the order is told there.
            |(higher, own), (lower, too)| higher >= lower || !(*own || *too),
            faults,
        );
    }
    row
}
