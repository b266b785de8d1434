//! Where lines of the log go: to a thread that writes them to standard output, many at a time.
//!
//! A line of its own costs a system call, and whoever reads the log a turn; so lines are kept until there are many or a few
//! milliseconds have gone by. No other thread ever writes them: where nobody reads the log, only that one waits. What cannot
//! be kept meanwhile is lost, and counted.

use std::io::{self, Write};
use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// So many bytes of lines are written at once, without waiting for more.
const MANY: usize = 64 << 10;
/// How long a line is kept before it is written.
const KEPT_FOR: Duration = Duration::from_millis(5);
/// Bytes of lines that may wait to be written; what comes then is lost.
const MOST: usize = 4 << 20;
/// How long whoever logs an error waits until it is written: it may be the last that this process says.
const ERROR_WAITS: Duration = Duration::from_millis(100);
/// How long the end of the process waits for the last lines.
const END_WAITS: Duration = Duration::from_secs(1);

static LINES: Mutex<Lines> = Mutex::new(Lines::new());
/// Told whenever lines were written.
static WRITTEN: Condvar = Condvar::new();
/// Writes them; not set where the operating system gave no thread for that.
static WRITER: OnceLock<Thread> = OnceLock::new();
/// Is told how many lines were lost.
static ON_LOST: OnceLock<Box<dyn Fn(u64) + Send + Sync>> = OnceLock::new();

/// The lines of all threads.
struct Lines {
    kept: Vec<u8>,
    /// Bytes that were ever kept, and those of them that were written.
    ever_kept: u64,
    written: u64,
    /// Lines that were lost and not told of yet.
    lost: u64,
    /// Whether somebody waited in vain for an error to be written, so that nobody else need.
    is_stuck: bool,
}

impl Lines {
    const fn new() -> Self {
        Self {
            kept: Vec::new(),
            ever_kept: 0,
            written: 0,
            lost: 0,
            is_stuck: false,
        }
    }

    /// Keeps a line; whether there is room for it.
    fn keep(&mut self, line: &[u8]) -> bool {
        if self.kept.len() + line.len() > MOST {
            self.lost += 1;
            return false;
        }
        self.kept.extend_from_slice(line);
        self.ever_kept += line.len() as u64;
        true
    }
}

fn lines() -> MutexGuard<'static, Lines> {
    // What a panic left there is whole lines all the same.
    LINES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Calls `told` with the number of lines that were lost, whenever some were. The first call counts.
pub fn on_lost(told: impl Fn(u64) + Send + Sync + 'static) {
    let _ = ON_LOST.set(Box::new(told));
}

/// Lines are written by a thread of their own from now on. Dropped, it waits a little until the last are.
#[derive(Debug)]
pub struct Log(());

impl Log {
    /// Starts the thread. Where there is none to be had, whoever logs writes.
    pub(super) fn start() -> Self {
        let writer = thread::Builder::new().name("log".to_owned());
        if let Ok(writer) = writer.spawn(write_in_time) {
            let _ = WRITER.set(writer.thread().clone());
        }
        Self(())
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let lines = lines();
        let all = lines.ever_kept;
        let _late = wait(lines, all, END_WAITS);
    }
}

/// Waits until the bytes before `position` are written, for `time` at most; whether it was too short.
fn wait(lines: MutexGuard<'_, Lines>, position: u64, time: Duration) -> bool {
    let Some(writer) = WRITER.get() else {
        return false;
    };
    writer.unpark();
    let (mut lines, waited) = WRITTEN
        .wait_timeout_while(lines, time, |lines| lines.written < position)
        .unwrap_or_else(PoisonError::into_inner);
    lines.is_stuck |= waited.timed_out();
    waited.timed_out()
}

/// Writes what is kept some milliseconds after the first line of it, or at once when it is told to.
fn write_in_time() {
    loop {
        thread::park();
        thread::park_timeout(KEPT_FOR);
        write_out();
    }
}

/// Writes the lines that are kept.
fn write_out() {
    let (bytes, lost) = {
        let mut lines = lines();
        let room = Vec::with_capacity(lines.kept.len().min(MANY));
        (
            mem::replace(&mut lines.kept, room),
            mem::take(&mut lines.lost),
        )
    };
    // A log that cannot be written is no reason to serve nobody.
    let _ = io::stdout().lock().write_all(&bytes);
    {
        let mut lines = lines();
        lines.written += bytes.len() as u64;
        lines.is_stuck = false;
    }
    WRITTEN.notify_all();
    if lost > 0 {
        if let Some(told) = ON_LOST.get() {
            told(lost);
        }
        tracing::warn!(
            lost,
            "lines of the log were lost: they are not read as fast as they come"
        );
    }
}

/// Makes the writers of single lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct ToStdout;

/// Writes a line.
#[derive(Debug)]
pub(super) struct Line {
    is_error: bool,
}

impl MakeWriter<'_> for ToStdout {
    type Writer = Line;

    fn make_writer(&self) -> Line {
        Line { is_error: false }
    }

    fn make_writer_for(&self, metadata: &Metadata<'_>) -> Line {
        Line {
            is_error: *metadata.level() == Level::ERROR,
        }
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn write_all(&mut self, line: &[u8]) -> io::Result<()> {
        let mut lines = lines();
        let before = lines.kept.len();
        let is_kept = lines.keep(line);
        let (after, position) = (lines.kept.len(), lines.ever_kept);
        let Some(writer) = WRITER.get() else {
            drop(lines);
            write_out();
            return Ok(());
        };
        if is_kept && self.is_error && !lines.is_stuck {
            wait(lines, position, ERROR_WAITS);
            return Ok(());
        }
        drop(lines);
        if before == 0 || (before < MANY && after >= MANY) {
            writer.unpark();
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
