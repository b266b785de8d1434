//! The tables of the guide name everything that there is.

use std::collections::BTreeSet;

use serde_json::Value;
use triage::policy_test::EXPECTATIONS;

use crate::blocks::guide_text;

/// Names of all fields of a schema.
fn fields(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Object(properties)) = object.get("properties") {
                found.extend(properties.keys().cloned());
            }
            object.values().for_each(|value| fields(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| fields(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The values that a schema lists.
fn values(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Array(listed)) = object.get("enum") {
                found.extend(listed.iter().filter_map(Value::as_str).map(str::to_owned));
            }
            object.values().for_each(|value| values(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| values(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn every_field_and_value_of_a_policy_is_in_the_guide() {
    let schema = std::fs::read_to_string("policies/policy.schema.json").unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let mut names = Vec::new();
    fields(&schema, &mut names);
    values(&schema, &mut names);
    assert!(names.len() > 40, "{names:?}");
    let guide = guide_text();
    let told = |name: &str| {
        let ways = [
            format!("`{name}`"),
            format!(".{name}`"),
            format!("{name}: "),
        ];
        ways.iter().any(|way| guide.contains(way))
    };
    let missing: Vec<&String> = names.iter().filter(|name| !told(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn all_that_a_case_can_expect_is_in_the_guide() {
    let text = guide_text();
    let rows = text.lines().filter(|line| line.starts_with("| `expect`: "));
    let told: BTreeSet<&str> = rows
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .collect();
    let missing: Vec<&&str> = EXPECTATIONS
        .iter()
        .filter(|field| !told.contains(**field))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_warning_is_in_the_guide() {
    let text = std::fs::read_to_string("src/routing/lint/mod.rs").unwrap();
    let kinds: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Self::")?.split_once(" => \""))
        .filter_map(|(_, kind)| kind.strip_suffix("\","))
        .collect();
    assert!(kinds.len() >= 9, "{kinds:?}");
    let guide = guide_text();
    let missing: Vec<&&str> = kinds
        .iter()
        .filter(|kind| !guide.contains(&format!("`{kind}`")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
