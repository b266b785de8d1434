//! Clients that send or read too slowly: they lose their connection or wait, and nobody else does.

use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use flate2::Compression;
use flate2::write::GzEncoder;
use h2::RecvStream;
use h2::client::Builder;
use prost::Message;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::MissedTickBehavior;
use triage::grpc::v1;

use crate::raw::{
    CLASSIFY, Frames, PREFACE, closed, framed, framed_bytes, frames, having_sent, post,
};
use crate::running::{Server, server_command, within_deadline};
use crate::tickets::{SMOKE, classify};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_begin_to_speak_is_closed_and_others_are_answered() {
    let mut command = server_command(&["--log-level", "debug"]);
    // The test's own clients must be as quick.
    command.env("TRIAGE_SERVER__OPEN_TIMEOUT_MS", "3000");
    let server = Server::start_as(&mut command).await;
    let mut spoken = Frames::connect(&server.address).await;
    answered(&mut spoken).await;
    let mut slow = Vec::new();
    for length in [0, 1, 10, 24, PREFACE.len() - 1] {
        for _ in 0..20 {
            slow.push(having_sent(&server.address, &PREFACE[..length]).await);
        }
    }
    let mut client = server.client().await;
    client.classify(classify(SMOKE)).await.unwrap();
    for stream in slow {
        closed(stream).await;
    }
    // Whoever has spoken may be silent: the connection is still the same.
    answered(&mut spoken).await;
}

/// A call on this connection that is answered.
async fn answered(connection: &mut Frames) {
    let (answer, mut body) = connection.begin(&[]).await;
    body.send_data(framed(&classify(SMOKE)), true).unwrap();
    assert_eq!(within_deadline(answer).await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_now_and_then_does_not_keep_a_connection_open() {
    let mut command = server_command(&[]);
    command.env("TRIAGE_SERVER__OPEN_TIMEOUT_MS", "200");
    let server = Server::start_as(&mut command).await;
    let mut stream = having_sent(&server.address, b"").await;
    let dribble = async {
        // Without the last one, with which it would have spoken.
        for byte in &PREFACE[..PREFACE.len() - 1] {
            if stream.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        }
        panic!("it is still open");
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

/// A server that waits so long for its answers to be read, and its address for HTTP.
async fn server_that_waits(milliseconds: &str) -> (Server, String) {
    let mut command = server_command(&[]);
    command.env("TRIAGE_SERVER__UNREAD_TIMEOUT_MS", milliseconds);
    command.env("TRIAGE_HTTP__LISTEN", "127.0.0.1:0");
    let mut server = Server::start_listening(&mut command).await;
    let http = server.logged("listening for HTTP").await;
    server.logged("serving").await;
    (server, http["address"].as_str().unwrap().to_owned())
}

/// Waits until a connection is closed because its answers are not read.
async fn closed_unread(server: &mut Server) {
    let line = server.logged("closed: answers are not read").await;
    assert_eq!(line["level"], "INFO", "{line}");
    let peer = line["peer"].as_str().unwrap();
    assert!(peer.starts_with("127.0.0.1:"), "{line}");
}

/// A client that lets so many bytes of each answer through, and no more than it has read.
fn window(bytes: u32) -> Builder {
    let mut client = Builder::new();
    client.initial_window_size(bytes);
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_closes_the_window_for_answers_loses_the_connection() {
    const CALLS: usize = 20;
    let (mut server, http) = server_that_waits("300").await;
    let short = framed(&classify(SMOKE));
    let grpc = server.address.clone();
    for (address, path, message, bytes) in [
        (&grpc, CLASSIFY, &short, 0),
        (&grpc, CLASSIFY, &short, 1),
        (&grpc, BATCH_ROUTE, &framed(&long_batch()), 65_535),
        (&http, "/v1/classify", &short, 0),
        (&http, "/v1/classify", &short, 1),
    ] {
        let mut connection = Frames::connect_as(&window(bytes), address).await;
        let mut calls = Vec::new();
        for _ in 0..CALLS {
            calls.push(connection.begin_to(path, &[]).await);
        }
        let mut begun = Vec::new();
        for (answer, mut body) in calls {
            // The connection may have been closed for those before.
            let _ = body.send_data(message.clone(), true);
            begun.push((answer, body));
        }
        closed_unread(&mut server).await;
        for (answer, _body) in begun {
            // Its head has come, or not; its end never will.
            if let Ok(answer) = within_deadline(answer).await {
                let mut body = answer.into_body();
                while let Some(Ok(_)) = within_deadline(body.data()).await {}
                assert!(!body.is_end_stream(), "{path} {bytes}");
            }
        }
    }
    let mut client = server.client().await;
    client.classify(classify(SMOKE)).await.unwrap();
}

/// A connection for which the system keeps little that has not been read.
async fn narrow(address: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 << 10).unwrap();
    socket.connect(address.parse().unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_over_http_and_reads_nothing_loses_the_connection() {
    let (mut server, http) = server_that_waits("300").await;
    let request = r#"{"ticket":{"body":"smoke everywhere"},"options":{"top":1000},"trace":true}"#;
    let body = format!("{{\"requests\":[{}]}}", vec![request; 1_000].join(","));
    let mut stream = narrow(&http).await;
    let request = post("/v1/batch-route", "", &body);
    stream.write_all(request.as_bytes()).await.unwrap();
    closed_unread(&mut server).await;
}

/// Tickets whose answers are longer than what the usual window lets through.
fn long_batch() -> v1::BatchRouteRequest {
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
    v1::BatchRouteRequest {
        requests: vec![ticket; 1_000],
        ..v1::BatchRouteRequest::default()
    }
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
    let (mut server, _) = server_that_waits("300").await;
    let mut open = Builder::new();
    open.initial_window_size(WINDOW)
        .initial_connection_window_size(WINDOW);
    let stream = Deaf(narrow(&server.address).await);
    let mut connection = Frames::over(&open, stream).await;
    // Compressed, since nobody tells how much more may be sent; answered by more than the system takes for a connection
    // that is not read.
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&long_batch().encode_to_vec()).unwrap();
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

/// A long answer takes several times as long to be read as one may wait, and is read all that time.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_read_slowly_comes_whole() {
    const WAITS: Duration = Duration::from_secs(3);
    const STEP: usize = 32 << 10;
    let (server, _) = server_that_waits("3000").await;
    let mut connection = Frames::connect_as(&window(STEP as u32), &server.address).await;
    let (answer, mut body) = connection.begin_to(BATCH_ROUTE, &[]).await;
    body.send_data(framed(&talkative_batch()), true).unwrap();
    let mut answer = within_deadline(answer).await.unwrap().into_body();
    let (begun, mut length) = (Instant::now(), 0);
    let mut steps = tokio::time::interval(WAITS / 10);
    steps.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while let Some(data) = within_deadline(answer.data()).await {
        let read = data.unwrap().len();
        let before = length / STEP;
        length += read;
        if length / STEP > before {
            steps.tick().await;
        }
        answer.flow_control().release_capacity(read).unwrap();
    }
    let trailers = within_deadline(answer.trailers()).await.unwrap().unwrap();
    assert_eq!(trailers["grpc-status"], "0", "{trailers:?}");
    assert!(begun.elapsed() > 2 * WAITS, "{:?}", begun.elapsed());
}

/// A batch whose outcomes take a megabyte.
fn talkative_batch() -> v1::BatchRouteRequest {
    let request = v1::RouteRequest {
        options: Some(v1::ClassificationOptions {
            top: 1_000,
            evidence: true,
            ..v1::ClassificationOptions::default()
        }),
        trace: true,
        ..kettle()
    };
    v1::BatchRouteRequest {
        requests: vec![request; 450],
        roster: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_may_be_read_as_slowly_as_its_caller_likes() {
    const TICKETS: usize = 2_000;
    let (mut server, _) = server_that_waits("100").await;
    let mut connection = Frames::connect(&server.address).await;
    let (answer, mut body) = connection.begin_to(STREAM_ROUTE, &[]).await;
    let ticket = framed(&kettle());
    let tickets = BytesMut::from_iter((0..TICKETS).flat_map(|_| ticket.clone()));
    body.send_data(tickets.freeze(), true).unwrap();
    let outcomes = within_deadline(answer).await.unwrap().into_body();
    // Others that are read as slowly, but are no streams, lose their connections meanwhile.
    for _ in 0..3 {
        let mut connection = Frames::connect_as(&window(0), &server.address).await;
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
