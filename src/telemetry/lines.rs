//! Where lines of the log go: standard output, and from the threads that serve connections many at a time.
//!
//! A line of its own costs a system call. A thread that has more to do keeps its lines until it has nothing to do,
//! or has 32 KiB of them, or says something that may be its last: a warning or an error.

use std::cell::RefCell;
use std::io::{self, Write};

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// Bytes of lines that a thread keeps at most.
const KEPT: usize = 32 * 1024;

thread_local! {
    /// The lines that this thread keeps, where it does.
    static LINES: RefCell<Option<KeptLines>> = const { RefCell::new(None) };
}

/// Lines that are written when there are enough of them, at the latest when their thread ends.
#[derive(Debug)]
struct KeptLines(Vec<u8>);

impl KeptLines {
    fn write_out(&mut self) -> io::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let written = io::stdout().write_all(&self.0);
        self.0.clear();
        written
    }
}

impl Drop for KeptLines {
    fn drop(&mut self) {
        // Nobody is left to be told.
        let _ = self.write_out();
    }
}

/// From now on this thread keeps its lines of the log; it must call [`write_out`] before it waits for anything, and in
/// the end.
pub fn keep() {
    LINES.with_borrow_mut(|lines| {
        lines.get_or_insert_with(|| KeptLines(Vec::with_capacity(KEPT)));
    });
}

/// Writes the lines that this thread has kept.
pub fn write_out() {
    LINES.with_borrow_mut(|lines| {
        if let Some(lines) = lines {
            // A log that cannot be written is no reason to serve nobody.
            let _ = lines.write_out();
        }
    });
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
        let kept = LINES.try_with(|lines| {
            lines.borrow_mut().as_mut().map(|lines| {
                lines.0.extend_from_slice(bytes);
                if self.may_wait && lines.0.len() < KEPT {
                    Ok(())
                } else {
                    lines.write_out()
                }
            })
        });
        // A thread that ends has no place for lines any more.
        match kept {
            Ok(Some(written)) => written,
            Ok(None) | Err(_) => io::stdout().write_all(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
