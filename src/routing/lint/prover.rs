//! Whether a condition can hold where none before it does. Sound, not complete: what it says is so; where it says
//! nothing, it may be so all the same.
//!
//! The condition is taken apart into the ways in which it can hold. A way is covered if one of the earlier
//! conditions holds in it too; else it is split by a test that some earlier condition asks, and both halves must be
//! covered. Tests that can fail to be evaluated (a missing attribute makes a condition false, whichever way it
//! asks) are never split.

use std::collections::BTreeSet;

use super::formula::{Formula, Test};
use super::knowledge::Knowledge;

/// Most ways of a condition to hold that are looked at.
const MAX_WAYS: usize = 128;
/// Most cases that a way is split into.
const MAX_CASES: usize = 512;

/// How much may still be looked at for one policy, in earlier conditions held against a case, so that the time is
/// bounded however the conditions are written. What is left when it has run out counts as open.
#[derive(Debug)]
pub(super) struct Budget(usize);

impl Budget {
    /// Enough for 10,000 rules that ask for different topics.
    pub(super) const fn new() -> Self {
        Self(100_000_000)
    }

    const fn spend(&mut self, conditions: usize) -> bool {
        match self.0.checked_sub(conditions) {
            Some(left) => {
                self.0 = left;
                true
            }
            None => false,
        }
    }
}

/// What is known of a condition after others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reach {
    /// It can hold, or nothing was found out.
    Open,
    /// It never holds, whatever stands before it.
    Never,
    /// Wherever it holds, one of these earlier conditions does, by their places.
    Behind(BTreeSet<usize>),
}

/// Whether `condition` can hold where none of `earlier` does.
pub(super) fn reach(
    condition: &Formula<'_>,
    earlier: &[Formula<'_>],
    budget: &mut Budget,
) -> Reach {
    let Some(ways) = ways(condition) else {
        return Reach::Open;
    };
    let possible: Vec<Knowledge<'_>> = ways.iter().filter_map(|way| know(way)).collect();
    if possible.is_empty() {
        return Reach::Never;
    }
    let numbered: Vec<(usize, &Formula<'_>)> = earlier.iter().enumerate().collect();
    match cover(&possible, &numbered, budget) {
        Some(used) => Reach::Behind(fewest(&possible, &numbered, used, budget)),
        None => Reach::Open,
    }
}

/// Those of `earlier` by which all of `ways` are covered, if they are.
fn cover<'e>(
    ways: &[Knowledge<'e>],
    earlier: &[(usize, &Formula<'e>)],
    budget: &mut Budget,
) -> Option<BTreeSet<usize>> {
    let mut used = BTreeSet::new();
    let all = ways.iter().all(|way| {
        let mut cover = Cover {
            cases_left: MAX_CASES,
            budget,
            used: &mut used,
        };
        cover.covers(way, earlier)
    });
    all.then_some(used)
}

/// Those of `used` that are needed: each without which the rest do not cover all of `ways`.
fn fewest<'e>(
    ways: &[Knowledge<'e>],
    earlier: &[(usize, &Formula<'e>)],
    mut used: BTreeSet<usize>,
    budget: &mut Budget,
) -> BTreeSet<usize> {
    let among = |kept: &BTreeSet<usize>| -> Vec<(usize, &Formula<'e>)> {
        let known = earlier.iter().filter(|(index, _)| kept.contains(index));
        known.copied().collect()
    };
    for one in used.clone() {
        let mut rest = used.clone();
        rest.remove(&one);
        if !rest.is_empty() && cover(ways, &among(&rest), budget).is_some() {
            used = rest;
        }
    }
    used
}

type Way<'f, 'e> = Vec<(&'f Test<'e>, bool)>;

/// The ways in which `formula` can hold; `None` if they are too many.
fn ways<'f, 'e>(formula: &'f Formula<'e>) -> Option<Vec<Way<'f, 'e>>> {
    match formula {
        Formula::Constant(true) => Some(vec![Vec::new()]),
        Formula::Constant(false) => Some(Vec::new()),
        Formula::Gives(test, value) => Some(vec![vec![(test, *value)]]),
        Formula::Any(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(ways(part)?);
                if all.len() > MAX_WAYS {
                    return None;
                }
            }
            Some(all)
        }
        Formula::All(parts) => {
            let mut all: Vec<Way<'f, 'e>> = vec![Vec::new()];
            for part in parts {
                let further = ways(part)?;
                if all.len() * further.len() > MAX_WAYS {
                    return None;
                }
                all = all
                    .iter()
                    .flat_map(|way| further.iter().map(|more| [&way[..], &more[..]].concat()))
                    .collect();
            }
            Some(all)
        }
    }
}

/// What is known of a ticket that meets all of `way`; `None` if there is none.
fn know<'e>(way: &Way<'_, 'e>) -> Option<Knowledge<'e>> {
    let mut knowledge = Knowledge::nothing();
    way.iter()
        .all(|(test, value)| knowledge.learn(test, *value))
        .then_some(knowledge)
}

struct Cover<'u> {
    cases_left: usize,
    budget: &'u mut Budget,
    /// The conditions that covered anything.
    used: &'u mut BTreeSet<usize>,
}

impl Cover<'_> {
    fn covers<'e>(&mut self, way: &Knowledge<'e>, earlier: &[(usize, &Formula<'e>)]) -> bool {
        let Some(left) = self.cases_left.checked_sub(1) else {
            return false;
        };
        self.cases_left = left;
        if !self.budget.spend(earlier.len()) {
            return false;
        }
        let mut open = Vec::new();
        for &(index, formula) in earlier {
            match way.evaluate(formula) {
                Some(true) => {
                    self.used.insert(index);
                    return true;
                }
                Some(false) => {}
                None if could_be_settled(way, formula) => open.push((index, formula)),
                None => {}
            }
        }
        let Some(test) = open.iter().find_map(|(_, formula)| undecided(way, formula)) else {
            return false;
        };
        [true, false].into_iter().all(|value| {
            let mut half = way.clone();
            !half.learn(test, value) || self.covers(&half, &open)
        })
    }
}

/// Whether `formula` holds if every test that may be split turns out as it asks.
fn could_be_settled(way: &Knowledge<'_>, formula: &Formula<'_>) -> bool {
    match formula {
        Formula::Constant(value) => *value,
        Formula::Gives(test, wanted) => match way.decide(test) {
            Some(value) => value == *wanted,
            None => way.is_decidable(test),
        },
        Formula::All(parts) => parts.iter().all(|part| could_be_settled(way, part)),
        Formula::Any(parts) => parts.iter().any(|part| could_be_settled(way, part)),
    }
}

/// The first test of `formula` that may be split.
fn undecided<'f, 'e>(way: &Knowledge<'e>, formula: &'f Formula<'e>) -> Option<&'f Test<'e>> {
    match formula {
        Formula::Constant(_) => None,
        Formula::Gives(test, _) => {
            (way.decide(test).is_none() && way.is_decidable(test)).then_some(test)
        }
        Formula::All(parts) | Formula::Any(parts) => {
            parts.iter().find_map(|part| undecided(way, part))
        }
    }
}
