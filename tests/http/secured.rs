//! What guards the first port guards this one too: credentials, scopes, limits, TLS.

use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, RETRY_AFTER, WWW_AUTHENTICATE};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncReadExt;
use triage::access::Fingerprint;

use crate::calling::{Answer, Both, JSON, command, ok, refused};
use crate::certificates::{Authority, Files, set};
use crate::running::{argument, within_deadline};
use crate::tls_client::{Client, NAME};

const BODY: &str = r#"{"ticket":{"body":"where is my parcel"}}"#;

/// Settings that let a token in.
fn token(name: &str, secret: &str, scopes: &[&str]) -> String {
    let sha256 = Fingerprint::of(secret.as_bytes());
    format!("[[access.tokens]]\nname = {name:?}\nsha256 = \"{sha256}\"\nscopes = {scopes:?}\n")
}

/// A server with these settings.
async fn start_with(settings: &str) -> Both {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), settings).unwrap();
    Both::start_as(&mut command(&["--config", argument(file.path())])).await
}

async fn post(both: &Both, path: &str, credentials: &str, body: &'static str) -> Answer {
    let request = Request::post(path).header(CONTENT_TYPE, JSON);
    both.send(request.header(AUTHORIZATION, credentials), body)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_and_scopes_hold_for_calls() {
    let both = start_with(&token("desk", "desk-secret-0123456789", &["classify"])).await;
    for answer in [
        both.post("/v1/classify", BODY).await,
        post(
            &both,
            "/v1/classify",
            "Bearer another-secret-0123456789",
            BODY,
        )
        .await,
        // What is wrong with a body is told only to those who may call.
        post(
            &both,
            "/v1/classify",
            "Bearer another-secret-0123456789",
            "{",
        )
        .await,
    ] {
        refused(&answer, 401, "UNAUTHENTICATED");
        assert_eq!(answer.headers()[WWW_AUTHENTICATE], "Bearer");
    }
    let known = "Bearer desk-secret-0123456789";
    ok(&post(&both, "/v1/classify", known, BODY).await);
    refused(
        &post(&both, "/v1/classify", known, "{").await,
        400,
        "INVALID_ARGUMENT",
    );
    for path in ["/v1/route", "/v1/list-agents", "/v1/rollback-policy"] {
        refused(
            &post(&both, path, known, "{}").await,
            403,
            "PERMISSION_DENIED",
        );
    }
    for path in ["/healthz", "/readyz", "/metrics", "/v1/openapi.json"] {
        assert_eq!(both.get(path).await.status().as_u16(), 200, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_come_twice_are_refused() {
    let both = start_with(&token("desk", "desk-secret-0123456789", &["classify"])).await;
    let known = "Bearer desk-secret-0123456789";
    for second in [known, "Bearer another-secret-0123456789"] {
        let request = Request::post("/v1/classify").header(CONTENT_TYPE, JSON);
        let request = request.header(AUTHORIZATION, known);
        let answer = both.send(request.header(AUTHORIZATION, second), BODY).await;
        let message = refused(&answer, 401, "UNAUTHENTICATED");
        assert!(message.contains("one header"), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_of_a_client_hold_for_what_is_no_call() {
    let both = start_with("[access]\nrate_limit = 1\nrate_burst = 3\n").await;
    let mut refusals = 0;
    for _ in 0..100 {
        let answer = both.get("/v1/nothing").await;
        match answer.status().as_u16() {
            404 => {}
            _ => {
                refused(&answer, 429, "RESOURCE_EXHAUSTED");
                assert!(answer.headers().contains_key(RETRY_AFTER), "{answer:?}");
                refusals += 1;
            }
        }
    }
    assert!(refusals > 0);
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(both.get(path).await.status().as_u16(), 200, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_of_a_client_hold_for_calls() {
    let both = start_with("[access]\nrate_limit = 1\nrate_burst = 3\n").await;
    // As fast as they can be sent: a hundred calls would have to take a hundred seconds.
    let mut refusals = 0;
    for _ in 0..100 {
        let answer = both.post("/v1/classify", BODY).await;
        if answer.status().as_u16() == 429 {
            refused(&answer, 429, "RESOURCE_EXHAUSTED");
            assert!(answer.headers().contains_key(RETRY_AFTER), "{answer:?}");
            refusals += 1;
        }
    }
    assert!(refusals > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_credentials_operators_are_answered_on_this_machine_s_own_addresses_alone() {
    let mut command = command(&[]);
    command.env("TRIAGE_HTTP__LISTEN", "0.0.0.0:0");
    let mut both = Both::start_as(&mut command).await;
    both.http.set_ip([127, 0, 0, 1].into());
    ok(&both.post("/v1/classify", BODY).await);
    refused(
        &both.post("/v1/list-agents", "{}").await,
        403,
        "PERMISSION_DENIED",
    );
    let local = Both::start().await;
    ok(&local.post("/v1/list-agents", "{}").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_holds_for_this_port() {
    let authority = Authority::new("authority");
    let files = Files::of(&authority.sign(NAME));
    let mut command = command(&[]);
    set(&mut command, "CERTIFICATE", &files.path("server.pem"));
    set(&mut command, "KEY", &files.path("server.key"));
    let both = Both::start_as(&mut command).await;
    for protocols in [&[b"http/1.1".as_slice()][..], &[]] {
        let client = Client::speaking(&authority, protocols);
        let stream = client.shake(&both.http.to_string()).await.unwrap();
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let request = Request::post("/v1/classify")
            .header(CONTENT_TYPE, JSON)
            .header(HOST, NAME)
            .body(Full::new(bytes::Bytes::from(BODY)))
            .unwrap();
        let answer = within_deadline(sender.send_request(request)).await.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
    }
    // Without TLS there is no answer.
    let mut plain = tokio::net::TcpStream::connect(both.http).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut plain, b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    let mut read = Vec::new();
    // The connection may be reset: no answer either way.
    let _ = within_deadline(plain.read_to_end(&mut read)).await;
    assert!(!read.starts_with(b"HTTP/1.1 200"), "{read:?}");
}

/// Any public key that is one.
const KEYS: &str = r#"{"keys": [{"kty": "EC", "crv": "P-256", "kid": "1", "use": "sig", "alg": "ES256",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}"#;

/// Reads the metrics until they have this line.
async fn until_told(client: &Client, address: &str, line: &str) {
    let read = async {
        loop {
            let stream = client.shake(address).await.unwrap();
            let (mut sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
            tokio::spawn(connection);
            let request = Request::get("/metrics").header(HOST, NAME);
            let request = request.body(Full::<bytes::Bytes>::default()).unwrap();
            let answer = sender.send_request(request).await.unwrap();
            let text = answer.into_body().collect().await.unwrap().to_bytes();
            let text = std::str::from_utf8(&text).unwrap();
            if text.lines().any(|own| own == line) {
                return;
            }
        }
    };
    within_deadline(read).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_put_back_count_as_refused_no_more() {
    let authority = Authority::new("authority");
    let files = Files::of(&authority.sign(NAME));
    files.write("keys.json", KEYS);
    let mut command = command(&[]);
    set(&mut command, "CERTIFICATE", &files.path("server.pem"));
    set(&mut command, "KEY", &files.path("server.key"));
    command.env("TRIAGE_TLS__WATCH_MS", "10");
    command.env("TRIAGE_POLICY__WATCH_MS", "10");
    command.env("TRIAGE_ACCESS__JWT__KEYS", files.path("keys.json"));
    command.env("TRIAGE_ACCESS__JWT__ISSUER", "https://issuer.test");
    command.env("TRIAGE_ACCESS__JWT__AUDIENCE", "triage");
    let both = Both::start_listening(&mut command).await;
    let client = Client::speaking(&authority, &[b"http/1.1"]);
    let address = both.http.to_string();
    for (name, kind) in [("server.pem", "tls"), ("keys.json", "jwt_keys")] {
        let told = |value: u8| format!("triage_last_reload_successful{{kind=\"{kind}\"}} {value}");
        let right = std::fs::read_to_string(files.path(name)).unwrap();
        files.write(name, "nonsense");
        until_told(&client, &address, &told(0)).await;
        files.write(name, &right);
        until_told(&client, &address, &told(1)).await;
    }
}
