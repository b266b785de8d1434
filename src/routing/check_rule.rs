//! Reads and checks one rule of a policy file with its steps.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::check::Names;
use super::condition::{Expression, LabelUseKind, Purpose};
use super::document::Node;
use super::fault::{Faults, advice};
use super::fields::{self, Fields};
use super::policy::{Rule, Step};
use super::rank::OrderBy;
use super::roster_file::read_levels;
use crate::ticket::Channel;

/// The id that decisions carry where no rule matched; no rule may have it.
pub(super) const DEFAULT_RULE: &str = "default";

const RULE_FIELDS: &[&str] = &[
    "id",
    "when",
    "priority",
    "steps",
    "otherwise",
    "self_service",
    "tags",
];

const STEP_FIELDS: &[&str] = &[
    "queue",
    "require",
    "prefer",
    "order_by",
    "timeout",
    "preferred_agent",
];

/// Reads one rule; `None` where too much of it is wrong to go on.
pub(super) fn read_rule(node: &Node, names: &Names<'_>, faults: &mut Faults) -> Option<Rule> {
    let fields = Fields::open(node, "a rule", RULE_FIELDS, faults)?;
    let id = fields.require("id", faults);
    let id = id.and_then(|node| fields::name(node, "id", faults));
    if id == Some(DEFAULT_RULE) {
        faults.add(
            fields.position(),
            "no rule may be called 'default': decisions without a rule are; rename it",
        );
    }
    let when = fields
        .require("when", faults)
        .and_then(|node| read_expression(node, "when", Purpose::Condition, names, faults));
    let article = fields
        .get("self_service")
        .and_then(|node| Fields::open(node, "self_service", &["article"], faults))
        .and_then(|inner| fields::label(inner.require("article", faults)?, "article", faults))
        .map(str::to_owned);
    let otherwise = fields
        .get("otherwise")
        .and_then(|node| names.queue(node, "otherwise", faults));
    let steps = fields
        .get("steps")
        .map(|node| read_steps(node, otherwise.as_deref(), names, faults));
    let priority = fields.integer("priority", 0..=100_u8, faults);
    let tags = fields
        .get("tags")
        .map(|node| read_tags(node, faults))
        .unwrap_or_default();
    let given = |name| fields.get(name).is_some();
    if !given("steps") && !given("otherwise") && !given("self_service") {
        faults.add(
            fields.position(),
            "the rule sends tickets nowhere: give it steps, otherwise or self_service",
        );
    }
    let (Some(id), Some(when)) = (id, when) else {
        // An id alone still lets repeated ids be found, but there is nothing to evaluate.
        return None;
    };
    Some(Rule {
        id: Arc::from(id),
        when,
        priority,
        steps: steps.unwrap_or_default(),
        otherwise,
        article,
        tags,
    })
}

fn read_tags(node: &Node, faults: &mut Faults) -> Vec<String> {
    fields::items(node, "tags", faults)
        .iter()
        .filter_map(|item| fields::label(item, "a tag", faults).map(str::to_owned))
        .collect()
}

fn read_expression(
    node: &Node,
    what: &str,
    purpose: Purpose,
    names: &Names<'_>,
    faults: &mut Faults,
) -> Option<Expression> {
    let text = fields::text(node, what, faults)?;
    let place = |offset: usize| names.lines.locate(node.position, text, offset);
    let expression = Expression::compile(text, purpose, &place, faults)?;
    for (position, kind) in expression.labels() {
        if let LabelUseKind::Channel(name) = kind
            && !name.is_empty()
            && name.parse::<Channel>().is_err()
        {
            let advice = advice(name, Channel::ALL.iter().map(|channel| channel.as_str()));
            faults.add(*position, format!("unknown channel '{name}': {advice}"));
        }
    }
    Some(expression)
}

/// A step as it stands, before the next one is known.
struct RawStep {
    queue: Option<String>,
    step: Step,
}

fn read_steps(
    node: &Node,
    otherwise: Option<&str>,
    names: &Names<'_>,
    faults: &mut Faults,
) -> Vec<Step> {
    let items = fields::items(node, "steps", faults);
    if items.is_empty() {
        faults.add(
            node.position,
            "steps must hold at least one step: leave it out otherwise",
        );
    }
    let before = faults.count();
    let raw: Vec<RawStep> = items
        .iter()
        .filter_map(|item| read_step(item, names, faults))
        .collect();
    if faults.count() != before || raw.len() != items.len() {
        return Vec::new();
    }
    let last = raw.len().saturating_sub(1);
    for (index, (item, step)) in items.iter().zip(&raw).enumerate() {
        let number = index + 1;
        let has_timeout = step.step.timeout.is_some();
        if index < last && !has_timeout {
            faults.add(
                item.position,
                format!(
                    "step {number} never ends, so step {} is never reached: give it a timeout",
                    number + 1
                ),
            );
        }
        if index == last && has_timeout && otherwise.is_none() {
            faults.add(
                item.position,
                format!("step {number} is the last and nothing follows its timeout: leave it out or give the rule an otherwise"),
            );
        }
        if index == last && !has_timeout && otherwise.is_some() && step.queue.is_none() {
            faults.add(
                item.position,
                format!(
                    "step {number} never ends, so otherwise is never reached: give it a timeout"
                ),
            );
        }
    }
    resolve_destinations(raw, items, otherwise, faults)
}

/// Gives each step that names no queue the one that follows it.
fn resolve_destinations(
    raw: Vec<RawStep>,
    items: &[Node],
    otherwise: Option<&str>,
    faults: &mut Faults,
) -> Vec<Step> {
    let mut following = otherwise.map(str::to_owned);
    let mut steps: Vec<Step> = Vec::with_capacity(raw.len());
    for (RawStep { queue, step }, item) in raw.into_iter().zip(items).rev() {
        let names_queue = queue.is_some();
        following = queue.or(following);
        match &following {
            Some(destination) => steps.push(Step {
                destination: destination.clone(),
                names_queue,
                ..step
            }),
            None => faults.add(
                item.position,
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
    } else if fields.get("queue").is_none() {
        faults.add(
            fields.position(),
            "a step needs a queue or a preferred_agent",
        );
    }
    let mut levels = |name: &'static str| -> BTreeMap<String, u8> {
        let Some(node) = fields.get(name) else {
            return BTreeMap::new();
        };
        for (key, _) in fields::entries(node, name, &mut Faults::default()).unwrap_or_default() {
            names.check_skill(&key.name, key.position, faults);
        }
        read_levels(node, name, faults)
    };
    let required = levels("require");
    let preferred = levels("prefer");
    let order_by = match fields.get("order_by") {
        Some(node) => read_order(node, faults),
        None => OrderBy::DEFAULT.to_vec(),
    };
    Some(RawStep {
        queue,
        step: Step {
            destination: String::new(),
            names_queue: false,
            required,
            preferred,
            order_by,
            timeout: fields.duration("timeout", faults),
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
