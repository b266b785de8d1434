//! Reads what a policy gives for each urgency, such as targets and priorities, and notes values that are the wrong
//! way round.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use super::document::{Key, Node};
use super::fault::{Faults, Position, advice};
use crate::ticket::Urgency;

/// Reads `entries`, whose keys are urgencies or one of `others`, which are left to the caller.
pub(super) fn read_by_urgency<T>(
    entries: &[(&Key, &Node)],
    others: &[&'static str],
    what: &str,
    faults: &mut Faults,
    read: impl Fn(&Node, &str, &mut Faults) -> Option<T>,
) -> BTreeMap<Urgency, T> {
    let mut by_urgency = BTreeMap::new();
    for (key, value) in entries {
        let name = key.name.as_str();
        if others.contains(&name) {
            continue;
        }
        let Ok(urgency) = Urgency::from_str(name) else {
            let levels = Urgency::ALL.iter().map(|urgency| urgency.as_str());
            let advice = advice(name, levels.chain(others.iter().copied()));
            faults.add(
                key.position,
                format!("unknown urgency '{name}' in {what}: {advice}"),
            );
            continue;
        };
        if let Some(value) = read(value, &format!("{what} of {urgency}"), faults) {
            by_urgency.insert(urgency, value);
        }
    }
    by_urgency
}

/// Notes urgencies whose values are the wrong way round: almost surely two of them were swapped. `in_order` is
/// asked with the value of the higher urgency first.
pub(super) fn check_order<'t, T: 't>(
    by_urgency: impl IntoIterator<Item = (Urgency, &'t T)>,
    (position, what): (Position, &str),
    in_order: impl Fn(&T, &T) -> bool,
    faults: &mut Faults,
) {
    let urgencies: Vec<_> = by_urgency.into_iter().collect();
    for pair in urgencies.windows(2) {
        if let [(lower, less), (higher, more)] = pair
            && !in_order(more, less)
        {
            faults.add(
                position,
                format!("{what} of {higher} comes after that of {lower}: swap them"),
            );
        }
    }
}
