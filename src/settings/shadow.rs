//! Settings of the shadow.

use serde::Deserialize;

use super::SettingsError;
use crate::shadow::Share;

/// A model that classifies the same tickets unseen.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShadowSettings {
    /// Its version; empty for none.
    pub version: String,
    /// The share of tickets that it classifies.
    pub sample: Share,
}

impl ShadowSettings {
    /// Its version and the share of tickets that it classifies; `None` for none.
    #[must_use]
    pub fn wanted(&self) -> Option<(&str, Share)> {
        (!self.version.is_empty()).then_some((self.version.as_str(), self.sample))
    }

    pub(super) fn validate(&self) -> Result<(), SettingsError> {
        match self.version.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            true => Ok(()),
            false => Err(SettingsError::Value {
                key: "shadow.version",
                problem: format!(
                    "'{}' is no version: give one that 'triage-train models list' shows, or nothing",
                    self.version.escape_debug()
                ),
            }),
        }
    }
}
