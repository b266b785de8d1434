//! Going back to an earlier policy, and what the audit log says of all changes.

use tonic::Code;
use triage::grpc::v1;

use crate::desk::{
    CASES, Desk, POLICY, apply, client, live, live_version, misrouted, rollback, route_refund,
    with_priority,
};

#[tokio::test(flavor = "multi_thread")]
async fn going_back_leads_to_the_policy_before_or_to_the_one_named() {
    let desk = Desk::new();
    let server = desk.start().await;
    let mut client = client(&server).await;
    let first = live_version(&server).await;
    let refused = client.rollback_policy(rollback("")).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let mut versions = vec![first.clone()];
    for priority in [20, 30] {
        let answer = client
            .apply_policy(apply(with_priority(priority)))
            .await
            .unwrap();
        versions.push(answer.into_inner().record.unwrap().version);
    }
    let answer = client
        .rollback_policy(rollback(""))
        .await
        .unwrap()
        .into_inner();
    let record = answer.record.unwrap();
    assert_eq!(
        (&record.version, &answer.previous_version),
        (&versions[1], &versions[2])
    );
    assert_eq!(
        (record.author.as_str(), record.source()),
        ("bob@example.com", v1::PolicySource::Rollback)
    );
    assert!(
        answer
            .diff
            .contains("-    priority: 30\n+    priority: 20\n"),
        "{}",
        answer.diff
    );
    assert_eq!(live(&server).await.policy, with_priority(20));
    client.rollback_policy(rollback("")).await.unwrap();
    assert_eq!(live_version(&server).await, first);
    // Forth again, by its name.
    client
        .rollback_policy(rollback(&versions[2]))
        .await
        .unwrap();
    let routed = server
        .client()
        .await
        .route(route_refund())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(routed.decision.unwrap().priority, 30);
    let refused = client
        .rollback_policy(rollback("feedfacefeed"))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    assert!(refused.message().contains(&first), "{refused:?}");
    // Cases that the earlier policy fails do not keep anyone from it in need.
    desk.write(
        "tests/desk.tests.yaml",
        &CASES.replace("queue: billing, agent: ana", "priority: 30"),
    );
    client.rollback_policy(rollback(&first)).await.unwrap();
    assert_eq!(live_version(&server).await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_says_who_changed_what_when_and_why() {
    let desk = Desk::new();
    let server = desk.start().await;
    let mut client = client(&server).await;
    client.apply_policy(apply(with_priority(20))).await.unwrap();
    client.apply_policy(apply(misrouted())).await.unwrap_err();
    client.rollback_policy(rollback("")).await.unwrap();
    let log = desk.audit();
    let told: Vec<(&str, Option<&str>, u64)> = log
        .iter()
        .map(|line| {
            let cases = line["cases"].as_u64().unwrap();
            (
                line["source"].as_str().unwrap(),
                line["author"].as_str(),
                cases,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("file", None, 2),
            ("apply", Some("ana@example.com"), 2),
            ("rollback", Some("bob@example.com"), 0),
        ]
    );
    assert_eq!(log[1]["comment"], "ticket 42");
    assert_eq!(log[0]["before"], serde_json::Value::Null);
    assert_eq!(log[1]["before"], log[0]["version"]);
    assert_eq!(
        (&log[2]["version"], &log[2]["before"]),
        (&log[0]["version"], &log[1]["version"])
    );
    let added: Vec<&str> = log[0]["diff"].as_str().unwrap().lines().skip(3).collect();
    assert_eq!(added.len(), POLICY.lines().count());
    let diff = log[1]["diff"].as_str().unwrap();
    assert!(
        diff.contains("-    priority: 10\n+    priority: 20\n"),
        "{diff}"
    );
    for line in &log {
        line["time"]
            .as_str()
            .unwrap()
            .parse::<jiff::Timestamp>()
            .unwrap();
    }
}
