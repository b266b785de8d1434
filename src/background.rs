//! Threads for work that may take long and can wait: what operators ask for, and files that have changed. They give way to
//! those that answer requests, as far as the operating system lets them.

use std::io;
use std::sync::LazyLock;

use thread_priority::{ThreadPriority, ThreadPriorityValue, set_current_thread_priority};
use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinHandle, spawn_blocking};

/// Most threads: further work waits for one.
const MAX_THREADS: usize = 64;
/// Their priority, from 0 to 99 (Linux: a niceness of 9). At the lowest, nothing would be done where all cores are busy,
/// and another model may be what helps.
const PRIORITY: u8 = 25;

/// Never ends, and runs nothing but its threads that may block.
static THREADS: LazyLock<io::Result<Runtime>> = LazyLock::new(|| {
    Builder::new_current_thread()
        .max_blocking_threads(MAX_THREADS)
        .thread_name("triage-background")
        .on_thread_start(give_way)
        .build()
});

fn give_way() {
    let given = ThreadPriorityValue::try_from(PRIORITY)
        .map(|priority| set_current_thread_priority(ThreadPriority::Crossplatform(priority)));
    if !matches!(given, Ok(Ok(()))) {
        tracing::warn!(
            ?given,
            "a thread for operators has the priority of those that answer requests"
        );
    }
}

/// Does `work` on such a thread.
pub fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    match &*THREADS {
        Ok(threads) => threads.spawn_blocking(work),
        Err(_) => spawn_blocking(work),
    }
}

#[cfg(test)]
mod tests {
    use rustix::process::getpriority_process;
    use rustix::thread::gettid;

    #[tokio::test]
    async fn work_is_done_on_a_thread_that_gives_way() {
        let niceness = || getpriority_process(Some(gettid())).unwrap();
        let own = niceness();
        let theirs = super::run(niceness).await.unwrap();
        assert!(theirs > own, "{theirs} there, {own} here");
    }
}
