//! Models with a transformer encoder, which has threads of its own, swapped with models without one.

use std::fs;
use std::time::Instant;

use triage::grpc::v1;

use crate::desk::{Desk, REFUND, activate, client, route, served};
use crate::running::{DEADLINE, Server, argument};
use crate::tiny_encoder::Tiny;

/// How many threads of the program have this name.
fn threads(server: &Server, name: &str) -> usize {
    let tasks = fs::read_dir(format!("/proc/{}/task", server.id())).unwrap();
    tasks
        .filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .filter(|comm| comm.trim() == name)
        .count()
}

/// Waits until this many threads encode texts.
async fn wait_for(server: &Server, expected: usize) {
    let mut caller = server.client().await;
    let begun = Instant::now();
    loop {
        let now = threads(server, "triage-encoder");
        if now == expected {
            return;
        }
        assert!(begun.elapsed() < DEADLINE, "{now} threads, not {expected}");
        caller.route(route("t-1", REFUND)).await.unwrap();
    }
}

/// Activates a version, whatever the gate thinks of it.
fn forced(version: &str) -> v1::ActivateModelRequest {
    v1::ActivateModelRequest {
        force: true,
        ..activate(version)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn encoder_threads_come_and_go_with_their_model() {
    let desk = Desk::new();
    let plain = desk.fit("tickets.csv", "--activate");
    let encoder = Tiny::new().write();
    let encoder = argument(encoder.path());
    desk.trained(&format!("encoder install {encoder} --models models"));
    let slow = desk.fit("tickets.csv", &format!("--encoder {encoder}"));
    let mut command = desk.command();
    command.env("TRIAGE_SERVER__ENCODER_THREADS", "3");
    let server = Server::start_as(&mut command).await;
    let mut admin = client(&server).await;
    wait_for(&server, 0).await;
    for _ in 0..3 {
        admin.activate_model(forced(&slow)).await.unwrap();
        assert_eq!(served(&server).await, slow);
        wait_for(&server, 3).await;
        admin.activate_model(forced(&plain)).await.unwrap();
        assert_eq!(served(&server).await, plain);
        wait_for(&server, 0).await;
    }
}
