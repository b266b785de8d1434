//! Requests with fields that are not as they must be: the status names every one of them.

use std::collections::BTreeMap;

use tonic::{Code, Status};
use tonic_types::StatusExt;
use triage::grpc::v1;

use crate::running::Server;
use crate::tickets::{SMOKE, classify, route, ticket};

/// The fields that a status complains of.
fn fields(status: &Status) -> Vec<String> {
    let details = status.get_details_bad_request().expect("details");
    for violation in &details.field_violations {
        assert!(!violation.description.is_empty());
    }
    let fields = details.field_violations.into_iter();
    fields.map(|violation| violation.field).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_bad_field_is_named() {
    let server = Server::start(&[]).await;
    let mut client = server.client().await;
    let cases: [(&str, v1::Ticket, Code); 13] = [
        ("ticket.body", ticket(""), Code::InvalidArgument),
        ("ticket.body", ticket(" \n\t\u{a0} "), Code::InvalidArgument),
        (
            "ticket.channel",
            v1::Ticket {
                channel: 99,
                ..ticket(SMOKE)
            },
            Code::InvalidArgument,
        ),
        (
            "ticket.channel",
            v1::Ticket {
                channel: -1,
                ..ticket(SMOKE)
            },
            Code::InvalidArgument,
        ),
        (
            "ticket.language",
            v1::Ticket {
                language: "no language".into(),
                ..ticket(SMOKE)
            },
            Code::InvalidArgument,
        ),
        (
            "ticket.attributes",
            v1::Ticket {
                attributes: BTreeMap::from([(String::new(), String::new())]),
                ..ticket(SMOKE)
            },
            Code::InvalidArgument,
        ),
        (
            "ticket.tags",
            v1::Ticket {
                tags: vec!["a".into(); 101],
                ..ticket(SMOKE)
            },
            Code::ResourceExhausted,
        ),
        (
            "ticket.tags[1]",
            v1::Ticket {
                tags: vec!["a".into(), "a".repeat(257)],
                ..ticket(SMOKE)
            },
            Code::ResourceExhausted,
        ),
        (
            "ticket.id",
            v1::Ticket {
                id: "1".repeat(257),
                ..ticket(SMOKE)
            },
            Code::ResourceExhausted,
        ),
        (
            "ticket.subject",
            v1::Ticket {
                subject: "a".repeat(4_097),
                ..ticket(SMOKE)
            },
            Code::ResourceExhausted,
        ),
        (
            "ticket.body",
            ticket(&"a".repeat(1_000_000)),
            Code::ResourceExhausted,
        ),
        (
            "ticket.last_agent_id",
            v1::Ticket {
                last_agent_id: "a".repeat(257),
                ..ticket(SMOKE)
            },
            Code::ResourceExhausted,
        ),
        (
            "ticket.customer.attributes[\"plan\"]",
            v1::Ticket {
                customer: Some(v1::Customer {
                    attributes: BTreeMap::from([("plan".into(), "a".repeat(4_097))]),
                    ..v1::Customer::default()
                }),
                ..ticket(SMOKE)
            },
            Code::ResourceExhausted,
        ),
    ];
    for (field, ticket, code) in cases {
        let request = v1::RouteRequest {
            ticket: Some(ticket.clone()),
            ..v1::RouteRequest::default()
        };
        let refused = client.route(request).await.unwrap_err();
        assert_eq!(
            (refused.code(), fields(&refused)),
            (code, vec![field.to_owned()])
        );
        assert!(
            refused.message().starts_with(field),
            "{}",
            refused.message()
        );
        let request = v1::ClassifyRequest {
            ticket: Some(ticket),
            options: None,
        };
        let also = client.classify(request).await.unwrap_err();
        assert_eq!(
            (also.code(), also.message()),
            (refused.code(), refused.message())
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_just_allowed_is_answered() {
    let server = Server::start(&[]).await;
    let mut client = server.client().await;
    let mut request = route(&"smoke ".repeat(262_144 / 6));
    let ticket = request.ticket.as_mut().unwrap();
    ticket.id = "1".repeat(256);
    ticket.subject = "a".repeat(4_096);
    ticket.tags = vec!["a".repeat(256); 100];
    ticket.language = "de-Latn-DE-1996".to_owned();
    ticket.channel = v1::Channel::AppReview.into();
    ticket.attributes = (0..100)
        .map(|n| (format!("attribute {n}"), "a".repeat(4_096)))
        .collect();
    request.options = Some(v1::ClassificationOptions {
        top: 1_000,
        evidence: false,
        ..v1::ClassificationOptions::default()
    });
    request.waited = Some(prost_types::Duration {
        seconds: 10 * 366 * 24 * 3_600,
        nanos: 0,
    });
    let answer = client.route(request).await.unwrap().into_inner();
    assert_eq!(answer.ticket_id.len(), 256);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_ticket_a_negative_wait_and_too_long_a_list_are_named() {
    let server = Server::start(&[]).await;
    let mut client = server.client().await;
    let refused = client
        .classify(v1::ClassifyRequest::default())
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(fields(&refused), ["ticket"]);

    for (seconds, nanos) in [
        (-1, 0),
        (0, -1),
        (0, 1_000_000_000),
        (i64::MAX, 0),
        (i64::MIN, i32::MIN),
    ] {
        let mut request = route(SMOKE);
        request.waited = Some(prost_types::Duration { seconds, nanos });
        let refused = client.route(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert_eq!(fields(&refused), ["waited"]);
    }

    let mut request = classify(SMOKE);
    request.options = Some(v1::ClassificationOptions {
        top: 1_001,
        evidence: false,
        ..v1::ClassificationOptions::default()
    });
    let refused = client.classify(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(fields(&refused), ["options.top"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_bad_fields_are_named_at_once() {
    let server = Server::start(&[]).await;
    let mut client = server.client().await;
    let request = v1::RouteRequest {
        ticket: Some(v1::Ticket {
            channel: 99,
            language: "?".to_owned(),
            ..v1::Ticket::default()
        }),
        options: Some(v1::ClassificationOptions {
            top: u32::MAX,
            evidence: true,
            ..v1::ClassificationOptions::default()
        }),
        waited: Some(prost_types::Duration {
            seconds: -5,
            nanos: 0,
        }),
        trace: true,
        ..v1::RouteRequest::default()
    };
    let refused = client.route(request.clone()).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let mut named = fields(&refused);
    named.sort();
    assert_eq!(
        named,
        [
            "options.top",
            "ticket.body",
            "ticket.channel",
            "ticket.language",
            "waited"
        ]
    );
    assert!(
        refused.message().ends_with("(and 4 more)"),
        "{}",
        refused.message()
    );

    // One that is too large among them decides the code.
    let mut request = request;
    request.ticket.as_mut().unwrap().id = "1".repeat(257);
    let refused = client.route(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert_eq!(fields(&refused).len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_violations_than_a_status_can_carry_are_counted() {
    let server = Server::start(&[]).await;
    let mut client = server.client().await;
    let too_long: BTreeMap<String, String> = (0..100)
        .map(|n| (format!("{n:ö>200}"), "a".repeat(4_097)))
        .collect();
    let mut request = classify(SMOKE);
    let ticket = request.ticket.as_mut().unwrap();
    ticket.tags = vec!["a".repeat(257); 100];
    ticket.attributes = too_long.clone();
    ticket.customer = Some(v1::Customer {
        attributes: too_long,
        ..v1::Customer::default()
    });
    let refused = client.classify(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused:?}");
    assert!(refused.message().contains("(and "), "{}", refused.message());
    assert!(fields(&refused).len() > 10);
    assert!(
        refused.details().len() < 6_000,
        "fits into a client's headers"
    );
}
