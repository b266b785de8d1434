//! Why a call is refused before it is read, and the status that says so.

use std::time::Duration;

use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, Response};
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::jwt::JwtFault;
use super::{Caller, Scopes};
use crate::metrics::Shed;

/// How long a client that has too many calls under way should wait before it tries again. Nobody knows when one of
/// them ends; most end within this time.
const WAIT_FOR_AN_END: Duration = Duration::from_millis(100);

/// Why a call is refused. No message holds what the caller sent as its credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error(
        "credentials are needed: send a token as \"authorization: Bearer TOKEN\", or show a client certificate that \
         is listed here"
    )]
    NoCredentials,
    #[error("the client certificate is not listed here, and no token was sent")]
    UnknownCertificate,
    #[error("one header \"authorization: Bearer TOKEN\" is needed, with nothing else in it")]
    BadHeader,
    #[error("the token is not known here")]
    UnknownToken,
    #[error("the token is refused: {0}")]
    Jwt(#[from] JwtFault),
    #[error("'{}' may not make this call: it needs the scope {needed}", caller.name)]
    NoScope { caller: Caller, needed: Scopes },
    #[error("calls of operators are answered nowhere: server.admin_calls says so")]
    AdminNowhere,
    #[error(
        "calls of operators are not answered here without credentials: list some in the settings' section access, \
         listen on a loopback address, or set server.admin_calls"
    )]
    AdminNotHere,
    #[error("too many calls: wait and try again")]
    TooOften { wait: Duration },
    #[error("too many calls of this client are under way: wait until one has ended")]
    TooManyAtOnce,
}

impl Refusal {
    pub(super) fn code(&self) -> Code {
        match self {
            Self::NoCredentials
            | Self::UnknownCertificate
            | Self::BadHeader
            | Self::UnknownToken
            | Self::Jwt(_) => Code::Unauthenticated,
            Self::NoScope { .. } | Self::AdminNowhere | Self::AdminNotHere => {
                Code::PermissionDenied
            }
            Self::TooOften { .. } | Self::TooManyAtOnce => Code::ResourceExhausted,
        }
    }

    /// Whether the caller lacks the right to the call, and has not only called too often.
    pub(super) fn is_of_rights(&self) -> bool {
        self.code() == Code::PermissionDenied
    }

    /// As what it is counted, where it protects others.
    pub(super) fn shed(&self) -> Option<Shed> {
        match self {
            Self::TooOften { .. } => Some(Shed::RateLimit),
            Self::TooManyAtOnce => Some(Shed::CallerConcurrency),
            _ => None,
        }
    }

    /// When it makes sense to try again; `None` if it does not.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooOften { wait } => Some(*wait),
            Self::TooManyAtOnce => Some(WAIT_FOR_AN_END),
            _ => None,
        }
    }

    /// The status that says so, with `google.rpc.RetryInfo` where it makes sense to try again.
    pub(super) fn status(&self) -> Status {
        let (code, message) = (self.code(), self.to_string());
        match self.retry_after() {
            Some(wait) => {
                let details = ErrorDetails::with_retry_info(Some(wait));
                Status::with_error_details(code, message, details)
            }
            None => Status::new(code, message),
        }
    }

    /// The answer: the status, with the header that HTTP asks for where credentials are missing or wrong.
    pub(super) fn answer(&self) -> Response<Body> {
        let mut answer = self.status().into_http();
        if self.code() == Code::Unauthenticated {
            let bearer = HeaderValue::from_static("Bearer");
            answer.headers_mut().insert(WWW_AUTHENTICATE, bearer);
        }
        answer
    }
}
