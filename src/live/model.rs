//! Another model by a call: activated behind the gate, or gone back to. The registry's pointer moves and the model is
//! swapped in one step.

use std::io;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::served::ServedModel;
use super::trial::cases_pass;
use super::{ATTEMPTS, ChangeError, Changing, Live, Loaded};
use crate::model::gate::judge_out_of_fold;
use crate::model::{Basis, Bundle, By, Judged, Pointer, Registry, RegistryError, Verdict};
use crate::triage::{LoadError, Triage};

/// A model to be activated.
#[derive(Debug, Clone)]
pub struct ModelActivation {
    /// Its version.
    pub version: String,
    /// Who activates it and why.
    pub by: By,
    /// The version that must be active until now; `None` takes any.
    pub expected: Option<String>,
    /// Whether the gate is overruled.
    pub force: bool,
    /// Whether it must have been compared with the active version by something: where nobody looks on, "nothing speaks
    /// against it" is not enough.
    pub must_be_compared: bool,
}

/// What came, or would come, of an activation.
#[derive(Debug, Clone)]
pub struct ModelActivated {
    /// The version.
    pub version: String,
    /// The version that was active until now, and what the gate said of this one beside it.
    pub judged: Judged,
    /// Whether anything changed, or would.
    pub changed: bool,
    /// How many cases were tried.
    pub cases: usize,
}

/// A model to be gone back to: the one before.
#[derive(Debug, Clone)]
pub struct ModelReturn {
    /// Who goes back and why.
    pub by: By,
    /// The version that must be active until now; `None` takes any.
    pub expected: Option<String>,
}

/// What came of going back.
#[derive(Debug, Clone)]
pub struct ModelReturned {
    /// The version that is active now.
    pub version: String,
    /// The version that was active until now.
    pub previous: String,
}

/// Why the model that is served stays.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// There is no such version, it is unusable, or the registry cannot be read or written.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The policy that decides names what it lacks.
    #[error("model {model} does not fit policy {policy}, which decides: {problem}")]
    Unfit {
        /// The model's version.
        model: String,
        /// The policy's version.
        policy: String,
        /// What does not fit.
        problem: Box<LoadError>,
    },
    /// Cases of the policy fail with it, or cannot be tried.
    #[error("policy {policy}, which decides, was tried with model {model}: {problem}")]
    Cases {
        /// The model's version.
        model: String,
        /// The policy's version.
        policy: String,
        /// Which cases.
        problem: Box<ChangeError>,
    },
    /// The gate refuses it.
    #[error(
        "model {version} is worse than the active one, {active}: {}",
        reasons(verdict)
    )]
    Refused {
        /// The version.
        version: String,
        /// The active version.
        active: String,
        /// Why.
        verdict: Verdict,
    },
    /// Nothing says whether it is worse than the active one, and that was asked for.
    #[error(
        "model {version} could not be compared with the active one, {active}: hold tickets out of training that both are \
         measured on, or activate it by ActivateModel{}",
        notes(verdict)
    )]
    NotCompared {
        /// The version.
        version: String,
        /// The active version.
        active: String,
        /// What the gate noticed.
        verdict: Verdict,
    },
    /// Another version is active than was expected.
    #[error(
        "version {} is the active one, not {expected} as expected: see what changed and try again",
        active.as_deref().unwrap_or("none")
    )]
    Conflict {
        /// The version that was expected.
        expected: String,
        /// The version that is active.
        active: Option<String>,
    },
    /// The settings pin a version.
    #[error(
        "the settings pin model {version}: take model.version out of them to follow the active version"
    )]
    Pinned {
        /// The version.
        version: String,
    },
    /// Policy or model were changed again and again while it was tried.
    #[error("policy or model were changed while the model was tried: try again")]
    Raced,
    /// The sentence encoder's threads cannot be started.
    #[error("cannot start the threads of the sentence encoder: {0}: lower server.encoder_threads")]
    EncoderThreads(io::Error),
    /// Whoever asked is gone.
    #[error("nobody waits for the answer any more")]
    Abandoned,
}

fn reasons(verdict: &Verdict) -> String {
    let reasons: Vec<String> = verdict.reasons.iter().map(ToString::to_string).collect();
    reasons.join("; ")
}

fn notes(verdict: &Verdict) -> String {
    match verdict.notes.is_empty() {
        true => String::new(),
        false => format!(" ({})", verdict.notes.join("; ")),
    }
}

impl ModelError {
    /// What a model and a policy that was tried with it have against each other.
    pub(super) fn unfit(model: &str, policy: &str, problem: ChangeError) -> Self {
        let (model, policy) = (model.to_owned(), policy.to_owned());
        let unfit = |problem| Self::Unfit {
            model: model.clone(),
            policy: policy.clone(),
            problem: Box::new(problem),
        };
        match problem {
            ChangeError::Policy(errors) => unfit(LoadError::Policy(errors)),
            ChangeError::Roster(errors) => unfit(LoadError::Roster(errors)),
            ChangeError::Model(problem) => unfit(problem),
            ChangeError::EncoderThreads(error) => Self::EncoderThreads(error),
            ChangeError::Raced => Self::Raced,
            problem => Self::Cases {
                model,
                policy,
                problem: Box::new(problem),
            },
        }
    }
}

impl Live {
    /// Does all that [`activate_model`](Self::activate_model) does but changes nothing.
    ///
    /// # Errors
    /// Why the model could not be activated.
    pub fn rehearse_model(&self, wish: &ModelActivation) -> Result<ModelActivated, ModelError> {
        let registry = self.unpinned_registry()?;
        let bundle = Arc::new(registry.load(Some(&wish.version))?);
        let current = self.current();
        let cases = try_model(&bundle, &current, &self.sources.policy)?;
        let judged = judge(&registry.hold()?, &bundle, wish)?;
        Ok(outcome(&bundle, &current, judged, cases))
    }

    /// Makes a model the active one and answers with it from now on, if it fits policy and roster, the policy's cases
    /// pass with it, the gate does not refuse it or is overruled, and `is_wanted` still holds after that.
    ///
    /// # Errors
    /// Why the model that is served stays.
    pub fn activate_model(
        &self,
        wish: &ModelActivation,
        is_wanted: impl Fn() -> bool,
    ) -> Result<ModelActivated, ModelError> {
        let registry = self.unpinned_registry()?;
        let bundle = Arc::new(registry.load(Some(&wish.version))?);
        for _ in 0..ATTEMPTS {
            let current = self.current();
            let cases = try_model(&bundle, &current, &self.sources.policy)?;
            let pointer = registry.hold()?;
            let judged = judge(&pointer, &bundle, wish)?;
            let done = outcome(&bundle, &current, judged, cases);
            if !done.changed {
                return Ok(done);
            }
            let model = self.start(&bundle)?;
            let mut changing = self.lock();
            if !changing.current.decides_as(&current) {
                // What was tried may not hold any more.
                continue;
            }
            if !is_wanted() {
                tracing::info!("a model was not activated: nobody waited for the answer any more");
                return Err(ModelError::Abandoned);
            }
            let triage = fit(&bundle, &changing.current)?;
            pointer.activate(&bundle, Timestamp::now(), &done.judged.verdict, &wish.by)?;
            self.put_model(&mut changing, triage, model);
            return Ok(done);
        }
        Err(ModelError::Raced)
    }

    /// Goes back to the model that was active before. It is not judged and cases are not tried, as those that there
    /// are may have been written for the model that is gone back from.
    ///
    /// # Errors
    /// Why the model that is served stays.
    pub fn roll_model_back(&self, wish: &ModelReturn) -> Result<ModelReturned, ModelError> {
        let registry = self.unpinned_registry()?;
        let pointer = registry.hold()?;
        let active = pointer.active()?;
        expect(wish.expected.as_deref(), active.as_deref())?;
        let bundle = Arc::new(pointer.load_previous()?);
        let model = self.start(&bundle)?;
        let mut changing = self.lock();
        let triage = fit(&bundle, &changing.current)?;
        pointer.rollback(&bundle, Timestamp::now(), &wish.by)?;
        self.put_model(&mut changing, triage, model);
        Ok(ModelReturned {
            version: bundle.version.clone(),
            previous: active.unwrap_or_default(),
        })
    }

    /// The registry, if its active version is followed.
    fn unpinned_registry(&self) -> Result<Registry, ModelError> {
        match &self.sources.version {
            Some(version) => Err(ModelError::Pinned {
                version: version.clone(),
            }),
            None => Ok(Registry::new(&self.sources.models)),
        }
    }

    fn start(&self, bundle: &Arc<Bundle>) -> Result<ServedModel, ModelError> {
        ServedModel::start(bundle, self.encoder_threads, &self.metrics)
            .map_err(ModelError::EncoderThreads)
    }

    /// Answers with another model from now on.
    fn put_model(&self, changing: &mut Changing, triage: Triage, model: ServedModel) {
        let before = Arc::clone(&changing.current);
        let policy = Arc::clone(before.policy());
        self.put(changing, before.with(triage, policy, Some(model)));
    }
}

/// Holds a model against policy and roster, and tries the cases; returns how many there are.
fn try_model(
    bundle: &Arc<Bundle>,
    current: &Loaded,
    policy_file: &Path,
) -> Result<usize, ModelError> {
    fit(bundle, current)?;
    let policy = current.triage().policy();
    cases_pass(policy, bundle, policy_file)
        .map_err(|problem| ModelError::unfit(&bundle.version, policy.version(), problem))
}

/// The model with policy and roster in force.
fn fit(bundle: &Arc<Bundle>, current: &Loaded) -> Result<Triage, ModelError> {
    let triage = current.triage();
    let (policy, roster) = (triage.policy(), triage.roster());
    Triage::new(Arc::clone(bundle), Arc::clone(policy), roster.cloned())
        .map_err(|problem| ModelError::unfit(&bundle.version, policy.version(), problem.into()))
}

/// What the gate says of a model, if it lets it pass or is overruled.
fn judge(
    pointer: &Pointer<'_>,
    bundle: &Bundle,
    wish: &ModelActivation,
) -> Result<Judged, ModelError> {
    let judged = pointer.judge(bundle, |active| {
        Ok::<_, ModelError>(judge_out_of_fold(active.into(), bundle.into()))
    })?;
    expect(wish.expected.as_deref(), judged.active.as_deref())?;
    let version = bundle.version.clone();
    if judged.verdict.refused() && !wish.force {
        return Err(ModelError::Refused {
            version,
            active: judged.active.unwrap_or_default(),
            verdict: judged.verdict,
        });
    }
    if wish.must_be_compared
        && judged.verdict.basis == Basis::Nothing
        && let Some(active) = judged.active.clone().filter(|own| *own != version)
    {
        return Err(ModelError::NotCompared {
            version,
            active,
            verdict: judged.verdict,
        });
    }
    Ok(judged)
}

fn outcome(bundle: &Bundle, current: &Loaded, judged: Judged, cases: usize) -> ModelActivated {
    let version = bundle.version.clone();
    ModelActivated {
        changed: judged.active.as_ref() != Some(&version)
            || current.triage().model_version() != version,
        version,
        judged,
        cases,
    }
}

/// Checks that the version that is active is the one that is expected to be.
fn expect(expected: Option<&str>, active: Option<&str>) -> Result<(), ModelError> {
    match expected {
        Some(expected) if Some(expected) != active => Err(ModelError::Conflict {
            expected: expected.to_owned(),
            active: active.map(str::to_owned),
        }),
        Some(_) | None => Ok(()),
    }
}
