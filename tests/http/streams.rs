//! Streams of messages, one a line.

use std::convert::Infallible;

use bytes::Bytes;
use http::Request;
use http::header::{CONTENT_TYPE, HOST};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::UnboundedReceiverStream;

use crate::calling::{Answer, Both, JSON, command, json as body_of, refused};
use crate::running::within_deadline;

const LINES: &str = "application/x-ndjson";

fn stream() -> http::request::Builder {
    Request::post("/v1/stream-route").header(CONTENT_TYPE, LINES)
}

fn ticket(id: &str, body: &str) -> String {
    json!({ "ticket": { "id": id, "body": body } }).to_string()
}

fn lines(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status().as_u16(), 200, "{answer:?}");
    assert_eq!(answer.headers()[CONTENT_TYPE], LINES);
    let text = std::str::from_utf8(answer.body()).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "{text}");
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_line_is_answered_by_a_line() {
    let both = Both::start().await;
    let sent = [
        ticket("a", "where is my parcel"),
        String::new(),
        ticket("b", ""),
        format!("  {}\r", ticket("c", "two charges for one coat")),
    ];
    let outcomes = lines(&both.send(stream(), sent.join("\n")).await);
    let ids: Vec<&str> = outcomes
        .iter()
        .map(|one| one["ticketId"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["a", "b", "c"]);
    assert_eq!(outcomes[2]["index"], "2");
    // The second fails by itself, in the words of a call of its own.
    assert_eq!(outcomes[1]["error"]["code"], 3);
    let alone = both.post("/v1/route", ticket("b", "")).await;
    assert_eq!(
        outcomes[1]["error"]["message"],
        refused(&alone, 400, "INVALID_ARGUMENT")
    );
    let (streamed, alone) = (
        &outcomes[1]["error"]["details"][0],
        &body_of(&alone)["details"][0],
    );
    assert_eq!(streamed["@type"], alone["@type"]);
    assert_eq!(
        streamed["fieldViolations"][0]["field"],
        alone["fieldViolations"][0]["field"]
    );
    let alone = both
        .post("/v1/route", ticket("c", "two charges for one coat"))
        .await;
    let (streamed, alone) = (&outcomes[2]["response"], body_of(&alone));
    assert_eq!(streamed["classification"], alone["classification"]);
    assert!(lines(&both.send(stream(), "").await).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_cannot_be_read_fails_by_itself() {
    let both = Both::start().await;
    let sent = [
        ticket("a", "where is my parcel"),
        r#"{"ticket":{"id":"b","bdy":""}}"#.into(),
        String::new(),
        r#"{"ticket":{"id":"c","channel":"FAX"}}"#.into(),
        "no JSON".into(),
        ticket("e", "two charges for one coat"),
        format!(
            r#"{{"ticket":{{"id":"f","bdy":"{}"}}}}"#,
            "x".repeat(40_000)
        ),
        // It would take too much memory.
        format!(
            r#"{{"ticket":{{"id":"g"}},"roster":{{"agents":[{}{{}}]}}}}"#,
            "{},".repeat(300_000)
        ),
        ticket("h", "my coat has not come"),
    ];
    let outcomes = lines(&both.send(stream(), sent.join("\n")).await);
    let told: Vec<(&str, &str, bool)> = outcomes
        .iter()
        .map(|one| {
            let text = |name: &str| one[name].as_str().unwrap();
            (text("index"), text("ticketId"), one["response"].is_object())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("0", "a", true),
            ("1", "b", false),
            ("2", "c", false),
            ("3", "", false),
            ("4", "e", true),
            ("5", "f", false),
            ("6", "g", false),
            ("7", "h", true),
        ]
    );
    for (at, words) in [
        (1, "ticket: unrecognized field name 'bdy', at line 2 column"),
        (2, "ticket.channel: "),
        (3, "the body cannot be read: "),
        (5, "at line 7 column"),
        (6, "roster.agents: are more than is read of one message"),
    ] {
        let error = &outcomes[at]["error"];
        assert_eq!(error["code"], if at == 6 { 8 } else { 3 }, "{error}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(words), "{message}");
    }
    // As a call of its own says it.
    let alone = both.post("/v1/route", sent[3].clone()).await;
    let alone = &body_of(&alone)["details"][0]["fieldViolations"][0]["field"];
    let streamed = &outcomes[2]["error"]["details"][0];
    assert_eq!(&streamed["fieldViolations"][0]["field"], alone);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_cannot_be_read_ends_what_is_one_thing() {
    let both = Both::start().await;
    let request = Request::post("/v1/start-training").header(CONTENT_TYPE, LINES);
    let sent = "{\"options\":{\"author\":\"ana\"}}\n{\"exmples\":{}}\n";
    let answer = both.send(request, sent).await;
    let message = refused(&answer, 400, "INVALID_ARGUMENT");
    assert!(message.contains("line 2"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_has_a_limit_and_a_stream_has_none() {
    let mut command = command(&[]);
    command.env("TRIAGE_HTTP__MAX_BODY_BYTES", "1000");
    let both = Both::start_as(&mut command).await;
    let many = vec![ticket("a", "where is my parcel"); 100].join("\n");
    assert!(many.len() > 1_000);
    assert_eq!(lines(&both.send(stream(), many).await).len(), 100);
    for end in ["", "\n"] {
        let long = ticket("a", &"x".repeat(1_000)) + end;
        let answers = lines(&both.send(stream(), long).await);
        assert_eq!(
            answers.last().unwrap()["error"]["status"],
            "RESOURCE_EXHAUSTED",
            "{answers:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_come_while_more_is_sent() {
    let both = Both::start().await;
    let stream = TcpStream::connect(both.http).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    let (send, sent) = mpsc::unbounded_channel::<String>();
    let frames = UnboundedReceiverStream::new(sent)
        .map(|line| Ok::<_, Infallible>(Frame::data(Bytes::from(line + "\n"))));
    let request = Request::post("/v1/stream-route")
        .header(CONTENT_TYPE, LINES)
        .header(HOST, "triage.test")
        .body(StreamBody::new(frames))
        .unwrap();
    send.send(ticket("0", "where is my parcel")).unwrap();
    let answer = within_deadline(sender.send_request(request)).await.unwrap();
    let mut body = answer.into_body();
    let mut read = Vec::new();
    for number in 0..3 {
        while !read.ends_with(b"\n") {
            let frame = within_deadline(body.frame()).await.unwrap().unwrap();
            read.extend_from_slice(&frame.into_data().unwrap());
        }
        let outcome: Value = serde_json::from_slice(&read).unwrap();
        assert_eq!(outcome["ticketId"], number.to_string());
        read.clear();
        send.send(ticket(&(number + 1).to_string(), "where is my parcel"))
            .unwrap();
    }
    drop(send);
    let rest = within_deadline(body.collect()).await.unwrap().to_bytes();
    assert_eq!(rest.iter().filter(|byte| **byte == b'\n').count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_asked_for_as_one() {
    let both = Both::start().await;
    let request = Request::post("/v1/stream-route").header(CONTENT_TYPE, JSON);
    let message = refused(&both.send(request, "{}").await, 415, "INVALID_ARGUMENT");
    assert!(message.contains(LINES), "{message}");
    let request = Request::post("/v1/route").header(CONTENT_TYPE, LINES);
    refused(&both.send(request, "{}").await, 415, "INVALID_ARGUMENT");
    // A message in, a stream out: refused before it begins, with a status.
    let answer = both.post("/v1/watch-training", r#"{"id":"none"}"#).await;
    assert!(answer.status().is_client_error(), "{answer:?}");
    body_of(&answer);
}
