//! The threads of a job: a pool of its own, which gets a processor core only while no other thread wants it.

use std::num::NonZeroUsize;

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use thread_priority::{
    NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};

/// A pool of `threads` threads at the lowest priority that there is (Linux: `SCHED_IDLE`).
///
/// # Errors
/// If a thread cannot be started.
pub(super) fn idle_pool(threads: NonZeroUsize) -> Result<ThreadPool, ThreadPoolBuildError> {
    ThreadPoolBuilder::new()
        .num_threads(threads.get())
        .thread_name(|index| format!("triage-training-{index}"))
        .start_handler(|_| {
            let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
            let lowered =
                set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle);
            if let Err(error) = lowered {
                tracing::warn!(
                    ?error,
                    "a thread of training has the same priority as those that answer requests"
                );
            }
        })
        .build()
}
