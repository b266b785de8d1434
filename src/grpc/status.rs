//! Errors as statuses: bad fields with their violations, everything else with a fixed text.

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

/// What is wrong with a request, field by field.
#[derive(Debug, Default)]
pub struct Violations {
    found: Vec<FieldViolation>,
    too_large: bool,
}

impl Violations {
    /// Notes that `field` is not as it must be.
    pub fn bad(&mut self, field: impl Into<String>, description: impl Into<String>) {
        self.found.push(FieldViolation::new(field, description));
    }

    /// Notes that `field` is too large or holds too many.
    pub fn too_large(&mut self, field: impl Into<String>, description: impl Into<String>) {
        self.too_large = true;
        self.bad(field, description);
    }

    /// Nothing if all is well, else INVALID_ARGUMENT, or RESOURCE_EXHAUSTED if anything was too
    /// large, with all violations as `google.rpc.BadRequest`.
    ///
    /// # Errors
    /// If anything was noted.
    pub fn into_result(self) -> Result<(), Box<Status>> {
        let Some(first) = self.found.first() else {
            return Ok(());
        };
        let message = match self.found.len() {
            1 => format!("{}: {}", first.field, first.description),
            many => format!(
                "{}: {} (and {} more)",
                first.field,
                first.description,
                many - 1
            ),
        };
        let code = if self.too_large {
            Code::ResourceExhausted
        } else {
            Code::InvalidArgument
        };
        let details = ErrorDetails::with_bad_request(self.found);
        Err(Box::new(Status::with_error_details(code, message, details)))
    }
}

/// The status while no model or no policy is loaded.
#[must_use]
pub fn not_loaded() -> Status {
    Status::unavailable("no model and policy loaded yet: try again shortly")
}
