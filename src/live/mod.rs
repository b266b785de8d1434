//! What a server answers with at this moment, and the one way to change it: a new policy or model is checked, the
//! policy's cases are tried, it is kept, and only then swapped in, whole. Requests in flight end with what they began
//! with. Knows neither the wire nor signals; its functions block, so they have no place on a thread that reads
//! requests.
//!
//! Which policy decides follows one rule, whether the server runs or is started: the newest. The file that the
//! settings name counts as new when its text is not the one that was last taken over from it. Which model answers: the
//! registry's active version, unless the settings pin one or it was refused.

mod agents;
mod change;
mod files;
mod loaded;
mod model;
mod reload;
mod served;
mod stamp;
mod start;
mod trial;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;
use jiff::Timestamp;

pub(crate) use change::count_failing;
pub use change::{Application, Applied, ChangeError, Return};
pub use loaded::{LivePolicy, Loaded};
pub use model::{ModelActivated, ModelActivation, ModelError, ModelReturn, ModelReturned};
pub use reload::{Part, Reloaded};
pub use served::EncoderThreads;
pub use stamp::{Stamp, followed, look};
pub use start::{Start, StartError, foresee};
pub use trial::{CheckedPolicy, Failure, SuiteFault, Trial, cases_pass};

use crate::metrics::{Metrics, Outcome, Reload};
use crate::model::{Bundle, By, Registry};
use crate::policy_store::{
    Change, PolicyRecord, PolicySource, PolicyStore, Versioned, unified_diff,
};
use crate::routing::{Policy, Roster};
use crate::shadow::{Report, Shadow, ShadowError, Share};
use crate::triage::{LoadError, Sources, Triage};
use served::ServedModel;

/// How often what was tried is tried anew because policy or model were changed in the meantime.
const ATTEMPTS: usize = 3;

/// Model, policy and roster of a running server.
#[derive(Debug)]
pub struct Live {
    sources: Sources,
    /// What each model gets that has a transformer.
    encoder_threads: EncoderThreads,
    metrics: Metrics,
    shadow: Arc<Shadow>,
    /// What requests are answered with.
    loaded: Arc<ArcSwapOption<Loaded>>,
    changing: Mutex<Changing>,
}

/// What changes one at a time. Held for as long as writing takes, never while cases are tried.
#[derive(Debug)]
struct Changing {
    current: Arc<Loaded>,
    /// Where policies are kept; `None` keeps none.
    store: Option<PolicyStore>,
    /// Version of the policy's file when it was last taken over.
    policy_file: Option<String>,
    /// Checksum of the roster's file when it was last taken over.
    roster_file: Option<String>,
}

/// A policy that is about to decide, checked and tried.
struct Candidate<'a> {
    policy: Arc<Policy>,
    text: &'a str,
    source: PolicySource,
    /// Who lets it decide and why, where somebody says.
    by: Option<&'a By>,
    cases: usize,
    /// In the place of the roster so far.
    roster: Option<Arc<Roster>>,
    /// In the place of the model so far.
    model: Option<StartedModel>,
}

/// A model with its threads.
type StartedModel = (Arc<Bundle>, ServedModel);

/// What came of a swap.
struct Swapped {
    record: PolicyRecord,
    previous: String,
    diff: String,
}

impl Live {
    /// Where model, policy and roster are.
    #[must_use]
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// What requests are answered with now.
    #[must_use]
    pub fn current(&self) -> Arc<Loaded> {
        Arc::clone(&self.lock().current)
    }

    /// The model that classifies the same tickets unseen, if there is one.
    #[must_use]
    pub fn shadow(&self) -> &Shadow {
        &self.shadow
    }

    /// Lets a version of the registry be the shadow, in place of the one so far, and returns what that one found.
    ///
    /// # Errors
    /// If there is no such version, it is unusable, or its thread cannot be started; the shadow so far stays.
    pub fn start_shadow(
        &self,
        version: &str,
        sample: Share,
    ) -> Result<Option<Report>, ShadowError> {
        let registry = Registry::new(&self.sources.models);
        self.shadow.start(&registry, version, sample)
    }

    /// The text of a policy that is kept, with its record.
    ///
    /// # Errors
    /// If it is not kept or cannot be read.
    pub fn kept(&self, version: &str) -> Result<(PolicyRecord, String), ChangeError> {
        let changing = self.lock();
        let live = changing.current.policy();
        if live.record.version == version {
            return Ok((live.record.clone(), live.text.clone()));
        }
        let store = changing.store.as_ref().ok_or(ChangeError::NoStore)?;
        Ok((store.find(version)?.clone(), store.text(version)?))
    }

    /// A panic while the lock was held left nothing half done: what is kept is written last.
    fn lock(&self) -> MutexGuard<'_, Changing> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a policy and lets it decide.
    ///
    /// # Errors
    /// If it does not fit model or roster, or cannot be kept; nothing has changed then.
    fn swap(
        &self,
        changing: &mut Changing,
        candidate: Candidate<'_>,
    ) -> Result<Swapped, ChangeError> {
        let current = Arc::clone(&changing.current);
        let roster = candidate
            .roster
            .or_else(|| current.triage().roster().cloned());
        let (bundle, model) = match candidate.model {
            Some((bundle, model)) => (bundle, Some(model)),
            None => (Arc::clone(current.triage().bundle()), None),
        };
        let triage = Triage::new(bundle, candidate.policy, roster)?;
        let version = triage.policy_version().to_owned();
        let previous = current.policy();
        let diff = diff_of(previous, &version, candidate.text);
        let by = candidate.by.cloned().unwrap_or_default();
        let record = PolicyRecord {
            version,
            source: candidate.source,
            author: by.author,
            caller: by.caller,
            comment: by.comment,
            time: Timestamp::now(),
            before: Some(previous.record.version.clone()),
        };
        let from_file = candidate.source == PolicySource::File;
        let file_version = from_file.then(|| record.version.clone());
        let mut earlier = Vec::new();
        if let Some(store) = &mut changing.store {
            store.commit(Change {
                record: record.clone(),
                text: candidate.text,
                diff: &diff,
                cases: candidate.cases,
                file_version: file_version.clone(),
            })?;
            earlier = store.earlier();
        }
        changing.policy_file = file_version.or(changing.policy_file.take());
        let policy = LivePolicy {
            record: record.clone(),
            text: candidate.text.to_owned(),
            earlier,
        };
        self.put(changing, current.with(triage, Arc::new(policy), model));
        self.metrics.reloaded(Reload::Policy, Outcome::TakenOver);
        tracing::info!(
            policy_version = record.version,
            before = record.before,
            source = ?record.source,
            author = record.author,
            caller = record.caller,
            cases = candidate.cases,
            "another policy decides"
        );
        Ok(Swapped {
            previous: previous.record.version.clone(),
            record,
            diff,
        })
    }

    /// Lets the policy decide on with another model or roster.
    ///
    /// # Errors
    /// If it does not fit them; nothing has changed then.
    fn put_beside(
        &self,
        changing: &mut Changing,
        model: Option<StartedModel>,
        roster: Option<Arc<Roster>>,
    ) -> Result<(), LoadError> {
        let current = Arc::clone(&changing.current);
        let so_far = current.triage();
        let (bundle, model) = match model {
            Some((bundle, model)) => (bundle, Some(model)),
            None => (Arc::clone(so_far.bundle()), None),
        };
        let roster = roster.or_else(|| so_far.roster().cloned());
        let triage = Triage::new(bundle, Arc::clone(so_far.policy()), roster)?;
        let policy = Arc::clone(current.policy());
        self.put(changing, current.with(triage, policy, model));
        Ok(())
    }

    /// Answers with `loaded` from now on.
    fn put(&self, changing: &mut Changing, loaded: Loaded) {
        // Before it is seen: whoever begins with the new roster finds its places.
        if let Some(roster) = loaded.triage().roster() {
            loaded.reservations().put_roster(roster);
        }
        let before = std::mem::replace(&mut changing.current, Arc::new(loaded));
        self.loaded.store(Some(Arc::clone(&changing.current)));
        if changing.current.has_other_model(&before) {
            self.metrics.reloaded(Reload::Model, Outcome::TakenOver);
            tracing::info!(
                model_version = changing.current.triage().model_version(),
                before = before.triage().model_version(),
                "another model answers"
            );
        }
    }
}

/// What changes if `text` takes the place of `live`.
fn diff_of(live: &LivePolicy, version: &str, text: &str) -> String {
    let old = Versioned {
        version: &live.record.version,
        text: &live.text,
    };
    unified_diff(Some(old), Versioned { version, text })
}
