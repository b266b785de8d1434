//! Another policy by a call: applied, or gone back to.

use std::fmt;
use std::io;
use std::sync::Arc;

use super::trial::{Cases, Failure, ORIGIN, SuiteFault, check};
use super::{ATTEMPTS, Candidate, Live, LivePolicy, Loaded, diff_of};
use crate::model::By;
use crate::policy_store::{PolicyRecord, PolicySource, StoreError};
use crate::policy_test::SentSuite;
use crate::routing::{Lint, Policy, PolicyErrors, Roster, RosterErrors, Unfit};
use crate::triage::LoadError;

/// Most failed cases that a message names; the rest are counted.
const MAX_NAMED: usize = 20;

/// A policy to be applied.
#[derive(Debug, Clone)]
pub struct Application {
    /// Its text.
    pub text: String,
    /// Cases to be tried besides those beside the policy's file.
    pub sent: Vec<SentSuite>,
    /// Who applies it and why.
    pub by: By,
    /// The version that must decide until now; `None` takes any.
    pub expected: Option<String>,
}

/// A policy to be gone back to.
#[derive(Debug, Clone)]
pub struct Return {
    /// Its version; `None` for the one before.
    pub version: Option<String>,
    /// Who goes back and why.
    pub by: By,
    /// The version that must decide until now; `None` takes any.
    pub expected: Option<String>,
}

/// What came, or would come, of a change.
#[derive(Debug, Clone)]
pub struct Applied {
    /// The policy that decides now; `None` if nothing was changed.
    pub record: Option<PolicyRecord>,
    /// The version of the policy that was to decide.
    pub version: String,
    /// The version that decided until now.
    pub previous: String,
    /// What changed, as a unified diff.
    pub diff: String,
    /// How many cases were tried.
    pub cases: usize,
    /// What looks like a mistake.
    pub warnings: Vec<Lint>,
}

/// Why the policy that decides stays.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// Something is wrong with the new one.
    #[error(transparent)]
    Policy(#[from] PolicyErrors),
    /// It and the roster do not fit.
    #[error("policy and roster do not fit:\n{0}")]
    Roster(#[from] RosterErrors),
    /// It and the roster's file, which the next start reads, do not fit.
    #[error(
        "policy and the roster's file do not fit, so the server could not be started again:\n{0}"
    )]
    RosterFile(RosterErrors),
    /// It and the model do not fit.
    #[error(transparent)]
    Model(LoadError),
    /// Cases fail.
    #[error("{}", FailedCases(failures, *cases))]
    Failing {
        /// Those that do.
        failures: Vec<Failure>,
        /// How many were tried.
        cases: usize,
    },
    /// Files of cases cannot be used.
    #[error("{}", lines(.0))]
    Suites(Vec<SuiteFault>),
    /// Another policy decides than was expected.
    #[error(
        "policy {live} decides, not {expected} as expected: get it, see what changed and try again"
    )]
    Conflict {
        /// The version that was expected.
        expected: String,
        /// The version that decides.
        live: String,
    },
    /// Policies are not kept.
    #[error(
        "the settings name no folder to keep policies in: start the server with --state or state.folder"
    )]
    NoStore,
    /// There is nothing to go back to.
    #[error("no policy decided before {live}: name a version")]
    NothingBefore {
        /// The version that decides.
        live: String,
    },
    /// The version named decides already.
    #[error("policy {0} decides already")]
    AlreadyLive(String),
    /// Policies cannot be kept or had back.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Policy or model were changed again and again while it was tried.
    #[error("policy or model were changed while the policy was tried: try again")]
    Raced,
    /// The threads of another model's sentence encoder cannot be started.
    #[error("cannot start the threads of the sentence encoder: {0}: lower server.encoder_threads")]
    EncoderThreads(io::Error),
    /// Whoever asked is gone.
    #[error("nobody waits for the answer any more")]
    Abandoned,
}

impl From<LoadError> for ChangeError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Policy(errors) => Self::Policy(errors),
            LoadError::Roster(errors) => Self::Roster(errors),
            error => Self::Model(error),
        }
    }
}

impl From<Unfit> for ChangeError {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Policy(errors) => Self::Policy(errors),
            Unfit::Roster(errors) => Self::Roster(errors),
        }
    }
}

struct FailedCases<'a>(&'a [Failure], usize);

impl fmt::Display for FailedCases<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(failures, cases) = self;
        f.write_str(&count_failing(failures.len(), *cases))?;
        for failure in failures.iter().take(MAX_NAMED) {
            write!(f, "\n{failure}")?;
        }
        match failures.len().saturating_sub(MAX_NAMED) {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}

/// How many of the cases fail.
pub(crate) fn count_failing(failing: usize, cases: usize) -> String {
    match cases {
        1 => format!("{failing} of 1 case fails"),
        cases => format!("{failing} of {cases} cases fail"),
    }
}

fn lines(faults: &[SuiteFault]) -> String {
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    told.join("\n")
}

impl Live {
    /// Tries a policy as [`apply`](Self::apply) does and changes nothing.
    ///
    /// # Errors
    /// Why it could not be applied.
    pub fn rehearse(&self, application: &Application) -> Result<Applied, ChangeError> {
        Ok(self.examine(application, &self.current())?.1)
    }

    /// Lets a policy decide if nothing is wrong with it, its cases pass, and `is_wanted` still holds after that. One
    /// that decides already changes nothing.
    ///
    /// # Errors
    /// Why the policy that decides stays.
    pub fn apply(
        &self,
        application: &Application,
        is_wanted: impl Fn() -> bool,
    ) -> Result<Applied, ChangeError> {
        if self.lock().store.is_none() {
            return Err(ChangeError::NoStore);
        }
        for _ in 0..ATTEMPTS {
            let current = self.current();
            let (candidate, examined) = self.examine(application, &current)?;
            let mut changing = self.lock();
            // Another change may have come while the cases were tried.
            let live = changing.current.policy();
            expect(application.expected.as_deref(), live)?;
            if live.record.version == examined.version {
                return Ok(examined);
            }
            if !changing.current.decides_as(&current) {
                continue;
            }
            if !is_wanted() {
                tracing::info!("a policy was not applied: nobody waited for the answer any more");
                return Err(ChangeError::Abandoned);
            }
            let swapped = self.swap(&mut changing, candidate)?;
            return Ok(Applied {
                record: Some(swapped.record),
                previous: swapped.previous,
                diff: swapped.diff,
                ..examined
            });
        }
        Err(ChangeError::Raced)
    }

    /// Goes back to an earlier policy. It is checked; cases are not tried, as those that there are may have been
    /// written for the policy that is gone back from.
    ///
    /// # Errors
    /// Why the policy that decides stays.
    pub fn go_back(&self, wish: &Return) -> Result<Applied, ChangeError> {
        for _ in 0..ATTEMPTS {
            let (current, kept) = self.earlier(wish)?;
            let triage = current.triage();
            let roster = triage.roster().map(Arc::as_ref);
            let checked = check(&kept.text, &kept.origin, triage.bundle(), roster)?;
            self.check_roster_file(&checked.policy)?;
            let mut changing = self.lock();
            if !changing.current.decides_as(&current) {
                continue;
            }
            let candidate = Candidate {
                source: PolicySource::Rollback,
                ..Candidate::of_call(checked.policy, &kept.text, &wish.by)
            };
            let swapped = self.swap(&mut changing, candidate)?;
            return Ok(Applied {
                record: Some(swapped.record),
                version: kept.version,
                previous: swapped.previous,
                diff: swapped.diff,
                cases: 0,
                warnings: checked.warnings,
            });
        }
        Err(ChangeError::Raced)
    }

    /// What is to be gone back to, and what is in force as yet.
    fn earlier(&self, wish: &Return) -> Result<(Arc<Loaded>, Kept), ChangeError> {
        let changing = self.lock();
        let live = changing.current.policy();
        expect(wish.expected.as_deref(), live)?;
        let live = &live.record.version;
        let store = changing.store.as_ref().ok_or(ChangeError::NoStore)?;
        let version = match &wish.version {
            Some(version) if version == live => {
                return Err(ChangeError::AlreadyLive(version.clone()));
            }
            Some(version) => version.clone(),
            None => match store.previous() {
                Some(record) => record.version.clone(),
                None => return Err(ChangeError::NothingBefore { live: live.clone() }),
            },
        };
        let kept = Kept {
            text: store.text(&version)?,
            origin: store.text_path(&version).display().to_string(),
            version,
        };
        Ok((Arc::clone(&changing.current), kept))
    }

    /// Checks a policy, holds it against the roster and tries its cases.
    fn examine<'a>(
        &self,
        application: &'a Application,
        current: &Loaded,
    ) -> Result<(Candidate<'a>, Applied), ChangeError> {
        let live = current.policy();
        expect(application.expected.as_deref(), live)?;
        let bundle = current.triage().bundle();
        let roster = current.triage().roster().map(Arc::as_ref);
        let checked = check(&application.text, ORIGIN, bundle, roster)?;
        self.check_roster_file(&checked.policy)?;
        let cases = Cases {
            policy_file: &self.sources.policy,
            sent: &application.sent,
            run: None,
        };
        let trial = cases.try_on(&checked.policy, bundle);
        let cases = trial.map_err(ChangeError::Suites)?.into_passed()?;
        let version = checked.policy.version().to_owned();
        let examined = Applied {
            record: None,
            previous: live.record.version.clone(),
            diff: diff_of(live, &version, &application.text),
            version,
            cases,
            warnings: checked.warnings,
        };
        let candidate = Candidate {
            cases,
            ..Candidate::of_call(checked.policy, &application.text, &application.by)
        };
        Ok((candidate, examined))
    }

    /// Holds a policy against the roster's file, which need not be the roster in force: the next start reads it.
    pub(super) fn check_roster_file(&self, policy: &Policy) -> Result<(), ChangeError> {
        let Some(path) = &self.sources.roster else {
            return Ok(());
        };
        let roster = Roster::load(path).map_err(ChangeError::RosterFile)?;
        roster
            .check_against(policy)
            .map_err(ChangeError::RosterFile)
    }
}

impl<'a> Candidate<'a> {
    /// A policy that a call applies, with no cases tried: roster and model stay.
    fn of_call(policy: Arc<Policy>, text: &'a str, by: &'a By) -> Self {
        Self {
            policy,
            text,
            source: PolicySource::Apply,
            by: Some(by),
            cases: 0,
            roster: None,
            model: None,
        }
    }
}

/// A policy that is kept.
struct Kept {
    version: String,
    text: String,
    /// Its file, for messages.
    origin: String,
}

/// Checks that the policy that decides is the one that is expected to.
fn expect(expected: Option<&str>, live: &LivePolicy) -> Result<(), ChangeError> {
    let version = &live.record.version;
    match expected {
        Some(expected) if expected != version => Err(ChangeError::Conflict {
            expected: expected.to_owned(),
            live: version.clone(),
        }),
        Some(_) | None => Ok(()),
    }
}
