//! Requests about policies: parsed once, at the edge.

use std::collections::BTreeSet;

use regex::Regex;
use tonic::Status;

use super::status::Violations;
use super::v1;
use crate::access::Caller;
use crate::live::{Application, Return};
use crate::model::By;
use crate::policy_test::SentSuite;

const MAX_AUTHOR_BYTES: usize = 256;
const MAX_COMMENT_BYTES: usize = 4_096;
const MAX_VERSION_BYTES: usize = 64;
/// Most files of cases of a request.
const MAX_CASE_FILES: usize = 1_000;

/// A request to try cases.
#[derive(Debug)]
pub(super) struct TestWish {
    /// The policy's text; `None` for the one that decides.
    pub(super) policy: Option<String>,
    pub(super) sent: Vec<SentSuite>,
    pub(super) run: Option<Regex>,
}

/// Parses a request to try cases.
pub(super) fn test(request: v1::TestPolicyRequest) -> Result<TestWish, Box<Status>> {
    let mut violations = Violations::default();
    let run = match request.run.as_str() {
        "" => None,
        pattern => match Regex::new(pattern) {
            Ok(run) => Some(run),
            Err(_) => {
                violations.bad("run", "is no regular expression");
                None
            }
        },
    };
    let wish = TestWish {
        policy: Some(request.policy).filter(|text| !text.is_empty()),
        sent: case_files(request.cases, &mut violations),
        run,
    };
    violations.into_result()?;
    Ok(wish)
}

/// Parses a request to apply a policy.
pub(super) fn apply(
    request: v1::ApplyPolicyRequest,
    caller: Option<&Caller>,
) -> Result<Application, Box<Status>> {
    let mut violations = Violations::default();
    if request.policy.is_empty() {
        violations.bad("policy", "is empty: give the policy's text");
    }
    let by = by(request.author, request.comment, caller, &mut violations);
    let application = Application {
        text: request.policy,
        sent: case_files(request.cases, &mut violations),
        by,
        expected: expected(request.expected_version, &mut violations),
    };
    violations.into_result()?;
    Ok(application)
}

/// Parses a request to go back.
pub(super) fn rollback(
    request: v1::RollbackPolicyRequest,
    caller: Option<&Caller>,
) -> Result<Return, Box<Status>> {
    let mut violations = Violations::default();
    let by = by(request.author, request.comment, caller, &mut violations);
    let wish = Return {
        version: version(request.version, "version", &mut violations),
        by,
        expected: expected(request.expected_version, &mut violations),
    };
    violations.into_result()?;
    Ok(wish)
}

/// Who asks for a change and why.
pub(super) fn by(
    claimed: String,
    comment: String,
    caller: Option<&Caller>,
    violations: &mut Violations,
) -> By {
    let author = author(claimed, caller, violations);
    check_length("comment", &comment, MAX_COMMENT_BYTES, violations);
    By {
        author: Some(author),
        caller: caller.map(|caller| caller.name.to_string()),
        comment,
    }
}

/// The version that must be in force until now; `None` for any.
pub(super) fn expected(text: String, violations: &mut Violations) -> Option<String> {
    version(text, "expected_version", violations)
}

/// Who makes a change: as the request says, or else who was proved to be calling.
fn author(claimed: String, caller: Option<&Caller>, violations: &mut Violations) -> String {
    let missing = claimed.trim().is_empty();
    if let Some(caller) = caller.filter(|_| missing) {
        return caller.name.to_string();
    }
    if missing {
        violations.bad("author", "is missing: say who makes the change");
    }
    check_length("author", &claimed, MAX_AUTHOR_BYTES, violations);
    claimed
}

fn check_length(field: &str, text: &str, most: usize, violations: &mut Violations) {
    let length = text.len();
    if length > most {
        let problem = format!("has {length} bytes, at most {most} are allowed");
        violations.too_large(field, problem);
    }
}

/// A version; `None` if there is none.
pub(super) fn version(
    text: String,
    field: &'static str,
    violations: &mut Violations,
) -> Option<String> {
    let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !digits || text.len() > MAX_VERSION_BYTES {
        violations.bad(field, "is no version, such as 1f2e3d4c5b6a");
    }
    (!text.is_empty()).then_some(text)
}

fn case_files(files: Vec<v1::CaseFile>, violations: &mut Violations) -> Vec<SentSuite> {
    if files.len() > MAX_CASE_FILES {
        let count = files.len();
        let most = MAX_CASE_FILES;
        violations.too_large(
            "cases",
            format!("{count} files, at most {most} are allowed"),
        );
        return Vec::new();
    }
    let mut sent = Vec::with_capacity(files.len());
    let mut seen = BTreeSet::new();
    for (index, file) in files.into_iter().enumerate() {
        let field = format!("cases[{index}].name");
        if !seen.insert(file.name.clone()) {
            violations.bad(field.as_str(), "is given twice: keep one");
        }
        match SentSuite::new(file.name, file.text) {
            Ok(suite) => sent.push(suite),
            Err(problem) => violations.bad(field, problem),
        }
    }
    sent
}
