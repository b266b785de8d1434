//! Clients that send or read too slowly: they lose their connection or wait, and nobody else does.

use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::BytesMut;
use flate2::Compression;
use flate2::write::GzEncoder;
use h2::RecvStream;
use h2::client::Builder;
use prost::Message;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use triage::grpc::v1;

use crate::raw::{Frames, PREFACE, closed, framed, framed_bytes, frames, having_sent};
use crate::running::{Server, server_command, within_deadline};
use crate::tickets::{SMOKE, classify};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_begin_to_speak_is_closed_and_others_are_answered() {
    let mut command = server_command(&["--log-level", "debug"]);
    command.env("TRIAGE_SERVER__OPEN_TIMEOUT_MS", "200");
    let server = Server::start_as(&mut command).await;
    let mut client = server.client().await;
    client.classify(classify(SMOKE)).await.unwrap();
    let mut slow = Vec::new();
    for length in [0, 1, 10, 24, PREFACE.len() - 1] {
        for _ in 0..20 {
            slow.push(having_sent(&server.address, &PREFACE[..length]).await);
        }
    }
    client.classify(classify(SMOKE)).await.unwrap();
    for stream in slow {
        closed(stream).await;
    }
    // Whoever has spoken may be silent.
    client.classify(classify(SMOKE)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_now_and_then_does_not_keep_a_connection_open() {
    let mut command = server_command(&[]);
    command.env("TRIAGE_SERVER__OPEN_TIMEOUT_MS", "200");
    let server = Server::start_as(&mut command).await;
    let mut stream = having_sent(&server.address, b"").await;
    let dribble = async {
        for byte in PREFACE.iter().cycle() {
            if stream.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    within_deadline(dribble).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_no_answer_keeps_nobody_else_waiting() {
    let server = Server::start(&[]).await;
    let long = v1::ClassifyRequest {
        ticket: Some(v1::Ticket {
            body: SMOKE.repeat(200),
            ..v1::Ticket::default()
        }),
        options: Some(v1::ClassificationOptions {
            top: 26,
            evidence: true,
            ..v1::ClassificationOptions::default()
        }),
    };
    let mut silent = Vec::new();
    for _ in 0..4 {
        let mut frames = Frames::connect(&server.address).await;
        for _ in 0..200 {
            let (answer, mut body) = frames.begin(&[]).await;
            body.send_data(framed(&long), true).unwrap();
            // Answers are neither read nor refused: what has come takes up the window.
            silent.push((answer, body));
        }
        let mut client = server.client().await;
        for _ in 0..20 {
            within_deadline(client.classify(classify(SMOKE)))
                .await
                .unwrap();
        }
    }
}

/// A server that waits so long for its answers to be read.
async fn server_that_waits(milliseconds: &str) -> Server {
    let mut command = server_command(&[]);
    command.env("TRIAGE_SERVER__UNREAD_TIMEOUT_MS", milliseconds);
    Server::start_as(&mut command).await
}

/// Waits until a connection is closed because its answers are not read.
async fn closed_unread(server: &mut Server) {
    let line = server.logged("closed: answers are not read").await;
    assert_eq!(line["level"], "INFO", "{line}");
    assert!(
        line["peer"].as_str().unwrap().starts_with("127.0.0.1:"),
        "{line}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_closes_the_window_for_answers_loses_the_connection() {
    let mut server = server_that_waits("300").await;
    let mut shut = Builder::new();
    shut.initial_window_size(0);
    let mut connection = Frames::connect_as(&shut, &server.address).await;
    let mut calls = Vec::new();
    for _ in 0..100 {
        let (answer, mut body) = connection.begin(&[]).await;
        body.send_data(framed(&classify(SMOKE)), true).unwrap();
        calls.push(answer);
    }
    closed_unread(&mut server).await;
    for answer in calls {
        // Its head has come, or not; the rest never will.
        if let Ok(answer) = within_deadline(answer).await {
            let read = within_deadline(answer.into_body().data()).await;
            assert!(read.is_none_or(|data| data.is_err()));
        }
    }
    let mut client = server.client().await;
    client.classify(classify(SMOKE)).await.unwrap();
}

/// A connection on which nothing is read.
struct Deaf(TcpStream);

impl AsyncRead for Deaf {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Deaf {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_nothing_at_all_loses_the_connection() {
    const WINDOW: u32 = (1 << 31) - 1;
    let mut server = server_that_waits("300").await;
    let mut open = Builder::new();
    open.initial_window_size(WINDOW)
        .initial_connection_window_size(WINDOW);
    let stream = Deaf(TcpStream::connect(&server.address).await.unwrap());
    let mut connection = Frames::over(&open, stream).await;
    // Compressed, since nobody tells how much more may be sent; answered by more than the system takes for a connection
    // that is not read.
    let ticket = v1::RouteRequest {
        ticket: Some(v1::Ticket {
            body: SMOKE.to_owned(),
            ..v1::Ticket::default()
        }),
        options: Some(v1::ClassificationOptions {
            top: 1_000,
            ..v1::ClassificationOptions::default()
        }),
        trace: true,
        ..v1::RouteRequest::default()
    };
    let batch = v1::BatchRouteRequest {
        requests: vec![ticket; 1_000],
        ..v1::BatchRouteRequest::default()
    };
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&batch.encode_to_vec()).unwrap();
    let mut batch = BytesMut::from(&framed_bytes(&gzip.finish().unwrap())[..]);
    batch[0] = 1;
    let batch = batch.freeze();
    let mut calls = Vec::new();
    for _ in 0..20 {
        let (answer, mut body) = connection
            .begin_to(BATCH_ROUTE, &[("grpc-encoding", "gzip")])
            .await;
        body.send_data(batch.clone(), true).unwrap();
        calls.push((answer, body));
    }
    closed_unread(&mut server).await;
    let mut client = server.client().await;
    client.classify(classify(SMOKE)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_may_be_read_as_slowly_as_its_caller_likes() {
    const TICKETS: usize = 2_000;
    let mut server = server_that_waits("100").await;
    let mut connection = Frames::connect(&server.address).await;
    let (answer, mut body) = connection.begin_to(STREAM_ROUTE, &[]).await;
    let ticket = framed(&kettle());
    let tickets = BytesMut::from_iter((0..TICKETS).flat_map(|_| ticket.clone()));
    body.send_data(tickets.freeze(), true).unwrap();
    let outcomes = within_deadline(answer).await.unwrap().into_body();
    // Others that are read as slowly, but are no streams, lose their connections meanwhile.
    for _ in 0..3 {
        let mut shut = Builder::new();
        shut.initial_window_size(0);
        let mut connection = Frames::connect_as(&shut, &server.address).await;
        let (_answer, mut body) = connection.begin(&[]).await;
        body.send_data(framed(&classify(SMOKE)), true).unwrap();
        closed_unread(&mut server).await;
    }
    assert_eq!(frames(&read_ok(outcomes).await).len(), TICKETS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_short_tickets_waits_for_its_reader_however_many_frames_they_come_in() {
    const TICKETS: usize = 4_000;
    let server = Server::start(&[]).await;
    let mut connection = Frames::connect(&server.address).await;
    let (answer, mut body) = connection.begin_to(STREAM_ROUTE, &[]).await;
    // Each in a frame of its own, as some clients send them, and all of them sooner than they are worked on.
    let ticket = framed(&kettle());
    for number in 1..=TICKETS {
        body.send_data(ticket.clone(), number == TICKETS).unwrap();
    }
    let outcomes = within_deadline(answer).await.unwrap().into_body();
    assert_eq!(frames(&read_ok(outcomes).await).len(), TICKETS);
}

const BATCH_ROUTE: &str = "/triage.v1.TriageService/BatchRoute";
const STREAM_ROUTE: &str = "/triage.v1.TriageService/StreamRoute";

/// A short ticket of a stream.
fn kettle() -> v1::RouteRequest {
    v1::RouteRequest {
        ticket: Some(v1::Ticket {
            body: "broken kettle".to_owned(),
            ..v1::Ticket::default()
        }),
        ..v1::RouteRequest::default()
    }
}

/// All of a body that ends with the code of success.
async fn read_ok(mut body: RecvStream) -> Vec<u8> {
    let mut read = Vec::new();
    while let Some(data) = within_deadline(body.data()).await {
        let data = data.unwrap();
        let window = body.flow_control();
        window.release_capacity(data.len()).unwrap();
        read.extend_from_slice(&data);
    }
    let trailers = within_deadline(body.trailers()).await.unwrap().unwrap();
    assert_eq!(trailers["grpc-status"], "0", "{trailers:?}");
    read
}
