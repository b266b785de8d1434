//! A caller who writes faster than it reads: the server reads no further than the outcomes are read, and its memory
//! does not grow with the number of tickets.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Endpoint;
use triage::grpc::v1::triage_service_client::TriageServiceClient;

use crate::outcome::{answer, with_id};
use crate::running::{Server, within_deadline};
use crate::tickets::SMOKE;

const TICKETS: usize = 10_000;
/// Of each text, in bytes, nearly all of them white space: 40 MB in all.
const TEXT_BYTES: usize = 4_000;
/// What windows of 64 KiB in both directions hold in tickets and outcomes, with room.
const MOST_AHEAD: usize = 1_000;
/// How much more memory the server may take than after the first ticket, in KiB.
const MOST_GROWTH_KIB: u64 = 24 << 10;
/// How long a caller may be kept from writing before it is clear that the server does not read on.
const STALLED: Duration = Duration::from_millis(500);

/// Resident memory of a process, in KiB.
fn resident_kib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.unwrap().trim().split(' ').next().unwrap();
    number.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_tickets_with_a_slow_reader_take_bounded_memory() {
    let server = Server::start(&[]).await;
    let channel = Endpoint::from_shared(format!("http://{}", server.address))
        .unwrap()
        .initial_stream_window_size(65_535)
        .initial_connection_window_size(65_535)
        .connect()
        .await
        .unwrap();
    let text = format!("{SMOKE}{}", " ".repeat(TEXT_BYTES));
    let (tickets, sent) = mpsc::channel(1);
    let mut client = TriageServiceClient::new(channel);
    let outcomes = client
        .stream_route(ReceiverStream::new(sent))
        .await
        .unwrap();
    let mut outcomes = outcomes.into_inner();
    tickets.send(with_id(&text, "T-0")).await.unwrap();
    within_deadline(outcomes.message()).await.unwrap().unwrap();
    let before = resident_kib(server.id());

    let written = Arc::new(AtomicUsize::new(1));
    let (stalled, mut told) = mpsc::channel(1);
    let counter = Arc::clone(&written);
    let writer = tokio::spawn(async move {
        for number in 1..TICKETS {
            let room = tokio::time::timeout(STALLED, tickets.reserve()).await;
            let room = match room {
                Ok(room) => room.unwrap(),
                Err(_) => {
                    // Told once; the reader begins then.
                    let _ = stalled.try_send(());
                    tickets.reserve().await.unwrap()
                }
            };
            room.send(with_id(&text, &format!("T-{number}")));
            counter.fetch_add(1, Ordering::SeqCst);
        }
    });
    within_deadline(told.recv()).await.unwrap();
    assert!(resident_kib(server.id()) < before + MOST_GROWTH_KIB);
    let mut most_ahead = 0;
    for number in 1..TICKETS {
        let ahead = written.load(Ordering::SeqCst).saturating_sub(number);
        most_ahead = most_ahead.max(ahead);
        let outcome = within_deadline(outcomes.message()).await.unwrap().unwrap();
        assert_eq!(outcome.index, number as u64);
        assert_eq!(answer(&outcome).ticket_id, format!("T-{number}"));
    }
    assert_eq!(within_deadline(outcomes.message()).await.unwrap(), None);
    writer.await.unwrap();
    assert!(
        most_ahead < MOST_AHEAD,
        "{most_ahead} tickets ahead of the reader"
    );
    let after = resident_kib(server.id());
    assert!(
        after < before + MOST_GROWTH_KIB,
        "{before} KiB before, {after} KiB after"
    );
}
