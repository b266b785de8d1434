//! A line of the audit log: which policy began to decide, when, by whom and why, and what it changed.

use serde::{Deserialize, Serialize};

use super::Change;
use super::record::PolicyRecord;

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// The policy that decides since.
    #[serde(flatten)]
    pub record: PolicyRecord,
    /// How many cases were tried.
    pub cases: usize,
    /// What changed, as a unified diff.
    pub diff: String,
}

impl AuditEntry {
    /// The line about a change.
    pub(super) fn of(change: &Change<'_>) -> Self {
        Self {
            record: change.record.clone(),
            cases: change.cases,
            diff: change.diff.to_owned(),
        }
    }
}
