//! The log of operators' calls: who made which call, when, from where, and what came of it; never what it carried.
//!
//! Each is a line of the server's log, whatever level that has. Where the settings name a folder for what outlives a
//! restart, it is a line of JSON there as well, which is on disk before the caller has the end of the answer. If it
//! cannot be written the call is answered all the same, and counted: a full disk must not stop those who could help.
//!
//! What callers are refused cannot fill the disk: who calls too often is in the server's log alone, as far as its level
//! lets that through, and so are most of those who may not make a call if they keep trying.

use std::fs::OpenOptions;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::JoinHandle;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::oneshot;
use tonic::Code;

use super::{Caller, CallerName, Credential};
use crate::metrics::Metrics;
use crate::model::json_lines;

/// Name of the file: one JSON object a line, the earliest first.
pub const CALL_LOG: &str = "call-log.jsonl";
/// The target of lines of the server's log that a filter must always let through.
pub const ADMIN_CALLS: &str = "triage::admin_calls";
/// Most lines that may wait to be written.
const MAX_WAITING: usize = 4_096;
/// How many calls that callers may not make are written: so many at once, then one a second.
const DENIED_AT_ONCE: NonZeroU32 = NonZeroU32::MIN.saturating_add(99);
/// Most lines that are written at a time.
const MAX_LINES_AT_ONCE: usize = 1_000;
/// How much of a request's id is kept, which is its caller's to choose, in characters.
const MAX_REQUEST_ID: usize = 128;

/// A line.
#[derive(Debug, Serialize)]
struct Line {
    /// When the call began.
    time: Timestamp,
    /// Who called; absent where nobody had to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    caller: Option<CallerName>,
    /// How that was proved.
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<Credential>,
    /// The call, as `package.Service/Method`.
    method: &'static str,
    /// What came of it.
    code: String,
    /// The call's id in the server's log.
    request_id: String,
    /// The other end of the connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<SocketAddr>,
    /// How many calls that their callers may not make were left out since the line before.
    #[serde(skip_serializing_if = "is_zero")]
    left_out: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde asks
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A line on its way to the disk, and whom to tell when it is there.
type Sent = (Line, oneshot::Sender<()>);

/// Writes the log.
#[derive(Debug, Default)]
pub(super) struct CallLog {
    file: Option<CallLogFile>,
}

/// The file of it.
#[derive(Debug)]
struct CallLogFile {
    sender: Option<SyncSender<Sent>>,
    writer: Option<JoinHandle<()>>,
    metrics: Metrics,
    denied: DefaultDirectRateLimiter,
    left_out: AtomicU64,
}

impl CallLog {
    /// Writes into a file of this folder from now on; lines that it cannot take are counted.
    pub(super) fn start(folder: &Path, metrics: Metrics) -> io::Result<Self> {
        let path = folder.join(CALL_LOG);
        let (sender, receiver) = mpsc::sync_channel(MAX_WAITING);
        let counted = metrics.clone();
        let writer = std::thread::Builder::new()
            .name("call-log".to_owned())
            .spawn(move || write_all(&path, &receiver, &counted))?;
        let quota = Quota::per_second(NonZeroU32::MIN).allow_burst(DENIED_AT_ONCE);
        let file = CallLogFile {
            sender: Some(sender),
            writer: Some(writer),
            metrics,
            denied: RateLimiter::direct(quota),
            left_out: AtomicU64::new(0),
        };
        Ok(Self { file: Some(file) })
    }

    /// A call that has just come.
    pub(super) fn begin(self: &Arc<Self>, call: Call<'_>) -> Logged {
        let id: String = call.request_id.chars().take(MAX_REQUEST_ID).collect();
        Logged {
            log: Arc::clone(self),
            line: Some(Line {
                time: Timestamp::now(),
                caller: call.caller.map(|caller| caller.name.clone()),
                credential: call.caller.map(|caller| caller.credential),
                method: call.method,
                code: String::new(),
                request_id: id,
                peer: call.peer,
                left_out: 0,
            }),
        }
    }
}

impl CallLogFile {
    /// Hands a line to the writer. What is returned resolves once it is on disk; `None` where it never will be.
    fn send(&self, mut line: Line) -> Option<oneshot::Receiver<()>> {
        line.left_out = self.left_out.swap(0, Ordering::Relaxed);
        let (written, receiver) = oneshot::channel();
        // The writer ends after this only. Nobody waits until there is room: a thread that reads requests would.
        let sent = self.sender.as_ref()?.try_send((line, written));
        if sent.is_err() {
            self.metrics.call_log_lost(1);
            return None;
        }
        Some(receiver)
    }
}

impl Drop for CallLogFile {
    /// Waits until all lines are on disk.
    fn drop(&mut self) {
        drop(self.sender.take());
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

/// What is known of a call when it comes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) caller: Option<&'a Caller>,
    pub(super) method: &'static str,
    pub(super) request_id: &'a str,
    pub(super) peer: Option<SocketAddr>,
}

/// Writes a line into the server's log.
macro_rules! tell {
    ($line:expr, $code:expr $(, target: $target:expr)?) => {
        tracing::info!(
            $(target: $target,)?
            caller = $line.caller.as_ref().map(CallerName::as_str),
            credential = $line.credential.map(Credential::as_str),
            call = $line.method,
            code = ?$code,
            call_id = $line.request_id,
            peer = $line.peer.map(tracing::field::display),
            "admin call"
        )
    };
}

/// A call that will be logged when its answer begins; when this is dropped before, as cancelled.
#[derive(Debug)]
pub(super) struct Logged {
    log: Arc<CallLog>,
    line: Option<Line>,
}

impl Logged {
    /// Logs what came of the call. What is returned resolves once that is on disk; `None` where nothing is to be
    /// written there.
    pub(super) fn end(mut self, code: Code) -> Option<oneshot::Receiver<()>> {
        let line = self.line.take()?;
        self.send(line, code)
    }

    /// Logs a call that was refused to somebody who may be anybody, or who calls too often: in the server's log alone,
    /// as far as its level lets that through, so that it can fill neither disk nor log.
    pub(super) fn refuse(mut self, code: Code) {
        if let Some(line) = self.line.take() {
            tell!(line, code);
        }
    }

    /// Logs a call that its caller, who is known, may not make. Nobody waits for that to be on disk, and where there are
    /// many only some are written there.
    pub(super) fn deny(mut self, code: Code) {
        let Some(line) = self.line.take() else {
            return;
        };
        match &self.log.file {
            Some(file) if file.denied.check().is_err() => {
                file.left_out.fetch_add(1, Ordering::Relaxed);
                tell!(line, code);
            }
            Some(_) | None => drop(self.send(line, code)),
        }
    }

    fn send(&self, mut line: Line, code: Code) -> Option<oneshot::Receiver<()>> {
        tell!(line, code, target: ADMIN_CALLS);
        line.code = format!("{code:?}");
        self.log.file.as_ref()?.send(line)
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        if let Some(line) = self.line.take() {
            self.send(line, Code::Cancelled);
        }
    }
}

/// Writes lines until nobody sends any more. Those that wait are written together, as each write waits for the disk.
fn write_all(path: &Path, receiver: &Receiver<Sent>, metrics: &Metrics) {
    while let Ok(first) = receiver.recv() {
        let others = receiver.try_iter().take(MAX_LINES_AT_ONCE - 1);
        let (lines, waiting): (Vec<_>, Vec<_>) = std::iter::once(first).chain(others).unzip();
        if let Err(error) = write(path, &lines) {
            metrics.call_log_lost(lines.len());
            tracing::error!(
                %error,
                path = %path.display(),
                lines = lines.len(),
                "the log of admin calls cannot be written: its lines are in this log alone"
            );
        }
        for written in waiting {
            // Whoever waited may be gone.
            let _ = written.send(());
        }
    }
}

/// Writes lines whole. A lock keeps other programs out meanwhile, so that half a line is one whose writer is dead.
fn write(path: &Path, lines: &[Line]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let lock = OpenOptions::new().append(true).create(true).open(path)?;
    lock.lock()?;
    let cut = json_lines::cut_half_line(path)?;
    if cut > 0 {
        tracing::warn!(
            path = %path.display(),
            bytes = cut,
            "half a line of the log of admin calls was taken away"
        );
    }
    json_lines::append_all(path, lines)?;
    Ok(())
}

#[cfg(test)]
mod tests;
