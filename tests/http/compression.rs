//! Compressed bodies and answers.

use std::io::{Read, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use http::Request;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::calling::{Both, JSON, command, ok, refused};
use crate::running::within_deadline;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn ticket() -> Value {
    json!({ "ticket": { "body": "where is my parcel" }, "options": { "top": 26, "explain": {} } })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_body_is_read() {
    let both = Both::start().await;
    let plain = ticket().to_string();
    let expected = ok(&both.post("/v1/classify", plain.clone()).await);
    let zstd = zstd::encode_all(plain.as_bytes(), 3).unwrap();
    for (encoding, body) in [("gzip", gzip(plain.as_bytes())), ("zstd", zstd)] {
        let request = Request::post("/v1/classify").header(CONTENT_TYPE, JSON);
        let answer = both
            .send(request.header(CONTENT_ENCODING, encoding), body)
            .await;
        assert_eq!(ok(&answer), expected, "{encoding}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_is_answered_for_in_the_clear_if_no_coding_is_wanted_that_there_is() {
    let both = Both::start().await;
    let body = ticket().to_string();
    let expected = ok(&both.post("/v1/classify", body.clone()).await);
    for wish in [
        "br, identity;q=0",
        "*;q=0",
        "identity; q=0.0",
        "br;q=1, *; Q=0.000",
    ] {
        let request = Request::post("/v1/classify").header(CONTENT_TYPE, JSON);
        let answer = both
            .send(request.header(ACCEPT_ENCODING, wish), body.clone())
            .await;
        assert_eq!(ok(&answer), expected, "{wish}");
        assert!(!answer.headers().contains_key(CONTENT_ENCODING), "{wish}");
    }
    let request = Request::post("/v1/classify").header(CONTENT_TYPE, JSON);
    let wish = "gzip;q=0.5, identity;q=0";
    let answer = both.send(request.header(ACCEPT_ENCODING, wish), body).await;
    assert_eq!(answer.headers()[CONTENT_ENCODING], "gzip");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_compressed_as_the_caller_wishes() {
    let both = Both::start().await;
    let body = ticket().to_string();
    let expected = ok(&both.post("/v1/classify", body.clone()).await);
    for encoding in ["gzip", "zstd"] {
        let request = Request::post("/v1/classify").header(CONTENT_TYPE, JSON);
        let answer = both
            .send(request.header(ACCEPT_ENCODING, encoding), body.clone())
            .await;
        assert_eq!(answer.headers()[CONTENT_ENCODING], encoding);
        assert!(
            answer
                .headers()
                .get_all(VARY)
                .iter()
                .any(|vary| vary == "accept-encoding")
        );
        let mut plain = Vec::new();
        match encoding {
            "gzip" => {
                _ = GzDecoder::new(answer.body().as_ref())
                    .read_to_end(&mut plain)
                    .unwrap()
            }
            _ => plain = zstd::decode_all(answer.body().as_ref()).unwrap(),
        }
        assert_eq!(
            serde_json::from_slice::<Value>(&plain).unwrap(),
            expected,
            "{encoding}"
        );
    }
    // A short answer is not worth it.
    let request = Request::get("/healthz").header(ACCEPT_ENCODING, "gzip");
    assert!(
        both.send(request, "")
            .await
            .headers()
            .get(CONTENT_ENCODING)
            .is_none()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_holds_for_what_is_unpacked() {
    let mut command = command(&[]);
    command.env("TRIAGE_HTTP__MAX_BODY_BYTES", "10000");
    let both = Both::start_as(&mut command).await;
    let bomb = gzip(&vec![b' '; 64 << 20]);
    let request = Request::post("/v1/classify").header(CONTENT_TYPE, JSON);
    // The packed body alone is longer than allowed as well: send one that is not.
    let short = gzip(&vec![b' '; 1 << 20]);
    assert!(short.len() < 10_000 && bomb.len() > 10_000);
    let answer = both
        .send(request.header(CONTENT_ENCODING, "gzip"), short)
        .await;
    refused(&answer, 413, "RESOURCE_EXHAUSTED");
    let request = Request::post("/v1/classify").header(CONTENT_TYPE, JSON);
    let answer = both
        .send(request.header(CONTENT_ENCODING, "gzip"), bomb)
        .await;
    refused(&answer, 413, "RESOURCE_EXHAUSTED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_asks_for_a_large_window_or_is_damaged_is_refused() {
    let both = Both::start().await;
    let plain = ticket().to_string();
    let packed_with = |window_log| {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
        encoder.window_log(window_log).unwrap();
        encoder.write_all(plain.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let send = |encoding: &'static str, body: Vec<u8>| {
        let request = Request::post("/v1/classify").header(CONTENT_TYPE, JSON);
        both.send(request.header(CONTENT_ENCODING, encoding), body)
    };
    ok(&send("zstd", packed_with(23)).await);
    let whole = gzip(plain.as_bytes());
    for (encoding, body) in [
        ("zstd", packed_with(27)),
        ("zstd", b"no zstd".to_vec()),
        ("gzip", whole[..whole.len() - 9].to_vec()),
        ("gzip", b"no gzip".to_vec()),
    ] {
        let message = refused(&send(encoding, body).await, 400, "INVALID_ARGUMENT");
        assert!(
            message.starts_with("the body cannot be read: "),
            "{message}"
        );
    }
}

/// What unpacks a stream takes memory for as long as it lasts, and `zstd` some megabytes.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_may_be_compressed_by_gzip_alone() {
    let both = Both::start().await;
    let line = r#"{"ticket":{"body":"where is my parcel"}}"#;
    let send = |encoding: &'static str, body: Vec<u8>| {
        let request =
            Request::post("/v1/stream-route").header(CONTENT_TYPE, "application/x-ndjson");
        both.send(request.header(CONTENT_ENCODING, encoding), body)
    };
    let answer = send("gzip", gzip(line.as_bytes())).await;
    assert!(answer.status().is_success(), "{answer:?}");
    let packed = zstd::encode_all(line.as_bytes(), 3).unwrap();
    let message = refused(&send("zstd", packed).await, 415, "INVALID_ARGUMENT");
    assert!(message.contains("gzip"), "{message}");
}

/// Answers that nobody reads, each of which asks to be compressed.
#[tokio::test(flavor = "multi_thread")]
async fn compressed_answers_that_wait_to_be_read_take_little_memory() {
    const ANSWERS: usize = 200;
    const MOST_KIB: u64 = 64 << 10;
    let both = Both::start().await;
    ok(&both.get("/v1/openapi.json").await);
    let before = both.server.memory_kib("VmRSS");
    let stream = TcpStream::connect(both.http).await.unwrap();
    let mut builder = h2::client::Builder::new();
    let (mut requests, connection) = builder
        .initial_window_size(0)
        .handshake::<_, Bytes>(stream)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let mut answers = Vec::new();
    for _ in 0..ANSWERS {
        requests = requests.ready().await.unwrap();
        let request = Request::get("http://triage.test/v1/openapi.json");
        let request = request.header(ACCEPT_ENCODING, "zstd").body(()).unwrap();
        answers.push(requests.send_request(request, true).unwrap().0);
    }
    let mut unread = Vec::new();
    for answer in answers {
        let answer = within_deadline(answer).await.unwrap();
        assert_eq!(answer.headers()[CONTENT_ENCODING], "zstd");
        unread.push(answer);
    }
    let taken = both.server.memory_kib("VmRSS").saturating_sub(before);
    assert!(taken < MOST_KIB, "{taken} KiB");
    connection.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_lines_without_text_are_no_longer_than_one_line_may_be() {
    let mut command = command(&[]);
    command.env("TRIAGE_HTTP__MAX_BODY_BYTES", "1000000");
    let both = Both::start_as(&mut command).await;
    let ticket = r#"{"ticket":{"body":"where is my parcel"}}"#;
    let blank = "\n".repeat(900_000);
    // As many as may be, more than once.
    let sent = [blank.as_str(), ticket, &blank, ticket, &blank, &blank].concat();
    let request = Request::post("/v1/stream-route").header(CONTENT_TYPE, "application/x-ndjson");
    let request = request.header(CONTENT_ENCODING, "gzip");
    let answer = both.send(request, gzip(sent.as_bytes())).await;
    let text = std::str::from_utf8(answer.body()).unwrap();
    let answers: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [first, second, end] = answers.as_slice() else {
        panic!("{answers:#?}");
    };
    assert!(first["response"].is_object() && second["response"].is_object());
    assert_eq!(end["error"]["status"], "RESOURCE_EXHAUSTED", "{end}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_body_of_very_many_tickets_is_refused_before_it_takes_memory() {
    const MOST_KIB: u64 = 200 << 10;
    let both = Both::start().await;
    let before = both.server.memory_kib("VmHWM");
    let json = format!(r#"{{"requests":[{}{{}}]}}"#, "{},".repeat(1_300_000));
    let packed = gzip(json.as_bytes());
    let request = Request::post("/v1/batch-route").header(CONTENT_TYPE, JSON);
    let answer = both
        .send(request.header(CONTENT_ENCODING, "gzip"), packed)
        .await;
    let message = refused(&answer, 413, "RESOURCE_EXHAUSTED");
    assert!(message.starts_with("requests: "), "{message}");
    let taken = both.server.memory_kib("VmHWM").saturating_sub(before);
    assert!(taken < MOST_KIB, "{taken} KiB");
}
