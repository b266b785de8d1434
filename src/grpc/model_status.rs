//! Why a model is not served, as a status: what stands in the way as preconditions.

use tonic::Status;

use super::routing_status::{bad_suites, cut, failing, precondition, unmet, unmet_faults};
use crate::live::{ChangeError, ModelError, count_failing};
use crate::model::{RegistryError, Verdict};
use crate::shadow::ShadowError;
use crate::triage::LoadError;

/// Why a model is not activated or gone back to.
pub(super) fn refused(error: ModelError) -> Box<Status> {
    let told = error.to_string();
    match error {
        ModelError::Registry(error) => registry(&error),
        ModelError::Unfit {
            model,
            policy,
            problem,
        } => {
            let message = format!("model {model} does not fit policy {policy}, which decides");
            match &*problem {
                LoadError::Policy(errors) => unmet_faults(&message, "POLICY", &errors.0),
                LoadError::Roster(errors) => unmet_faults(&message, "ROSTER", &errors.0),
                LoadError::Model(_) | LoadError::NoTopics { .. } => {
                    unmet(&message, vec![precondition("POLICY", &model, &problem)])
                }
            }
        }
        ModelError::Cases {
            model,
            policy,
            problem,
        } => match *problem {
            ChangeError::Failing { failures, cases } => {
                let count = count_failing(failures.len(), cases);
                let message = format!("{count} of policy {policy} with model {model}");
                unmet(&message, failures.iter().map(failing).collect())
            }
            ChangeError::Suites(faults) => bad_suites(faults),
            problem => unmet(
                &format!("policy {policy} could not be tried with model {model}"),
                vec![precondition("CASES", "the policy's cases", &problem)],
            ),
        },
        ModelError::Refused {
            version,
            active,
            verdict,
        } => {
            let message = format!("model {version} is worse than the active one, {active}");
            unmet(&message, reasons(&version, &verdict))
        }
        ModelError::NotCompared { version, .. } => unmet(
            "the model is not activated",
            vec![precondition("GATE", &version, &told)],
        ),
        ModelError::Pinned { version } => unmet(
            "the model cannot be changed",
            vec![precondition("PINNED", &version, &told)],
        ),
        ModelError::Conflict { .. } | ModelError::Raced => Box::new(Status::aborted(told)),
        ModelError::Abandoned => Box::new(Status::cancelled(told)),
        ModelError::EncoderThreads(_) => {
            tracing::error!(error = told, "a model could not be served");
            Box::new(Status::internal(
                "the model could not be served: see the server's log under this request's x-request-id",
            ))
        }
    }
}

/// Why the registry cannot be used.
pub(super) fn registry(error: &RegistryError) -> Box<Status> {
    let told = error.to_string();
    match error {
        RegistryError::Unknown { .. } => Box::new(Status::not_found(cut(&told))),
        RegistryError::NoActive { .. } | RegistryError::NoEarlier { .. } => unmet(
            "there is no such model",
            vec![precondition("MODEL", "the registry", &told)],
        ),
        RegistryError::Bundle(_) => unmet(
            "the model cannot be used",
            vec![precondition("BUNDLE", "its files", &told)],
        ),
        RegistryError::Io { .. } => {
            tracing::error!(error = told, "the registry cannot be used");
            Box::new(Status::internal(
                "the registry cannot be used: see the server's log under this request's x-request-id",
            ))
        }
    }
}

/// Why the shadow cannot be started.
pub(super) fn no_shadow(error: &ShadowError) -> Box<Status> {
    match error {
        ShadowError::Model(error) => registry(error),
        ShadowError::Thread(cause) => {
            tracing::error!(%cause, "the shadow's thread cannot be started");
            Box::new(Status::internal(
                "the shadow cannot be started: see the server's log under this request's x-request-id",
            ))
        }
    }
}

fn reasons(version: &str, verdict: &Verdict) -> Vec<tonic_types::PreconditionViolation> {
    let reasons = verdict.reasons.iter();
    reasons
        .map(|reason| precondition("GATE", version, reason))
        .collect()
}
