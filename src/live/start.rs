//! What a server answers with at first: the policy that decided last, or the file's where that has changed since.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwapOption;
use jiff::Timestamp;

use super::files::RosterFile;
use super::served::{EncoderThreads, ServedModel};
use super::trial::cases_pass;
use super::{ChangeError, Changing, Live, LivePolicy, Loaded};
use crate::metrics::Metrics;
use crate::model::{Bundle, Registry};
use crate::policy_store::{
    Change, PolicyRecord, PolicySource, PolicyStore, StoreError, Versioned, unified_diff,
};
use crate::routing::{ReservationLimits, Reservations, policy_version_of, read_policy_text};
use crate::shadow::Shadow;
use crate::triage::{LoadError, Sources, Triage};

/// What a server is started with.
#[derive(Debug, Clone)]
pub struct Start {
    /// Where model, policy and roster are.
    pub sources: Sources,
    /// Where policies are kept; `None` keeps none, so that none can be applied.
    pub state: Option<PathBuf>,
    /// Threads of the sentence encoder, where the model has a transformer.
    pub encoder: EncoderThreads,
    /// How long places are reserved, and how many.
    pub reservations: ReservationLimits,
    /// What counts tickets and changes.
    pub metrics: Metrics,
}

/// Why a server cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Model, policy or roster are unusable.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Policies cannot be kept or had back.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The policy that decided last fits model and roster no more.
    #[error(
        "policy {version}, which decided last, does not fit any more: {problem}\nchange {} so that it does, and it takes its place",
        file.display()
    )]
    Kept {
        /// Its version.
        version: String,
        /// What is wrong.
        problem: Box<LoadError>,
        /// The policy's file.
        file: PathBuf,
    },
    /// The sentence encoder's threads cannot be started.
    #[error("cannot start the threads of the sentence encoder: {0}: lower server.encoder_threads")]
    EncoderThreads(io::Error),
}

/// The policy to begin with.
struct First {
    policy: LivePolicy,
    triage: Triage,
    /// How many cases were tried, where it is the file's and is not kept yet.
    new: Option<usize>,
}

/// What goes with a policy.
struct Parts {
    bundle: Arc<Bundle>,
    roster: Option<RosterFile>,
}

impl Parts {
    fn load(sources: &Sources) -> Result<Self, LoadError> {
        let registry = Registry::new(&sources.models);
        Ok(Self {
            bundle: Arc::new(registry.load(sources.version.as_deref())?),
            roster: RosterFile::load(sources)?,
        })
    }

    fn fit(&self, text: &str, origin: &str) -> Result<Triage, LoadError> {
        let roster = self.roster.as_ref().map(|file| Arc::clone(&file.roster));
        Triage::read(Arc::clone(&self.bundle), (text, origin), roster)
    }

    /// The policy of the file, which takes the place of version `before`.
    fn first(&self, text: String, file: &Path, before: Option<String>) -> Result<First, LoadError> {
        let triage = self.fit(&text, &file.display().to_string())?;
        let record = PolicyRecord {
            version: triage.policy_version().to_owned(),
            source: PolicySource::File,
            author: None,
            caller: None,
            comment: String::new(),
            time: Timestamp::now(),
            before,
        };
        Ok(First {
            policy: LivePolicy {
                record,
                text,
                earlier: Vec::new(),
            },
            triage,
            new: None,
        })
    }
}

impl Start {
    /// Loads all parts, checks that they fit together, and puts them into `loaded`.
    ///
    /// Where no policy was kept, the file's is taken; its cases are tried, and what fails is logged: there is no
    /// other to stay with. Where one was kept it decides, unless the file was changed since it was last taken over
    /// and its policy passes all that a running server would ask of it.
    ///
    /// # Errors
    /// If a part is unusable.
    pub fn run(self, loaded: Arc<ArcSwapOption<Loaded>>) -> Result<Live, StartError> {
        let sources = self.sources;
        let state = self.state.as_deref();
        let mut store = state.map(PolicyStore::open).transpose()?;
        let parts = Parts::load(&sources)?;
        let first = choose(store.as_ref(), &parts, &sources.policy)?;
        let mut policy = first.policy;
        if let (Some(store), Some(cases)) = (&mut store, first.new) {
            keep(store, &mut policy, cases)?;
        }
        let policy_file = match &store {
            Some(store) => store.file_version().map(str::to_owned),
            None => Some(policy.record.version.clone()),
        };
        let metrics = self.metrics;
        let model = ServedModel::start(&parts.bundle, self.encoder, &metrics);
        let model = model.map_err(StartError::EncoderThreads)?;
        let reservations = Reservations::new(self.reservations);
        let shadow = Arc::new(Shadow::new(metrics.clone()));
        let own = Arc::clone(&shadow);
        let current = Loaded::new(first.triage, model, policy, reservations, own);
        let current = Arc::new(current);
        loaded.store(Some(Arc::clone(&current)));
        Ok(Live {
            encoder_threads: self.encoder,
            metrics,
            shadow,
            loaded,
            changing: Mutex::new(Changing {
                current,
                store,
                policy_file,
                roster_file: parts.roster.map(|file| file.checksum),
            }),
            sources,
        })
    }
}

/// Which policy a server over these sources would begin with, whose policies `kept` looked at. Nothing is served, and
/// nothing is written.
///
/// # Errors
/// If a part is unusable.
pub fn foresee(sources: &Sources, kept: &PolicyStore) -> Result<PolicyRecord, StartError> {
    let parts = Parts::load(sources)?;
    Ok(choose(Some(kept), &parts, &sources.policy)?.policy.record)
}

/// The policy that decided last, the file's if that has changed since, or the file's if there is no other.
fn choose(store: Option<&PolicyStore>, parts: &Parts, file: &Path) -> Result<First, StartError> {
    let Some((store, last)) = store.and_then(|store| Some((store, store.live()?))) else {
        let text = read_policy_text(file).map_err(LoadError::from)?;
        let mut first = parts.first(text, file, None)?;
        let cases = cases_pass(first.triage.policy(), &parts.bundle, file);
        if let Err(error) = &cases {
            tracing::error!(%error, "the policy decides although its cases do not pass");
        }
        first.new = Some(cases.unwrap_or(0));
        return Ok(first);
    };
    let version = &last.version;
    let path = file.display();
    match changed_file(store, last, parts, file) {
        Ok(Some(first)) => {
            tracing::info!(file = %path, before = version, "the policy's file was changed and decides");
            return Ok(first);
        }
        Ok(None) if last.source == PolicySource::File => {}
        Ok(None) => tracing::info!(
            policy_version = version,
            author = last.author,
            since = %last.time,
            file = %path,
            "the policy that was applied decides: the file was not changed since"
        ),
        Err(error) => tracing::error!(
            %error,
            file = %path,
            policy_version = version,
            "the policy's file is refused: the policy that decided last stays"
        ),
    }
    let text = store.text(version)?;
    let origin = store.text_path(version);
    let fitted = parts.fit(&text, &origin.display().to_string());
    let triage = fitted.map_err(|problem| StartError::Kept {
        version: version.clone(),
        problem: Box::new(problem),
        file: file.to_owned(),
    })?;
    Ok(First {
        policy: LivePolicy {
            record: last.clone(),
            text,
            earlier: store.earlier(),
        },
        triage,
        new: None,
    })
}

/// The policy of the file if it was changed since it was last taken over, checked and tried.
fn changed_file(
    store: &PolicyStore,
    last: &PolicyRecord,
    parts: &Parts,
    file: &Path,
) -> Result<Option<First>, ChangeError> {
    let text = read_policy_text(file)?;
    let version = policy_version_of(&text);
    if store.file_version() == Some(&version) || last.version == version {
        return Ok(None);
    }
    let first = parts.first(text, file, Some(last.version.clone()))?;
    let cases = cases_pass(first.triage.policy(), &parts.bundle, file)?;
    let new = Some(cases);
    Ok(Some(First { new, ..first }))
}

/// Keeps the policy of the file.
fn keep(store: &mut PolicyStore, policy: &mut LivePolicy, cases: usize) -> Result<(), StartError> {
    let record = &policy.record;
    let before = match &record.before {
        Some(version) => Some((version.as_str(), store.text(version)?)),
        None => None,
    };
    let old = before
        .as_ref()
        .map(|(version, text)| Versioned { version, text });
    let new = Versioned {
        version: &record.version,
        text: &policy.text,
    };
    store.commit(Change {
        record: record.clone(),
        text: &policy.text,
        diff: &unified_diff(old, new),
        cases,
        file_version: Some(record.version.clone()),
    })?;
    policy.earlier = store.earlier();
    Ok(())
}
