//! The options that say where settings, model, policy and roster are, shared by server and prompt.

use std::path::PathBuf;

use clap::Args;

use crate::settings::{Settings, SettingsError};

/// Where settings, model, policy and roster are.
#[derive(Debug, Args)]
pub(super) struct SourceArgs {
    /// File of settings (TOML); else the one that the variable TRIAGE_CONFIG names
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of models [model.folder]
    #[arg(long, value_name = "DIR")]
    models: Option<String>,
    /// Routing policy [policy.file]
    #[arg(long, value_name = "FILE")]
    policy: Option<String>,
    /// Roster of agents [roster.file]
    #[arg(long, value_name = "FILE")]
    roster: Option<String>,
}

impl SourceArgs {
    /// The settings with these options and `further` flags, each a key and its value if given.
    ///
    /// # Errors
    /// If a source cannot be read or a value is not allowed.
    pub(super) fn settings(
        &self,
        further: &[(&'static str, &Option<String>)],
    ) -> Result<Settings, SettingsError> {
        let own = [
            ("model.folder", &self.models),
            ("policy.file", &self.policy),
            ("roster.file", &self.roster),
        ];
        let flags: Vec<(&str, String)> = own
            .iter()
            .chain(further)
            .filter_map(|(key, value)| Some((*key, (*value).clone()?)))
            .collect();
        Settings::load(self.config.as_deref(), &flags)
    }

    /// Whether a policy was named.
    pub(super) fn names_policy(&self) -> bool {
        self.policy.is_some()
    }

    /// Whether a roster was named.
    pub(super) fn names_roster(&self) -> bool {
        self.roster.is_some()
    }

    /// Whether a folder of models was named.
    pub(super) fn names_models(&self) -> bool {
        self.models.is_some()
    }
}
