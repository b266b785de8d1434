//! Pauses of the threads of a job.
//!
//! A thread of the lowest priority gives its processor core to whoever wants it, but to the operating system the core
//! looks busy all the same: Linux leaves two threads that answer requests waiting for each other on the next one, for a
//! tenth of a second at times. A core that is idle for a moment takes one of them over.

use std::cell::Cell;
use std::thread;
use std::time::{Duration, Instant};

/// How long a thread works between two pauses, about.
const WORK: Duration = Duration::from_millis(3);
const PAUSE: Duration = Duration::from_micros(200);

thread_local! {
    static SINCE: Cell<Instant> = Cell::new(Instant::now());
}

/// Pauses if it is time to.
pub(super) fn now_and_then() {
    if SINCE.get().elapsed() >= WORK {
        thread::sleep(PAUSE);
        SINCE.set(Instant::now());
    }
}
