//! What changed on disk, taken over: the files of policy and roster and the pointer to the active model are looked at
//! together, since one may need the other.

use std::sync::Arc;

use super::files::{ChangedFiles, PolicyFile};
use super::served::ServedModel;
use super::trial::{CheckedPolicy, cases_pass, check};
use super::{ATTEMPTS, Candidate, ChangeError, Changing, Live, Loaded, ModelError};
use crate::metrics::{Outcome, Reload};
use crate::model::{Action, Bundle, Registry};
use crate::policy_store::PolicySource;
use crate::routing::Roster;
use crate::triage::Triage;

/// What came of looking at what is on disk.
#[derive(Debug)]
pub struct Reloaded {
    /// The pointer to the active model.
    pub model: Part<ModelError>,
    /// The files of policy and roster.
    pub files: Part<ChangeError>,
}

impl Reloaded {
    /// Whether a part was refused only because something was changed by a call meanwhile.
    fn raced(&self) -> bool {
        matches!(self.model, Part::Refused(ModelError::Raced))
            || matches!(self.files, Part::Refused(ChangeError::Raced))
    }
}

/// What came of looking at a part of it.
#[derive(Debug)]
pub enum Part<E> {
    /// It is as it was.
    Unchanged,
    /// What it holds is in force.
    Changed,
    /// It cannot be used, and what is in force stays.
    Refused(E),
}

/// Another active model, loaded.
struct NewModel {
    bundle: Arc<Bundle>,
    /// Whether its cases are tried: not if it was gone back to, as those that there are may have been written for
    /// the one that was gone back from.
    is_tried: bool,
}

/// What is to be taken over, whole.
#[derive(Clone, Copy)]
struct New<'a> {
    model: Option<&'a NewModel>,
    files: Option<&'a ChangedFiles>,
}

/// What a policy's file holds, found good.
type TriedPolicy = (CheckedPolicy, usize);

impl Live {
    /// Looks at the files of policy and roster, and at which model is the active one. A file that is not what was last
    /// taken over from it takes the place of what is in force, however that came; so does an active model that is not
    /// the one that is served. All are checked, and the policy's cases are tried. What changed together comes into
    /// force together; where that cannot be, the model by itself and the files by themselves.
    pub fn reload(&self) -> Reloaded {
        let mut reloaded = self.take_over_changes();
        for _ in 1..ATTEMPTS {
            if !reloaded.raced() {
                break;
            }
            reloaded = self.take_over_changes();
        }
        match &reloaded.model {
            Part::Refused(_) => self.metrics.reloaded(Reload::Model, Outcome::Refused),
            Part::Unchanged | Part::Changed => self.metrics.in_force(Reload::Model),
        }
        match &reloaded.files {
            Part::Refused(ChangeError::Roster(_) | ChangeError::RosterFile(_)) => {
                self.metrics.reloaded(Reload::Roster, Outcome::Refused);
            }
            Part::Refused(_) => self.metrics.reloaded(Reload::Policy, Outcome::Refused),
            Part::Unchanged | Part::Changed => {
                self.metrics.in_force(Reload::Policy);
                self.metrics.in_force(Reload::Roster);
            }
        }
        reloaded
    }

    fn take_over_changes(&self) -> Reloaded {
        let model = self.new_model();
        let files = self.changed_files();
        if let (Ok(Some(model)), Ok(Some(files))) = (&model, &files) {
            let both = New {
                model: Some(model),
                files: Some(files),
            };
            match self.take_over(both) {
                Ok(()) => {
                    return Reloaded {
                        model: Part::Changed,
                        files: Part::Changed,
                    };
                }
                Err(error) => tracing::info!(
                    %error,
                    "model and files that changed do not fit together: each is tried by itself"
                ),
            }
        }
        let files = part(files, |files| {
            self.take_over(New {
                model: None,
                files: Some(files),
            })
        });
        let model = part(model, |model| {
            let new = New {
                model: Some(model),
                files: None,
            };
            self.take_over(new).map_err(|error| {
                let policy = self.current().triage().policy_version().to_owned();
                ModelError::unfit(&model.bundle.version, &policy, error)
            })
        });
        Reloaded { model, files }
    }

    /// The active model if it is not the one that is served, loaded and verified.
    fn new_model(&self) -> Result<Option<NewModel>, ModelError> {
        if self.sources.version.is_some() {
            return Ok(None);
        }
        let registry = Registry::new(&self.sources.models);
        let active = registry.active()?;
        if self.current().triage().model_version() == active {
            return Ok(None);
        }
        let bundle = registry.load(Some(&active))?;
        // Without the log, it counts as activated.
        let log = registry.activations().unwrap_or_default();
        let gone_back = log
            .entries
            .last()
            .is_some_and(|last| last.action == Action::Rollback && last.after == active);
        Ok(Some(NewModel {
            bundle: Arc::new(bundle),
            is_tried: !gone_back,
        }))
    }

    /// Puts what is new into force, whole, unless something else was changed while it was tried.
    ///
    /// # Errors
    /// Why all that is in force stays.
    fn take_over(&self, new: New<'_>) -> Result<(), ChangeError> {
        let current = self.current();
        let tried = self.try_new(new, &current)?;
        let start = |model: &NewModel| {
            ServedModel::start(&model.bundle, self.encoder_threads, &self.metrics)
        };
        let model = new.model.map(start).transpose();
        let model = model.map_err(ChangeError::EncoderThreads)?;
        let mut changing = self.lock();
        // Another change may have come meanwhile, after which what was tried does not hold any more.
        let is_new = |model: &NewModel| {
            let version = &model.bundle.version;
            let active = Registry::new(&self.sources.models).active();
            changing.current.triage().model_version() != version
                && active.is_ok_and(|active| active == *version)
        };
        if !changing.current.decides_as(&current) || !new.model.is_none_or(is_new) {
            return Err(ChangeError::Raced);
        }
        self.put_new(&mut changing, new, tried, model)
    }

    /// Checks what is new and tries the cases. Returns the file's policy if it is not the one that decides.
    fn try_new(&self, new: New<'_>, current: &Loaded) -> Result<Option<TriedPolicy>, ChangeError> {
        let bundle = match new.model {
            Some(model) => &model.bundle,
            None => current.triage().bundle(),
        };
        let of_file = new.files.and_then(|files| files.roster.as_ref());
        let roster = of_file.map(|file| &file.roster);
        let roster = roster.or_else(|| current.triage().roster());
        let policy = new.files.and_then(|files| files.policy.as_ref());
        let decides = &current.policy().record.version;
        if let Some(file) = policy.filter(|file| file.version != *decides) {
            let tried = self.try_file(file, bundle, roster.map(Arc::as_ref))?;
            // The roster in force may have come by a call; the next start reads the file's.
            self.check_roster_file(&tried.0.policy)?;
            return Ok(Some(tried));
        }
        if let Some(model) = new.model {
            let policy = current.triage().policy();
            Triage::new(Arc::clone(bundle), Arc::clone(policy), roster.cloned())?;
            if model.is_tried {
                cases_pass(policy, bundle, &self.sources.policy)?;
            }
        }
        Ok(None)
    }

    /// Checks the policy of the file and tries its cases; returns how many there are.
    fn try_file(
        &self,
        file: &PolicyFile,
        bundle: &Bundle,
        roster: Option<&Roster>,
    ) -> Result<TriedPolicy, ChangeError> {
        let path = &self.sources.policy;
        let checked = check(&file.text, &path.display().to_string(), bundle, roster)?;
        let cases = cases_pass(&checked.policy, bundle, path)?;
        Ok((checked, cases))
    }

    fn put_new(
        &self,
        changing: &mut Changing,
        new: New<'_>,
        tried: Option<TriedPolicy>,
        model: Option<ServedModel>,
    ) -> Result<(), ChangeError> {
        let policy = new.files.and_then(|files| files.policy.as_ref());
        let roster = new.files.and_then(|files| files.roster.as_ref());
        let new_roster = roster.map(|file| Arc::clone(&file.roster));
        let model = new.model.zip(model);
        let model = model.map(|(new, threads)| (Arc::clone(&new.bundle), threads));
        match (tried, policy) {
            (Some((checked, cases)), Some(file)) => {
                let candidate = Candidate {
                    policy: checked.policy,
                    text: &file.text,
                    source: PolicySource::File,
                    by: None,
                    cases,
                    roster: new_roster,
                    model,
                };
                self.swap(changing, candidate)?;
            }
            (_, policy) => {
                if model.is_some() || new_roster.is_some() {
                    self.put_beside(changing, model, new_roster)?;
                }
                if let Some(file) = policy {
                    // The policy in force was written into the file.
                    if let Some(store) = &mut changing.store {
                        store.note_file(&file.version)?;
                    }
                    changing.policy_file = Some(file.version.clone());
                    tracing::info!(
                        policy_version = file.version,
                        "the policy's file holds the policy that decides already"
                    );
                }
            }
        }
        if let Some(file) = roster {
            changing.roster_file = Some(file.checksum.clone());
            let agents = file.roster.agents().len();
            self.metrics.reloaded(Reload::Roster, Outcome::TakenOver);
            tracing::info!(agents, "the roster's file is in force");
        }
        Ok(())
    }
}

/// What comes of a part that was read, where `take_over` puts it into force.
fn part<T, E>(read: Result<Option<T>, E>, take_over: impl FnOnce(&T) -> Result<(), E>) -> Part<E> {
    match read {
        Ok(None) => Part::Unchanged,
        Ok(Some(new)) => match take_over(&new) {
            Ok(()) => Part::Changed,
            Err(error) => Part::Refused(error),
        },
        Err(error) => Part::Refused(error),
    }
}
