//! SIGTERM: what is in flight is answered on this port too, and the program ends with 0.

use http::Request;
use rustix::process::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::calling::{Both, JSON, command, connect, json, send_on};
use crate::running::within_deadline;

/// Waits for an hour for calls in flight: a test that ends proves that the server did not.
async fn start_patient() -> Both {
    let mut command = command(&[]);
    command.env("TRIAGE_SERVER__DRAIN_TIMEOUT_MS", "3600000");
    command.env("TRIAGE_SERVER__REQUEST_TIMEOUT_MS", "3600000");
    Both::start_as(&mut command).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_in_flight_is_answered() {
    let mut both = start_patient().await;
    let mut stream = TcpStream::connect(both.http).await.unwrap();
    let body = r#"{"ticket":{"body":"where is my parcel"}}"#;
    let head = format!(
        "POST /v1/classify HTTP/1.1\r\nhost: triage.test\r\ncontent-type: {JSON}\r\ncontent-length: {}\r\n\
         expect: 100-continue\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // What is told to go on is in flight.
    let mut told = vec![0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
    within_deadline(stream.read_exact(&mut told)).await.unwrap();
    assert_eq!(told, b"HTTP/1.1 100 Continue\r\n\r\n");

    both.server.signal(Signal::TERM);
    both.server.logged("draining").await;
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    within_deadline(stream.read_to_string(&mut answer))
        .await
        .unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert!(
        body["classification"]["topic"]["label"].is_string(),
        "{body}"
    );
    let ended = both.server.ended().await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(
        ended
            .entries()
            .iter()
            .any(|line| line["message"] == "drained"),
        "{ended:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_connection_does_not_keep_the_program_from_ending() {
    let both = start_patient().await;
    let mut sender = connect(both.http).await;
    let answer = send_on(&mut sender, Request::get("/readyz"), "").await;
    assert_eq!(json(&answer)["status"], "serving");
    let ended = both.server.stop().await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
}
