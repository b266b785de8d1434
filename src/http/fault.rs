//! Errors as answers: the status of HTTP that fits, and what is wrong as JSON.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};
use serde::Serialize;
use serde_json::{Value, json};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::request::TOO_LONG;
use crate::grpc::DESCRIPTORS;

/// How gRPC refuses a message that is longer than the settings allow.
const MESSAGE_TOO_LONG: &str = "Error, decoded message length too large";

/// What is wrong, as it is answered.
#[derive(Debug, Serialize)]
pub(super) struct Fault {
    /// The code of gRPC.
    code: i32,
    /// Its name.
    status: &'static str,
    /// What is wrong and what to do about it.
    message: String,
    /// More for programs, in the JSON mapping of `google.protobuf.Any`.
    details: Vec<Value>,
    #[serde(skip)]
    http: StatusCode,
    #[serde(skip)]
    retry_after_s: Option<u64>,
}

impl Fault {
    /// What a call was refused with.
    pub(super) fn of_call(status: &Status) -> Self {
        let details = status.get_error_details();
        let retry = details.retry_info().and_then(|retry| retry.retry_delay);
        Self {
            http: http_status(status, &details),
            retry_after_s: retry.map(|delay| delay.as_secs_f64().ceil() as u64),
            details: listed(status),
            ..Self::new(status.code(), StatusCode::OK, status.message())
        }
    }

    /// What is refused before it is a call.
    pub(super) fn new(code: Code, http: StatusCode, message: impl Into<String>) -> Self {
        Self {
            code: code as i32,
            status: name(code),
            message: message.into(),
            details: Vec::new(),
            http,
            retry_after_s: None,
        }
    }

    /// The code of gRPC.
    pub(super) fn code(&self) -> Code {
        Code::from(self.code)
    }

    /// The line that ends a stream of answers.
    pub(super) fn line(&self) -> Vec<u8> {
        let mut line = json!({ "error": self }).to_string().into_bytes();
        line.push(b'\n');
        line
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let body = json!(self).to_string();
        let mut response = (self.http, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if self.http == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// The status of HTTP that says the same, by the table of `google.rpc.Code`; but 413 for what is too large, and 429 for
/// what is too much.
fn http_status(status: &Status, details: &ErrorDetails) -> StatusCode {
    let too_large = details.bad_request().is_some()
        || [TOO_LONG, MESSAGE_TOO_LONG]
            .iter()
            .any(|text| status.message().starts_with(text));
    match status.code() {
        Code::Ok => StatusCode::OK,
        // "Client closed request": no number of the standard says it.
        Code::Cancelled => StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => {
            StatusCode::BAD_REQUEST
        }
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::ResourceExhausted if too_large => StatusCode::PAYLOAD_TOO_LARGE,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::Unknown | Code::Internal | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// The details as the JSON mapping has them, each with its type.
fn listed(status: &Status) -> Vec<Value> {
    static KIND: LazyLock<Option<MessageDescriptor>> = LazyLock::new(|| {
        let pool = DescriptorPool::decode(DESCRIPTORS).ok()?;
        pool.get_message_by_name("google.rpc.Status")
    });
    let read = || {
        let message = DynamicMessage::decode(KIND.clone()?, status.details()).ok()?;
        match json!(message).get_mut("details")?.take() {
            Value::Array(details) => Some(details),
            _ => None,
        }
    };
    // They say to programs what the message says to people; an unknown kind of them is left out.
    read().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn answered(status: &Status) -> (StatusCode, Response) {
        let response = Fault::of_call(status).into_response();
        (response.status(), response)
    }

    #[test]
    fn what_is_too_large_is_not_what_is_too_much() {
        let violations = ErrorDetails::with_bad_request_violation("ticket.body", "is too long");
        for (status, expected) in [
            (Status::resource_exhausted("too many requests"), 429),
            (super::super::request::too_long(10), 413),
            (
                Status::resource_exhausted(
                    "Error, decoded message length too large: found 3 bytes",
                ),
                413,
            ),
            (
                Status::with_error_details(Code::ResourceExhausted, "ticket.body", violations),
                413,
            ),
        ] {
            assert_eq!(answered(&status).0.as_u16(), expected, "{status}");
        }
    }

    #[test]
    fn callers_are_told_to_identify_themselves_or_to_wait() {
        let (status, response) = answered(&Status::unauthenticated("who are you?"));
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert_eq!(response.headers()[WWW_AUTHENTICATE], "Bearer");
        let wait = ErrorDetails::with_retry_info(Some(Duration::from_millis(1_200)));
        let (status, response) = answered(&Status::with_error_details(
            Code::ResourceExhausted,
            "too many",
            wait,
        ));
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()[RETRY_AFTER], "2");
        let status = Status::with_error_details(
            Code::ResourceExhausted,
            "too many",
            ErrorDetails::with_retry_info(Some(Duration::from_millis(1_200))),
        );
        let told = Fault::of_call(&status).details;
        let kind = "type.googleapis.com/google.rpc.RetryInfo";
        assert_eq!(told, [json!({ "@type": kind, "retryDelay": "1.200s" })]);
    }

    #[test]
    fn every_code_has_a_status_and_a_name() {
        for number in 1..=16 {
            let fault = Fault::of_call(&Status::new(Code::from(number), "x"));
            assert!(
                fault.http.is_client_error() || fault.http.is_server_error(),
                "{number}"
            );
            let line: Value = serde_json::from_slice(&fault.line()).unwrap();
            assert_eq!(line["error"]["code"], number);
        }
    }
}
