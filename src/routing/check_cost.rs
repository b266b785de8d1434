//! How much a decision can cost at most: the conditions of a policy are bounded together, since each that is cheap
//! enough by itself may be one of thousands.

use super::condition::Expression;
use super::fault::Faults;
use super::policy::Rule;
use super::priorities::Priorities;

/// Most work of all expressions of a policy, in units of about a nanosecond: about a second for the largest ticket.
const MAX_WORK: u64 = 1_000_000_000;

/// How many of the dearest rules are named.
const MAX_NAMED: usize = 3;

/// Notes that evaluating everything for one ticket can take too long.
pub(super) fn check_cost(rules: &[Rule], priorities: &Priorities, faults: &mut Faults) {
    let mut costs: Vec<(u64, &Rule)> = rules
        .iter()
        .map(|rule| (work(rule.expressions()), rule))
        .collect();
    let of_rules = costs.iter().map(|(work, _)| *work);
    let total = of_rules.fold(work(priorities.expressions()), u64::saturating_add);
    if total <= MAX_WORK {
        return;
    }
    // The sort is stable: of those that cost as much, the first come first.
    costs.sort_by_key(|(work, _)| std::cmp::Reverse(*work));
    let dearest: Vec<String> = costs
        .iter()
        .take(MAX_NAMED)
        .map(|(work, rule)| {
            let Rule { id, position, .. } = rule;
            format!("'{id}' (line {}, {} ms)", position.line, millis(*work))
        })
        .collect();
    faults.add_unplaced(format!(
        "all conditions together can take {} ms for the largest ticket, more than the {} ms allowed: do less in the \
         dearest rules, such as {}, or have fewer like them",
        millis(total),
        millis(MAX_WORK),
        dearest.join(", ")
    ));
}

fn work<'p>(expressions: impl Iterator<Item = &'p Expression>) -> u64 {
    expressions
        .map(Expression::work)
        .fold(0, u64::saturating_add)
}

/// Milliseconds, any begun one being whole.
const fn millis(work: u64) -> u64 {
    work.div_ceil(1_000_000)
}
