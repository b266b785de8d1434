//! What a command decides with: policies, rosters and models that fit together, each model loaded once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::model::{Bundle, Registry};
use crate::routing::{Policy, Roster};
use crate::triage::{Sources, known_labels};

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

/// Loads a policy, and a roster that must fit it.
///
/// # Errors
/// If one is unusable or they do not fit.
pub(super) fn load_policy(
    policy: &Path,
    roster: Option<&Path>,
) -> anyhow::Result<(Policy, Option<Roster>)> {
    let policy = Policy::load(policy)?;
    let roster = roster.map(Roster::load).transpose()?;
    if let Some(roster) = &roster {
        roster.check_against(&policy)?;
    }
    Ok((policy, roster))
}

/// Loads the model that the settings name, which must have the labels that the policy names.
///
/// # Errors
/// If there is none, it is unusable, or they do not fit.
pub(super) fn load_fitting(sources: &Sources, policy: &Policy) -> anyhow::Result<Bundle> {
    let bundle = load(&sources.models, sources.version.as_deref())?;
    policy.check_labels(&known_labels(&bundle))?;
    Ok(bundle)
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
