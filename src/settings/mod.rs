//! Settings: defaults < file < environment < flags. The only module that reads the environment.

mod access;
mod address;
mod http;
mod log;
mod model;
mod policy;
mod roster;
mod server;
mod shadow;
mod state;
mod telemetry;
mod tls;
mod training;

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use config::{Config, ConfigError, Environment, File, FileFormat};
use serde::Deserialize;

pub use access::{AccessSettings, JwtSettings};
pub use http::{AllowedOrigins, HttpSettings};
pub use log::{LogFormat, LogSettings};
pub use model::ModelSettings;
pub use policy::PolicySettings;
pub use roster::RosterSettings;
pub use server::{AdminCalls, ServerSettings};
pub use shadow::ShadowSettings;
pub use state::StateSettings;
pub use telemetry::{SampleRatio, TelemetrySettings};
pub use tls::{ClientAuth, TlsSettings};
pub use training::TrainingSettings;

use crate::access::AccessConfig;
use crate::triage::Sources;

const DEFAULTS: &str = include_str!("../../config/default.toml");

/// The variable that names the file of settings where no flag does, so that all programs of a container read the same.
const FILE_VARIABLE: &str = "TRIAGE_CONFIG";

/// Longest time that may be allowed.
const MAX_TIMEOUT_MS: u64 = 3_600_000;

/// All settings of the server, validated.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The network side.
    pub server: ServerSettings,
    /// The port for JSON, gRPC-Web, probes and metrics.
    pub http: HttpSettings,
    /// TLS of all addresses.
    pub tls: TlsSettings,
    /// Who may call what, and how often.
    pub access: AccessSettings,
    /// The model.
    pub model: ModelSettings,
    /// The policy.
    pub policy: PolicySettings,
    /// The roster.
    pub roster: RosterSettings,
    /// A model that classifies the same tickets unseen.
    pub shadow: ShadowSettings,
    /// Training by calls.
    pub training: TrainingSettings,
    /// What outlives a restart.
    pub state: StateSettings,
    /// The log.
    pub log: LogSettings,
    /// The traces.
    pub telemetry: TelemetrySettings,
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
    /// Reads settings: defaults, then `file`, else the one that the variable `TRIAGE_CONFIG` names, then the variables of
    /// the environment that start with `TRIAGE_`, then `flags` (key and value).
    ///
    /// # Errors
    /// If a source cannot be read or a value is not allowed; the message names the key.
    pub fn load(file: Option<&Path>, flags: &[(&str, String)]) -> Result<Self, SettingsError> {
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        let named = std::env::var_os(FILE_VARIABLE).map(PathBuf::from);
        let named = named.filter(|file| !file.as_os_str().is_empty());
        Self::layered(file.or(named.as_deref()), environment(variables), flags)
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
        self.http.validate()?;
        self.server.validate(self.http.max_body_bytes)?;
        self.tls.validate()?;
        self.access.validate(&self.tls)?;
        self.policy.validate()?;
        self.roster.validate()?;
        self.shadow.validate()?;
        self.training.validate()?;
        self.log.validate()?;
        self.telemetry.validate()
    }

    /// Who may call what, and how often.
    #[must_use]
    pub fn access(&self) -> AccessConfig {
        AccessConfig {
            tokens: self.access.tokens.clone(),
            certificates: self.access.certificates.clone(),
            jwt: self.access.jwt.config(),
            limits: self.access.limits(),
            admin_calls: self.server.admin_calls,
        }
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

/// The variable with the token that `triage` shows a server; it is no setting.
pub const TOKEN_VARIABLE: &str = "TRIAGE_TOKEN";

/// What [`TOKEN_VARIABLE`] says, if it says anything.
#[must_use]
pub fn caller_token() -> Option<String> {
    let token = std::env::var_os(TOKEN_VARIABLE)?;
    Some(token.to_string_lossy().into_owned()).filter(|token| !token.is_empty())
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
    let settings = variables
        .filter(|(name, _)| name != FILE_VARIABLE && name != TOKEN_VARIABLE && !of_kubernetes(name))
        .collect();
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
