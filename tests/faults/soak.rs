//! Many calls of all kinds, and changes of the policy between them: after a while memory grows no more.

use futures_util::StreamExt;
use futures_util::stream;
use tonic::Code;
use triage::grpc::v1;

use crate::desk::{Desk, apply, client, with_priority};
use crate::running::{Server, within_deadline};
use crate::tickets::classify;

/// Calls of each round, and how many of them at a time.
const CALLS: usize = 1_500;
const AT_ONCE: usize = 32;
/// Rounds after which memory is looked at for the first time, and those after that.
const FIRST_ROUNDS: u8 = 3;
const FURTHER_ROUNDS: u8 = 5;
/// How much more memory may be taken after the further rounds, in KiB: half of what was sent in them.
const MOST_GROWTH_KIB: u64 = 8 << 10;

/// A text that was never sent before, of some two kilobytes.
fn text(round: u8, call: usize) -> String {
    let words = format!("parcel {call} of round {round} is late, write to a{call}@example.com ");
    words.repeat(30)
}

fn ticket(round: u8, call: usize) -> v1::Ticket {
    v1::Ticket {
        id: format!("t-{round}-{call}"),
        body: text(round, call),
        ..v1::Ticket::default()
    }
}

async fn round(server: &Server, round: u8) {
    let triage = server.client().await;
    let calls = stream::iter(0..CALLS).map(|call| {
        let mut triage = triage.clone();
        async move {
            match call % 4 {
                0 => drop(triage.classify(classify(&text(round, call))).await.unwrap()),
                1 => {
                    let refused = triage.classify(classify("")).await.unwrap_err();
                    assert_eq!(refused.code(), Code::InvalidArgument);
                }
                _ => {
                    let request = v1::RouteRequest {
                        ticket: Some(ticket(round, call)),
                        trace: call % 3 == 0,
                        ..v1::RouteRequest::default()
                    };
                    drop(triage.route(request).await.unwrap());
                }
            }
        }
    });
    calls.buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
    let policy = apply(with_priority(11 + round));
    client(server).await.apply_policy(policy).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_does_not_grow_with_the_number_of_calls() {
    let desk = Desk::new();
    let mut command = desk.command();
    command.args([
        "--log-level",
        "error,triage::server=info,triage::server::layers=error",
    ]);
    let server = Server::start_as(&mut command).await;
    for number in 0..FIRST_ROUNDS {
        within_deadline(round(&server, number)).await;
    }
    let before = server.memory_kib("VmRSS");
    for number in FIRST_ROUNDS..FIRST_ROUNDS + FURTHER_ROUNDS {
        within_deadline(round(&server, number)).await;
    }
    let after = server.memory_kib("VmRSS");
    assert!(
        after < before + MOST_GROWTH_KIB,
        "{before} KiB before, {after} KiB after"
    );
    let ended = server.stop().await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
}
