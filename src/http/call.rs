//! Calls a method in this process, through the very services that gRPC calls, with all their layers: what holds for a
//! call over gRPC (who may call, limits, deadlines, the log) holds here by the same lines.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use http::header::{AUTHORIZATION, CONTENT_TYPE, TE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version};
use prost_reflect::MessageDescriptor;
use tonic::codec::{EncodeBody, Streaming};
use tonic::{Code, Status};
use tower::util::BoxCloneSyncService;
use tower::{BoxError, ServiceExt};

use super::codec::AsBytes;
use super::fault::Fault;
use super::method::Method;
use super::packed::Packed;
use super::{request, translate};
use crate::arriving::{Arriving, Framing};
use crate::grpc::UnreadLines;

/// The services that are called over gRPC, with all their layers.
pub type Calls = BoxCloneSyncService<
    http::Request<tonic::body::Body>,
    http::Response<tonic::body::Body>,
    BoxError,
>;

/// The media types of one message and of a stream of them.
const JSON: &str = "application/json";
const LINES: &str = "application/x-ndjson";
/// How long the call may take, in milliseconds, for callers who do not know how gRPC writes it.
pub(super) const TIMEOUT_MS: HeaderName = HeaderName::from_static("x-timeout-ms");
const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
/// Longest time that gRPC can write in milliseconds.
const MAX_TIMEOUT_MS: u64 = 99_999_999;
/// What a call takes over from the request.
const PASSED_ON: [HeaderName; 6] = [
    AUTHORIZATION,
    GRPC_TIMEOUT,
    USER_AGENT,
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
];

/// How bodies become calls.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) calls: Calls,
    /// What counts bodies that have not come whole.
    pub(super) arriving: Arriving,
    pub(super) max_body_bytes: usize,
}

/// Calls `method` with the message or messages that the request's body holds.
pub(super) async fn call(method: &Method, by: Caller, request: http::Request<Body>) -> Response {
    let answered = match grpc_request(method, &by, request) {
        Ok(request) => answer(method, by.calls, request).await,
        Err(fault) => return super::edge::refused(fault),
    };
    answered.unwrap_or_else(|status| Fault::of_call(&status).into_response())
}

/// The call as gRPC has it.
fn grpc_request(
    method: &Method,
    by: &Caller,
    request: http::Request<Body>,
) -> Result<http::Request<tonic::body::Body>, Fault> {
    let (mut parts, body) = request.into_parts();
    let takes_many = method.descriptor.is_client_streaming();
    let media_type = if takes_many { LINES } else { JSON };
    expect_media_type(&parts.headers, media_type)?;
    let packed = Packed::of(&parts.headers)?;
    let timeout = timeout(&parts.headers)?;
    let kind = method.descriptor.input();
    let body = if takes_many {
        // What can be unpacked as it comes has been.
        expect_unpacked(packed)?;
        let unread = (method.grpc_path == UnreadLines::ANSWERED_BY).then(UnreadLines::default);
        if let Some(unread) = &unread {
            parts.extensions.insert(unread.clone());
        }
        let body = by.arriving.body(body, Framing::lines());
        grpc_body(request::lines(body, by.max_body_bytes, kind, unread))
    } else {
        let body = by.arriving.body(body, Framing::whole());
        grpc_body(request::whole(body, packed, by.max_body_bytes, kind))
    };
    let mut call = http::Request::new(body);
    *call.method_mut() = http::Method::POST;
    *call.uri_mut() = method.grpc_path.clone().into();
    *call.version_mut() = Version::HTTP_2;
    // Who is at the other end of the connection.
    *call.extensions_mut() = parts.extensions;
    let headers = call.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(TE, HeaderValue::from_static("trailers"));
    for name in PASSED_ON {
        // All of them, so that one too many is refused here as it is over gRPC.
        for value in parts.headers.get_all(&name) {
            headers.append(name.clone(), value.clone());
        }
    }
    if let Some(timeout) = timeout {
        headers.insert(GRPC_TIMEOUT, timeout);
    }
    Ok(call)
}

fn grpc_body(
    messages: impl Stream<Item = Result<Bytes, Status>> + Send + 'static,
) -> tonic::body::Body {
    tonic::body::Body::new(EncodeBody::new_client(AsBytes, messages, None, None))
}

fn expect_media_type(headers: &HeaderMap, expected: &str) -> Result<(), Fault> {
    let given = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = given.map(|given| given.split(';').next().unwrap_or_default().trim());
    if essence.is_some_and(|essence| essence.eq_ignore_ascii_case(expected)) {
        return Ok(());
    }
    Err(Fault::new(
        Code::InvalidArgument,
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        format!("the body must be {expected}: send the header content-type: {expected}"),
    ))
}

fn expect_unpacked(packed: Option<Packed>) -> Result<(), Fault> {
    match packed {
        None => Ok(()),
        Some(_) => Err(Fault::new(
            Code::InvalidArgument,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the body of a stream may be compressed by gzip alone: send gzip, or no content-encoding",
        )),
    }
}

/// `x-timeout-ms` as gRPC writes it.
fn timeout(headers: &HeaderMap) -> Result<Option<HeaderValue>, Fault> {
    let Some(given) = headers.get(TIMEOUT_MS) else {
        return Ok(None);
    };
    let parsed = given
        .to_str()
        .ok()
        .and_then(|text| text.parse::<u64>().ok());
    match parsed.filter(|ms| (1..=MAX_TIMEOUT_MS).contains(ms)) {
        Some(ms) => Ok(HeaderValue::from_str(&format!("{ms}m")).ok()),
        None => Err(Fault::new(
            Code::InvalidArgument,
            StatusCode::BAD_REQUEST,
            format!("x-timeout-ms: must be a whole number from 1 to {MAX_TIMEOUT_MS}"),
        )),
    }
}

async fn answer(
    method: &Method,
    calls: Calls,
    request: http::Request<tonic::body::Body>,
) -> Result<Response, Status> {
    let response = calls.oneshot(request).await.map_err(Status::from_error)?;
    let (parts, body) = response.into_parts();
    if let Some(status) = Status::from_header_map(&parts.headers)
        && status.code() != Code::Ok
    {
        return Err(status);
    }
    // Our own answer: however long it is, it is here already.
    let mut messages = Streaming::new_response(AsBytes, body, parts.status, None, Some(usize::MAX));
    let kind = method.descriptor.output();
    if method.descriptor.is_server_streaming() {
        let body = Body::from_stream(answer_lines(kind, messages));
        return Ok(as_media_type(LINES, body));
    }
    let message = messages.message().await?;
    let message = message.ok_or_else(|| Status::internal("the service gave no answer"))?;
    // An error may follow the message.
    messages.trailers().await?;
    let json = translate::write(&kind, message).await?;
    Ok(as_media_type(JSON, Body::from(json)))
}

fn as_media_type(media_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// Each answer as a line. An error ends the stream with a line of its own, which has nothing but `error`.
fn answer_lines(
    kind: MessageDescriptor,
    messages: Streaming<Bytes>,
) -> impl Stream<Item = Result<Vec<u8>, BoxError>> + Send + 'static {
    stream::unfold(Some((kind, messages)), async |state| {
        let (kind, mut messages) = state?;
        let line = match messages.message().await {
            Ok(None) => return None,
            Ok(Some(message)) => translate::write(&kind, message).await,
            Err(status) => Err(status),
        };
        match line {
            Ok(mut line) => {
                line.push(b'\n');
                Some((Ok(line), Some((kind, messages))))
            }
            Err(status) => Some((Ok(Fault::of_call(&status).line()), None)),
        }
    })
}
