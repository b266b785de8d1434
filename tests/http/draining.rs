//! SIGTERM: what is in flight is answered on this port too, and the program ends with 0.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use http::header::{CONNECTION, CONTENT_TYPE, HOST};
use http_body_util::{BodyExt, Full};
use rustix::process::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

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

/// Callers who ask one after the other on a connection that they keep, as pools of connections do.
#[tokio::test(flavor = "multi_thread")]
async fn who_keeps_asking_is_told_that_the_connection_ends() {
    const CALLERS: usize = 8;
    /// Who is silent for so long may find the connection closed.
    const SILENT: Duration = Duration::from_millis(400);
    let both = start_patient().await;
    let (busy, mut told) = mpsc::unbounded_channel();
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (address, busy) = (both.http, busy.clone());
        callers.spawn(async move {
            let mut sender = connect(address).await;
            loop {
                let answered = Instant::now();
                let request = Request::post("/v1/classify").header(CONTENT_TYPE, JSON);
                let request = request.header(HOST, "triage.test");
                let body = Full::new(Bytes::from(r#"{"ticket":{"body":"where is my parcel"}}"#));
                let sent = async {
                    sender.ready().await?;
                    sender.send_request(request.body(body).unwrap()).await
                };
                let answer = match within_deadline(sent).await {
                    Ok(answer) => answer,
                    Err(error) => {
                        assert!(answered.elapsed() > SILENT, "{error}");
                        return false;
                    }
                };
                assert_eq!(answer.status(), 200);
                let ends = answer.headers().get(CONNECTION).is_some();
                let body = within_deadline(answer.into_body().collect()).await;
                assert!(!body.unwrap().to_bytes().is_empty());
                if ends {
                    return true;
                }
                busy.send(()).unwrap();
            }
        });
    }
    for _ in 0..10 * CALLERS {
        within_deadline(told.recv()).await.unwrap();
    }
    both.server.signal(Signal::TERM);
    let told = within_deadline(callers.join_all()).await;
    assert!(told.contains(&true), "{told:?}");
    let ended = both.server.ended().await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
}
