//! The program's end under load: told to, it loses no call; killed, it answers again when it is started anew.

use std::error::Error;
use std::io::ErrorKind;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::process::Signal;
use tokio::task::JoinHandle;
use tonic::{Code, Status};

use crate::running::{Server, clean, within_deadline};
use crate::tickets::{SMOKE, classify};

/// Connections, and calls at a time on each.
const LOAD: (usize, usize) = (4, 8);
/// How many calls are answered before the program is ended.
const ANSWERED: usize = 2_000;

/// Calls without a pause; each caller ends with the first call that is not answered, and returns why.
async fn load(server: &Server) -> (Arc<AtomicUsize>, Vec<JoinHandle<Status>>) {
    let answered = Arc::new(AtomicUsize::new(0));
    let mut callers = Vec::new();
    for _ in 0..LOAD.0 {
        let client = server.client().await;
        for _ in 0..LOAD.1 {
            let (mut client, answered) = (client.clone(), Arc::clone(&answered));
            callers.push(tokio::spawn(async move {
                loop {
                    match client.classify(classify(SMOKE)).await {
                        Ok(_) => answered.fetch_add(1, Ordering::Relaxed),
                        Err(status) => return status,
                    };
                }
            }));
        }
    }
    (answered, callers)
}

async fn until_answered(answered: &AtomicUsize) {
    let enough = async {
        while answered.load(Ordering::Relaxed) < ANSWERED {
            tokio::task::yield_now().await;
        }
    };
    within_deadline(enough).await;
}

/// Whether the server never took the call: nobody listened any more when it was made; it still waited in its own client
/// when the connection was closed (hyper hands such a request back as cancelled; one that it had sent, never); or the
/// connection had been told to end without an error, which says of a call that fails by it that it was not acted upon
/// (RFC 9113, section 6.8). A call that the server took and left without an answer fails by the closed connection.
fn was_not_taken(status: &Status) -> bool {
    let mut cause: Option<&dyn Error> = status.source();
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return io.kind() == ErrorKind::ConnectionRefused;
        }
        if let Some(http) = error.downcast_ref::<hyper::Error>()
            && http.is_canceled()
        {
            return true;
        }
        if let Some(http2) = error.downcast_ref::<h2::Error>() {
            let ended = http2.is_go_away() && http2.is_remote();
            return ended && http2.reason() == Some(h2::Reason::NO_ERROR);
        }
        cause = error.source();
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_end_under_load_it_answers_every_call_that_it_took() {
    let server = Server::start(&[
        "--log-level",
        "warn,triage::server=info,triage::server::log=warn",
    ])
    .await;
    let (answered, callers) = load(&server).await;
    until_answered(&answered).await;
    server.signal(Signal::TERM);
    for caller in callers {
        let status = within_deadline(caller).await.unwrap();
        assert!(was_not_taken(&status), "a call was lost: {status:?}");
    }
    let ended = server.ended().await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert_eq!(ended.entries().last().unwrap()["message"], "drained");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_under_load_it_answers_again_at_the_same_address() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let quiet = [
        "--state",
        state.to_str().unwrap(),
        "--log-level",
        "warn,triage::server=info,triage::server::log=warn",
    ];
    let server = Server::start(&quiet).await;
    let address = server.address.clone();
    let (answered, callers) = load(&server).await;
    until_answered(&answered).await;
    server.signal(Signal::KILL);
    for caller in callers {
        let status = within_deadline(caller).await.unwrap();
        assert_ne!(status.code(), Code::Internal, "{status:?}");
    }
    assert_eq!(server.ended().await.code, None);

    let mut again = Command::new(env!("CARGO_BIN_EXE_triage-server"));
    clean(&mut again).args(quiet).args(["--listen", &address]);
    let server = Server::start_as(&mut again).await;
    let answer = server
        .client()
        .await
        .classify(classify(SMOKE))
        .await
        .unwrap();
    let topic = answer.into_inner().classification.unwrap().topic.unwrap();
    assert_eq!(topic.label, "safety/incident");
}
