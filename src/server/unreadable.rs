//! Requests that cannot be read. The transport refuses them before a handler sees them, with codes that say
//! the server is at fault; here they get the codes that this interface promises.

use http::{HeaderValue, Response};
use tonic::body::Body;
use tonic::{Code, Status};

/// What the transport's message starts with where the bytes of a request are no message of its type.
const NO_MESSAGE: [&str; 4] = [
    "failed to decode Protobuf message",
    "Error decompressing",
    "Unexpected EOF decoding stream",
    "Missing request message",
];
/// What it starts with where a message is longer than the settings allow.
const TOO_LARGE: &str = "Error, decoded message length too large";

/// Turns the refusal of an unreadable request into INVALID_ARGUMENT, or RESOURCE_EXHAUSTED if it is too
/// large; leaves every other answer alone.
pub(super) fn blame_the_caller(mut response: Response<Body>) -> Response<Body> {
    let code = Status::from_header_map(response.headers())
        .and_then(|status| promised_code(status.code(), status.message()));
    if let Some(code) = code {
        let headers = response.headers_mut();
        headers.insert(Status::GRPC_STATUS, HeaderValue::from(code as i32));
    }
    response
}

fn promised_code(code: Code, message: &str) -> Option<Code> {
    match code {
        Code::Internal if NO_MESSAGE.iter().any(|text| message.starts_with(text)) => {
            Some(Code::InvalidArgument)
        }
        Code::OutOfRange if message.starts_with(TOO_LARGE) => Some(Code::ResourceExhausted),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_answers_stay_as_they_are() {
        for status in [
            Status::internal("internal error: see the server's log"),
            Status::out_of_range("ticket.waited"),
            Status::unavailable("failed to decode Protobuf message"),
        ] {
            let answer = blame_the_caller(status.clone().into_http());
            let kept = Status::from_header_map(answer.headers()).unwrap();
            assert_eq!(
                (kept.code(), kept.message()),
                (status.code(), status.message())
            );
        }
        let answer = blame_the_caller(Response::new(Body::empty()));
        assert!(answer.headers().is_empty());
    }
}
