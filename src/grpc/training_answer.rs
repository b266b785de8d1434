//! Training jobs as messages, and why there is none as a status.

use tonic::Status;

use super::answer::{saturate, timestamp};
use super::routing_status::{precondition, unmet};
use super::v1;
use crate::jobs::{
    Activation, Candidate, Figures, HeadFigures, JobError, JobStage, JobState, Phase,
};

/// A job as a message.
pub(super) fn job(state: &JobState) -> v1::TrainingJob {
    let (stage, fold, folds) = stage(state.stage);
    v1::TrainingJob {
        id: state.id.clone(),
        state: phase(&state.phase).into(),
        stage: stage.into(),
        fold: saturate(fold),
        folds: saturate(folds),
        done: state.done,
        started_at: Some(timestamp(state.started)),
        ended_at: state.ended.map(timestamp),
        author: state.by.author.clone().unwrap_or_default(),
        comment: state.by.comment.clone(),
        rows: state.rows as u64,
        warnings: state.warnings.clone(),
        version: state.candidate.as_ref().map(version),
        error: match &state.phase {
            Phase::Failed(why) => why.clone(),
            Phase::Queued | Phase::Running | Phase::Done | Phase::Cancelled => String::new(),
        },
    }
}

fn phase(phase: &Phase) -> v1::TrainingState {
    match phase {
        Phase::Queued => v1::TrainingState::Queued,
        Phase::Running => v1::TrainingState::Running,
        Phase::Done => v1::TrainingState::Done,
        Phase::Failed(_) => v1::TrainingState::Failed,
        Phase::Cancelled => v1::TrainingState::Cancelled,
    }
}

/// The stage, and of folds which one and how many.
fn stage(stage: JobStage) -> (v1::TrainingStage, usize, usize) {
    match stage {
        JobStage::Reading => (v1::TrainingStage::Reading, 0, 0),
        JobStage::Encoding => (v1::TrainingStage::Encoding, 0, 0),
        JobStage::Fold { index, of } => (v1::TrainingStage::Fold, index, of),
        JobStage::Pool => (v1::TrainingStage::Pool, 0, 0),
        JobStage::Final => (v1::TrainingStage::Final, 0, 0),
        JobStage::Measuring => (v1::TrainingStage::Measuring, 0, 0),
        JobStage::Activating => (v1::TrainingStage::Activating, 0, 0),
    }
}

fn version(candidate: &Candidate) -> v1::TrainedVersion {
    v1::TrainedVersion {
        version: candidate.version.clone(),
        heads: candidate.heads.iter().map(head).collect(),
        activated: candidate.activation == Activation::Activated,
        refusals: match &candidate.activation {
            Activation::Refused(reasons) => reasons.clone(),
            Activation::NotAsked | Activation::Activated => Vec::new(),
        },
    }
}

fn head(head: &HeadFigures) -> v1::TrainedHead {
    v1::TrainedHead {
        name: head.name.clone(),
        out_of_fold: Some(figures(head.out_of_fold)),
        held_out: head.held_out.map(figures),
        suggest_only: head.suggest_only.clone(),
    }
}

fn figures(own: Figures) -> v1::HeadFigures {
    v1::HeadFigures {
        rows: own.rows as u64,
        accuracy: own.accuracy,
        macro_f1: own.macro_f1,
        log_loss: own.log_loss,
        expected_calibration_error: own.expected_calibration_error,
        quadratic_weighted_kappa: own.quadratic_weighted_kappa,
    }
}

/// Why a job is not begun or not found.
pub(super) fn refused(error: &JobError) -> Box<Status> {
    let told = error.to_string();
    match error {
        JobError::Busy { running } => {
            let subject = running.as_deref().unwrap_or("tickets are being sent");
            unmet(
                "no training can begin",
                vec![precondition("TRAINING", subject, &told)],
            )
        }
        JobError::Ending => Box::new(Status::unavailable(told)),
        JobError::Unknown(_) => Box::new(Status::not_found(told)),
        JobError::Threads(_) => {
            tracing::error!(error = told, "a training job could not be begun");
            Box::new(Status::internal(
                "the job could not be begun: see the server's log under this request's x-request-id",
            ))
        }
    }
}
