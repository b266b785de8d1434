//! The jobs of a server: one at a time, and the last ones that ended.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use jiff::Timestamp;
use rayon::ThreadPool;
use tokio::sync::watch;

use super::request::{JobData, JobLimits, JobOptions};
use super::run::{JobFault, Work};
use super::state::{JobStage, JobState, Phase};
use super::teller::Teller;
use super::threads::idle_pool;
use crate::live::Live;
use crate::metrics::{JobEnd, Metrics};

/// Jobs that are remembered.
const REMEMBERED: usize = 20;

/// Why a job is not begun or not found.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// One goes on, or its tickets are being sent.
    #[error("a training job goes on already{}: wait for its end, or cancel it", running.as_ref().map(|id| format!(", {id}")).unwrap_or_default())]
    Busy {
        /// Its id; `None` while its tickets are being sent.
        running: Option<String>,
    },
    /// The server is about to end.
    #[error("the server is ending: ask again once it is back")]
    Ending,
    /// There is no such job.
    #[error(
        "there is no training job '{0}': the last {REMEMBERED} are known, until the server ends"
    )]
    Unknown(String),
    /// Its threads cannot be started.
    #[error("the threads of the job cannot be started: {0}: lower training.threads")]
    Threads(String),
}

/// The jobs of a server.
#[derive(Debug)]
pub struct Jobs {
    limits: JobLimits,
    desk: Mutex<Desk>,
    ending: watch::Sender<bool>,
    metrics: Metrics,
}

#[derive(Debug, Default)]
struct Desk {
    /// The latest last.
    jobs: VecDeque<Job>,
    /// Whether a place is taken, and by which job once it has begun.
    taken: Option<Option<String>>,
    is_ending: bool,
}

#[derive(Debug)]
struct Job {
    id: String,
    state: watch::Receiver<Arc<JobState>>,
    called_off: Arc<AtomicBool>,
}

/// The place of the one job that may go on; free again when this is dropped.
#[derive(Debug)]
pub struct Place {
    jobs: Arc<Jobs>,
}

impl Jobs {
    /// No jobs yet.
    #[must_use]
    pub fn new(limits: JobLimits, metrics: Metrics) -> Self {
        Self {
            limits,
            desk: Mutex::default(),
            ending: watch::Sender::new(false),
            metrics,
        }
    }

    /// What a job may take.
    #[must_use]
    pub fn limits(&self) -> &JobLimits {
        &self.limits
    }

    /// Takes the place of the one job that may go on.
    ///
    /// # Errors
    /// If it is taken, or the server is about to end.
    pub fn take_place(self: &Arc<Self>) -> Result<Place, JobError> {
        let mut desk = self.lock();
        if desk.is_ending {
            return Err(JobError::Ending);
        }
        if let Some(running) = &desk.taken {
            let running = running.clone();
            return Err(JobError::Busy { running });
        }
        desk.taken = Some(None);
        Ok(Place {
            jobs: Arc::clone(self),
        })
    }

    /// All jobs that are known, the latest first.
    #[must_use]
    pub fn list(&self) -> Vec<Arc<JobState>> {
        let desk = self.lock();
        let jobs = desk.jobs.iter().rev();
        jobs.map(|job| Arc::clone(&job.state.borrow())).collect()
    }

    /// A job as it is now, and as it goes on: the channel closes once the last state was told.
    ///
    /// # Errors
    /// If there is no such job.
    pub fn watch(&self, id: &str) -> Result<watch::Receiver<Arc<JobState>>, JobError> {
        let desk = self.lock();
        Ok(desk.find(id)?.state.clone())
    }

    /// Calls a job off; it ends within about a second. One that has ended stays as it is.
    ///
    /// # Errors
    /// If there is no such job.
    pub fn cancel(&self, id: &str) -> Result<watch::Receiver<Arc<JobState>>, JobError> {
        let desk = self.lock();
        let job = desk.find(id)?;
        job.called_off.store(true, Ordering::Relaxed);
        Ok(job.state.clone())
    }

    /// Calls off the job that goes on and begins no other.
    pub fn end(&self) {
        self.ending.send_replace(true);
        let mut desk = self.lock();
        desk.is_ending = true;
        if let Some(job) = desk.running() {
            job.called_off.store(true, Ordering::Relaxed);
        }
    }

    /// Resolves once no job goes on.
    pub async fn ended(&self) {
        let running = self.lock().running().map(|job| job.state.clone());
        if let Some(mut state) = running {
            // Until it tells no more.
            while state.changed().await.is_ok() {}
        }
    }

    /// Resolves once no further job is begun.
    pub async fn ending(&self) {
        // The sender is `self`'s, so there is no error.
        let _ = self.ending.subscribe().wait_for(|ending| *ending).await;
    }

    /// A panic while the lock was held left nothing half done.
    fn lock(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Desk {
    fn find(&self, id: &str) -> Result<&Job, JobError> {
        let job = self.jobs.iter().find(|job| job.id == id);
        job.ok_or_else(|| JobError::Unknown(id.to_owned()))
    }

    /// The job that goes on, if it has begun.
    fn running(&self) -> Option<&Job> {
        let id = self.taken.as_ref()?.as_deref()?;
        self.find(id).ok()
    }

    /// Notes the job that took the place.
    fn remember(&mut self, job: Job) -> Result<(), JobError> {
        if self.is_ending {
            return Err(JobError::Ending);
        }
        self.taken = Some(Some(job.id.clone()));
        if self.jobs.len() == REMEMBERED {
            self.jobs.pop_front();
        }
        self.jobs.push_back(job);
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.jobs.lock().taken = None;
    }
}

impl Place {
    /// Begins a job on threads of its own. Returns it as it is at the beginning.
    ///
    /// # Errors
    /// If the server is about to end, or the threads cannot be started.
    pub fn start(
        self,
        options: JobOptions,
        data: JobData,
        live: Arc<Live>,
    ) -> Result<Arc<JobState>, JobError> {
        let jobs = Arc::clone(&self.jobs);
        let threads = |error: &dyn std::fmt::Display| JobError::Threads(error.to_string());
        let pool = idle_pool(jobs.limits.threads).map_err(|error| threads(&error))?;
        let state = JobState {
            id: format!("{:016x}", fastrand::u64(..)),
            by: options.by.clone(),
            phase: Phase::Queued,
            stage: JobStage::Reading,
            done: 0.0,
            started: Timestamp::now(),
            ended: None,
            rows: 0,
            candidate: None,
            warnings: Vec::new(),
        };
        let id = state.id.clone();
        let called_off = Arc::new(AtomicBool::new(false));
        let (teller, state) = Teller::new(state, Arc::clone(&called_off));
        let work = Work {
            options,
            data,
            limits: jobs.limits.clone(),
            live,
        };
        let begun = state.borrow().clone();
        jobs.lock().remember(Job {
            id: id.clone(),
            state,
            called_off,
        })?;
        let spawned = thread::Builder::new()
            .name("triage-training".to_owned())
            .spawn(move || carry_out(work, &pool, teller, self));
        spawned.map_err(|error| {
            jobs.lock().jobs.retain(|job| job.id != id);
            threads(&error)
        })?;
        Ok(begun)
    }
}

/// Does the work, all that takes long in the pool. The place is free before the job is told to have ended.
fn carry_out(work: Work, pool: &ThreadPool, teller: Teller, place: Place) {
    let id = teller.latest().id.clone();
    let counted = place.jobs.metrics.training_job();
    tracing::info!(job = id, "training begins");
    let done = catch_unwind(AssertUnwindSafe(|| {
        if let Some(version) = pool.install(|| work.run(&teller))? {
            version.activate(&teller);
        }
        Ok::<(), JobFault>(())
    }));
    let phase = match done {
        Ok(Ok(())) => {
            let state = teller.latest();
            let version = state.candidate.as_ref().map(|own| own.version.as_str());
            let rows = state.rows;
            tracing::info!(job = id, model_version = version, rows, "training ended");
            Phase::Done
        }
        Ok(Err(JobFault::Cancelled(_))) => {
            tracing::info!(job = id, "training was called off");
            Phase::Cancelled
        }
        Ok(Err(fault)) => {
            let error = fault.is_wordless().then(|| fault.to_string());
            tracing::warn!(job = id, error, "training failed: GetTraining tells why");
            Phase::Failed(fault.to_string())
        }
        Err(_) => {
            tracing::error!(job = id, "training failed by a fault of the program");
            let told = "internal error: see the server's log under this job's id";
            Phase::Failed(told.to_owned())
        }
    };
    counted.end(match phase {
        Phase::Done => JobEnd::Succeeded,
        Phase::Cancelled => JobEnd::Cancelled,
        Phase::Queued | Phase::Running | Phase::Failed(_) => JobEnd::Failed,
    });
    drop(place);
    teller.end(phase);
}
