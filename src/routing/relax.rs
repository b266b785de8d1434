//! Steps that ask for less the longer they last: `relax` lowers the required levels one by one.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::document::Node;
use super::fault::{Faults, advice};
use super::fields::{self, Fields};
use super::roster::MAX_PROFICIENCY;

/// The fields of `relax`.
pub(super) const RELAX_FIELDS: &[&str] = &["every", "to"];

/// What a step asks for from some time after its beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Relaxed {
    /// Since the step began.
    pub(super) after: SignedDuration,
    /// The level needed of each skill.
    pub(super) required: BTreeMap<String, u8>,
}

/// Reads `relax` of a step that requires `required` and ends after `timeout`.
pub(super) fn read_relax(
    node: &Node,
    required: &BTreeMap<String, u8>,
    timeout: Option<SignedDuration>,
    faults: &mut Faults,
) -> Vec<Relaxed> {
    let Some(fields) = Fields::open(node, "relax", RELAX_FIELDS, faults) else {
        return Vec::new();
    };
    fields.require("every", faults);
    let every = fields.duration("every", faults);
    let to = fields.require("to", faults);
    let floors = to.map(|node| read_floors(node, required, faults));
    let (Some(every), Some(floors)) = (every, floors) else {
        return Vec::new();
    };
    if let (Some(timeout), Some(node)) = (timeout, fields.get("every"))
        && timeout <= every
    {
        faults.add(
            node.position,
            "the step ends before it asks for less: shorten 'every' or lengthen the timeout",
        );
    }
    let mut relaxed = Vec::new();
    let mut levels = required.clone();
    let mut after = every;
    while levels
        .iter()
        .any(|(skill, &level)| is_above(&floors, skill, level))
        && timeout.is_none_or(|timeout| after < timeout)
    {
        levels.retain(|skill, level| {
            if is_above(&floors, skill, *level) {
                *level -= 1;
            }
            *level > 0
        });
        relaxed.push(Relaxed {
            after,
            required: levels.clone(),
        });
        after = after.saturating_add(every);
    }
    relaxed
}

fn is_above(floors: &BTreeMap<String, u8>, skill: &str, level: u8) -> bool {
    floors.get(skill).is_some_and(|&floor| level > floor)
}

fn read_floors(
    node: &Node,
    required: &BTreeMap<String, u8>,
    faults: &mut Faults,
) -> BTreeMap<String, u8> {
    let mut floors = BTreeMap::new();
    for (key, value) in fields::entries(node, "to", faults).unwrap_or_default() {
        let skill = key.name.as_str();
        let what = format!("the level of '{skill}'");
        let floor = fields::integer(value, &what, 0..=MAX_PROFICIENCY - 1, faults);
        match (required.get(skill), floor) {
            (None, _) => {
                let advice = advice(skill, required.keys().map(String::as_str));
                faults.add(
                    key.position,
                    format!(
                        "the step does not require '{skill}', so it cannot be relaxed: {advice}"
                    ),
                );
            }
            (Some(level), Some(floor)) if floor >= *level => faults.add(
                value.position,
                format!("'{skill}' is required at level {level}: relax it to a lower one"),
            ),
            (Some(_), Some(floor)) => {
                floors.insert(skill.to_owned(), floor);
            }
            (Some(_), None) => {}
        }
    }
    floors
}

#[cfg(test)]
mod tests {
    use super::super::document;
    use super::*;

    fn read(yaml: &str, timeout: Option<i64>) -> Result<Vec<(i64, Vec<u8>)>, String> {
        let node = document::parse(yaml, "t", 10_000).unwrap();
        let mut faults = Faults::default();
        let required = BTreeMap::from([("api".to_owned(), 2), ("tech".to_owned(), 4)]);
        let timeout = timeout.map(SignedDuration::from_mins);
        let relaxed = read_relax(&node, &required, timeout, &mut faults);
        match faults.into_result("t") {
            Ok(()) => Ok(relaxed
                .into_iter()
                .map(|one| (one.after.as_mins(), one.required.into_values().collect()))
                .collect()),
            Err(errors) => Err(errors.to_string()),
        }
    }

    #[test]
    fn levels_fall_by_one_to_their_floor_and_zero_drops_the_skill() {
        assert_eq!(
            read("{every: 10m, to: {tech: 1, api: 1}}", None),
            Ok(vec![(10, vec![1, 3]), (20, vec![1, 2]), (30, vec![1, 1])])
        );
        assert_eq!(
            read("{every: 10m, to: {api: 0}}", None),
            Ok(vec![(10, vec![1, 4]), (20, vec![4])])
        );
    }

    #[test]
    fn nothing_is_relaxed_beyond_the_timeout() {
        assert_eq!(
            read("{every: 10m, to: {tech: 1}}", Some(20)),
            Ok(vec![(10, vec![2, 3])])
        );
    }

    #[test]
    fn a_relaxation_that_changes_nothing_is_an_error() {
        assert_eq!(
            read("{every: 10m, to: {tech: 4, api: 5, tch: 1}}", Some(10)).unwrap_err(),
            "t:1:9: the step ends before it asks for less: shorten 'every' or lengthen the timeout
t:1:25: 'tech' is required at level 4: relax it to a lower one
t:1:33: the level of 'api' must be a whole number from 0 to 4, not 5
t:1:36: the step does not require 'tch', so it cannot be relaxed: did you mean 'tech'?"
        );
        assert_eq!(
            read("{}", None).unwrap_err(),
            "t:1:1: relax needs 'every'\nt:1:1: relax needs 'to'"
        );
    }
}
