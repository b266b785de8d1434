//! Models at hand: each loaded once, when it is first needed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::model::{Bundle, Registry};

/// Loaded models by the folder that they are the active one of.
#[derive(Debug, Default)]
pub(super) struct Models {
    loaded: BTreeMap<PathBuf, Bundle>,
}

impl Models {
    /// Loads the active model of `folder` unless it is loaded already.
    ///
    /// # Errors
    /// If there is none or it is unusable.
    pub(super) fn load(&mut self, folder: &Path) -> anyhow::Result<()> {
        if !self.loaded.contains_key(folder) {
            self.loaded.insert(folder.to_owned(), load(folder, None)?);
        }
        Ok(())
    }

    /// The model loaded from `folder`.
    pub(super) fn get(&self, folder: &Path) -> Option<&Bundle> {
        self.loaded.get(folder)
    }
}

/// Loads a version, or the active one.
///
/// # Errors
/// If there is none or it is unusable.
pub(super) fn load(folder: &Path, version: Option<&str>) -> anyhow::Result<Bundle> {
    Registry::new(folder)
        .load(version)
        .context("no model to classify with: give a folder of models with --models")
}
