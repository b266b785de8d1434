//! What stands beside gRPC: the port for HTTP, and the program that asks for its server's health.

use std::process::{Command, Output};

use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;

use crate::certificates::{Authority, Files, set};
use crate::client::{Client, NAME};
use crate::running::{Server, argument, clean, within_deadline};
use crate::tickets::SMOKE;

/// The answer on the port for HTTP: its status and its body.
async fn ask(
    client: &Client,
    address: &str,
    method: &str,
    path: &str,
    body: String,
) -> (u16, String) {
    let stream = client.shake(address).await.unwrap();
    let (mut requests, connection) = handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(async move { drop(connection.await) });
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", NAME)
        .header("content-type", "application/json")
        .body(Full::<bytes::Bytes>::from(body))
        .unwrap();
    let answer = within_deadline(requests.send_request(request))
        .await
        .unwrap();
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_probes_need_no_certificate_and_calls_do() {
    let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
    let files = Files::of(&servers.sign(NAME));
    files.write("clients.pem", &clients.pem());
    let mut command = files.server();
    set(&mut command, "CLIENT_CA", &files.path("clients.pem"));
    command.env("TRIAGE_HTTP__LISTEN", "127.0.0.1:0");
    let mut server = Server::start_listening(&mut command).await;
    let listening = server.logged("listening for HTTP").await;
    let address = listening["address"].as_str().unwrap().to_owned();
    server.logged("serving").await;

    let ticket = serde_json::json!({"ticket": {"body": SMOKE}}).to_string();
    let http1: &[&[u8]] = &[b"http/1.1"];
    let nobody = Client::speaking(&servers, http1);
    for path in ["/healthz", "/readyz", "/metrics"] {
        let (status, body) = ask(&nobody, &address, "GET", path, String::new()).await;
        assert_eq!(status, 200, "{path}: {body}");
    }
    let (status, body) = ask(&nobody, &address, "POST", "/v1/classify", ticket.clone()).await;
    assert_eq!(status, 401, "{body}");
    assert!(body.contains("tls.client_ca"), "{body}");
    let known = Client::showing_to(&servers, &clients.sign("help-desk"), http1);
    let (status, body) = ask(&known, &address, "POST", "/v1/classify", ticket).await;
    assert_eq!(status, 200, "{body}");
    assert!(body.contains("safety/incident"), "{body}");
}

fn health(files: &Files, address: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_triage-server"));
    clean(&mut command).args(["--health", "--listen", address]);
    set(&mut command, "CERTIFICATE", &files.path("server.pem"));
    set(&mut command, "KEY", &files.path("server.key"));
    command.output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_asked_over_tls_of_the_server_with_the_same_certificate() {
    let authority = Authority::new("ours");
    let files = Files::of(&authority.sign("some.other.name"));
    let server = Server::start_as(&mut files.server()).await;
    let asked = health(&files, &server.address);
    assert_eq!(asked.status.code(), Some(0), "{asked:?}");
    assert_eq!(asked.stdout, b"serving\n");
    let others = Files::of(&authority.sign(NAME));
    let asked = health(&others, &server.address);
    assert_eq!(asked.status.code(), Some(1), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_names_certificates_that_cannot_be_used() {
    let authority = Authority::new("ours");
    let files = Files::of(&authority.sign(NAME));
    let checked = files.server().arg("--check").output().unwrap();
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");
    let told = String::from_utf8(checked.stdout).unwrap();
    assert!(told.contains("valid until 4000-01-01"), "{told}");
    let expired = authority.sign_for_years(NAME, 2000..2001);
    files.replace(&expired);
    let checked = files.server().arg("--check").output().unwrap();
    assert_eq!(checked.status.code(), Some(1), "{checked:?}");
    let told = String::from_utf8(checked.stderr).unwrap();
    let path = files.path("server.pem");
    assert!(
        told.contains(argument(&path)) && told.contains("was valid until"),
        "{told}"
    );
}
