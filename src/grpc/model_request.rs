//! Requests about models: parsed once, at the edge.

use tonic::Status;

use super::routing_request::{by, expected, version};
use super::status::Violations;
use super::v1;
use crate::access::Caller;
use crate::live::{ModelActivation, ModelReturn};
use crate::shadow::Share;

/// Versions of a page where no number is asked for.
const PAGE: usize = 100;
/// Most versions of a page.
const MAX_PAGE: u32 = 1_000;

/// Some of the versions.
#[derive(Debug)]
pub(super) struct Page {
    /// How many at most.
    pub(super) size: usize,
    /// Those after this one; `None` from the first on.
    pub(super) after: Option<String>,
}

/// What the shadow is to be.
#[derive(Debug)]
pub(super) struct ShadowWish {
    /// The version; `None` for none.
    pub(super) version: Option<String>,
    pub(super) sample: Share,
}

/// Parses a request to list versions.
pub(super) fn list(request: v1::ListModelsRequest) -> Result<Page, Box<Status>> {
    let mut violations = Violations::default();
    if request.page_size > MAX_PAGE {
        violations.bad("page_size", format!("is above {MAX_PAGE}"));
    }
    let page = Page {
        size: match request.page_size {
            0 => PAGE,
            size => size as usize,
        },
        after: version(request.page_token, "page_token", &mut violations),
    };
    violations.into_result()?;
    Ok(page)
}

/// Parses a request to look at a version; `None` for the one that is served.
pub(super) fn get(request: v1::GetModelRequest) -> Result<Option<String>, Box<Status>> {
    let mut violations = Violations::default();
    let version = version(request.version, "version", &mut violations);
    violations.into_result()?;
    Ok(version)
}

/// Parses a request to activate a version.
pub(super) fn activate(
    request: v1::ActivateModelRequest,
    caller: Option<&Caller>,
) -> Result<ModelActivation, Box<Status>> {
    let mut violations = Violations::default();
    if request.version.is_empty() {
        violations.bad("version", "is missing: name a version of the registry");
    }
    let wish = ModelActivation {
        version: version(request.version, "version", &mut violations).unwrap_or_default(),
        by: by(request.author, request.comment, caller, &mut violations),
        expected: expected(request.expected_version, &mut violations),
        force: request.force,
        must_be_compared: false,
    };
    violations.into_result()?;
    Ok(wish)
}

/// Parses a request to go back.
pub(super) fn rollback(
    request: v1::RollbackModelRequest,
    caller: Option<&Caller>,
) -> Result<ModelReturn, Box<Status>> {
    let mut violations = Violations::default();
    let wish = ModelReturn {
        by: by(request.author, request.comment, caller, &mut violations),
        expected: expected(request.expected_version, &mut violations),
    };
    violations.into_result()?;
    Ok(wish)
}

/// Parses a request to start or stop the shadow.
pub(super) fn shadow(request: v1::SetShadowRequest) -> Result<ShadowWish, Box<Status>> {
    let mut violations = Violations::default();
    let sample = match request.sample {
        0.0 => Share::ALL,
        sample => Share::try_from(sample).unwrap_or_else(|error| {
            violations.bad("sample", error.to_string());
            Share::ALL
        }),
    };
    let wish = ShadowWish {
        version: version(request.version, "version", &mut violations),
        sample,
    };
    violations.into_result()?;
    Ok(wish)
}
