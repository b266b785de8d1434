//! Why a policy is not applied, as a status: what is wrong with the request as violations of its fields, what
//! stands in the way as preconditions.

use regex::Regex;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, PreconditionViolation, StatusExt};

use super::status::Violations;
use crate::live::{ChangeError, Failure, SuiteFault, count_failing};
use crate::policy_store::StoreError;
use crate::policy_test::SuiteError;
use crate::routing::{FileErrors, PolicyErrors};

/// Most that the listed preconditions may take, in bytes: statuses travel in headers, and clients refuse headers of
/// more than 8 KiB.
const MAX_LISTED_BYTES: usize = 3_072;
/// Longest text of one of them, and of a fault, in characters; the message of a status repeats the first.
const MAX_TEXT_CHARS: usize = 300;

/// A policy whose text came with the request.
pub(super) fn bad_policy(errors: PolicyErrors) -> Box<Status> {
    let mut violations = Violations::default();
    add_faults("policy", errors.0, &mut violations);
    into_status(violations)
}

/// Files of cases that cannot be used.
pub(super) fn bad_suites(faults: Vec<SuiteFault>) -> Box<Status> {
    let mut violations = Violations::default();
    let mut beside = Vec::new();
    for fault in faults {
        match fault {
            SuiteFault::Sent { name, error } => {
                let field = format!("cases[\"{name}\"]");
                match error {
                    SuiteError::File(errors) => add_faults(&field, errors, &mut violations),
                    error => violations.bad(field, cut(&error.to_string())),
                }
            }
            SuiteFault::Beside(error) => {
                beside.push(precondition("CASES", "the cases beside the policy", &error));
            }
        }
    }
    match violations.into_result() {
        Err(status) => status,
        Ok(()) => unmet("the cases beside the policy cannot be used", beside),
    }
}

/// A request to try cases that picks none.
pub(super) fn no_case_called(pattern: &Regex) -> Box<Status> {
    let mut violations = Violations::default();
    let problem = format!("no case is called like '{pattern}': leave it out to try all");
    violations.bad("run", cut(&problem));
    into_status(violations)
}

/// Why a policy is not applied or gone back to. `sent` says whether its text came with the request.
pub(super) fn refused(error: ChangeError, sent: bool) -> Box<Status> {
    let told = error.to_string();
    match error {
        ChangeError::Policy(errors) if sent => bad_policy(errors),
        ChangeError::Policy(PolicyErrors(errors)) => {
            unmet_faults("the policy cannot be used any more", "POLICY", &errors)
        }
        ChangeError::Roster(errors) => {
            unmet_faults("policy and roster do not fit", "ROSTER", &errors.0)
        }
        ChangeError::RosterFile(errors) => unmet_faults(
            "policy and the roster's file do not fit, so the server could not be started again",
            "ROSTER_FILE",
            &errors.0,
        ),
        ChangeError::Model(_) => unmet(
            "policy and model do not fit",
            vec![precondition("MODEL", "model", &told)],
        ),
        ChangeError::Failing { failures, cases } => {
            let listed = failures.iter().map(failing).collect();
            unmet(&count_failing(failures.len(), cases), listed)
        }
        ChangeError::Suites(faults) => bad_suites(faults),
        ChangeError::Conflict { .. } => Box::new(Status::aborted(told)),
        ChangeError::NoStore => unmet(
            "policies are not kept here",
            vec![precondition("STATE", "state.folder", &told)],
        ),
        ChangeError::NothingBefore { .. } | ChangeError::AlreadyLive(_) => unmet(
            "there is nothing to go back to",
            vec![precondition("POLICY", "version", &told)],
        ),
        ChangeError::Store(StoreError::Unknown { .. }) => Box::new(Status::not_found(told)),
        ChangeError::Store(_) => {
            tracing::error!(error = told, "a policy could not be kept or had back");
            Box::new(Status::internal(
                "the policy could not be kept or had back: see the server's log under this request's x-request-id",
            ))
        }
        ChangeError::Raced => Box::new(Status::aborted(told)),
        // Only another model brings threads.
        ChangeError::EncoderThreads(_) => Box::new(Status::internal(told)),
        ChangeError::Abandoned => Box::new(Status::cancelled(told)),
    }
}

/// A case that fails.
pub(super) fn failing(failure: &Failure) -> PreconditionViolation {
    let Failure { file, result } = failure;
    let subject = format!("{file}:{}: {}", result.line, result.name);
    precondition("CASE", &subject, &failure.differences())
}

/// What stands in the way: its kind, what it is of, and what it is.
pub(super) fn precondition(
    kind: &str,
    subject: &str,
    description: &dyn std::fmt::Display,
) -> PreconditionViolation {
    PreconditionViolation::new(kind, cut(subject), cut(&description.to_string()))
}

/// A text that fits into a status.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT_CHARS) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn add_faults(field: &str, errors: FileErrors, violations: &mut Violations) {
    for fault in errors.faults {
        violations.bad(fault.place(field), cut(&fault.message));
    }
}

fn into_status(violations: Violations) -> Box<Status> {
    match violations.into_result() {
        Err(status) => status,
        Ok(()) => Box::new(Status::invalid_argument("policy: cannot be used")),
    }
}

/// FAILED_PRECONDITION with the faults of a file.
pub(super) fn unmet_faults(message: &str, kind: &str, errors: &FileErrors) -> Box<Status> {
    let faults = errors.faults.iter().map(|fault| {
        let subject = fault.place(&errors.origin);
        precondition(kind, &subject, &fault.message)
    });
    unmet(message, faults.collect())
}

/// FAILED_PRECONDITION with the first of `listed` in its message, and as many as fit into a status as
/// `google.rpc.PreconditionFailure`.
pub(super) fn unmet(message: &str, mut listed: Vec<PreconditionViolation>) -> Box<Status> {
    let message = match listed.as_slice() {
        [] => message.to_owned(),
        [one] => format!("{message}: {}: {}", one.subject, one.description),
        [first, rest @ ..] => format!(
            "{message}: {}: {} (and {} more)",
            first.subject,
            first.description,
            rest.len()
        ),
    };
    let mut bytes = 0;
    let fit = listed
        .iter()
        .take_while(|one| {
            bytes += one.r#type.len() + one.subject.len() + one.description.len();
            bytes <= MAX_LISTED_BYTES
        })
        .count();
    listed.truncate(fit.max(1));
    let details = ErrorDetails::with_precondition_failure(listed);
    let code = Code::FailedPrecondition;
    Box::new(Status::with_error_details(code, message, details))
}
