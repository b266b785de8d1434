//! The JSON Schema of a policy file, by which editors complete and check it while it is written. Fields and words
//! come from the same tables that the file is read with, so the two cannot drift apart.

use serde_json::{Map, Value, json};

use super::calendar::CALENDAR_FIELDS;
use super::check::{DEFAULT_FIELDS, POLICY_FIELDS, QUEUE_FIELDS};
use super::check_rule::{RULE_FIELDS, SELF_SERVICE_FIELDS};
use super::check_step::STEP_FIELDS;
use super::eligibility::Lack;
use super::last_resort::LAST_RESORT_FIELDS;
use super::policy::MAX_RULES;
use super::priorities::{IMPACT, IMPACT_FIELDS};
use super::rank::OrderBy;
use super::relax::RELAX_FIELDS;
use super::roster::MAX_PROFICIENCY;
use super::sla::{SLA_FIELDS, TARGET_FIELDS, TIER_FIELDS};
use crate::ticket::Urgency;

/// The schema, of JSON Schema's draft 2020-12.
#[must_use]
pub fn policy_schema() -> Value {
    let mut schema = Map::new();
    let about = [
        ("$schema", "https://json-schema.org/draft/2020-12/schema"),
        ("title", "Routing policy of triage"),
    ];
    schema.extend(about.map(|(name, value)| (name.to_owned(), value.into())));
    if let Value::Object(policy) = object(
        POLICY_FIELDS,
        &["version", "queues", "default"],
        policy_field,
    ) {
        schema.extend(policy);
    }
    Value::Object(schema)
}

/// An object with these fields and no others; `shape` tells each of them.
fn object(fields: &[&str], required: &[&str], shape: impl Fn(&str) -> Value) -> Value {
    let properties: Map<String, Value> = fields
        .iter()
        .map(|&field| (field.to_owned(), shape(field)))
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// `shape` with what it is for.
fn described(shape: Value, description: &str) -> Value {
    let mut shape = shape;
    if let Value::Object(fields) = &mut shape {
        fields.insert("description".to_owned(), description.into());
    }
    shape
}

fn text(description: &str) -> Value {
    json!({"type": "string", "description": description})
}

fn list_of(items: &Value, description: &str) -> Value {
    json!({"type": "array", "items": items, "description": description})
}

fn mapping_to(values: &Value, description: &str) -> Value {
    json!({"type": "object", "additionalProperties": values, "description": description})
}

fn duration(description: &str) -> Value {
    json!({
        "type": "string",
        "description": format!("{description} A duration with its unit, such as 90s, 15m, 8h, 3d or 1h30m."),
    })
}

fn condition(description: &str) -> Value {
    text(&format!(
        "{description} An expression in CEL over topic, topic_confidence, urgency, facets, ticket, customer, now, \
         waited and in_hours(\"calendar\")."
    ))
}

fn policy_field(field: &str) -> Value {
    match field {
        "version" => json!({"const": 1, "description": "The version of this language."}),
        "skills" => list_of(
            &json!({"type": "string"}),
            "What agents can be good at; languages are skills too.",
        ),
        "queues" => mapping_to(&queue(), "Where tickets wait."),
        "calendars" => mapping_to(&calendar(), "Working hours by name."),
        "languages" => mapping_to(
            &json!({"type": "string"}),
            "The skill that a ticket in a language prefers, by the language's tag.",
        ),
        "sla" => sla(SLA_FIELDS, "How soon tickets must be answered, by urgency."),
        "priorities" => priorities(),
        "always_human" => list_of(
            &text("A topic, or a pattern with *."),
            "Topics that are never answered without a person having read the ticket.",
        ),
        "rules" => {
            let rule = object(RULE_FIELDS, &["id", "when"], rule_field);
            let mut rules = list_of(
                &rule,
                "Tried from top to bottom; the first whose condition holds decides.",
            );
            rules["maxItems"] = MAX_RULES.into();
            rules
        }
        "default" => described(
            object(DEFAULT_FIELDS, &["queue"], |_| text("The queue.")),
            "Where tickets go that no rule takes.",
        ),
        "notes" => notes("Notes of tickets whose rule has none of its own."),
        _ => Value::Null,
    }
}

fn notes(description: &str) -> Value {
    let template = text(
        "A text with placeholders in braces, such as {topic} or {facets.NAME}; left out where one has no value.",
    );
    json!({"anyOf": [template, {"type": "array", "items": template}], "description": description})
}

fn queue() -> Value {
    let mut queue = object(QUEUE_FIELDS, &[], |field| match field {
        "overflow" => text("The queue for tickets that nobody in this one could take."),
        "last_resort" => described(
            object(LAST_RESORT_FIELDS, &["accept"], last_resort_field),
            "Who may be chosen when nobody is eligible and nothing else follows.",
        ),
        _ => Value::Null,
    });
    queue["type"] = json!(["object", "null"]);
    queue
}

fn last_resort_field(field: &str) -> Value {
    match field {
        "accept" => list_of(
            &words(Lack::ALL.iter().map(|lack| lack.as_str())),
            "What is overlooked.",
        ),
        "agents" => list_of(
            &json!({"type": "string"}),
            "The only agents who may be chosen.",
        ),
        "after" => duration("How long the ticket must have waited."),
        _ => Value::Null,
    }
}

fn words<'a>(words: impl Iterator<Item = &'a str>) -> Value {
    json!({"enum": words.collect::<Vec<_>>()})
}

fn calendar() -> Value {
    let hours = text("Hours such as 08:00-18:00, 22:00-06:00 past midnight, or 24h.");
    object(
        CALENDAR_FIELDS,
        &["timezone", "hours"],
        |field| match field {
            "timezone" => text("A name of the IANA database, such as Europe/Berlin."),
            "hours" => mapping_to(
                &json!({"anyOf": [hours, {"type": "array", "items": hours}]}),
                "Hours by the days on which they begin: mon, sat, mon-fri.",
            ),
            "holidays" => list_of(
                &text("A date such as 2026-12-25, or 12-25 for every year."),
                "Days on which no hours begin.",
            ),
            _ => Value::Null,
        },
    )
}

/// An object of urgencies and `others`.
fn by_urgency(value: &Value, others: &[&str], other: impl Fn(&str) -> Value) -> Value {
    let urgencies = Urgency::ALL.iter().map(|urgency| urgency.as_str());
    let fields: Vec<&str> = urgencies.chain(others.iter().copied()).collect();
    object(&fields, &[], |field| {
        if others.contains(&field) {
            other(field)
        } else {
            value.clone()
        }
    })
}

fn sla(others: &[&str], description: &str) -> Value {
    let calendar = || text("The calendar whose hours count; a day is its longest day.");
    let own = object(TARGET_FIELDS, &["within"], |field| match field {
        "within" => duration("The time there is."),
        "calendar" => calendar(),
        _ => Value::Null,
    });
    let target = json!({"anyOf": [duration("The time there is."), own]});
    let targets = by_urgency(&target, others, |field| match field {
        "calendar" => calendar(),
        "resolution" => described(
            by_urgency(&target, &[], |_| Value::Null),
            "How soon tickets must be solved, by urgency.",
        ),
        "tiers" => mapping_to(
            &sla(TIER_FIELDS, "The targets of this tier, where they differ."),
            "Targets of customers by their tier.",
        ),
        _ => Value::Null,
    });
    described(targets, description)
}

fn priorities() -> Value {
    let level = json!({"type": "integer", "minimum": 0, "maximum": 100});
    let row = by_urgency(&level, &[], |_| Value::Null);
    let table = by_urgency(&level, &[IMPACT], |_| {
        object(IMPACT_FIELDS, &["from", "levels"], |field| match field {
            "from" => text("An expression that gives the row, such as customer.tier."),
            "levels" => mapping_to(&row, "Priorities by urgency for each impact."),
            _ => Value::Null,
        })
    });
    described(
        table,
        "Priority of tickets whose rule sets none, 0 to 100, higher first.",
    )
}

fn rule_field(field: &str) -> Value {
    match field {
        "id" => text("The rule's own name."),
        "when" => condition("Which tickets it is for."),
        "priority" => {
            json!({"type": "integer", "minimum": 0, "maximum": 100, "description": "Higher goes first."})
        }
        "steps" => list_of(
            &object(STEP_FIELDS, &[], step_field),
            "What is asked of an agent, one after the other as the ticket waits.",
        ),
        "otherwise" => text("The queue when the last step has ended or nobody could take any."),
        "self_service" => {
            let answer = object(SELF_SERVICE_FIELDS, &[], |_| {
                text("Its name in the help desk.")
            });
            described(
                answer,
                "An article or a bot instead of an agent, where the topic may be automated.",
            )
        }
        "tags" => list_of(&json!({"type": "string"}), "Tags to set on the ticket."),
        "notes" => notes("Notes for whoever takes the ticket."),
        _ => Value::Null,
    }
}

fn levels(least: u8, most: u8, description: &str) -> Value {
    mapping_to(
        &json!({"type": "integer", "minimum": least, "maximum": most}),
        description,
    )
}

fn step_field(field: &str) -> Value {
    match field {
        "queue" => text("The queue that agents must serve."),
        "require" => levels(
            1,
            MAX_PROFICIENCY,
            "The level that an agent must have in each skill.",
        ),
        "prefer" => levels(
            1,
            MAX_PROFICIENCY,
            "The level that an agent should have in each skill.",
        ),
        "order_by" => list_of(
            &words(OrderBy::ALL.iter().map(|by| by.as_str())),
            "How eligible agents are ordered; each breaks the ties of those before.",
        ),
        "timeout" => duration("How long the step lasts."),
        "preferred_agent" => {
            text("An expression that gives an agent's id, such as ticket.last_agent_id.")
        }
        "skip_if" => condition("For which tickets the step is passed over."),
        "relax" => object(RELAX_FIELDS, RELAX_FIELDS, |field| match field {
            "every" => duration("How often the required levels fall by one."),
            "to" => levels(
                0,
                MAX_PROFICIENCY - 1,
                "How low they fall; 0 drops the skill.",
            ),
            _ => Value::Null,
        }),
        _ => Value::Null,
    }
}
