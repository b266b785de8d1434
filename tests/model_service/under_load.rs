//! Models are swapped while requests are in flight: none fails, and none is answered by half of one and half of another.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::JoinHandle;
use triage::classifier::Workspace;
use triage::grpc::triage_service::classify;
use triage::grpc::v1;
use triage::model::Registry;

use crate::desk::{Desk, REFUND, SWAPPED, activate, client};
use crate::running::Server;

const CALLERS: usize = 4;

/// Calls of several clients, one after the other each, until they are told to end.
struct Load {
    done: Arc<AtomicBool>,
    callers: Vec<JoinHandle<BTreeMap<String, usize>>>,
}

impl Load {
    /// Calls `server`, whose answers must be those that the version they name gives in process.
    async fn begin(server: &Server, desk: &Desk, versions: &[&str]) -> Self {
        let request = v1::ClassifyRequest {
            ticket: Some(v1::Ticket {
                body: REFUND.to_owned(),
                ..v1::Ticket::default()
            }),
            ..v1::ClassifyRequest::default()
        };
        let registry = Registry::new(desk.path("models"));
        let mut expected = BTreeMap::new();
        for &version in versions {
            let bundle = registry.load(Some(version)).unwrap();
            let answer = classify(&bundle, request.clone(), &mut Workspace::default());
            expected.insert(version.to_owned(), answer.unwrap());
        }
        let expected = Arc::new(expected);
        let done = Arc::new(AtomicBool::new(false));
        let mut callers = Vec::new();
        for _ in 0..CALLERS {
            let mut client = server.client().await;
            let (expected, done) = (Arc::clone(&expected), Arc::clone(&done));
            let request = request.clone();
            callers.push(tokio::spawn(async move {
                let mut seen = BTreeMap::<String, usize>::new();
                while !done.load(Ordering::Relaxed) {
                    let answer = client.classify(request.clone()).await.unwrap();
                    let answer = answer.into_inner();
                    assert_eq!(answer, expected[&answer.model_version]);
                    *seen.entry(answer.model_version).or_default() += 1;
                }
                seen
            }));
        }
        Self { done, callers }
    }

    /// How many calls each version answered.
    async fn end(self) -> BTreeMap<String, usize> {
        self.done.store(true, Ordering::Relaxed);
        let mut seen = BTreeMap::<String, usize>::new();
        for caller in self.callers {
            for (version, count) in caller.await.unwrap() {
                *seen.entry(version).or_default() += count;
            }
        }
        seen
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_is_answered_by_one_model_while_others_are_activated() {
    const CHANGES: usize = 20;
    let (desk, first, second) = Desk::with_two();
    let server = desk.start().await;
    let load = Load::begin(&server, &desk, &[&first, &second]).await;
    let mut admin = client(&server).await;
    for change in 0..CHANGES {
        let version = if change % 2 == 0 { &second } else { &first };
        let answer = admin.activate_model(activate(version)).await.unwrap();
        assert!(answer.into_inner().changed);
    }
    let seen = load.end().await;
    assert_eq!(seen.len(), 2, "both models answered: {seen:?}");
    assert_eq!(desk.activations().len(), 1 + CHANGES);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pointer_moved_by_the_command_line_is_followed_without_a_failed_call() {
    let (desk, first, second) = Desk::with_two();
    let mut server = desk.start().await;
    let load = Load::begin(&server, &desk, &[&first, &second]).await;
    for (command, version) in [
        (format!("models activate {second}"), &second),
        ("models rollback".to_owned(), &first),
        (format!("models activate {second}"), &second),
    ] {
        desk.trained(&command);
        let logged = server.logged(SWAPPED).await;
        assert_eq!(logged["model_version"], version.as_str());
    }
    let seen = load.end().await;
    assert_eq!(seen.len(), 2, "both models answered: {seen:?}");
}
