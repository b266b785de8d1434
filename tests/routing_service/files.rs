//! A policy or roster that changes on disk while the server runs.

use std::fs;

use rustix::process::Signal;
use tonic::Code;
use triage::grpc::v1;

use crate::desk::{
    Desk, POLICY, apply, broken, client, live, live_version, misrouted, rollback, route_refund,
    with_priority,
};
use crate::running::Server;

const CHANGED: &str = "another policy decides";
const REFUSED: &str = "the changed files are refused: policy and roster stay as they are";

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_decides_once_it_is_found_good() {
    let desk = Desk::new();
    let mut server = desk.start().await;
    desk.write("desk.yaml", &with_priority(20));
    let logged = server.logged(CHANGED).await;
    assert_eq!(logged["cases"], 2);
    let told = live(&server).await;
    assert_eq!(told.policy, with_priority(20));
    assert_eq!(told.record.unwrap().source(), v1::PolicySource::File);
    // Written in place, too.
    fs::write(desk.path("desk.yaml"), with_priority(30)).unwrap();
    server.logged(CHANGED).await;
    let routed = server
        .client()
        .await
        .route(route_refund())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(routed.decision.unwrap().priority, 30);
    let sources: Vec<String> = desk
        .audit()
        .iter()
        .map(|line| line["source"].to_string())
        .collect();
    assert_eq!(sources, ["\"file\""; 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_faults_or_failing_cases_is_refused_and_the_old_one_stays() {
    let desk = Desk::new();
    let mut server = desk.start().await;
    let before = live(&server).await;
    desk.write("desk.yaml", &broken());
    let logged = server.logged(REFUSED).await;
    assert_eq!(logged["level"], "ERROR");
    let error = logged["error"].as_str().unwrap();
    for place in ["desk.yaml:6:11: ", "desk.yaml:9:36: "] {
        assert!(error.contains(place), "{error}");
    }
    desk.write("desk.yaml", &misrouted());
    let logged = server.logged(REFUSED).await;
    let error = logged["error"].as_str().unwrap();
    assert!(error.starts_with("1 of 2 cases fail"), "{error}");
    assert!(error.contains("case 'refunds go to billing'"), "{error}");
    fs::remove_file(desk.path("desk.yaml")).unwrap();
    let logged = server.logged(REFUSED).await;
    assert!(
        logged["error"]
            .as_str()
            .unwrap()
            .contains("cannot be opened"),
        "{logged}"
    );
    assert_eq!(live(&server).await, before);
    server.client().await.route(route_refund()).await.unwrap();

    desk.write("desk.yaml", &with_priority(20));
    server.logged(CHANGED).await;
    assert_eq!(live(&server).await.policy, with_priority(20));
    assert_eq!(desk.audit().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn policy_and_roster_that_need_each_other_change_together() {
    let desk = Desk::new();
    let mut command = desk.command();
    command.env("TRIAGE_POLICY__WATCH_MS", "0");
    let mut server = Server::start_as(&mut command).await;
    let renamed = |name: &str, desk: &Desk| {
        let text = fs::read_to_string(desk.path(name)).unwrap();
        text.replace("billing: ", "accounts: ")
            .replace("[billing,", "[accounts,")
    };
    let policy = renamed("desk.yaml", &desk).replace("queues: {accounts: ", "queues: {billing: ");
    desk.write("desk.yaml", &policy);
    server.signal(Signal::HUP);
    let logged = server.logged(REFUSED).await;
    assert!(
        logged["error"]
            .as_str()
            .unwrap()
            .contains("unknown skill 'billing'"),
        "{logged}"
    );
    desk.write("roster.yaml", &renamed("roster.yaml", &desk));
    server.signal(Signal::HUP);
    server.logged("the roster's file is in force").await;
    assert_eq!(live(&server).await.policy, policy);
    let routed = server
        .client()
        .await
        .route(route_refund())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(routed.decision.unwrap().agent_id, "ana");
    server.signal(Signal::HUP);
    server.logged("the files are as they were").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_stays_as_it_was_does_not_undo_a_call() {
    let desk = Desk::new();
    let mut command = desk.command();
    command.env("TRIAGE_POLICY__WATCH_MS", "0");
    let mut server = Server::start_as(&mut command).await;
    let mut client = client(&server).await;
    client.apply_policy(apply(with_priority(20))).await.unwrap();
    // Written anew with the same text.
    desk.write("desk.yaml", POLICY);
    server.signal(Signal::HUP);
    server.logged("the files are as they were").await;
    assert_eq!(live(&server).await.policy, with_priority(20));
    // Brought into line with what was applied: nothing to do, and nothing to undo what comes later.
    desk.write("desk.yaml", &with_priority(20));
    server.signal(Signal::HUP);
    server
        .logged("the policy's file holds the policy that decides already")
        .await;
    client.rollback_policy(rollback("")).await.unwrap();
    server.signal(Signal::HUP);
    server.logged("the files are as they were").await;
    assert_eq!(live(&server).await.policy, POLICY);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_folder_to_keep_policies_in_a_changed_file_still_decides() {
    let desk = Desk::new();
    let mut server = Server::start_as(&mut desk.forgetful_command()).await;
    let first = live_version(&server).await;
    desk.write("desk.yaml", &with_priority(20));
    assert_eq!(server.logged(CHANGED).await["before"], first);
    let version = first.clone();
    let kept = client(&server)
        .await
        .get_policy(v1::GetPolicyRequest { version })
        .await;
    assert_eq!(kept.unwrap_err().code(), Code::FailedPrecondition);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_the_next_start_could_not_use_with_the_rosters_file_is_refused() {
    let desk = Desk::new();
    let mut server = desk.start().await;
    // The roster in force knows nothing of the skill that the roster's file names.
    let request = v1::PutAgentsRequest {
        mode: v1::PutMode::Replace.into(),
        agents: vec![v1::Agent {
            id: "ana".to_owned(),
            skills: [("billing".to_owned(), 3)].into(),
            presence: v1::Presence::Available.into(),
            capacity: 3,
            ..v1::Agent::default()
        }],
        ..v1::PutAgentsRequest::default()
    };
    client(&server).await.put_agents(request).await.unwrap();
    let before = live_version(&server).await;
    desk.write(
        "tests/desk.tests.yaml",
        "version: 1\npolicy: ../desk.yaml\ncases:\n  - {name: refunds, classification: {topic: billing/refund}, expect: {rule: refund}}\n",
    );
    desk.write(
        "desk.yaml",
        &POLICY.replace("[billing, safety]", "[billing]"),
    );
    let logged = server.logged(REFUSED).await;
    let error = logged["error"].as_str().unwrap();
    assert!(error.contains("could not be started again"), "{error}");
    assert!(error.contains("'safety'"), "{error}");
    assert_eq!(live_version(&server).await, before);
}
