//! Settings of the policy.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::{MAX_TIMEOUT_MS, SettingsError, within};

/// The policy.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicySettings {
    /// The policy's file.
    pub file: PathBuf,
    /// How often the files of policy and roster are looked at for changes, in milliseconds; 0 for never.
    pub watch_ms: u64,
}

impl PolicySettings {
    /// How often the files of policy and roster are looked at; `None` for never.
    #[must_use]
    pub fn watch(&self) -> Option<Duration> {
        (self.watch_ms > 0).then(|| Duration::from_millis(self.watch_ms))
    }
}

impl PolicySettings {
    pub(super) fn validate(&self) -> Result<(), SettingsError> {
        within("policy.watch_ms", self.watch_ms, 0..=MAX_TIMEOUT_MS)
    }
}
