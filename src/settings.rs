//! Settings: defaults < file < environment < flags. The only module that reads the environment.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use config::{Config, ConfigError, Environment, File, FileFormat};
use jiff::SignedDuration;
use serde::Deserialize;
use tracing_subscriber::EnvFilter;

use crate::routing::ReservationLimits;
use crate::triage::Sources;

const DEFAULTS: &str = include_str!("../config/default.toml");
/// Largest message that may be allowed.
const MAX_MESSAGE_BYTES: usize = 64 << 20;
/// Longest time that may be allowed.
const MAX_TIMEOUT_MS: u64 = 3_600_000;
/// Most threads of the sentence encoder that may be asked for.
const MAX_ENCODER_THREADS: u64 = 1_024;
/// Most texts that may be allowed to wait for it.
const MAX_ENCODER_QUEUE: u64 = 65_536;

/// Longest time that places may be reserved for: a day.
const MAX_RESERVATION_TTL_MS: u64 = 86_400_000;
/// Most places that may be reserved at a time; each takes some hundred bytes.
const MAX_RESERVATIONS: u64 = 10_000_000;

/// All settings of the server, validated.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The network side.
    pub server: ServerSettings,
    /// The model.
    pub model: ModelSettings,
    /// The policy.
    pub policy: PolicySettings,
    /// The roster.
    pub roster: RosterSettings,
    /// What outlives a restart.
    pub state: StateSettings,
    /// The log.
    pub log: LogSettings,
}

/// The network side.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSettings {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Largest message that is read, in bytes.
    pub max_message_bytes: usize,
    /// How long requests in flight may take to end after SIGTERM, in milliseconds.
    pub drain_timeout_ms: u64,
    /// How long one request may take, in milliseconds.
    pub request_timeout_ms: u64,
    /// Threads of the sentence encoder, where the model has a transformer; 0 for as many as there are
    /// processor cores.
    pub encoder_threads: usize,
    /// Texts that may wait for it.
    pub encoder_queue: usize,
    /// Where calls that look at or change policy and roster are answered.
    pub admin_calls: AdminCalls,
}

/// Where calls that look at or change policy and roster are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdminCalls {
    /// On addresses that only this machine can reach.
    Loopback,
    /// On any address.
    Anywhere,
    /// Nowhere.
    Nowhere,
}

impl ServerSettings {
    /// How long requests in flight may take to end.
    #[must_use]
    pub fn drain_timeout(&self) -> Duration {
        Duration::from_millis(self.drain_timeout_ms)
    }

    /// How long one request may take.
    #[must_use]
    pub fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }

    /// Threads of the sentence encoder; `None` for as many as there are processor cores.
    #[must_use]
    pub fn encoder_threads(&self) -> Option<NonZeroUsize> {
        NonZeroUsize::new(self.encoder_threads)
    }
}

/// The model.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSettings {
    /// Folder of models.
    pub folder: PathBuf,
    /// A version to serve in place of the active one.
    #[serde(default)]
    pub version: Option<String>,
}

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

/// What outlives a restart.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateSettings {
    /// Folder for the policies that decided and the log of their changes; empty for none.
    pub folder: PathBuf,
}

impl StateSettings {
    /// The folder, if there is one.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        Some(self.folder.as_path()).filter(|folder| !folder.as_os_str().is_empty())
    }
}

/// The roster.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RosterSettings {
    /// The roster's file; empty for none.
    pub file: PathBuf,
    /// For how long a reserved place is held if nobody confirms or releases it, in milliseconds.
    pub reservation_ttl_ms: u64,
    /// How many places may be reserved at a time.
    pub max_reservations: usize,
}

impl RosterSettings {
    /// For how long places are held, and how many.
    #[must_use]
    pub fn reservations(&self) -> ReservationLimits {
        let milliseconds = i64::try_from(self.reservation_ttl_ms).unwrap_or(i64::MAX);
        ReservationLimits {
            time_to_live: SignedDuration::from_millis(milliseconds),
            most: self.max_reservations,
        }
    }
}

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

/// Why settings cannot be used. Messages name the key.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A source cannot be read.
    #[error("settings: {0}")]
    Read(#[from] ConfigError),
    /// A key is unknown, or a value has the wrong type.
    #[error("settings: {}: {}", .0.path(), .0.inner())]
    Key(Box<serde_path_to_error::Error<ConfigError>>),
    /// A value is out of range.
    #[error("settings: {key}: {problem}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is wrong and what is allowed.
        problem: String,
    },
}

impl Settings {
    /// Reads settings: defaults, then `file`, then the variables of the environment that start with
    /// `TRIAGE_`, then `flags` (key and value).
    ///
    /// # Errors
    /// If a source cannot be read or a value is not allowed; the message names the key.
    pub fn load(file: Option<&Path>, flags: &[(&str, String)]) -> Result<Self, SettingsError> {
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self::layered(file, environment(variables), flags)
    }

    fn layered(
        file: Option<&Path>,
        environment: Environment,
        flags: &[(&str, String)],
    ) -> Result<Self, SettingsError> {
        let mut builder = Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
        if let Some(path) = file {
            builder = builder.add_source(File::from(path).format(FileFormat::Toml).required(true));
        }
        builder = builder.add_source(environment);
        for (key, value) in flags {
            builder = builder.set_override(*key, value.as_str())?;
        }
        let settings: Self = serde_path_to_error::deserialize(builder.build()?)
            .map_err(|error| SettingsError::Key(Box::new(error)))?;
        settings.validate()?;
        Ok(settings)
    }

    fn validate(&self) -> Result<(), SettingsError> {
        let server = &self.server;
        within(
            "server.max_message_bytes",
            server.max_message_bytes as u64,
            1..=MAX_MESSAGE_BYTES as u64,
        )?;
        within(
            "server.drain_timeout_ms",
            server.drain_timeout_ms,
            1..=MAX_TIMEOUT_MS,
        )?;
        within(
            "server.request_timeout_ms",
            server.request_timeout_ms,
            1..=MAX_TIMEOUT_MS,
        )?;
        within(
            "server.encoder_threads",
            server.encoder_threads as u64,
            0..=MAX_ENCODER_THREADS,
        )?;
        within(
            "server.encoder_queue",
            server.encoder_queue as u64,
            1..=MAX_ENCODER_QUEUE,
        )?;
        within(
            "roster.reservation_ttl_ms",
            self.roster.reservation_ttl_ms,
            1..=MAX_RESERVATION_TTL_MS,
        )?;
        within(
            "roster.max_reservations",
            self.roster.max_reservations as u64,
            1..=MAX_RESERVATIONS,
        )?;
        within("policy.watch_ms", self.policy.watch_ms, 0..=MAX_TIMEOUT_MS)?;
        if let Err(error) = EnvFilter::try_new(&self.log.level) {
            return Err(SettingsError::Value {
                key: "log.level",
                problem: format!(
                    "'{}' is no filter ({error}): use info, or info,triage=debug",
                    self.log.level
                ),
            });
        }
        Ok(())
    }

    /// Where model, policy and roster are.
    #[must_use]
    pub fn sources(&self) -> Sources {
        Sources {
            models: self.model.folder.clone(),
            version: self.model.version.clone(),
            policy: self.policy.file.clone(),
            roster: Some(self.roster.file.clone()).filter(|file| !file.as_os_str().is_empty()),
        }
    }
}

/// The variables that are settings. Kubernetes describes services to every pod by variables such as
/// `TRIAGE_PORT`, `TRIAGE_SERVER_SERVICE_HOST` or `TRIAGE_PORT_50051_TCP_ADDR`; they are none, and no
/// setting is called so.
fn environment(variables: impl Iterator<Item = (String, String)>) -> Environment {
    let of_kubernetes = |name: &str| {
        name.ends_with("_SERVICE_HOST")
            || name.ends_with("_PORT")
            || name.contains("_SERVICE_PORT")
            || name.contains("_PORT_") && (name.contains("_TCP") || name.contains("_UDP"))
    };
    let settings = variables.filter(|(name, _)| !of_kubernetes(name)).collect();
    Environment::with_prefix("TRIAGE")
        .prefix_separator("_")
        .separator("__")
        .source(Some(settings))
}

fn within(
    key: &'static str,
    value: u64,
    allowed: RangeInclusive<u64>,
) -> Result<(), SettingsError> {
    if allowed.contains(&value) {
        return Ok(());
    }
    let (least, most) = (allowed.start(), allowed.end());
    Err(SettingsError::Value {
        key,
        problem: format!("{value} is not between {least} and {most}"),
    })
}

#[cfg(test)]
mod tests;
