//! Requests whose bytes are no message: the caller is told that it is the caller's fault.

use std::future::poll_fn;

use prost::bytes::{Buf, BufMut};
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::{Request, uri::PathAndQuery};
use tonic::transport::Channel;
use tonic::{Code, Status};
use tower::Service;

use crate::running::Server;
use crate::tickets::{SMOKE, classify};

const METHOD: &str = "/triage.v1.TriageService/Classify";

/// Sends bytes as they are and does not look at the answer.
#[derive(Default)]
struct AsIs;

impl Codec for AsIs {
    type Encode = Vec<u8>;
    type Decode = ();
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for AsIs {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, bytes: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&bytes);
        Ok(())
    }
}

impl Decoder for AsIs {
    type Item = ();
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<()>, Status> {
        buffer.advance(buffer.remaining());
        Ok(Some(()))
    }
}

/// Sends `message` in a valid frame.
async fn send(channel: Channel, message: Vec<u8>) -> Result<(), Status> {
    send_to(channel, METHOD, message).await
}

/// Sends `message` in a valid frame to `method`.
async fn send_to(channel: Channel, method: &'static str, message: Vec<u8>) -> Result<(), Status> {
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.unwrap();
    let path = PathAndQuery::from_static(method);
    let answer = grpc.unary(tonic::Request::new(message), path, AsIs).await;
    answer.map(tonic::Response::into_inner)
}

/// Sends `body` as the whole body of a request to `method`, and returns the status.
async fn send_body(mut channel: Channel, method: &str, body: &str, encoding: &str) -> Status {
    let request = Request::post(method)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("grpc-encoding", encoding)
        .body(Body::new(body.to_owned()))
        .unwrap();
    poll_fn(|context| channel.poll_ready(context))
        .await
        .unwrap();
    let answer = channel.call(request).await.unwrap();
    assert!(answer.headers().contains_key("x-request-id"));
    Status::from_header_map(answer.headers()).unwrap()
}

/// A field of bytes or of a message, as it is on the wire.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap();
    [&[number << 3 | 2, length], content].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_is_not_utf_8_is_refused_by_the_name_of_its_field() {
    let server = Server::start(&[]).await;
    let channel = server.channel().await;
    let ticket = field(4, b"smoke \xff\xfe everywhere");
    let refused = send(channel.clone(), field(1, &ticket)).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(refused.message().contains("Ticket.body"), "{refused:?}");
    assert!(refused.message().contains("UTF-8"), "{refused:?}");
    let ticket = field(4, b"smoke everywhere");
    send(channel, field(1, &ticket)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_message_are_refused() {
    let server = Server::start(&[]).await;
    let channel = server.channel().await;
    for garbled in [
        b"\xff\xff\xff\xff".to_vec(),
        b"\x0a\x7fhello".to_vec(),
        b"{\"ticket\":{}}".to_vec(),
    ] {
        let refused = send(channel.clone(), garbled).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
        assert!(!refused.message().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_hold_no_message_are_refused() {
    let server = Server::start(&[]).await;
    let channel = server.channel().await;
    for (body, encoding, code) in [
        ("", "identity", Code::InvalidArgument),
        ("\0\0\0\0\u{9}short", "identity", Code::InvalidArgument),
        ("\u{1}\0\0\0\u{5}no zip", "gzip", Code::InvalidArgument),
        // The protocol says so: compressed, but by nothing that is named.
        ("\u{1}\0\0\0\u{5}hello", "identity", Code::Internal),
        ("\u{7}\0\0\0\u{5}hello", "identity", Code::InvalidArgument),
        ("\0\0\0\0\0", "br", Code::Unimplemented),
    ] {
        let refused = send_body(channel.clone(), METHOD, body, encoding).await;
        assert_eq!(refused.code(), code, "{body:?}: {refused:?}");
    }
    let unknown = "/triage.v1.TriageService/Nothing";
    let refused = send_body(channel.clone(), unknown, "\0\0\0\0\0", "identity").await;
    assert_eq!(refused.code(), Code::Unimplemented);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_over_the_limit_is_refused_as_too_large() {
    let server = Server::start(&[]).await;
    let mut client = server.client().await;
    let refused = client
        .classify(classify(&"smoke ".repeat(1_000_000)))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused:?}");
    assert!(refused.message().contains("4194304"), "{refused:?}");

    // So is one that is over it only once it is unpacked.
    let mut packed = client.send_compressed(tonic::codec::CompressionEncoding::Gzip);
    let refused = packed
        .classify(classify(&"smoke ".repeat(1_000_000)))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused:?}");
    packed.classify(classify(SMOKE)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_message_of_very_many_tickets_is_refused_before_it_takes_memory() {
    const MOST_KIB: u64 = 150 << 10;
    let server = Server::start(&[]).await;
    let before = server.memory_kib("VmHWM");
    // Two bytes for each, and hundreds once it is read.
    let tickets = field(1, b"").repeat(2_000_000);
    for (method, field) in [
        ("/triage.v1.TriageService/BatchRoute", "requests: "),
        ("/triage.v1.TriageService/AssignBacklog", "tickets: "),
    ] {
        let refused = send_to(server.channel().await, method, tickets.clone()).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.code(), Code::ResourceExhausted, "{refused:?}");
        assert!(refused.message().starts_with(field), "{refused:?}");
    }
    let taken = server.memory_kib("VmHWM").saturating_sub(before);
    assert!(taken < MOST_KIB, "{taken} KiB");
}
