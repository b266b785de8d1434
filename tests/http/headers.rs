//! The headers that go with a call: its id, its time.

use http::Request;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::calling::{Both, JSON, ok, refused};

const BODY: &str = r#"{"ticket":{"body":"where is my parcel"}}"#;

fn classify() -> http::request::Builder {
    Request::post("/v1/classify").header(CONTENT_TYPE, JSON)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_bears_the_request_s_id_and_so_does_the_log() {
    let both = Both::start().await;
    let answer = both
        .send(classify().header("x-request-id", "desk-42"), BODY)
        .await;
    assert_eq!(answer.headers()["x-request-id"], "desk-42");
    let made = both.send(classify(), BODY).await.headers()["x-request-id"].clone();
    assert_eq!(made.len(), 32);
    let ended = both.server.stop().await;
    let entries = ended.entries();
    let answered: Vec<&Value> = entries
        .iter()
        .filter(|line| line["message"] == "answered")
        .collect();
    for id in ["desk-42", made.to_str().unwrap()] {
        let lines: Vec<_> = answered
            .iter()
            .filter(|line| line.to_string().contains(id))
            .collect();
        let [line] = lines.as_slice() else {
            panic!("{id}: {ended:#?}");
        };
        assert!(
            line.to_string()
                .contains("/triage.v1.TriageService/Classify"),
            "{line}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_bears_the_request_s_id_too_and_the_log_has_no_word_of_it() {
    let both = Both::start().await;
    let words = "my password is hunter2";
    for (path, media_type, status) in [
        ("/v1/classify", JSON, 400),
        ("/v1/classify", "text/plain", 415),
        ("/v1/nothing", JSON, 404),
    ] {
        let request = Request::post(path).header(CONTENT_TYPE, media_type);
        let id = format!("refused-{status}");
        let answer = both.send(request.header("x-request-id", &id), words).await;
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(answer.headers()["x-request-id"], id.as_str());
    }
    let ended = both.server.stop().await;
    for id in ["refused-400", "refused-415", "refused-404"] {
        let lines = ended.log.iter().filter(|line| line.contains(id)).count();
        assert_eq!(lines, 1, "{id}: {ended:#?}");
    }
    assert!(
        ended.log.iter().all(|line| !line.contains("hunter2")),
        "{ended:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_takes_no_longer_than_its_caller_allows() {
    let both = Both::start().await;
    let ticket = json!({ "ticket": { "body": "where is my parcel ".repeat(40) } });
    let backlog = json!({ "tickets": vec![ticket; 2_000] }).to_string();
    for (name, value) in [("x-timeout-ms", "1"), ("grpc-timeout", "1m")] {
        let request = Request::post("/v1/assign-backlog").header(CONTENT_TYPE, JSON);
        let answer = both
            .send(request.header(name, value), backlog.clone())
            .await;
        refused(&answer, 504, "DEADLINE_EXCEEDED");
    }
    for value in ["0", "-1", "1s", "", "100000000", "1.5"] {
        let answer = both
            .send(classify().header("x-timeout-ms", value), BODY)
            .await;
        let message = refused(&answer, 400, "INVALID_ARGUMENT");
        assert!(message.starts_with("x-timeout-ms: "), "{message}");
    }
    ok(&both
        .send(classify().header("x-timeout-ms", "99999999"), BODY)
        .await);
}
