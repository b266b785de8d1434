//! Settings of the model.

use std::path::PathBuf;

use serde::Deserialize;

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
