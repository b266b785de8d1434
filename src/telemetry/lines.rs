//! Where lines of the log go: standard output, and from the threads that serve connections many at a time.
//!
//! A line of its own costs a system call, and whoever reads the log a turn. So lines of those threads are kept until
//! there are many or a few milliseconds have gone by; a warning or an error may be the last, and goes out at once with all
//! before it.

use std::cell::Cell;
use std::io::{self, Write};
use std::mem;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// Bytes of lines that are kept at most: the thread that says more writes them.
const MAX_KEPT: usize = 64 * 1024;
/// How long a line is kept at most.
const KEPT_FOR: Duration = Duration::from_millis(5);

/// The lines that are kept, of all threads.
static KEPT: Mutex<Vec<u8>> = Mutex::new(Vec::new());
/// Writes them when it is time; `None` where the operating system gave no thread for that.
static WRITER: OnceLock<Option<Thread>> = OnceLock::new();

thread_local! {
    /// Whether the lines of this thread are kept.
    static KEEPS: Cell<bool> = const { Cell::new(false) };
}

/// From now on the lines of this thread are kept for some milliseconds; [`write_out`] should be called in the end.
pub fn keep() {
    let writer = WRITER.get_or_init(|| {
        let writer = thread::Builder::new().name("log".to_owned());
        let writer = writer.spawn(write_in_time).ok()?;
        Some(writer.thread().clone())
    });
    KEEPS.set(writer.is_some());
}

/// Writes what is kept some milliseconds after the first line of it.
fn write_in_time() {
    loop {
        thread::park();
        thread::sleep(KEPT_FOR);
        write_out();
    }
}

/// Writes the lines that are kept.
pub fn write_out() {
    // First the place to write to, then the lines: so that those of two who write stay in order.
    let mut stdout = io::stdout().lock();
    let lines = {
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        let room = Vec::with_capacity(kept.len());
        mem::replace(&mut *kept, room)
    };
    // A log that cannot be written is no reason to serve nobody.
    let _ = stdout.write_all(&lines);
}

/// Keeps lines; how many bytes were and are kept.
fn add(lines: &[u8]) -> (usize, usize) {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let before = kept.len();
    kept.extend_from_slice(lines);
    (before, kept.len())
}

/// Makes the writers of single lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct ToStdout;

/// Writes a line.
#[derive(Debug)]
pub(super) struct Line {
    may_wait: bool,
}

impl MakeWriter<'_> for ToStdout {
    type Writer = Line;

    fn make_writer(&self) -> Line {
        Line { may_wait: false }
    }

    fn make_writer_for(&self, metadata: &Metadata<'_>) -> Line {
        Line {
            may_wait: *metadata.level() > Level::WARN,
        }
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (before, after) = add(bytes);
        // A thread that ends keeps nothing any more.
        let keeps = self.may_wait && KEEPS.try_with(Cell::get).unwrap_or(false);
        if !keeps || after >= MAX_KEPT {
            write_out();
        } else if before == 0
            && let Some(Some(writer)) = WRITER.get()
        {
            writer.unpark();
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
