//! Reads and checks the steps of a rule: each by itself, then whether each can be reached and has a queue.

use std::collections::BTreeMap;

use super::check::Names;
use super::check_rule::read_expression;
use super::condition::Purpose;
use super::document::{Node, NodeValue};
use super::fault::{Faults, advice};
use super::fields::{self, Fields};
use super::policy::Step;
use super::rank::OrderBy;
use super::relax::read_relax;
use super::roster_file::read_levels;

/// Most steps of a rule.
const MAX_STEPS: usize = 50;

/// The fields of a step.
pub(super) const STEP_FIELDS: &[&str] = &[
    "queue",
    "require",
    "prefer",
    "order_by",
    "timeout",
    "preferred_agent",
    "skip_if",
    "relax",
];

/// A step as it stands, before the next one is known.
struct RawStep {
    /// `None` where it is left to the next step; empty where what is given cannot be read.
    queue: Option<String>,
    /// Whether it has a timeout, right or wrong.
    is_timed: bool,
    /// Whether it may be skipped, on a condition that is right or wrong.
    is_skippable: bool,
    step: Step,
}

/// Reads the steps of a rule whose tickets go to `otherwise` when they have ended.
pub(super) fn read_steps(
    node: &Node,
    otherwise: Option<&str>,
    names: &Names<'_>,
    faults: &mut Faults,
) -> Vec<Step> {
    let items = fields::items(node, "steps", faults);
    if matches!(&node.value, NodeValue::List(items) if items.is_empty()) {
        faults.add(
            node.position,
            "steps must hold at least one step: leave it out otherwise",
        );
    }
    if items.len() > MAX_STEPS {
        let count = items.len();
        faults.add(
            node.position,
            format!("{count} steps are more than the {MAX_STEPS} allowed"),
        );
        return Vec::new();
    }
    let read = items.iter().map(|item| read_step(item, names, faults));
    let raw: Vec<Option<RawStep>> = read.collect();
    check_order(&raw, otherwise, faults);
    resolve_destinations(raw, otherwise, faults)
}

/// Notes what is never reached. Of a step that is wrong, what it is known to have counts; of one that cannot be read,
/// nothing is said.
fn check_order(raw: &[Option<RawStep>], otherwise: Option<&str>, faults: &mut Faults) {
    let last = raw.len().saturating_sub(1);
    for (index, step) in raw.iter().enumerate() {
        let Some(step) = step else { continue };
        let (number, at) = (index + 1, step.step.position);
        // A step that may be skipped does not stand in the way of what follows.
        let ends = step.is_timed || step.is_skippable;
        if index < last && !ends {
            faults.add(
                at,
                format!(
                    "step {number} never ends, so step {} is never reached: give it a timeout",
                    number + 1
                ),
            );
        }
        if index == last && step.is_timed && otherwise.is_none() {
            faults.add(
                at,
                format!("step {number} is the last and nothing follows its timeout: leave it out or give the rule an otherwise"),
            );
        }
        if index == last && !ends && otherwise.is_some() && step.queue.is_none() {
            faults.add(
                at,
                format!(
                    "step {number} never ends, so otherwise is never reached: give it a timeout"
                ),
            );
        }
    }
    let may_skip = |step: &Option<RawStep>| step.as_ref().is_some_and(|step| step.is_skippable);
    if let (Some(Some(first)), None) = (raw.first(), otherwise)
        && raw.iter().all(may_skip)
    {
        faults.add(
            first.step.position,
            "every step may be skipped: give the rule an otherwise, or one step no skip_if",
        );
    }
}

/// Gives each step that names no queue the one that follows it.
fn resolve_destinations(
    raw: Vec<Option<RawStep>>,
    otherwise: Option<&str>,
    faults: &mut Faults,
) -> Vec<Step> {
    let mut following = otherwise.map(str::to_owned);
    let mut steps: Vec<Step> = Vec::with_capacity(raw.len());
    for step in raw.into_iter().rev() {
        let Some(RawStep { queue, step, .. }) = step else {
            // Which queue it names is not known, and so not that there is none.
            following.get_or_insert_default();
            continue;
        };
        let names_queue = queue.is_some();
        following = queue.or(following);
        match &following {
            Some(destination) => steps.push(Step {
                destination: destination.clone(),
                names_queue,
                ..step
            }),
            None => faults.add(
                step.position,
                "the step names no queue and none follows: give it a queue",
            ),
        }
    }
    steps.reverse();
    steps
}

fn read_step(node: &Node, names: &Names<'_>, faults: &mut Faults) -> Option<RawStep> {
    let fields = Fields::open(node, "a step", STEP_FIELDS, faults)?;
    let queue = fields
        .get("queue")
        .and_then(|node| names.queue(node, "queue", faults));
    // One without either is told so, and not besides that no queue follows.
    let leaves_queue = !fields.is_meant("queue") && fields.is_meant("preferred_agent");
    let preferred_agent = fields
        .get("preferred_agent")
        .and_then(|node| read_expression(node, "preferred_agent", Purpose::AgentId, names, faults));
    if fields.get("preferred_agent").is_some() {
        for name in ["prefer", "order_by"] {
            if let Some(node) = fields.get(name) {
                faults.add(
                    node.position,
                    format!("{name} has no effect beside preferred_agent: leave it out"),
                );
            }
        }
    } else if !fields.is_meant("queue") && !fields.is_meant("preferred_agent") {
        faults.add(
            fields.position(),
            "a step needs a queue or a preferred_agent",
        );
    }
    let levels = |name: &'static str, faults: &mut Faults| -> BTreeMap<String, u8> {
        let Some(node) = fields.get(name) else {
            return BTreeMap::new();
        };
        for (key, _) in fields::entries(node, name, &mut Faults::default()).unwrap_or_default() {
            names.check_skill(&key.name, key.position, faults);
        }
        read_levels(node, name, faults)
    };
    let preferred = levels("prefer", faults);
    let before = faults.count();
    let required = levels("require", faults);
    let timeout = fields.duration("timeout", faults);
    // What is relaxed is told to be wrong only where what is required is right.
    let relaxed = fields
        .get("relax")
        .filter(|_| faults.count() == before && !fields.is_misspelt("require"))
        .map(|node| read_relax(node, &required, timeout, faults));
    let skip_if = fields
        .get("skip_if")
        .and_then(|node| read_expression(node, "skip_if", Purpose::Condition, names, faults));
    let order_by = match fields.get("order_by") {
        Some(node) => read_order(node, faults),
        None => OrderBy::DEFAULT.to_vec(),
    };
    Some(RawStep {
        queue: queue.or_else(|| (!leaves_queue).then(String::new)),
        is_timed: fields.is_meant("timeout"),
        is_skippable: fields.is_meant("skip_if"),
        step: Step {
            position: node.position,
            destination: String::new(),
            names_queue: false,
            required,
            preferred,
            order_by,
            timeout,
            skip_if,
            relaxed: relaxed.unwrap_or_default(),
            preferred_agent,
        },
    })
}

fn read_order(node: &Node, faults: &mut Faults) -> Vec<OrderBy> {
    let mut order: Vec<OrderBy> = Vec::new();
    for item in fields::items(node, "order_by", faults) {
        let Some(word) = fields::text(item, "order_by", faults) else {
            continue;
        };
        match OrderBy::ALL.iter().find(|by| by.as_str() == word) {
            Some(by) if order.contains(by) => {
                faults.add(
                    item.position,
                    format!("order_by names '{word}' twice: keep the first"),
                );
            }
            Some(&by) => order.push(by),
            None => {
                let advice = advice(word, OrderBy::ALL.iter().map(|by| by.as_str()));
                faults.add(item.position, format!("unknown order '{word}': {advice}"));
            }
        }
    }
    order
}
