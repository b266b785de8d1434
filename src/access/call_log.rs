//! The log of operators' calls: who made which call, when, from where, and what came of it; never what it carried.
//!
//! Each is a line of the server's log. Where the settings name a folder for what outlives a restart, it is a line of
//! JSON there as well, which is on disk before the caller has the end of the answer.

use std::fs::OpenOptions;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::oneshot;
use tonic::Code;

use super::{Caller, CallerName, Credential};
use crate::model::json_lines;

/// Name of the file: one JSON object a line, the earliest first.
pub const CALL_LOG: &str = "call-log.jsonl";
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
}

/// A line on its way to the disk, and whom to tell when it is there.
type Sent = (Line, oneshot::Sender<()>);

/// Writes the log.
#[derive(Debug, Default)]
pub(super) struct CallLog {
    sender: Option<Sender<Sent>>,
    writer: Option<JoinHandle<()>>,
}

impl CallLog {
    /// Writes into a file of this folder from now on.
    pub(super) fn start(folder: &Path) -> io::Result<Self> {
        let path = folder.join(CALL_LOG);
        let (sender, receiver) = mpsc::channel();
        let writer = std::thread::Builder::new()
            .name("call-log".to_owned())
            .spawn(move || write_all(&path, &receiver))?;
        Ok(Self {
            sender: Some(sender),
            writer: Some(writer),
        })
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
            }),
        }
    }
}

impl Drop for CallLog {
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

/// A call that will be logged when it ends; when this is dropped before, as cancelled.
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

    /// Logs a call that was refused to somebody who may be anybody: in the server's log alone, so that strangers
    /// cannot fill the disk.
    pub(super) fn refuse(mut self, code: Code) {
        if let Some(line) = self.line.take() {
            tell(&line, code);
        }
    }

    fn send(&self, mut line: Line, code: Code) -> Option<oneshot::Receiver<()>> {
        tell(&line, code);
        let sender = self.log.sender.as_ref()?;
        line.code = format!("{code:?}");
        let (written, receiver) = oneshot::channel();
        // The writer ends after this only.
        let _ = sender.send((line, written));
        Some(receiver)
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        if let Some(line) = self.line.take() {
            self.send(line, Code::Cancelled);
        }
    }
}

fn tell(line: &Line, code: Code) {
    tracing::info!(
        caller = line.caller.as_ref().map(CallerName::as_str),
        credential = line.credential.map(Credential::as_str),
        call = line.method,
        ?code,
        call_id = line.request_id,
        peer = line.peer.map(tracing::field::display),
        "admin call"
    );
}

/// Writes lines until nobody sends any more. Those that wait are written together, as each write waits for the disk.
fn write_all(path: &Path, receiver: &Receiver<Sent>) {
    while let Ok(first) = receiver.recv() {
        let others = receiver.try_iter().take(MAX_LINES_AT_ONCE - 1);
        let (lines, waiting): (Vec<_>, Vec<_>) = std::iter::once(first).chain(others).unzip();
        if let Err(error) = write(path, &lines) {
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
mod tests {
    use std::fs;

    use serde_json::Value;

    use super::*;

    fn call(id: &str) -> Call<'_> {
        Call {
            caller: None,
            method: "triage.v1.RoutingService/PutAgents",
            request_id: id,
            peer: None,
        }
    }

    fn lines(path: &Path) -> Vec<Value> {
        let text = fs::read_to_string(path).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'));
        let lines = text.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn every_call_is_a_whole_line_whatever_was_left_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state").join(CALL_LOG);
        let log = Arc::new(CallLog::start(path.parent().unwrap()).unwrap());
        let written = log.begin(call("first")).end(Code::Ok).unwrap();
        written.blocking_recv().unwrap();
        assert_eq!(lines(&path).len(), 1);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, [whole.as_slice(), b"{\"time\": \"20"].concat()).unwrap();
        let threads: Vec<_> = (0..8)
            .map(|thread| {
                let log = Arc::clone(&log);
                std::thread::spawn(move || {
                    for number in 0..50 {
                        let id = format!("{thread}-{number}");
                        let logged = log.begin(call(&id));
                        match number % 2 {
                            0 => logged.end(Code::NotFound).unwrap().blocking_recv().unwrap(),
                            _ => drop(logged),
                        }
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        drop(log);
        let lines = lines(&path);
        assert_eq!(lines.len(), 401);
        let with = |code: &str| lines.iter().filter(|line| line["code"] == code).count();
        assert_eq!(
            (with("Ok"), with("NotFound"), with("Cancelled")),
            (1, 200, 200)
        );
    }

    #[test]
    fn what_cannot_be_written_holds_nobody_up() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(CALL_LOG)).unwrap();
        let log = Arc::new(CallLog::start(folder.path()).unwrap());
        let written = log.begin(call("first")).end(Code::Ok).unwrap();
        written.blocking_recv().unwrap();
    }

    #[test]
    fn strangers_write_nothing_and_ids_are_cut() {
        let folder = tempfile::tempdir().unwrap();
        let log = Arc::new(CallLog::start(folder.path()).unwrap());
        log.begin(call("x")).refuse(Code::Unauthenticated);
        drop(log.begin(call(&"é".repeat(500))));
        drop(log);
        let lines = lines(&folder.path().join(CALL_LOG));
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["request_id"], "é".repeat(MAX_REQUEST_ID));
    }
}
