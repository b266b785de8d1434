//! Moving the pointer to the active version: one program at a time, and every move is logged.

use std::fs;

use jiff::Timestamp;

use super::activations::{self, Action, Activation, By};
use super::bundle::Bundle;
use super::gate::Verdict;
use super::registry::{Registry, RegistryError};

/// Number of earlier versions that can be rolled back to.
const HISTORY: usize = 20;

/// What a version was judged to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The version that is active; `None` if there is none.
    pub active: Option<String>,
    /// What speaks for and against the other.
    pub verdict: Verdict,
}

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

    /// Judges a version beside the active one with what `compare` makes of that. There is nothing to judge where no
    /// other version is active, and nothing to judge by where the active one cannot be loaded.
    ///
    /// # Errors
    /// What `compare` fails with; if the pointer cannot be read.
    pub fn judge<E: From<RegistryError>>(
        &self,
        new: &Bundle,
        compare: impl FnOnce(&Bundle) -> Result<Verdict, E>,
    ) -> Result<Judged, E> {
        let active = self.active()?;
        let verdict = match active.as_deref() {
            None => Verdict::unjudged(Vec::new()),
            Some(active) if active == new.version => Verdict::unjudged(Vec::new()),
            Some(active) => match self.registry.load(Some(active)) {
                Ok(bundle) => compare(&bundle)?,
                Err(error) => Verdict::unjudged(vec![format!(
                    "version {active}, active so far, cannot be compared with: {error}"
                )]),
            },
        };
        Ok(Judged { active, verdict })
    }

    /// Makes a version of this registry, which was loaded from it, the active one, whatever it was judged to be: that
    /// is only logged. Nothing happens if it is the active one already.
    ///
    /// # Errors
    /// If there is no such version, or the log or the pointer cannot be written; the version that was
    /// active then stays active.
    pub fn activate(
        &self,
        bundle: &Bundle,
        time: Timestamp,
        verdict: &Verdict,
        by: &By,
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
            by: by.clone(),
        };
        self.move_to(&history, &activation)?;
        if activation.forced {
            tracing::warn!(
                before = activation.before.unwrap_or_default(),
                after = activation.after,
                judged_on = ?verdict.basis,
                reasons = ?activation.reasons,
                "activated by force"
            );
        }
        Ok(())
    }

    /// Loads the version that was active before.
    ///
    /// # Errors
    /// If there is none, or it is unusable.
    pub fn load_previous(&self) -> Result<Bundle, RegistryError> {
        let history = self.registry.history()?;
        let version = history.get(1).ok_or_else(|| self.no_earlier())?;
        Ok(Bundle::load(&self.registry.find(version)?)?)
    }

    /// Goes back to the version that was active before, which [`load_previous`](Self::load_previous) gave.
    ///
    /// # Errors
    /// If it is not that version, or the log or the pointer cannot be written.
    pub fn rollback(
        &self,
        previous: &Bundle,
        time: Timestamp,
        by: &By,
    ) -> Result<(), RegistryError> {
        let mut history = self.registry.history()?;
        if history.get(1) != Some(&previous.version) {
            return Err(self.no_earlier());
        }
        let before = history.remove(0);
        let activation = Activation {
            time,
            action: Action::Rollback,
            before: Some(before),
            after: previous.version.clone(),
            judged_on: None,
            forced: false,
            reasons: Vec::new(),
            by: by.clone(),
        };
        self.move_to(&history, &activation)
    }

    fn no_earlier(&self) -> RegistryError {
        RegistryError::NoEarlier {
            folder: self.registry.folder().to_owned(),
        }
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
