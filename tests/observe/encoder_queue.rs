//! What is counted where more texts come than a transformer has time for.

use std::fs;
use std::process::Command;

use tokio::task::JoinSet;

use crate::calling::Both;
use crate::running::{argument, clean, server_over, within_deadline};
use crate::scrape::Scrape;
use crate::tickets::classify;
use crate::tiny_encoder::Tiny;
use crate::training_tickets;

const POLICY: &str = "version: 1\nqueues: {desk: {}}\ndefault: {queue: desk}\n";

#[tokio::test(flavor = "multi_thread")]
async fn texts_that_the_encoder_has_no_time_for_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let encoder = Tiny::new().write();
    let encoder = argument(encoder.path());
    let tickets = training_tickets::csv(&training_tickets::tickets(1));
    fs::write(folder.path().join("tickets.csv"), tickets).unwrap();
    let policy = folder.path().join("policy.yaml");
    fs::write(&policy, POLICY).unwrap();
    for arguments in [
        format!("encoder install {encoder} --models models"),
        format!("fit --data tickets.csv --models models --activate --encoder {encoder}"),
    ] {
        let mut program = Command::new(env!("CARGO_BIN_EXE_triage-train"));
        clean(&mut program).current_dir(folder.path());
        let output = program.args(arguments.split(' ')).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    let models = folder.path().join("models");
    let mut command = server_over(&models, &policy);
    command
        .env("TRIAGE_HTTP__LISTEN", "127.0.0.1:0")
        .env("TRIAGE_SERVER__ENCODER_THREADS", "1")
        .env("TRIAGE_SERVER__ENCODER_QUEUE", "1");
    let both = Both::start_as(&mut command).await;
    let scrape = Scrape::of(&both).await;
    assert_eq!(scrape.sum("triage_encoder_queue_limit", &[]), 1.0);
    assert_eq!(scrape.sum("triage_encoder_queue_depth", &[]), 0.0);

    let client = both.server.client().await;
    let mut refused = 0.0;
    within_deadline(async {
        while refused == 0.0 {
            let mut calls = JoinSet::new();
            for number in 0..64 {
                let mut client = client.clone();
                let request = classify(&format!("where is parcel number {number}"));
                calls.spawn(async move { client.classify(request).await });
            }
            while let Some(call) = calls.join_next().await {
                refused += f64::from(u8::from(call.unwrap().is_err()));
            }
        }
    })
    .await;
    let scrape = Scrape::of(&both).await;
    let reason = [("reason", "encoder_queue")];
    assert_eq!(scrape.sum("triage_shed_requests_total", &reason), refused);
}
