//! What was sent is in no line of the log, whatever is wrong with it and however much the log says.

use http::Request;
use http::header::CONTENT_TYPE;

use crate::calling::{Both, JSON, command};

#[tokio::test(flavor = "multi_thread")]
async fn no_word_of_a_body_that_cannot_be_read_is_logged_at_any_level() {
    for level in ["debug", "trace"] {
        let both = Both::start_as(&mut command(&["--log-level", level])).await;
        for (path, media_type, body) in [
            ("/v1/route", JSON, r#"{"ticket":{"channel":"xyzzy"}}"#),
            ("/v1/route", JSON, r#"{"xyzzy":1}"#),
            ("/v1/route", JSON, r#"{"ticket":{"body":"xyzzy"#),
            ("/v1/route", JSON, r#"{"ticket":{"body":["xyzzy"]}}"#),
            ("/v1/route", JSON, "xyzzy"),
            (
                "/v1/stream-route",
                "application/x-ndjson",
                "{\"ticket\":{\"channel\":\"xyzzy\"}}\nxyzzy\n",
            ),
            (
                "/triage.v1.TriageService/Route",
                "application/grpc-web+proto",
                "\0\0\0\0\u{9}xyzzyxyzz",
            ),
        ] {
            let request = Request::post(path).header(CONTENT_TYPE, media_type);
            both.send(request, body).await;
        }
        let ended = both.server.stop().await;
        assert!(ended.log.iter().any(|line| line.contains("\"DEBUG\"")));
        for line in ended.log.iter().chain([&ended.errors]) {
            assert!(!line.contains("xyzzy"), "at {level}: {line}");
        }
    }
}
