//! Settings of what outlives a restart.

use std::path::{Path, PathBuf};

use serde::Deserialize;

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
