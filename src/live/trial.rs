//! A policy before it goes live: read and held against the model, its cases tried with that model.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use regex::Regex;

use super::{ChangeError, Live};
use crate::model::Bundle;
use crate::policy_test::{
    CaseResult, Coverage, Model, SentSuite, Suite, SuiteError, SuiteSources, run, suites_beside,
};
use crate::routing::{Fault, Lint, Policy, PolicyAgainst, PolicyErrors, Roster, Unfit};
use crate::triage::known_labels;

/// What messages call a policy that came by a call.
pub(super) const ORIGIN: &str = "policy";

/// A policy that nothing is wrong with.
#[derive(Debug, Clone)]
pub struct CheckedPolicy {
    /// The policy.
    pub policy: Arc<Policy>,
    /// What looks like a mistake.
    pub warnings: Vec<Lint>,
}

/// What came of a policy's cases.
#[derive(Debug, Clone)]
pub struct Trial {
    /// How many were tried.
    pub cases: usize,
    /// Those that failed, in the order of the files.
    pub failures: Vec<Failure>,
    /// What they touched of the policy.
    pub coverage: Coverage,
}

/// A case that failed.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The file of cases.
    pub file: String,
    /// What came of it.
    pub result: CaseResult,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, result } = self;
        write!(
            f,
            "{file}:{}: case '{}': {}",
            result.line,
            result.name,
            self.differences()
        )
    }
}

impl Failure {
    /// What was expected and what came, in one line.
    #[must_use]
    pub fn differences(&self) -> String {
        let mismatches = self.result.steps.iter().flat_map(|step| &step.mismatches);
        let told: Vec<String> = mismatches
            .map(|one| format!("{}: expected {}, got {}", one.field, one.expected, one.got))
            .collect();
        told.join("; ")
    }
}

/// A file of cases that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SuiteFault {
    /// One beside the policy's file, or the place where they are looked for.
    #[error(transparent)]
    Beside(#[from] SuiteError),
    /// One that was sent.
    #[error("{name}: {error}")]
    Sent {
        /// Its name.
        name: String,
        /// What is wrong with it.
        error: SuiteError,
    },
}

/// Reads a policy and holds it against the labels of the model and the roster; `origin` names it in messages.
pub(super) fn check(
    text: &str,
    origin: &str,
    bundle: &Bundle,
    roster: Option<&Roster>,
) -> Result<CheckedPolicy, Unfit> {
    let labels = known_labels(bundle);
    let against = PolicyAgainst {
        roster,
        labels: Some(&labels),
    };
    let policy = Policy::parse_against(text, origin, against)?;
    Ok(CheckedPolicy {
        warnings: policy.lint(text, against),
        policy: Arc::new(policy),
    })
}

/// The cases to be tried.
pub(super) struct Cases<'a> {
    /// The policy's file: cases are looked for beside it.
    pub(super) policy_file: &'a Path,
    /// More, each name once; some may stand in for those.
    pub(super) sent: &'a [SentSuite],
    /// Which of them: those whose names it is found in.
    pub(super) run: Option<&'a Regex>,
}

impl Cases<'_> {
    /// Tries them on `policy`.
    pub(super) fn try_on(
        &self,
        policy: &Arc<Policy>,
        bundle: &Bundle,
    ) -> Result<Trial, Vec<SuiteFault>> {
        let labels = known_labels(bundle);
        let mut trial = Trial {
            cases: 0,
            failures: Vec::new(),
            coverage: Coverage::new(policy, Some(&labels)),
        };
        let mut faults = Vec::new();
        let sources = SuiteSources {
            policy: Some((policy, self.policy_file)),
            roster: None,
            labels: Some(&labels),
        };
        let mut model = Model::new(bundle);
        let mut take = |suite: Result<Suite, SuiteFault>| {
            let tried = suite.map(|suite| self.try_suite(&suite, &mut model, &mut trial));
            faults.extend(tried.err());
        };
        for path in suites_beside(self.policy_file).map_err(|error| vec![error.into()])? {
            if self
                .sent
                .iter()
                .any(|sent| sent.replaces(&path, self.policy_file))
            {
                continue;
            }
            take(Suite::load(&path, sources).map_err(SuiteFault::from));
        }
        for sent in self.sent {
            let folder = sent.folder(self.policy_file);
            let (text, name) = (sent.text(), sent.name());
            let read = || -> Result<Suite, SuiteError> {
                sent.check_files(self.policy_file)?;
                Suite::parse(text, name, &folder, sources)
            };
            take(read().map_err(|error| SuiteFault::Sent {
                name: name.to_owned(),
                error,
            }));
        }
        match faults.is_empty() {
            true => Ok(trial),
            false => Err(faults),
        }
    }

    fn try_suite(&self, suite: &Suite, model: &mut Model<'_>, trial: &mut Trial) {
        let wanted = |name: &str| self.run.is_none_or(|run| run.is_match(name));
        for case in suite.cases.iter().filter(|case| wanted(&case.name)) {
            // There is a model, so nothing is missing.
            let Ok(result) = run(case, &suite.policy, Some(model)) else {
                continue;
            };
            trial.cases += 1;
            for step in &result.steps {
                trial.coverage.note(step);
            }
            if !result.passed() {
                trial.failures.push(Failure {
                    file: suite.origin.clone(),
                    result,
                });
            }
        }
    }
}

/// Tries the cases beside the policy's file; returns how many there are.
///
/// # Errors
/// If a file of cases cannot be used, or a case fails.
pub fn cases_pass(
    policy: &Arc<Policy>,
    bundle: &Bundle,
    policy_file: &Path,
) -> Result<usize, ChangeError> {
    let cases = Cases {
        policy_file,
        sent: &[],
        run: None,
    };
    let trial = cases.try_on(policy, bundle).map_err(ChangeError::Suites)?;
    trial.into_passed()
}

impl Trial {
    /// How many cases there are, if all pass.
    ///
    /// # Errors
    /// If one fails.
    pub(super) fn into_passed(self) -> Result<usize, ChangeError> {
        match self.failures.is_empty() {
            true => Ok(self.cases),
            false => Err(ChangeError::Failing {
                failures: self.failures,
                cases: self.cases,
            }),
        }
    }
}

impl Live {
    /// Reads a policy and holds it against the model.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn check(&self, text: &str) -> Result<CheckedPolicy, PolicyErrors> {
        let current = self.current();
        let checked = check(text, ORIGIN, current.triage().bundle(), None);
        checked.map_err(|unfit| PolicyErrors(unfit.into_errors(ORIGIN)))
    }

    /// All that is wrong with a policy, by itself, beside the model and beside the roster, and what looks like a
    /// mistake; the latter only if nothing but the roster does not fit.
    #[must_use]
    pub fn examine_text(&self, text: &str) -> (Vec<Fault>, Vec<Lint>) {
        let current = self.current();
        let bundle = current.triage().bundle();
        let roster = current.triage().roster().map(Arc::as_ref);
        match check(text, ORIGIN, bundle, roster) {
            Ok(checked) => (Vec::new(), checked.warnings),
            Err(unfit @ Unfit::Roster(_)) => {
                let alone = check(text, ORIGIN, bundle, None);
                let warnings = alone.map(|checked| checked.warnings).unwrap_or_default();
                (unfit.into_errors(ORIGIN).faults, warnings)
            }
            Err(unfit @ Unfit::Policy(_)) => (unfit.into_errors(ORIGIN).faults, Vec::new()),
        }
    }

    /// Tries the cases beside the policy's file, and those sent, on a policy.
    ///
    /// # Errors
    /// Every file of cases that cannot be used.
    pub fn test(
        &self,
        policy: &Arc<Policy>,
        sent: &[SentSuite],
        run: Option<&Regex>,
    ) -> Result<Trial, Vec<SuiteFault>> {
        let cases = Cases {
            policy_file: &self.sources.policy,
            sent,
            run,
        };
        cases.try_on(policy, self.current().triage().bundle())
    }
}
