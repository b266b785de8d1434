//! What is known of a policy that decides or did: its version, who brought it, when, why and how.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How a policy came to decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicySource {
    /// It was in the file that the settings name.
    File,
    /// Somebody applied it by a call.
    Apply,
    /// Somebody went back to it.
    Rollback,
}

/// A policy that decides or did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyRecord {
    /// See [`Policy::version`](crate::routing::Policy::version).
    pub version: String,
    /// How it came.
    pub source: PolicySource,
    /// Who brought it; `None` where it came from the file.
    pub author: Option<String>,
    /// Who was proved to be calling when it was brought; `None` where nobody had to prove it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
    /// Why; may be empty.
    pub comment: String,
    /// Since when it decides.
    pub time: Timestamp,
    /// The version that decided before it.
    pub before: Option<String>,
}
