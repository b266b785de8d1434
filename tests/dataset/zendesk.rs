//! Zendesk exports are read by field, tag and custom field.

use triage::dataset::{Columns, Dataset, Format};

use crate::{columns, failure_as, fixture, labels, lines, written};

#[test]
fn zendesk_tickets_are_read_by_field_tag_and_custom_field() {
    let read = |topic: &str| {
        let path = fixture("zendesk.json");
        let columns = columns(&[], Some(topic), &[("channel", "via.channel")]);
        Dataset::read(&[path], Some(Format::Zendesk), &columns).unwrap()
    };
    let (dataset, findings) = read("custom_field:360001");
    assert_eq!(
        dataset.texts(),
        [
            "Refund\nI want my money back.",
            "Login\nI cannot sign in.",
            "Hi"
        ]
    );
    assert_eq!(dataset.heads, ["topic", "urgency", "channel"]);
    assert_eq!(
        labels(&dataset),
        ["refunds high email", "access - chat", "- low web"]
    );
    assert_eq!(lines(&dataset), [4, 14, 24]);
    assert_eq!(dataset.examples[1].id.as_deref(), Some("102"));
    assert!(findings.is_empty());

    assert_eq!(
        read("type").0.labels("topic"),
        [Some("problem"), Some("incident"), Some("question")]
    );

    let (dataset, findings) = read("tags:topic_");
    assert_eq!(dataset.labels("topic"), [Some("billing"), None, None]);
    assert_eq!(findings.len(), 1);
    assert!(
        findings[0].message.contains("two tags for topic"),
        "{findings:?}"
    );
    assert_eq!(findings[0].locations.first[0].line, 14);
}

#[test]
fn zendesk_tickets_may_come_one_a_line_or_as_an_array() {
    let ticket = |id: u32| format!(r#"{{"id":{id},"subject":"S","description":"D"}}"#);
    for text in [
        format!("{}\n{}\n", ticket(1), ticket(2)),
        format!("[{},\n{}]", ticket(1), ticket(2)),
        format!(r#"{{"tickets":[{}]}}{}"#, ticket(1), "\n") + &ticket(2),
    ] {
        let (_folder, path) = written(&text, "export.json");
        let (dataset, _) =
            Dataset::read(&[path], Some(Format::Zendesk), &Columns::default()).unwrap();
        assert_eq!(dataset.texts(), ["S\nD", "S\nD"], "{text}");
        assert_eq!(lines(&dataset), [1, 2], "{text}");
    }
}

#[test]
fn a_missing_zendesk_field_names_what_there_is() {
    let text = std::fs::read(fixture("zendesk.json")).unwrap();
    let failure = |topic| {
        failure_as(
            "z.json",
            &text,
            Some(Format::Zendesk),
            &columns(&[], Some(topic), &[]),
        )
    };
    let message = failure("custom_field:360003");
    assert!(
        message.contains("did you mean 'custom_field:360001'?"),
        "{message}"
    );
    let message = failure("tags:topics_");
    assert!(message.contains("tags:topic_billing"), "{message}");
}
