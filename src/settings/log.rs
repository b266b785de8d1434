//! Settings of the log.

use serde::Deserialize;
use tracing_subscriber::EnvFilter;

use super::SettingsError;

/// The log.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    /// What is logged, as filter directives.
    pub level: String,
    /// How it is written.
    pub format: LogFormat,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// Text for people.
    Text,
}

impl LogSettings {
    pub(super) fn validate(&self) -> Result<(), SettingsError> {
        match EnvFilter::try_new(&self.level) {
            Ok(_) => Ok(()),
            Err(error) => Err(SettingsError::Value {
                key: "log.level",
                problem: format!(
                    "'{}' is no filter ({error}): use info, or info,triage=debug",
                    self.level
                ),
            }),
        }
    }
}
