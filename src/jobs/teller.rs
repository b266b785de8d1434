//! What a job tells of itself while it goes on. Whoever looks sees the latest state; nothing queues up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use tokio::sync::watch;

use super::pause;
use super::state::{JobStage, JobState, Phase};
use crate::cancel::Cancelled;
use crate::training::{Observer, Stage};

/// Shares of a job's work that are done when the fit begins and when it ends.
pub(super) const FIT: (f64, f64) = (0.02, 0.96);

/// The job's end of it.
#[derive(Debug)]
pub(super) struct Teller {
    state: watch::Sender<Arc<JobState>>,
    called_off: Arc<AtomicBool>,
}

impl Teller {
    /// Tells of a job, which `called_off` calls off.
    pub(super) fn new(
        state: JobState,
        called_off: Arc<AtomicBool>,
    ) -> (Self, watch::Receiver<Arc<JobState>>) {
        let (state, watched) = watch::channel(Arc::new(state));
        (Self { state, called_off }, watched)
    }

    /// Changes what is told.
    pub(super) fn tell(&self, change: impl FnOnce(&mut JobState)) {
        self.state.send_modify(|state| change(Arc::make_mut(state)));
    }

    /// A stage begins, with this share of all work done.
    ///
    /// # Errors
    /// If the job was called off.
    pub(super) fn begin(&self, stage: JobStage, done: f64) -> Result<(), Cancelled> {
        self.tell(|state| {
            state.phase = Phase::Running;
            state.stage = stage;
            state.done = state.done.max(done);
        });
        crate::cancel::check(&|| self.is_called_off())
    }

    /// Whether the job was called off; asked by who must not be kept, unlike [`Observer::called_off`].
    pub(super) fn is_called_off(&self) -> bool {
        self.called_off.load(Ordering::Relaxed)
    }

    /// The job has ended. Nothing is told after that.
    pub(super) fn end(self, phase: Phase) {
        self.tell(|state| {
            if phase == Phase::Done {
                state.done = 1.0;
            }
            state.phase = phase;
            state.ended = Some(Timestamp::now());
        });
    }

    /// What was told last.
    pub(super) fn latest(&self) -> Arc<JobState> {
        Arc::clone(&self.state.borrow())
    }
}

impl Observer for Teller {
    fn progress(&self, stage: Stage, done: f64) {
        let stage = match stage {
            Stage::Fold { index, of } => JobStage::Fold { index, of },
            Stage::Pool => JobStage::Pool,
            Stage::Final => JobStage::Final,
        };
        let (from, to) = FIT;
        self.tell(|state| {
            state.stage = stage;
            state.done = state.done.max(from + (to - from) * done);
        });
    }

    /// Asked often by each thread, so that this is where they pause.
    fn called_off(&self) -> bool {
        pause::now_and_then();
        self.is_called_off()
    }
}
