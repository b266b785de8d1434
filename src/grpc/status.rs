//! Errors as statuses: bad fields with their violations, everything else with a fixed text.

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use crate::features::encoder_pool::PoolError;

/// Most that the listed violations may take, in bytes: statuses travel in headers, and clients refuse
/// headers of more than 8 KiB.
const MAX_LISTED_BYTES: usize = 4_096;

/// What the transport's message starts with where the bytes of a request are no message of its type.
const NO_MESSAGE: [&str; 6] = [
    "failed to decode Protobuf message",
    "Error decompressing",
    "Unexpected EOF decoding stream",
    "Missing request message",
    "protocol error: received message with invalid compression flag",
    // Of gRPC-Web: what is not Base64, or ends amid it.
    "tonic-web: ",
];
/// What it starts with where a message is longer than the settings allow.
const TOO_LARGE: &str = "Error, decoded message length too large";

/// Most violations that are kept: a request may hold a million.
const MAX_KEPT: usize = 100;

/// What is wrong with a request, field by field.
#[derive(Debug, Default)]
pub struct Violations {
    found: Vec<FieldViolation>,
    /// How many more there were.
    more: usize,
    too_large: bool,
}

impl Violations {
    /// Notes that `field` is not as it must be.
    pub fn bad(&mut self, field: impl Into<String>, description: impl Into<String>) {
        if self.is_full() {
            self.more += 1;
        } else {
            self.found.push(FieldViolation::new(field, description));
        }
    }

    /// Whether no more are kept: whoever goes through a list of any length stops.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.found.len() >= MAX_KEPT
    }

    /// Notes that `field` is too large or holds too many.
    pub fn too_large(&mut self, field: impl Into<String>, description: impl Into<String>) {
        self.too_large = true;
        self.bad(field, description);
    }

    /// Nothing if all is well, else INVALID_ARGUMENT, or RESOURCE_EXHAUSTED if anything was too
    /// large, with the violations as `google.rpc.BadRequest`: all of them, unless they are too many for
    /// a client to take.
    ///
    /// # Errors
    /// If anything was noted.
    pub fn into_result(self) -> Result<(), Box<Status>> {
        let Some(first) = self.found.first() else {
            return Ok(());
        };
        let message = match self.found.len() + self.more - 1 {
            0 => format!("{}: {}", first.field, first.description),
            more if self.is_full() => format!(
                "{}: {} (and {more} more at least)",
                first.field, first.description
            ),
            more => format!("{}: {} (and {more} more)", first.field, first.description),
        };
        let code = if self.too_large {
            Code::ResourceExhausted
        } else {
            Code::InvalidArgument
        };
        let details = ErrorDetails::with_bad_request(listed(self.found));
        Err(Box::new(Status::with_error_details(code, message, details)))
    }
}

/// INVALID_ARGUMENT with one violation.
#[must_use]
pub fn wrong(field: &str, description: &str) -> Box<Status> {
    one(Code::InvalidArgument, field, description)
}

/// RESOURCE_EXHAUSTED with one violation.
#[must_use]
pub fn too_much(field: &str, description: &str) -> Box<Status> {
    one(Code::ResourceExhausted, field, description)
}

/// The status of a field's own fields, with their paths from the request on.
#[must_use]
pub fn within(field: &str, status: Box<Status>) -> Box<Status> {
    let details = status.get_error_details();
    let Some(bad) = details.bad_request() else {
        return status;
    };
    let violations = bad.field_violations.iter().cloned();
    let found: Vec<_> = violations
        .map(|violation| FieldViolation {
            field: format!("{field}.{}", violation.field),
            ..violation
        })
        .collect();
    // It begins with the path of the first.
    let message = format!("{field}.{}", status.message());
    let details = ErrorDetails::with_bad_request(found);
    Box::new(Status::with_error_details(status.code(), message, details))
}

fn one(code: Code, field: &str, description: &str) -> Box<Status> {
    let message = format!("{field}: {description}");
    let details = ErrorDetails::with_bad_request(vec![FieldViolation::new(field, description)]);
    Box::new(Status::with_error_details(code, message, details))
}

/// The first violations, as many as fit into a status.
fn listed(mut found: Vec<FieldViolation>) -> Vec<FieldViolation> {
    let mut bytes = 0;
    let fit = found
        .iter()
        .take_while(|violation| {
            bytes += violation.field.len() + violation.description.len();
            bytes <= MAX_LISTED_BYTES
        })
        .count();
    found.truncate(fit.max(1));
    found
}

/// The status while no model or no policy is loaded.
#[must_use]
pub fn not_loaded() -> Status {
    Status::unavailable("no model and policy loaded yet: try again shortly")
}

/// The status of what panicked: its place is in the log already.
#[must_use]
pub fn internal() -> Status {
    Status::internal("internal error: see the server's log under this request's x-request-id")
}

/// The status of a request whose text got no sentence vector.
#[must_use]
pub fn no_vector(error: &PoolError) -> Status {
    match error {
        PoolError::Overloaded { .. } => Status::resource_exhausted(error.to_string()),
        PoolError::Encoder(_) | PoolError::Panicked => Status::internal(
            "the sentence encoder failed: see the server's log under this request's x-request-id",
        ),
    }
}

/// The code that this interface promises for a request that cannot be read, where the transport has refused it with one
/// that says the server is at fault; nothing for every other status.
#[must_use]
pub fn promised_code(code: Code, message: &str) -> Option<Code> {
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
    fn a_million_violations_are_told_as_the_first_and_how_many_more() {
        let mut violations = Violations::default();
        for number in 0..1_000_000 {
            violations.bad(format!("ids[{number}]"), "is unknown");
        }
        assert!(violations.is_full());
        let status = violations.into_result().unwrap_err();
        let told = status.message();
        assert_eq!(told, "ids[0]: is unknown (and 999999 more at least)");
        let details = status.get_error_details();
        let listed = details.bad_request().unwrap().field_violations.len();
        assert!((2..=MAX_KEPT).contains(&listed), "{listed}");
    }
}
