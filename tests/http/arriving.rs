//! Bodies that come half: they take so much memory and no more, and tickets are answered meanwhile.

use std::convert::Infallible;
use std::io::Write;
use std::net::SocketAddr;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HOST};
use http::{Request, Response};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::UnboundedReceiverStream;

use crate::calling::{Answer, Both, JSON, command, ok, refused};
use crate::running::within_deadline;

const MIB: usize = 1 << 20;
const LINES: (&str, &str) = ("/v1/stream-route", "application/x-ndjson");
const END: &str = "\"}}";

/// The beginning of a ticket whose text does not end, one byte longer than a MiB.
fn beginning() -> Vec<u8> {
    let mut text = br#"{"ticket":{"body":""#.to_vec();
    text.resize(MIB + 1, b'a');
    text
}

/// Compresses what it is given, all of which can be read at once; the end is still to come.
fn flushed(text: &[u8]) -> GzEncoder<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.flush().unwrap();
    encoder
}

/// Sends a request whose body is what comes, on a connection of its own. There is no answer where the connection ended
/// before all that was sent was read.
async fn send(
    both: SocketAddr,
    encoding: &'static str,
    body: mpsc::UnboundedReceiver<Bytes>,
) -> Option<Answer> {
    send_to(both, ("/v1/classify", JSON), encoding, body).await
}

/// As [`send`], to this path and as this type of content.
async fn send_to(
    both: SocketAddr,
    (path, media_type): (&str, &str),
    encoding: &'static str,
    body: mpsc::UnboundedReceiver<Bytes>,
) -> Option<Answer> {
    let stream = TcpStream::connect(both).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    let frames =
        UnboundedReceiverStream::new(body).map(|data| Ok::<_, Infallible>(Frame::data(data)));
    let request = Request::post(path)
        .header(CONTENT_TYPE, media_type)
        .header(CONTENT_ENCODING, encoding)
        .header(HOST, "triage.test")
        .body(StreamBody::new(frames))
        .unwrap();
    let (parts, body) = sender.send_request(request).await.ok()?.into_parts();
    let body = body.collect().await.ok()?.to_bytes();
    Some(Response::from_parts(parts, body))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_half_takes_so_much_memory_and_no_more_and_tickets_are_answered_meanwhile() {
    let mut command = command(&[]);
    command.env("TRIAGE_SERVER__MAX_ARRIVING_BYTES", "8388608");
    // What a refused body took is given back a moment later: on the other thread one more may be refused before.
    command.env("TRIAGE_SERVER__THREADS", "2");
    command.env("TRIAGE_SERVER__REQUEST_TIMEOUT_MS", "3600000");
    let both = Both::start_as(&mut command).await;
    let mut refusals = 0;
    for encoding in ["identity", "gzip"] {
        let (first, rest) = match encoding {
            "gzip" => {
                let mut encoder = flushed(&beginning());
                let first = std::mem::take(encoder.get_mut());
                encoder.write_all(END.as_bytes()).unwrap();
                (first, encoder.finish().unwrap())
            }
            _ => (beginning(), END.as_bytes().to_vec()),
        };
        let mut answers = JoinSet::new();
        let mut senders = Vec::new();
        for _ in 0..20 {
            let (sender, body) = mpsc::unbounded_channel();
            sender.send(first.clone().into()).unwrap();
            answers.spawn(send(both.http, encoding, body));
            senders.push(sender);
        }
        // Long bodies may have six of the eight MiB. What is compressed is unpacked when it is there whole.
        let too_many = if encoding == "gzip" { 0 } else { 15 };
        let mut told = 0;
        for _ in 0..too_many {
            let answer = within_deadline(answers.join_next()).await.unwrap().unwrap();
            if let Some(answer) = answer {
                let message = refused(&answer, 429, "RESOURCE_EXHAUSTED");
                assert!(message.contains("server.max_arriving_bytes"), "{message}");
                told += 1;
            }
        }
        assert!(told > 0 || too_many == 0);
        ok(&both
            .post(
                "/v1/classify",
                r#"{"ticket":{"body":"where is my parcel"}}"#,
            )
            .await);

        // Those that were not refused go on, and are refused for what they hold.
        for sender in senders {
            let _ = sender.send(rest.clone().into());
        }
        let mut went_on = 0;
        while let Some(answer) = within_deadline(answers.join_next()).await {
            let answer = answer.unwrap();
            if let Some(answer) = answer.filter(|answer| answer.status() != 429) {
                let message = refused(&answer, 413, "RESOURCE_EXHAUSTED");
                assert!(message.starts_with("ticket.body"), "{message}");
                went_on += 1;
            }
        }
        assert!(went_on >= 19 - too_many, "{went_on}");
        refusals += 20 - went_on;
        let metrics = both.get("/metrics").await;
        let metrics = std::str::from_utf8(metrics.body()).unwrap();
        let counted =
            format!("triage_shed_requests_total{{reason=\"arriving_bytes\"}} {refusals}\n");
        assert!(metrics.contains(&counted), "{metrics}");
    }
}

/// A stream is unpacked as it comes.
#[tokio::test(flavor = "multi_thread")]
async fn of_a_compressed_line_that_comes_half_counts_what_it_says() {
    let mut command = command(&[]);
    command.env("TRIAGE_SERVER__MAX_ARRIVING_BYTES", "8388608");
    let both = Both::start_as(&mut command).await;
    let mut encoder = flushed(&beginning());
    let first = std::mem::take(encoder.get_mut());
    let mut answers = JoinSet::new();
    let mut senders = Vec::new();
    for _ in 0..20 {
        let (sender, body) = mpsc::unbounded_channel();
        sender.send(first.clone().into()).unwrap();
        answers.spawn(send_to(both.http, LINES, "gzip", body));
        senders.push(sender);
    }
    // Long lines may have six of the eight MiB, and each is a byte longer than one.
    let mut told = 0;
    for _ in 0..15 {
        let answer = within_deadline(answers.join_next()).await.unwrap().unwrap();
        if let Some(answer) = answer {
            let text = std::str::from_utf8(answer.body()).unwrap();
            assert!(text.contains("server.max_arriving_bytes"), "{text}");
            told += 1;
        }
    }
    assert!(told > 0);
}
