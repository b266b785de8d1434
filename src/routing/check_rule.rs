//! Reads and checks one rule of a policy file with its steps.

use std::sync::Arc;

use super::check::Names;
use super::check_step::read_steps;
use super::condition::{Expression, LabelUseKind, Purpose, Subject};
use super::document::Node;
use super::fault::{Faults, Position, advice};
use super::fields::{self, Fields};
use super::note::read_notes;
use super::policy::Rule;
use crate::ticket::Channel;

/// The id that decisions carry where no rule matched; no rule may have it.
pub(super) const DEFAULT_RULE: &str = "default";

/// The fields of a rule.
pub(super) const RULE_FIELDS: &[&str] = &[
    "id",
    "when",
    "priority",
    "steps",
    "otherwise",
    "self_service",
    "tags",
    "notes",
];

/// The fields of `self_service`.
pub(super) const SELF_SERVICE_FIELDS: &[&str] = &["article", "bot"];

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
    let self_service = fields.get("self_service");
    let (article, bot) = self_service
        .map(|node| read_self_service(node, faults))
        .unwrap_or_default();
    // One that is wrong is given all the same: that nothing follows the last step is no further mistake.
    let otherwise = fields.is_meant("otherwise").then(|| {
        let node = fields.get("otherwise")?;
        names.queue(node, "otherwise", faults)
    });
    let otherwise = otherwise.map(Option::unwrap_or_default);
    let steps = fields
        .get("steps")
        .map(|node| read_steps(node, otherwise.as_deref(), names, faults));
    let priority = fields.integer("priority", 0..=100_u8, faults);
    let tags = fields
        .get("tags")
        .map(|node| read_tags(node, faults))
        .unwrap_or_default();
    let notes = fields
        .get("notes")
        .map(|node| read_notes(node, &names.lines, faults));
    names
        .mentions
        .add_notes(notes.as_deref().unwrap_or_default());
    names.mentions.give_to(&match id {
        Some(id) => format!("rule '{id}'"),
        None => "a rule without an id".to_owned(),
    });
    let given = ["steps", "otherwise", "self_service"].map(|name| fields.is_meant(name));
    if given == [false; 3] {
        faults.add(
            fields.position(),
            "the rule sends tickets nowhere: give it steps, otherwise or self_service",
        );
    }
    let (id, when) = id.zip(when)?;
    Some(Rule {
        position: node.position,
        id: Arc::from(id),
        when,
        priority,
        steps: steps.unwrap_or_default(),
        otherwise,
        article,
        bot,
        tags,
        notes,
    })
}

/// The tags, each once.
fn read_tags(node: &Node, faults: &mut Faults) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for item in fields::items(node, "tags", faults) {
        if let Some(tag) = fields::label(item, "a tag", faults)
            && !tags.iter().any(|known| known == tag)
        {
            tags.push(tag.to_owned());
        }
    }
    tags
}

/// The article and the bot; exactly one of them is given.
fn read_self_service(node: &Node, faults: &mut Faults) -> (Option<String>, Option<String>) {
    let Some(fields) = Fields::open(node, "self_service", SELF_SERVICE_FIELDS, faults) else {
        return (None, None);
    };
    let mut label = |name: &'static str| {
        let label = fields::label(fields.get(name)?, name, faults);
        label.map(str::to_owned)
    };
    let read = (label("article"), label("bot"));
    if fields.is_meant("article") == fields.is_meant("bot") {
        faults.add(
            fields.position(),
            "self_service needs either an 'article' or a 'bot'",
        );
    }
    read
}

/// Reads and compiles an expression.
pub(super) fn read_expression(
    node: &Node,
    what: &str,
    purpose: Purpose,
    names: &Names<'_>,
    faults: &mut Faults,
) -> Option<Expression> {
    let text = fields::text(node, what, faults)?;
    let place = |offset: usize| names.lines.locate(node.position, text, offset);
    let mut labels = Vec::new();
    let known = names.known(faults);
    let expression = Expression::compile(text, purpose, known, &place, faults, &mut labels);
    for (position, kind) in &labels {
        check_channel(*position, kind, names, faults);
    }
    names.mentions.add_labels(labels);
    expression
}

/// Notes a channel that does not exist.
fn check_channel(at: Position, kind: &LabelUseKind, names: &Names<'_>, faults: &mut Faults) {
    let channels = || Channel::ALL.iter().map(|channel| channel.as_str());
    match kind {
        LabelUseKind::Channel(name) if !name.is_empty() && name.parse::<Channel>().is_err() => {
            let advice = advice(name, channels());
            faults.add(at, format!("unknown channel '{name}': {advice}"));
        }
        LabelUseKind::Alone(alone) if alone.subject == Subject::Channel => {
            let patterns = Arc::new(names.patterns.borrow().clone());
            if let Some(idle) = alone.idle(channels().chain([""]), &patterns) {
                let word = idle.words.first().map_or("", String::as_str);
                let advice = advice(word, channels());
                let told = match idle.does {
                    Some(does) => format!("no channel {does}"),
                    None if idle.of_all => {
                        "what is asked of the channel here is so of each".to_owned()
                    }
                    None => "what is asked of the channel here is so of none".to_owned(),
                };
                faults.add(at, format!("{told}: {advice}"));
            }
        }
        _ => {}
    }
}
