//! The registry's pointer, moved by another program, is followed; what it points to is refused if it cannot be used.

use std::fs;

use rustix::process::Signal;

use crate::desk::{Desk, POLICY, REFUSED, SWAPPED, activate, cases_for_refunds, client, served};
use crate::running::Server;

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_version_is_refused_and_the_next_sound_one_followed() {
    let (desk, first, second) = Desk::with_two();
    let mut server = desk.start().await;
    desk.damage(&second);
    desk.write("models/active", format!("{second}\n{first}\n"));
    let logged = server.logged(REFUSED).await;
    assert_eq!(logged["level"], "ERROR");
    let error = logged["error"].as_str().unwrap();
    assert!(error.contains("weights.safetensors"), "{error}");
    assert_eq!(served(&server).await, first);
    fs::remove_file(desk.path("models/active")).unwrap();
    let logged = server.logged(REFUSED).await;
    let error = logged["error"].as_str().unwrap();
    assert!(error.contains("no active model"), "{error}");
    desk.write("models/active", "fedcba9876543210\n");
    let logged = server.logged(REFUSED).await;
    let error = logged["error"].as_str().unwrap();
    assert!(error.contains("fedcba9876543210"), "{error}");
    assert_eq!(served(&server).await, first);

    let third = desk.fit("tickets.csv", "--seed 9");
    desk.trained(&format!("models activate {third}"));
    let logged = server.logged(SWAPPED).await;
    assert_eq!(logged["model_version"], third);
    assert_eq!(served(&server).await, third);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_with_which_cases_fail_is_not_followed_until_they_pass() {
    let desk = Desk::new();
    let good = desk.fit("tickets.csv", "--activate");
    let wrong = desk.fit_wrong();
    desk.write("tests/desk.tests.yaml", cases_for_refunds());
    let mut command = desk.command();
    command.env("TRIAGE_POLICY__WATCH_MS", "0");
    let mut server = Server::start_as(&mut command).await;
    desk.trained(&format!("models activate {wrong}"));
    server.signal(Signal::HUP);
    let error = server.logged(REFUSED).await["error"].to_string();
    for part in ["1 of 2 cases fail", "refunds are known", &*wrong] {
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(served(&server).await, good);
    // What was refused is tried again when told to.
    fs::remove_file(desk.path("tests/desk.tests.yaml")).unwrap();
    server.signal(Signal::HUP);
    server.logged(SWAPPED).await;
    assert_eq!(served(&server).await, wrong);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_is_followed_without_trying_cases() {
    let desk = Desk::new();
    let wrong = desk.fit_wrong();
    desk.trained(&format!("models activate {wrong}"));
    let good = desk.fit("tickets.csv", "");
    let mut server = desk.start().await;
    desk.trained(&format!("models activate {good}"));
    server.logged(SWAPPED).await;
    desk.write("tests/desk.tests.yaml", cases_for_refunds());
    desk.trained("models rollback");
    server.logged(SWAPPED).await;
    assert_eq!(served(&server).await, wrong);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_lacks_a_topic_of_the_policy_is_refused_with_both_names() {
    let desk = Desk::new();
    let good = desk.fit("tickets.csv", "--activate");
    let lacks = desk.fit_changed(|rows| rows.retain(|row| row.topic != "billing/refund"));
    let mut server = desk.start().await;
    desk.trained(&format!("models activate {lacks}"));
    let error = server.logged(REFUSED).await["error"].to_string();
    for part in ["billing/refund", "desk.yaml:5:", &*lacks] {
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(served(&server).await, good);
    // A call cannot undo that either: the pointer says so already.
    let mut client = client(&server).await;
    assert!(client.activate_model(activate(&lacks)).await.is_err());
    assert_eq!(served(&server).await, good);
}

#[tokio::test(flavor = "multi_thread")]
async fn model_and_policy_that_need_each_other_change_together() {
    let desk = Desk::new();
    let old = desk.fit_changed(|rows| rows.retain(|row| row.topic != "safety/incident"));
    desk.trained(&format!("models activate {old}"));
    let new = desk.fit_changed(|rows| rows.retain(|row| row.topic != "billing/refund"));
    let mut command = desk.command();
    command.env("TRIAGE_POLICY__WATCH_MS", "0");
    let mut server = Server::start_as(&mut command).await;
    desk.trained(&format!("models activate {new}"));
    server.signal(Signal::HUP);
    server.logged(REFUSED).await;
    assert_eq!(served(&server).await, old);
    desk.write(
        "desk.yaml",
        POLICY.replace("billing/refund", "safety/incident"),
    );
    server.signal(Signal::HUP);
    let logged = server.logged("another policy decides").await;
    assert_eq!(logged["cases"], 1);
    assert_eq!(served(&server).await, new);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_policy_file_does_not_hold_a_model_back() {
    let (desk, first, second) = Desk::with_two();
    let mut command = desk.command();
    command.env("TRIAGE_POLICY__WATCH_MS", "0");
    let mut server = Server::start_as(&mut command).await;
    assert_eq!(served(&server).await, first);
    // Sound by itself, but for a topic that neither model knows.
    desk.write("desk.yaml", POLICY.replace("billing/refund", "billing/vat"));
    desk.trained(&format!("models activate {second}"));
    server.signal(Signal::HUP);
    server.logged(SWAPPED).await;
    let refused = server
        .logged("the changed files are refused: policy and roster stay as they are")
        .await;
    assert!(refused["error"].to_string().contains("billing/vat"));
    assert_eq!(served(&server).await, second);
}
