//! The JSON Schema of the policy file: it is the one that is shipped, knows every field, and agrees with the reader
//! on the sample policy.

use std::fs;

use serde_json::Value;
use triage::routing::policy_schema;

const SHIPPED: &str = "policies/policy.schema.json";

fn printed() -> String {
    let mut text = serde_json::to_string_pretty(&policy_schema()).unwrap();
    text.push('\n');
    text
}

#[test]
fn the_shipped_schema_is_the_one_that_the_reader_gives() {
    // `UPDATE_SCHEMA=1 cargo test --test routing schema` writes it anew.
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(SHIPPED, printed()).unwrap();
    }
    assert!(
        fs::read_to_string(SHIPPED).unwrap() == printed(),
        "{SHIPPED} is out of date: run this test with UPDATE_SCHEMA=1"
    );
}

#[test]
fn every_field_that_the_reader_knows_has_a_shape() {
    fn holes(schema: &Value, at: &str, found: &mut Vec<String>) {
        match schema {
            Value::Null => found.push(at.to_owned()),
            Value::Object(fields) => fields
                .iter()
                .for_each(|(name, value)| holes(value, &format!("{at}/{name}"), found)),
            Value::Array(items) => items.iter().for_each(|item| holes(item, at, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    holes(&policy_schema(), "", &mut found);
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn the_sample_policy_holds_by_the_schema() {
    let text = fs::read_to_string("policies/sample.yaml").unwrap();
    let policy: Value = serde_saphyr::from_str(&text).unwrap();
    check(&policy, &policy_schema(), "").unwrap_or_else(|fault| panic!("{fault}"));
}

#[test]
fn what_the_reader_refuses_by_its_form_the_schema_refuses_too() {
    let head = "version: 1\nqueues: {a: {}}\ndefault: {queue: a}\n";
    let accepted = |rest: &str| {
        let policy: Value = serde_saphyr::from_str(&format!("{head}{rest}")).unwrap();
        check(&policy, &policy_schema(), "").is_ok()
    };
    assert!(accepted(
        "notes: 'x'\nsla: {high: {within: 1h}, tiers: {vip: {high: 5m}}}\n"
    ));
    for wrong in [
        "note: x\n",
        "notes: [1]\n",
        "sla: {hgih: 1h}\n",
        "sla: {tiers: {vip: {tiers: {}}}}\n",
        "sla: {high: {calendar: a}}\n",
        "priorities: {high: 101}\n",
        "calendars: {a: {hours: {mon: 24h}}}\n",
        "rules: [{id: a}]\n",
        "rules: [{id: a, when: 'true', steps: [{order_by: [fastest]}]}]\n",
        "rules: [{id: a, when: 'true', steps: [{require: {tech: 6}}]}]\n",
    ] {
        assert!(!accepted(wrong), "{wrong}");
    }
}

/// Checks `value` by as much of JSON Schema as the schema uses.
fn check(value: &Value, schema: &Value, at: &str) -> Result<(), String> {
    let refuse = |why: &str| Err(format!("{at}: {why}: {value}"));
    let Value::Object(rules) = schema else {
        return refuse("the schema is no object");
    };
    for (rule, wanted) in rules {
        let fits = match rule.as_str() {
            "type" => match wanted {
                Value::Array(types) => types.iter().any(|one| has_type(value, one)),
                one => has_type(value, one),
            },
            "const" => value == wanted,
            "enum" => wanted.as_array().unwrap().contains(value),
            "minimum" => value.as_i64() >= wanted.as_i64(),
            "maximum" => value.as_i64() <= wanted.as_i64(),
            "maxItems" => {
                value.as_array().map(Vec::len)
                    <= wanted.as_u64().map(|most| usize::try_from(most).unwrap())
            }
            "required" => {
                let names = wanted
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|name| name.as_str().unwrap());
                value
                    .as_object()
                    .is_none_or(|fields| names.into_iter().all(|name| fields.contains_key(name)))
            }
            "anyOf" => wanted
                .as_array()
                .unwrap()
                .iter()
                .any(|one| check(value, one, at).is_ok()),
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(item, wanted, &format!("{at}/{index}"))?;
                }
                true
            }
            "properties" | "additionalProperties" => true,
            "$schema" | "title" | "description" => true,
            other => panic!("the schema uses '{other}', which is not checked here"),
        };
        if !fits {
            return refuse(rule);
        }
    }
    for (name, field) in value.as_object().into_iter().flatten() {
        let own = rules.get("properties").and_then(|known| known.get(name));
        match own.or(rules.get("additionalProperties")) {
            None | Some(Value::Bool(true)) => {}
            Some(Value::Bool(false)) => return refuse(&format!("unknown field '{name}'")),
            Some(schema) => check(field, schema, &format!("{at}/{name}"))?,
        }
    }
    Ok(())
}

fn has_type(value: &Value, wanted: &Value) -> bool {
    match wanted.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        other => panic!("type '{other}' is not checked here"),
    }
}
