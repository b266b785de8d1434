//! Pages in browsers: whether they may call, and gRPC-Web.

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, CONTENT_TYPE, ORIGIN,
};
use http::{Method, Request};
use prost::Message;
use triage::grpc::v1::{ClassifyRequest, ClassifyResponse, Ticket};

use crate::calling::{Both, JSON, command, ok, refused};
use crate::raw::{framed, framed_bytes, frames};

const PAGE: &str = "https://desk.example.com";
const OTHER: &str = "https://elsewhere.example.com";
const BODY: &str = r#"{"ticket":{"body":"where is my parcel"}}"#;
const CLASSIFY: &str = "/triage.v1.TriageService/Classify";

async fn start_for(origins: &str) -> Both {
    let mut command = command(&[]);
    command.env("TRIAGE_HTTP__ALLOWED_ORIGINS", origins);
    Both::start_as(&mut command).await
}

fn from_page(origin: &'static str) -> http::request::Builder {
    Request::post("/v1/classify")
        .header(CONTENT_TYPE, JSON)
        .header(ORIGIN, origin)
}

fn preflight(path: &str, origin: &'static str) -> http::request::Builder {
    Request::builder()
        .method(Method::OPTIONS)
        .uri(path)
        .header(ORIGIN, origin)
        .header(ACCESS_CONTROL_REQUEST_METHOD, "POST")
        .header(ACCESS_CONTROL_REQUEST_HEADERS, "content-type,authorization")
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_may_call_only_where_the_settings_allow_it() {
    let both = start_for(PAGE).await;
    let answer = both.send(from_page(PAGE), BODY).await;
    ok(&answer);
    assert_eq!(answer.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], PAGE);
    let read = answer.headers()[ACCESS_CONTROL_EXPOSE_HEADERS]
        .to_str()
        .unwrap();
    assert!(
        read.contains("x-request-id") && read.contains("grpc-status"),
        "{read}"
    );
    let answer = both.send(from_page(OTHER), BODY).await;
    let message = refused(&answer, 403, "PERMISSION_DENIED");
    assert!(message.contains("http.allowed_origins"), "{message}");
    assert!(answer.headers().get(ACCESS_CONTROL_ALLOW_ORIGIN).is_none());

    let answer = both.send(preflight("/v1/classify", PAGE), "").await;
    assert!(answer.status().is_success());
    assert_eq!(answer.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], PAGE);
    let sent = answer.headers()[ACCESS_CONTROL_ALLOW_HEADERS]
        .to_str()
        .unwrap();
    for name in [
        "content-type",
        "authorization",
        "x-grpc-web",
        "x-timeout-ms",
        "x-request-id",
    ] {
        assert!(sent.contains(name), "{sent}");
    }
    let answer = both.send(preflight("/v1/classify", OTHER), "").await;
    assert!(answer.headers().get(ACCESS_CONTROL_ALLOW_ORIGIN).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_may_call_unless_the_settings_say_so() {
    let both = Both::start().await;
    for origin in [PAGE, "null", "http://127.0.0.1"] {
        refused(
            &both.send(from_page(origin), BODY).await,
            403,
            "PERMISSION_DENIED",
        );
        let answer = both.send(preflight("/v1/classify", origin), "").await;
        assert!(answer.headers().get(ACCESS_CONTROL_ALLOW_ORIGIN).is_none());
    }
    let all = start_for("*").await;
    for origin in [PAGE, OTHER] {
        let answer = all.send(from_page(origin), BODY).await;
        ok(&answer);
        assert_eq!(answer.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], origin);
    }
}

fn request(body: &str) -> ClassifyRequest {
    let ticket = Ticket {
        body: body.to_owned(),
        ..Ticket::default()
    };
    ClassifyRequest {
        ticket: Some(ticket),
        options: None,
    }
}

fn grpc_web(path: &str) -> http::request::Builder {
    Request::post(path)
        .header(CONTENT_TYPE, "application/grpc-web+proto")
        .header("x-grpc-web", "1")
        .header(ORIGIN, PAGE)
}

#[tokio::test(flavor = "multi_thread")]
async fn grpc_web_is_answered_as_grpc_is() {
    let both = start_for(PAGE).await;
    let asked = request("where is my parcel");
    let answer = both.send(grpc_web(CLASSIFY), framed(&asked)).await;
    assert_eq!(answer.status().as_u16(), 200);
    assert_eq!(answer.headers()[CONTENT_TYPE], "application/grpc-web+proto");
    assert_eq!(answer.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], PAGE);
    assert!(answer.headers().contains_key("x-request-id"));
    let found = frames(answer.body());
    let [(0, message), (0x80, trailers)] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert!(
        String::from_utf8_lossy(trailers).contains("grpc-status:0"),
        "{found:?}"
    );
    let mut client = both.server.client().await;
    let expected = client.classify(asked).await.unwrap().into_inner();
    assert_eq!(ClassifyResponse::decode(*message).unwrap(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_over_grpc_web_are_those_of_grpc() {
    let both = start_for(PAGE).await;
    let status_of = async |path: &str, body: Bytes| {
        let answer = both.send(grpc_web(path), body).await;
        assert_eq!(answer.status().as_u16(), 200, "{answer:?}");
        let in_head = answer
            .headers()
            .get("grpc-status")
            .map(|s| s.to_str().unwrap().to_owned());
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        in_head.or_else(|| {
            let (_, rest) = text.split_once("grpc-status:")?;
            Some(rest.split('\r').next()?.to_owned())
        })
    };
    let empty = framed(&request(""));
    assert_eq!(
        status_of(CLASSIFY, empty.clone()).await.as_deref(),
        Some("3")
    );
    assert_eq!(
        status_of(CLASSIFY, framed_bytes(b"\xff\xff"))
            .await
            .as_deref(),
        Some("3")
    );
    let flag = Bytes::from_static(b"\x07\0\0\0\x05hello");
    assert_eq!(status_of(CLASSIFY, flag).await.as_deref(), Some("3"));
    assert_eq!(
        status_of("/triage.v1.TriageService/No", empty)
            .await
            .as_deref(),
        Some("12")
    );
    // Text that is no Base64.
    let text = Request::post(CLASSIFY)
        .header(CONTENT_TYPE, "application/grpc-web-text")
        .header(ORIGIN, PAGE);
    let answer = both.send(text, Bytes::from_static(b"!!!!")).await;
    assert_eq!(answer.headers()["grpc-status"], "3", "{answer:?}");
    // Another page.
    let other = Request::post(CLASSIFY)
        .header(CONTENT_TYPE, "application/grpc-web+proto")
        .header(ORIGIN, OTHER);
    refused(
        &both.send(other, framed_bytes(b"")).await,
        403,
        "PERMISSION_DENIED",
    );
}
