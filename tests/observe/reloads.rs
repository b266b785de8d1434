//! What is counted of changes that a running server takes over or refuses.

use std::fs;

use crate::calling::{Both, command};
use crate::running::argument;
use crate::scrape::Scrape;

#[tokio::test(flavor = "multi_thread")]
async fn refused_and_taken_over_policies_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.yaml");
    let sample = fs::read_to_string("policies/sample.yaml").unwrap();
    fs::write(&policy, &sample).unwrap();
    let mut command = command(&["--policy", argument(&policy)]);
    let mut both = Both::start_as(command.env("TRIAGE_POLICY__WATCH_MS", "10")).await;
    let kind = ("kind", "policy");
    let before = Scrape::of(&both).await;
    let counted = |scrape: &Scrape, outcome: &str| {
        scrape.sum("triage_reloads_total", &[kind, ("outcome", outcome)])
    };
    assert_eq!(before.sum("triage_last_reload_successful", &[kind]), 1.0);
    assert_eq!(
        before.sum("triage_last_reload_timestamp_seconds", &[kind]),
        0.0
    );

    fs::write(&policy, "version: 1\nqueues: {}\n").unwrap();
    let refused = "the changed files are refused: policy and roster stay as they are";
    both.server.logged(refused).await;
    let scrape = Scrape::once(&both, |scrape| counted(scrape, "refused") == 1.0).await;
    assert_eq!(scrape.sum("triage_last_reload_successful", &[kind]), 0.0);

    fs::write(&policy, sample + "# changed\n").unwrap();
    both.server.logged("another policy decides").await;
    let scrape = Scrape::once(&both, |scrape| counted(scrape, "taken_over") == 1.0).await;
    assert_eq!(counted(&scrape, "refused"), 1.0);
    assert_eq!(scrape.sum("triage_last_reload_successful", &[kind]), 1.0);
    let last = scrape.sum("triage_last_reload_timestamp_seconds", &[kind]);
    assert!(last >= before.sum("process_start_time_seconds", &[]));
}
