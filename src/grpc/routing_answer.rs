//! Answers about policies: our own types as messages.

use super::answer::{saturate, timestamp};
use super::v1;
use crate::live::{Applied, Failure, Trial};
use crate::policy_store::{PolicyRecord, PolicySource};
use crate::routing::{Fault, Lint, Position};

/// Most failed cases, and most things not covered, that are listed.
const MAX_LISTED: usize = 1_000;

/// What is known of a policy.
pub(super) fn record(record: &PolicyRecord) -> v1::PolicyRecord {
    let source = match record.source {
        PolicySource::File => v1::PolicySource::File,
        PolicySource::Apply => v1::PolicySource::Apply,
        PolicySource::Rollback => v1::PolicySource::Rollback,
    };
    v1::PolicyRecord {
        version: record.version.clone(),
        author: record.author.clone().unwrap_or_default(),
        caller: record.caller.clone().unwrap_or_default(),
        comment: record.comment.clone(),
        applied_at: Some(timestamp(record.time)),
        source: source.into(),
    }
}

/// Something that is wrong.
pub(super) fn fault(fault: Fault) -> v1::Finding {
    match fault.file {
        None => finding(fault.position, fault.message, ""),
        // Line and column are those of the policy, so another file's belong into the message.
        Some(_) => {
            let place = fault.place("");
            finding(None, format!("{place}: {}", fault.message), "")
        }
    }
}

/// Something that looks wrong.
pub(super) fn warning(lint: Lint) -> v1::Finding {
    finding(lint.fault.position, lint.fault.message, lint.kind.as_str())
}

fn finding(position: Option<Position>, message: String, kind: &str) -> v1::Finding {
    v1::Finding {
        line: position.map_or(0, |at| at.line),
        column: position.map_or(0, |at| at.column),
        message,
        kind: kind.to_owned(),
    }
}

/// What came of cases tried on the policy of this version.
pub(super) fn trial(trial: &Trial, version: &str) -> v1::TestPolicyResponse {
    let (covered, all) = trial.coverage.ratio().parts();
    let count = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    let missing = trial.coverage.missing().into_iter().take(MAX_LISTED);
    v1::TestPolicyResponse {
        version: version.to_owned(),
        passed: saturate(trial.cases - trial.failures.len()),
        failed: saturate(trial.failures.len()),
        failures: trial
            .failures
            .iter()
            .take(MAX_LISTED)
            .map(failure)
            .collect(),
        coverage: Some(v1::CaseCoverage {
            covered: count(covered),
            all: count(all),
            missing: missing
                .map(|missing| finding(missing.position, missing.what, ""))
                .collect(),
        }),
    }
}

fn failure(failure: &Failure) -> v1::FailedCase {
    let steps = || failure.result.steps.iter();
    let mismatches = steps().flat_map(|step| &step.mismatches);
    v1::FailedCase {
        file: failure.file.clone(),
        line: failure.result.line,
        name: failure.result.name.clone(),
        mismatches: mismatches
            .map(|one| v1::CaseMismatch {
                field: one.field.to_owned(),
                expected: one.expected.clone(),
                got: one.got.clone(),
                line: one.position.line,
            })
            .collect(),
        why: steps().flat_map(|step| step.parting.clone()).collect(),
    }
}

/// What came of applying a policy, or of a rehearsal; without a record of its own, nothing has changed.
pub(super) fn applied(applied: Applied, of: v1::PolicyRecord) -> v1::ApplyPolicyResponse {
    v1::ApplyPolicyResponse {
        record: Some(applied.record.as_ref().map_or(of, record)),
        changed: applied.version != applied.previous,
        previous_version: applied.previous,
        diff: applied.diff,
        cases: saturate(applied.cases),
        warnings: applied.warnings.into_iter().map(warning).collect(),
    }
}
