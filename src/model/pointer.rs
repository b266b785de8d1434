//! Moving the pointer to the active version: one program at a time, and every move is logged.

use std::fs;

use jiff::Timestamp;

use super::activations::{self, Action, Activation};
use super::bundle::Bundle;
use super::gate::Verdict;
use super::registry::{Registry, RegistryError};

/// Number of earlier versions that can be rolled back to.
const HISTORY: usize = 20;

/// A registry's pointer to the active version, held: no other program moves it until this is dropped.
#[derive(Debug)]
pub struct Pointer<'r> {
    registry: &'r Registry,
    /// The locked folder; none where there is no registry, and so no pointer to move.
    _lock: Option<fs::File>,
}

impl Registry {
    /// Waits until no other program moves the pointer, and holds it.
    ///
    /// # Errors
    /// If the folder cannot be locked.
    pub fn hold(&self) -> Result<Pointer<'_>, RegistryError> {
        Ok(Pointer {
            _lock: self.lock()?,
            registry: self,
        })
    }
}

impl Pointer<'_> {
    /// The active version; `None` if there is none.
    ///
    /// # Errors
    /// If the pointer cannot be read.
    pub fn active(&self) -> Result<Option<String>, RegistryError> {
        Ok(self.registry.history()?.into_iter().next())
    }

    /// Makes a version of this registry, which was loaded from it, the active one, whatever the
    /// verdict: that is only logged. Nothing happens if it is the active one already.
    ///
    /// # Errors
    /// If there is no such version, or the log or the pointer cannot be written; the version that was
    /// active then stays active.
    pub fn activate(
        &self,
        bundle: &Bundle,
        time: Timestamp,
        verdict: &Verdict,
    ) -> Result<(), RegistryError> {
        self.registry.find(&bundle.version)?;
        let mut history = self.registry.history()?;
        let before = history.first().cloned();
        if before.as_ref() == Some(&bundle.version) {
            return Ok(());
        }
        history.insert(0, bundle.version.clone());
        history.truncate(HISTORY + 1);
        let activation = Activation {
            time,
            action: Action::Activate,
            before,
            after: bundle.version.clone(),
            judged_on: Some(verdict.basis),
            forced: verdict.refused(),
            reasons: verdict.reasons.iter().map(ToString::to_string).collect(),
        };
        self.move_to(&history, &activation)
    }

    /// Goes back to the version that was active before, and returns it.
    ///
    /// # Errors
    /// If there is none, it is unusable, or the log or the pointer cannot be written.
    pub fn rollback(&self, time: Timestamp) -> Result<String, RegistryError> {
        let mut history = self.registry.history()?;
        if history.len() < 2 {
            return Err(RegistryError::NoEarlier {
                folder: self.registry.folder().to_owned(),
            });
        }
        let before = history.remove(0);
        let version = history.first().cloned().unwrap_or_default();
        Bundle::load(&self.registry.find(&version)?)?;
        let activation = Activation {
            time,
            action: Action::Rollback,
            before: Some(before),
            after: version.clone(),
            judged_on: None,
            forced: false,
            reasons: Vec::new(),
        };
        self.move_to(&history, &activation)?;
        Ok(version)
    }

    /// Logs the move, then makes it.
    fn move_to(&self, history: &[String], activation: &Activation) -> Result<(), RegistryError> {
        let folder = self.registry.folder();
        let appended =
            activations::append(folder, activation).map_err(|source| RegistryError::Io {
                path: activations::path(folder),
                source,
            })?;
        self.registry
            .point(history)
            .inspect_err(|_| appended.take_back())
    }
}
