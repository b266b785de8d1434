//! Requests that cannot be read. The transport refuses them before a handler sees them, with codes that say
//! the server is at fault; here they get the codes that this interface promises.

use http::{HeaderValue, Response};
use tonic::Status;
use tonic::body::Body;

use crate::grpc::status::promised_code;

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
