//! A thread that reads requests serves many callers, so none of them may hold it for much more than a millisecond:
//! what takes longer goes to another thread, and what consists of many short parts makes room between them.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tonic::Status;
use tracing::Span;

use super::status::internal;

/// How long a call may hold the thread that read its request before others have their turn.
const SLICE: Duration = Duration::from_micros(500);

/// Threads for what takes longer than a slice; no more of them work at a time than there are processor cores.
#[derive(Debug, Clone)]
pub(crate) struct Aside {
    turns: Arc<Semaphore>,
}

impl Aside {
    pub(crate) fn new() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self {
            turns: Arc::new(Semaphore::new(cores)),
        }
    }

    /// Runs `work` on another thread. A caller who goes before its turn has come takes it off the queue; after that
    /// it is done all the same.
    ///
    /// It waits for its turn in a task of its own: a call with many tickets leaves some of them alone while another is
    /// answered, and a turn that has come to one of those would come to nobody.
    ///
    /// # Errors
    /// What `work` says; INTERNAL if it panics.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Status> + Send + 'static,
    ) -> Result<T, Status> {
        let turns = Arc::clone(&self.turns);
        let span = Span::current();
        // Dropped, it ends its task.
        let mut waiting = JoinSet::new();
        waiting.spawn(async move {
            let turn = turns.acquire_owned().await;
            let done = tokio::task::spawn_blocking(move || {
                let _turn = turn;
                span.in_scope(work)
            });
            done.await
        });
        match waiting.join_next().await {
            Some(Ok(Ok(done))) => done,
            _panic => Err(internal()),
        }
    }
}

/// The time that a call with many parts has taken since it last made room for others.
#[derive(Debug)]
pub(crate) struct Pace {
    since: Instant,
}

impl Pace {
    pub(crate) fn new() -> Self {
        Self {
            since: Instant::now(),
        }
    }

    /// Makes room for others if it is time to: between any two parts. A call whose time is over, or whose caller is
    /// gone, ends here.
    pub(crate) async fn keep(&mut self) {
        if self.since.elapsed() >= SLICE {
            tokio::task::yield_now().await;
            self.since = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::atomic::{AtomicBool, Ordering};

    use futures_util::poll;
    use tonic::Code;

    use super::*;

    #[tokio::test]
    async fn a_panic_aside_is_an_internal_error_and_leaves_the_turn_to_others() {
        let aside = Aside::new();
        for _ in 0..100 {
            let status = aside.run::<()>(|| panic!("on purpose")).await.unwrap_err();
            assert_eq!(status.code(), Code::Internal);
        }
        assert_eq!(aside.run(|| Ok(7)).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn who_is_not_polled_keeps_no_turn_from_others() {
        let aside = Aside::new();
        let mut left_alone: Vec<_> = (0..100).map(|_| Box::pin(aside.run(|| Ok(1)))).collect();
        for asked in &mut left_alone {
            assert!(poll!(asked.as_mut()).is_pending());
        }
        assert_eq!(aside.run(|| Ok(7)).await.unwrap(), 7);
        drop(left_alone);
        assert_eq!(aside.run(|| Ok(8)).await.unwrap(), 8);
    }

    #[tokio::test]
    async fn who_goes_before_its_turn_is_not_worked_for() {
        let aside = Aside::new();
        let all = aside.turns.available_permits();
        let turns = aside.turns.acquire_many(all as u32).await.unwrap();
        let worked = Arc::new(AtomicBool::new(false));
        let works = Arc::clone(&worked);
        let mut gone = Box::pin(aside.run(move || {
            works.store(true, Ordering::SeqCst);
            Ok(())
        }));
        assert!(poll!(gone.as_mut()).is_pending());
        tokio::task::yield_now().await;
        drop(gone);
        drop(turns);
        assert_eq!(aside.run(|| Ok(7)).await.unwrap(), 7);
        let _all = aside.turns.acquire_many(all as u32).await.unwrap();
        assert!(!worked.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn a_long_call_lets_others_have_their_turn() {
        let turns = Cell::new(0);
        let long = async {
            let mut pace = Pace::new();
            while turns.get() < 3 {
                pace.keep().await;
            }
        };
        let others = async {
            for _ in 0..3 {
                turns.set(turns.get() + 1);
                tokio::task::yield_now().await;
            }
        };
        tokio::join!(long, others);
        assert_eq!(turns.get(), 3);
    }
}
