//! Everything that is refused, with its status and what is said of it.

use http::header::{ALLOW, CONTENT_ENCODING, CONTENT_TYPE};
use http::{Method, Request};
use serde_json::{Value, json};
use triage::grpc::v1::{ClassifyRequest, Ticket};

use crate::calling::{Both, JSON, command, json as body_of, refused};

/// The only violation that a refusal lists: field and description.
fn violation(told: &Value) -> (&str, &str) {
    let [detail] = told["details"].as_array().unwrap().as_slice() else {
        panic!("{told}");
    };
    assert_eq!(detail["@type"], "type.googleapis.com/google.rpc.BadRequest");
    let [one] = detail["fieldViolations"].as_array().unwrap().as_slice() else {
        panic!("{told}");
    };
    (
        one["field"].as_str().unwrap(),
        one["description"].as_str().unwrap(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_that_are_not_as_they_must_be_are_named_with_their_place() {
    let both = Both::start().await;
    for (body, field, words) in [
        (
            r#"{"ticket":{"bdy":"x"}}"#,
            "ticket",
            "'bdy', at line 1 column 16",
        ),
        (
            r#"{"ticket":{"body":7}}"#,
            "ticket.body",
            "expected a string, at line 1 column 19",
        ),
        (
            "{\n \"ticket\": {\"tags\": [\"a\", {}]}\n}",
            "ticket.tags[1]",
            "line 2",
        ),
        (
            r#"{"ticket":{"channel":"PIGEON"}}"#,
            "ticket.channel",
            "PIGEON",
        ),
        (
            r#"{"options":{"top":4294967296}}"#,
            "options.top",
            "out of range",
        ),
    ] {
        let answer = both.post("/v1/classify", body).await;
        let message = refused(&answer, 400, "INVALID_ARGUMENT");
        let told = body_of(&answer);
        let (named, description) = violation(&told);
        assert_eq!(named, field, "{told}");
        assert!(description.contains(words), "{told}");
        assert_eq!(message, format!("{field}: {description}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_service_refuses_is_said_in_its_words() {
    let both = Both::start().await;
    let mut client = both.server.client().await;
    let ticket = Ticket::default();
    let request = ClassifyRequest {
        ticket: Some(ticket),
        options: None,
    };
    let over_grpc = client.classify(request).await.unwrap_err();
    let answer = both.post("/v1/classify", r#"{"ticket":{}}"#).await;
    assert_eq!(
        refused(&answer, 400, "INVALID_ARGUMENT"),
        over_grpc.message()
    );
    let told = body_of(&answer);
    let (field, description) = violation(&told);
    assert_eq!(over_grpc.message(), format!("{field}: {description}"));

    let answer = both.post("/v1/list-agents", r#"{"ids":["nobody"]}"#).await;
    refused(&answer, 404, "NOT_FOUND");
    // Policies are kept only where the settings name a folder for them.
    let answer = both
        .post("/v1/get-policy", r#"{"version":"0123456789ab"}"#)
        .await;
    refused(&answer, 400, "FAILED_PRECONDITION");
    let kind = "type.googleapis.com/google.rpc.PreconditionFailure";
    assert_eq!(body_of(&answer)["details"][0]["@type"], kind);
    let answer = both
        .post("/v1/release-reservation", r#"{"ticketId":"none"}"#)
        .await;
    refused(&answer, 404, "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_json_is_refused() {
    let both = Both::start().await;
    for (body, words) in [
        (&b""[..], "the body is empty"),
        (b"ticket=1", "line 1 column 2"),
        (b"[1]", "invalid type: sequence"),
        (b"{\"ticket\":{\"body\":\"\xff\xfe\"}}", "unicode"),
        (b"{\"ticket\":{\"body\":\"x\"}", "EOF"),
        (b"{} {}", "trailing characters"),
    ] {
        let answer = both.post("/v1/classify", body).await;
        let message = refused(&answer, 400, "INVALID_ARGUMENT");
        assert!(message.contains(words), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deep_nesting_is_refused_and_the_server_lives() {
    let both = Both::start().await;
    for open in ["[", r#"{"ticket":"#, r#"{"ticket":{"attributes":{"a":["#] {
        let body = open.repeat((4 << 20) / open.len() - 1);
        let answer = both.post("/v1/classify", body).await;
        refused(&answer, 400, "INVALID_ARGUMENT");
    }
    let answer = both
        .post(
            "/v1/classify",
            r#"{"ticket":{"body":"where is my parcel"}}"#,
        )
        .await;
    assert!(answer.status().is_success());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_media_type_is_refused_with_the_one_that_is_wanted() {
    let both = Both::start().await;
    let body = r#"{"ticket":{"body":"where is my parcel"}}"#;
    for media_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/grpc-web+proto",
        "application/jsonx",
    ] {
        let request = Request::post("/v1/classify").header(CONTENT_TYPE, media_type);
        let answer = both.send(request, body).await;
        let message = refused(&answer, 415, "INVALID_ARGUMENT");
        assert!(message.contains(JSON), "{message}");
    }
    refused(
        &both.send(Request::post("/v1/classify"), body).await,
        415,
        "INVALID_ARGUMENT",
    );
    for media_type in ["application/json; charset=utf-8", "Application/JSON"] {
        let request = Request::post("/v1/classify").header(CONTENT_TYPE, media_type);
        assert!(both.send(request, body).await.status().is_success());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_long_is_refused() {
    let mut command = command(&[]);
    command.env("TRIAGE_HTTP__MAX_BODY_BYTES", "1000");
    let both = Both::start_as(&mut command).await;
    let of_length = |length: usize| {
        let frame = json!({ "ticket": { "body": "" } }).to_string().len();
        json!({ "ticket": { "body": "x".repeat(length - frame) } }).to_string()
    };
    assert!(
        both.post("/v1/classify", of_length(1_000))
            .await
            .status()
            .is_success()
    );
    let answer = both.post("/v1/classify", of_length(1_001)).await;
    let message = refused(&answer, 413, "RESOURCE_EXHAUSTED");
    assert!(
        message.contains("1000 bytes") && message.contains("http.max_body_bytes"),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_or_message_that_is_too_long_is_refused() {
    let mut command = command(&[]);
    command.env("TRIAGE_SERVER__MAX_MESSAGE_BYTES", "300000");
    let both = Both::start_as(&mut command).await;
    let of_length = |length: usize| json!({ "ticket": { "body": "x".repeat(length) } }).to_string();
    let answer = both.post("/v1/classify", of_length(270_000)).await;
    let message = refused(&answer, 413, "RESOURCE_EXHAUSTED");
    assert!(message.starts_with("ticket.body"), "{message}");
    let answer = both.post("/v1/classify", of_length(310_000)).await;
    refused(&answer, 413, "RESOURCE_EXHAUSTED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compression_that_is_unknown_or_broken_is_refused() {
    let both = Both::start().await;
    let with = |encoding: &'static str| {
        let request = Request::post("/v1/classify").header(CONTENT_TYPE, JSON);
        request.header(CONTENT_ENCODING, encoding)
    };
    let answer = both.send(with("br"), "x").await;
    let message = refused(&answer, 415, "INVALID_ARGUMENT");
    assert!(message.contains("content-encoding"), "{message}");
    for encoding in ["gzip", "zstd"] {
        let answer = both.send(with(encoding), "no such thing").await;
        let message = refused(&answer, 400, "INVALID_ARGUMENT");
        assert!(message.starts_with("the body cannot be read"), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_and_methods_that_there_are_not() {
    let both = Both::start().await;
    for path in [
        "/",
        "/v1/rout",
        "/v1/route/",
        "/v2/route",
        "/triage.v1.TriageService/Route",
    ] {
        let answer = both.post(path, "{}").await;
        let message = refused(&answer, 404, "NOT_FOUND");
        assert!(
            message.contains(path) && message.contains("/v1/openapi.json"),
            "{message}"
        );
    }
    for (method, path, allowed) in [
        (Method::GET, "/v1/route", "POST"),
        (Method::PUT, "/v1/route", "POST"),
        (Method::DELETE, "/v1/put-agents", "POST"),
        (Method::POST, "/healthz", "GET,HEAD"),
        (Method::POST, "/metrics", "GET,HEAD"),
    ] {
        let request = Request::builder().method(method).uri(path);
        let answer = both.send(request, "").await;
        refused(&answer, 405, "UNIMPLEMENTED");
        assert_eq!(answer.headers()[ALLOW], allowed, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_setting_there_is_no_such_port() {
    let server = crate::running::Server::start(&[]).await;
    let ended = server.stop().await;
    let entries = ended.entries();
    assert!(
        entries
            .iter()
            .all(|line| line["message"] != "listening for HTTP"),
        "{ended:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_cannot_be_used_are_named() {
    for (name, value, key) in [
        ("TRIAGE_HTTP__LISTEN", "8080", "http.listen"),
        ("TRIAGE_HTTP__MAX_BODY_BYTES", "0", "http.max_body_bytes"),
        (
            "TRIAGE_HTTP__ALLOWED_ORIGINS",
            "desk.example.com",
            "http.allowed_origins",
        ),
    ] {
        let mut command = command(&[]);
        command.env(name, value);
        let ended = crate::running::Server::spawn(&mut command).ended().await;
        ended.refused(64, &[key, value]);
    }
    // An address that is in use.
    let both = Both::start().await;
    let mut command = command(&[]);
    command.env("TRIAGE_HTTP__LISTEN", both.http.to_string());
    let ended = crate::running::Server::spawn(&mut command).ended().await;
    ended.refused(2, &["http.listen", &both.http.to_string()]);
}
