//! What is read and refused, and where it is said to be.

use proptest::prelude::*;
use prost_reflect::DescriptorPool;
use serde_json::Value;
use tonic::Code;
use tonic_types::StatusExt;

use super::*;
use crate::grpc::DESCRIPTORS;

fn kind(name: &str) -> MessageDescriptor {
    let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
    pool.get_message_by_name(&format!("triage.v1.{name}"))
        .unwrap()
}

fn refused(json: &[u8], first_line: usize) -> Status {
    let status = to_wire(&kind("RouteRequest"), json, first_line).unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    status
}

fn violation(json: &str) -> (String, String) {
    let details = refused(json.as_bytes(), 1).get_error_details();
    let violations = &details.bad_request().unwrap().field_violations;
    let [only] = violations.as_slice() else {
        panic!("{violations:?}");
    };
    (only.field.clone(), only.description.clone())
}

#[test]
fn both_names_of_a_field_are_read_and_the_one_in_camel_case_is_written() {
    let kind = kind("RouteRequest");
    let written: Vec<Value> = ["lastAgentId", "last_agent_id"]
        .map(|name| {
            let json = format!(r#"{{"ticket":{{"{name}":"a-1"}},"waited":"1.500s"}}"#);
            let wire = to_wire(&kind, json.as_bytes(), 1).unwrap();
            serde_json::from_slice(&to_json(&kind, wire).unwrap()).unwrap()
        })
        .into();
    assert_eq!(written[0], written[1]);
    assert_eq!(written[0]["ticket"]["lastAgentId"], "a-1");
    assert_eq!(written[0]["waited"], "1.500s");
    // Fields that have their defaults are written, messages that are absent are not.
    assert_eq!(written[0]["reserve"], false);
    assert_eq!(written[0].get("roster"), None);
}

#[test]
fn faults_name_the_field_and_the_place() {
    for (json, field, words) in [
        (
            r#"{"ticket":{"bdy":"x"}}"#,
            "ticket",
            ["unrecognized field name 'bdy'", "line 1 column 16"],
        ),
        (
            r#"{"ticket":{"tags":["a",3]}}"#,
            "ticket.tags[1]",
            ["expected a string", "line 1 column 24"],
        ),
        (
            "{\n\"trace\":\n 1}",
            "trace",
            ["expected a boolean", "line 3 column 2"],
        ),
        (
            r#"{"options":{"top":-1}}"#,
            "options.top",
            ["out of range", "line 1 column 20"],
        ),
        (
            r#"{"waited":"soon"}"#,
            "waited",
            ["duration", "line 1 column 16"],
        ),
        (
            r#"{"ticket":{"channel":"CHANNEL_PIGEON"}}"#,
            "ticket.channel",
            ["CHANNEL_PIGEON", "line 1"],
        ),
    ] {
        let (told, fault) = violation(json);
        assert_eq!(told, field, "{json}: {fault}");
        for word in words {
            assert!(fault.contains(word), "{json}: {fault}");
        }
    }
}

#[test]
fn what_is_no_json_is_refused_with_its_place() {
    for (json, words) in [
        (&b""[..], "EOF"),
        (b"[]", "invalid type: sequence"),
        (b"{", "EOF"),
        (
            b"{\"trace\":true} x",
            "trailing characters, at line 1 column 16",
        ),
        (b"{\"ticket\":{\"body\":\"\xff\"}}", "unicode"),
        (b"{\"ticket\":{\"body\":\"\\ud800\"}}", "line 1"),
        (b"\n\nnull", "line 3"),
    ] {
        let status = refused(json, 1);
        assert!(status.message().contains(words), "{}", status.message());
    }
    // The second line of what was sent, as a message of its own.
    let status = refused(b"{\"trace\":1}", 2);
    assert!(
        status.message().contains("line 2 column 10"),
        "{}",
        status.message()
    );
}

#[test]
fn deep_nesting_is_refused() {
    for open in ["[", "{\"ticket\":", "{\"ticket\":{\"attributes\":{\"a\":["] {
        let json = open.repeat(1_000_000);
        assert!(refused(json.as_bytes(), 1).message().len() < 2 * MAX_TOLD_BYTES);
    }
}

#[test]
fn a_fault_quotes_a_little_only() {
    let long = "ü".repeat(100_000);
    for json in [
        format!(r#"{{"options":{{"top":"{long}"}}}}"#),
        format!(r#"{{"{long}":1}}"#),
        format!(r#"{{"ticket":{{"attributes":{{"{long}":1}}}}}}"#),
    ] {
        let status = refused(json.as_bytes(), 1);
        assert!(
            status.message().len() < 3 * MAX_TOLD_BYTES,
            "{}",
            status.message().len()
        );
        assert!(status.message().contains("at line 1 column"));
    }
}

proptest! {
    #[test]
    fn nothing_that_is_sent_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = to_wire(&kind("RouteRequest"), &bytes, 1);
    }

    #[test]
    fn nothing_that_looks_like_a_request_panics(
        text in r#"\{("(ticket|waited|roster|options|agents|idleSince|mode)":(\{|\[|"1e9s"|-1|1e400|"2026-01-01T00:00:00Z"|null|true|\]|\}),?){0,8}\}{0,4}"#
    ) {
        let _ = to_wire(&kind("RouteRequest"), text.as_bytes(), 1);
    }
}

#[test]
fn what_would_take_too_much_memory_is_refused_where_it_is_too_much() {
    let most = 4 << 20;
    for (name, open, item, close, field) in [
        (
            "BatchRouteRequest",
            "{\"requests\":[",
            "{}",
            "]}",
            "requests",
        ),
        ("PutAgentsRequest", "{\"agents\":[", "{}", "]}", "agents"),
    ] {
        let count = (most - open.len() - close.len()) / (item.len() + 1);
        let json = format!("{open}{}{close}", vec![item; count].join(","));
        let status = to_wire(&kind(name), json.as_bytes(), 1)
            .map(|_| ())
            .unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
        let details = status.get_error_details();
        let violation = &details.bad_request().unwrap().field_violations[0];
        assert!(violation.field.starts_with(field), "{violation:?}");
        let told = &violation.description;
        assert!(
            told.starts_with("more than is read of one message: "),
            "{told}"
        );
        assert!(
            told.contains("send fewer at a time, at line 1 column "),
            "{told}"
        );
    }
}

#[test]
fn a_backlog_of_as_many_tickets_as_are_allowed_is_read() {
    let ticket = r#"{"ticket":{"id":"4711","body":"Where is my parcel? It should have come last week.","tags":["vip"],
        "attributes":{"shop":"uk"},"customer":{"id":"c-1"}},"labels":{"topic":"billing/refund"},"waited":"60s"}"#;
    let json = format!("{{\"tickets\":[{}]}}", vec![ticket; 20_000].join(","));
    to_wire(&kind("AssignBacklogRequest"), json.as_bytes(), 1).unwrap();
}
