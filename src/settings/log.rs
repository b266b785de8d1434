//! Settings of the log.

use serde::Deserialize;
use tracing_subscriber::filter::{LevelFilter, LevelParseError, Targets};

use super::SettingsError;

/// The log.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    /// What is logged: a level, and levels of targets, with commas between them.
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
    /// What the level says; errors alone where it says nothing.
    ///
    /// # Errors
    /// If it is none.
    pub fn filter(&self) -> Result<Targets, LevelParseError> {
        let mut filter = Targets::new().with_default(LevelFilter::ERROR);
        let parts = self.level.split(',').map(str::trim);
        for part in parts.filter(|part| !part.is_empty()) {
            filter = match part.split_once('=') {
                Some((target, level)) => filter.with_target(target, level.parse::<LevelFilter>()?),
                None => filter.with_default(part.parse::<LevelFilter>()?),
            };
        }
        Ok(filter)
    }

    pub(super) fn validate(&self) -> Result<(), SettingsError> {
        let problem = match self.filter() {
            // Filters of spans, which some programs know, would match nothing.
            Ok(_) if self.level.contains('[') => "it names a span".to_owned(),
            Ok(_) => return Ok(()),
            Err(error) => error.to_string(),
        };
        Err(SettingsError::Value {
            key: "log.level",
            problem: format!(
                "'{}' is no filter ({problem}): use info, or info,triage=debug",
                self.level
            ),
        })
    }
}
