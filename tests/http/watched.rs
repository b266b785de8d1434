//! What orchestrators and Prometheus ask.

use std::fs;

use http::{Method, Request};
use rustix::fs::{CWD, Mode, mkfifoat};

use crate::calling::{Both, command, json, ok};
use crate::running::argument;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_loads_lives_and_is_not_ready() {
    // The policy is a pipe, so that the server is loading until the test writes into it.
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.yaml");
    mkfifoat(CWD, &policy, Mode::RUSR | Mode::WUSR).unwrap();
    let mut both = Both::start_listening(&mut command(&["--policy", argument(&policy)])).await;
    assert_eq!(ok(&both.get("/healthz").await)["status"], "alive");
    let answer = both.get("/readyz").await;
    assert_eq!(answer.status().as_u16(), 503);
    assert_eq!(json(&answer)["status"], "loading");
    let answer = both
        .post("/v1/classify", r#"{"ticket":{"body":"x"}}"#)
        .await;
    assert_eq!(answer.status().as_u16(), 503);
    assert_eq!(json(&answer)["status"], "UNAVAILABLE");

    let text = fs::read("policies/sample.yaml").unwrap();
    std::thread::spawn(move || fs::write(&policy, text));
    both.server.logged("serving").await;
    let ready = ok(&both.get("/readyz").await);
    assert_eq!(ready["status"], "serving");
    let answer = ok(&both.post("/v1/route", r#"{"ticket":{"body":"x"}}"#).await);
    assert_eq!(ready["modelVersion"], answer["modelVersion"]);
    assert_eq!(ready["policyVersion"], answer["policyVersion"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_calls_of_both_ports() {
    let both = Both::start().await;
    ok(&both
        .post(
            "/v1/classify",
            r#"{"ticket":{"body":"where is my parcel"}}"#,
        )
        .await);
    both.post("/v1/classify", r#"{"ticket":{}}"#).await;
    let answer = both.get("/metrics").await;
    assert!(answer.status().is_success());
    let media_type = answer.headers()["content-type"].to_str().unwrap();
    assert!(
        media_type.starts_with("text/plain; version=0.0.4"),
        "{media_type}"
    );
    let text = String::from_utf8(answer.body().to_vec()).unwrap();
    let of_classify: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with('#') && line.contains("Classify"))
        .collect();
    assert!(!of_classify.is_empty(), "{text}");
    let mut client = both.server.client().await;
    client
        .classify(triage::grpc::v1::ClassifyRequest::default())
        .await
        .unwrap_err();
    let after = String::from_utf8(both.get("/metrics").await.body().to_vec()).unwrap();
    assert_ne!(text, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_may_be_asked_for_their_head_alone() {
    let both = Both::start().await;
    for path in ["/healthz", "/readyz", "/metrics", "/v1/openapi.json"] {
        let request = Request::builder().method(Method::HEAD).uri(path);
        let answer = both.send(request, "").await;
        assert_eq!(answer.status().as_u16(), 200, "{path}");
        assert!(answer.body().is_empty());
    }
}
