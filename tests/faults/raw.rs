//! Connections whose bytes or frames are chosen by the test.

use bytes::{BufMut, Bytes, BytesMut};
use h2::client::{Builder, ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use http::{Request, Response};
use prost::Message;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::running::within_deadline;

pub(crate) const CLASSIFY: &str = "/triage.v1.TriageService/Classify";
/// What HTTP/2 begins with, and a frame of settings without any.
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// A connection on which `bytes` were sent.
pub(crate) async fn having_sent(address: &str, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

/// A request to call the method at `path` over HTTP, with further headers if there are some.
pub(crate) fn post(path: &str, headers: &str, json: &str) -> String {
    let length = json.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: triage.test\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n{headers}\r\n{json}"
    )
}

/// Waits until the other end has closed the connection.
pub(crate) async fn closed(mut stream: TcpStream) {
    let mut read = Vec::new();
    // However it was closed.
    let _ = within_deadline(stream.read_to_end(&mut read)).await;
}

/// An HTTP/2 connection that sends what the test wants when it wants.
pub(crate) struct Frames {
    requests: SendRequest<Bytes>,
}

impl Frames {
    pub(crate) async fn connect(address: &str) -> Self {
        Self::connect_as(&Builder::new(), address).await
    }

    /// Connects as a client with other settings.
    pub(crate) async fn connect_as(client: &Builder, address: &str) -> Self {
        Self::over(client, TcpStream::connect(address).await.unwrap()).await
    }

    /// Speaks over `stream` as a client with other settings.
    pub(crate) async fn over(
        client: &Builder,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> Self {
        let (requests, connection) = client.handshake(stream).await.unwrap();
        // It ends with the connection, however that does.
        tokio::spawn(async move { drop(connection.await) });
        Self { requests }
    }

    /// Begins a request to classify, whose message is still to be sent.
    pub(crate) async fn begin(
        &mut self,
        headers: &[(&str, &str)],
    ) -> (ResponseFuture, SendStream<Bytes>) {
        self.begin_to(CLASSIFY, headers).await
    }

    /// Begins a request to `path`, whose message is still to be sent.
    pub(crate) async fn begin_to(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
    ) -> (ResponseFuture, SendStream<Bytes>) {
        let mut request = Request::post(format!("http://triage{path}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut requests = within_deadline(self.requests.clone().ready())
            .await
            .unwrap();
        requests
            .send_request(request.body(()).unwrap(), false)
            .unwrap()
    }
}

/// A message as gRPC sends it.
pub(crate) fn framed(message: &impl Message) -> Bytes {
    framed_bytes(&message.encode_to_vec())
}

/// The same of what may be no message.
pub(crate) fn framed_bytes(message: &[u8]) -> Bytes {
    let mut frame = BytesMut::new();
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).unwrap());
    frame.put_slice(message);
    frame.freeze()
}

/// The frames of an answer: their first byte, which tells gRPC-Web's trailers, and what is in them.
pub(crate) fn frames(mut body: &[u8]) -> Vec<(u8, &[u8])> {
    let mut frames = Vec::new();
    while let Some((head, rest)) = body.split_at_checked(5) {
        let length = u32::from_be_bytes(head[1..].try_into().unwrap());
        let (message, rest) = rest.split_at(usize::try_from(length).unwrap());
        frames.push((head[0], message));
        body = rest;
    }
    assert!(body.is_empty());
    frames
}

/// The status of an answer and its request id.
pub(crate) fn status(answer: &Response<RecvStream>) -> (tonic::Status, String) {
    let headers = answer.headers();
    let status = tonic::Status::from_header_map(headers).unwrap();
    let id = headers.get("x-request-id").unwrap().to_str().unwrap();
    (status, id.to_owned())
}
