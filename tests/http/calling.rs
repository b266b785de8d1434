//! A server with an HTTP port, and a plain client of it.

use std::net::SocketAddr;
use std::process::Command;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::request::Builder;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::running::{Server, server_command, within_deadline};

pub(crate) const JSON: &str = "application/json";

/// A running server with both ports.
pub(crate) struct Both {
    pub(crate) server: Server,
    /// The HTTP port.
    pub(crate) http: SocketAddr,
}

/// An answer as it came.
pub(crate) type Answer = Response<Bytes>;

/// The program with an HTTP port on a free port.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = server_command(arguments);
    command.env("TRIAGE_HTTP__LISTEN", "127.0.0.1:0");
    command
}

impl Both {
    /// Starts the program with the sample model and policy and waits until it serves.
    pub(crate) async fn start() -> Self {
        Self::start_as(&mut command(&[])).await
    }

    /// Starts `command` and waits until it serves.
    pub(crate) async fn start_as(command: &mut Command) -> Self {
        let mut both = Self::start_listening(command).await;
        both.server.logged("serving").await;
        both
    }

    /// Starts `command` and waits until it listens on both ports.
    pub(crate) async fn start_listening(command: &mut Command) -> Self {
        let mut server = Server::start_listening(command).await;
        let listening = server.logged("listening for HTTP").await;
        let http = listening["address"].as_str().unwrap().parse().unwrap();
        Self { server, http }
    }

    /// Calls the method at `path` with this body.
    pub(crate) async fn post(&self, path: &str, body: impl Into<Bytes>) -> Answer {
        let request = Request::post(path).header(CONTENT_TYPE, JSON);
        self.send(request, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path), "").await
    }

    /// Sends a request on a connection of its own.
    pub(crate) async fn send(&self, request: Builder, body: impl Into<Bytes>) -> Answer {
        let mut sender = connect(self.http).await;
        send_on(&mut sender, request, body).await
    }
}

/// A connection of HTTP/1.1.
pub(crate) async fn connect(address: SocketAddr) -> SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

/// Sends a request on this connection.
pub(crate) async fn send_on(
    sender: &mut SendRequest<Full<Bytes>>,
    request: Builder,
    body: impl Into<Bytes>,
) -> Answer {
    let request = request.header(HOST, "triage.test");
    let request = request.body(Full::new(body.into())).unwrap();
    let answer = within_deadline(async {
        sender.ready().await.unwrap();
        sender.send_request(request).await.unwrap()
    })
    .await;
    let (parts, body) = answer.into_parts();
    let body = within_deadline(body.collect()).await.unwrap().to_bytes();
    Response::from_parts(parts, body)
}

/// The body as JSON.
pub(crate) fn json(answer: &Answer) -> Value {
    assert_eq!(answer.headers()[CONTENT_TYPE], JSON, "{answer:?}");
    serde_json::from_slice(answer.body()).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
}

/// The body of an answer that says that all is well.
#[track_caller]
pub(crate) fn ok(answer: &Answer) -> Value {
    assert_eq!(answer.status(), StatusCode::OK, "{answer:?}");
    json(answer)
}

/// The message of a refusal with this status of HTTP and this name of gRPC's.
#[track_caller]
pub(crate) fn refused(answer: &Answer, status: u16, name: &str) -> String {
    let told = json(answer);
    assert_eq!(answer.status().as_u16(), status, "{told}");
    assert_eq!(told["status"], name, "{told}");
    assert!(
        told["code"].is_u64() && told["details"].is_array(),
        "{told}"
    );
    told["message"].as_str().unwrap().to_owned()
}
