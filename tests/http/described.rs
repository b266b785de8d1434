//! The OpenAPI document: it is the one in the repository, and it is true of what the server takes and gives.

use std::collections::BTreeSet;
use std::path::Path;

use prost_reflect::DescriptorPool;
use serde_json::{Map, Value, json};
use triage::grpc::DESCRIPTORS;

use crate::calling::{Both, ok};

fn document() -> Value {
    serde_json::from_str(&triage::http::openapi::document().unwrap()).unwrap()
}

/// Name of the schema that a content of JSON refers to.
fn schema_of(content: &Value) -> &str {
    let reference = content["content"]["application/json"]["schema"]["$ref"].as_str();
    reference
        .unwrap()
        .strip_prefix("#/components/schemas/")
        .unwrap()
}

/// The operations that are calls: path and operation.
fn calls(document: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths.filter_map(|(path, item)| Some((path, item.get("post")?)))
}

/// Checks that `value` is as the schema of this name says, and has nothing that the schema does not know.
#[track_caller]
fn assert_valid(document: &Value, schema: &str, value: &Value) {
    let mut components = document["components"].clone();
    for schema in components["schemas"].as_object_mut().unwrap().values_mut() {
        if let Some(object) = schema
            .as_object_mut()
            .filter(|o| o.contains_key("properties"))
        {
            object.insert("additionalProperties".to_owned(), json!(false));
        }
    }
    let schema =
        json!({ "$ref": format!("#/components/schemas/{schema}"), "components": components });
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<String> = validator
        .iter_errors(value)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{}\n{value:#}", faults.join("\n"));
}

#[test]
fn the_document_in_the_repository_is_the_one_that_is_served() {
    // `UPDATE_OPENAPI=1 cargo test --test http described` writes it anew.
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto/openapi.json");
    let text = triage::http::openapi::document().unwrap();
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(path, text).unwrap();
        return;
    }
    assert!(
        std::fs::read_to_string(path).unwrap() == text,
        "write it anew with UPDATE_OPENAPI=1"
    );
}

#[test]
fn every_method_is_described() {
    let document = document();
    let mut names = BTreeSet::new();
    for (path, operation) in calls(&document) {
        let name = operation["operationId"].as_str().unwrap();
        assert!(names.insert(name.to_owned()), "{name} twice");
        assert!(
            operation["summary"].is_string() && operation["description"].is_string(),
            "{path}"
        );
        assert!(operation["requestBody"]["required"] == true, "{path}");
        assert!(
            operation["responses"]["default"]["$ref"].is_string(),
            "{path}"
        );
    }
    let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
    let methods = pool
        .services()
        .flat_map(|service| service.methods().collect::<Vec<_>>());
    let declared: BTreeSet<String> = methods.map(|method| method.name().to_owned()).collect();
    assert_eq!(names, declared);
}

#[test]
fn all_names_are_unique_and_all_references_lead_somewhere() {
    fn walk(value: &Value, names: &mut Vec<String>, references: &mut Vec<String>) {
        match value {
            Value::Object(object) => {
                for (key, value) in object {
                    match (key.as_str(), value) {
                        ("$ref", Value::String(reference)) => references.push(reference.clone()),
                        ("operationId", Value::String(name)) => names.push(name.clone()),
                        _ => walk(value, names, references),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, names, references)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let document = document();
    let (mut names, mut references) = (Vec::new(), Vec::new());
    walk(&document, &mut names, &mut references);
    assert!(references.len() > 100);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    let unique: BTreeSet<_> = names.iter().collect();
    assert_eq!(unique.len(), names.len());
    for (path, item) in document["paths"].as_object().unwrap() {
        for operation in item.as_object().unwrap().values() {
            assert!(operation["operationId"].is_string(), "{path}");
            assert!(
                operation["responses"]["200"]["description"].is_string(),
                "{path}"
            );
        }
    }
}

#[test]
fn comments_of_the_interface_are_in_the_document() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    let described = |pointer: &str| {
        let text = schemas
            .pointer(pointer)
            .and_then(|schema| schema["description"].as_str());
        text.unwrap_or_else(|| panic!("{pointer}")).to_owned()
    };
    assert!(described("/Ticket").starts_with("A customer's inquiry"));
    assert!(described("/Ticket/properties/lastAgentId").contains("handled this customer last"));
    assert!(
        described("/RouteRequest/properties/waited").contains("How long the ticket has waited")
    );
    assert!(described("/Presence").contains("- `PRESENCE_AWAY`: Signed in and not there."));
    assert_eq!(
        schemas["Decision"]["properties"]["requiredSkills"]["additionalProperties"]["type"],
        "integer"
    );
    assert_eq!(
        schemas["Agent"]["properties"]["idleSince"]["format"],
        "date-time"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn examples_are_valid_and_answers_are_as_described() {
    let both = Both::start().await;
    let served = ok(&both.get("/v1/openapi.json").await);
    let document = document();
    assert_eq!(served, document);
    let mut answered = 0;
    for (path, operation) in calls(&document) {
        let example = &operation["requestBody"]["content"]["application/json"]["example"];
        if example.is_null() {
            continue;
        }
        assert_valid(&document, schema_of(&operation["requestBody"]), example);
        let answer = ok(&both.post(path, example.to_string()).await);
        assert_valid(
            &document,
            schema_of(&operation["responses"]["200"]),
            &answer,
        );
        answered += 1;
    }
    assert!(answered > 5);
    for (path, body) in [
        ("/v1/classify", r#"{"ticket":{"body":3}}"#),
        ("/v1/route", r#"{"ticket":{}}"#),
        ("/v1/nothing", "{}"),
        ("/v1/get-policy", r#"{"version":"0123456789ab"}"#),
    ] {
        let fault: Value = serde_json::from_slice(both.post(path, body).await.body()).unwrap();
        assert_valid(&document, "Fault", &fault);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_path_that_is_described_is_answered() {
    let both = Both::start().await;
    let document = document();
    let paths: &Map<String, Value> = document["paths"].as_object().unwrap();
    for (path, item) in paths {
        let status = match item.get("post") {
            // Not JSON: a path that there is not would be 404.
            Some(_) => both.post(path, "x").await.status(),
            None => both.get(path).await.status(),
        };
        let expected = if item.get("post").is_some() {
            [400, 415, 501]
        } else {
            [200; 3]
        };
        assert!(expected.contains(&status.as_u16()), "{path}: {status}");
    }
}
