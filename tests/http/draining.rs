//! SIGTERM: what is in flight is answered on this port too, and the program ends with 0.

use bytes::Bytes;
use futures_util::stream;
use http::Request;
use http::header::{CONTENT_TYPE, HOST};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use hyper_util::rt::TokioIo;
use rustix::process::Signal;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

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
    let stream = TcpStream::connect(both.http).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    // The first half of the body comes now, the second when the server drains.
    let (asked, is_asked) = oneshot::channel();
    let (send, second) = oneshot::channel::<&'static str>();
    let body = stream::unfold(Some((asked, second, 0)), async |state| {
        let (asked, second, part) = state?;
        if part == 0 {
            let first = Bytes::from_static(br#"{"ticket":{"body":"where is"#);
            return Some((
                Ok::<_, std::convert::Infallible>(Frame::data(first)),
                Some((asked, second, 1)),
            ));
        }
        asked.send(()).unwrap();
        let second = second.await.unwrap();
        Some((Ok(Frame::data(Bytes::from_static(second.as_bytes()))), None))
    });
    let request = Request::post("/v1/classify")
        .header(CONTENT_TYPE, JSON)
        .header(HOST, "triage.test")
        .body(StreamBody::new(Box::pin(body)))
        .unwrap();
    let call = tokio::spawn(async move { sender.send_request(request).await });
    within_deadline(is_asked).await.unwrap();
    // The server has read the head of the call: it answers 100 or nothing, so ask what it counts in flight.
    assert!(both.get("/readyz").await.status().is_success());

    both.server.signal(Signal::TERM);
    both.server.logged("draining").await;
    send.send(r#" my parcel"}}"#).unwrap();
    let answer = within_deadline(call).await.unwrap().unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    let body = within_deadline(answer.into_body().collect())
        .await
        .unwrap()
        .to_bytes();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
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
