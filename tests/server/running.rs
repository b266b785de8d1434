//! A `triage-server` of its own for each test: started, listened to, and killed when the test ends, however it ends.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tonic::transport::{Channel, Endpoint};
use triage::grpc::v1::triage_service_client::TriageServiceClient;

/// Far more than anything here takes: only a hang reaches it.
pub(crate) const DEADLINE: Duration = Duration::from_secs(120);

/// A running `triage-server`.
pub(crate) struct Server {
    child: Child,
    lines: UnboundedReceiver<String>,
    errors: Option<JoinHandle<String>>,
    seen: Vec<String>,
    /// Host and port that it listens on; empty where it did not come so far.
    pub(crate) address: String,
}

/// What a `triage-server` left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its exit code; `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    /// All of standard output, line by line.
    pub(crate) log: Vec<String>,
    /// All of standard error.
    pub(crate) errors: String,
}

/// The program with these arguments, in the project's folder, on a free port, without settings from outside.
pub(crate) fn server_command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_triage-server"));
    clean(&mut command).args(["--listen", "127.0.0.1:0"]);
    command.args(arguments);
    command
}

/// The program over this registry and this policy, without a roster.
pub(crate) fn server_over(models: &Path, policy: &Path) -> Command {
    let (models, policy) = (argument(models), argument(policy));
    server_command(&["--models", models, "--policy", policy, "--roster", ""])
}

/// Puts a program into the project's folder and takes settings of the environment away.
pub(crate) fn clean(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TRIAGE_") {
            command.env_remove(name);
        }
    }
    // A slow machine is no fault of the program: what takes its time is for the tests of deadlines to say.
    command.env("TRIAGE_SERVER__REQUEST_TIMEOUT_MS", "60000");
    command.current_dir(env!("CARGO_MANIFEST_DIR"))
}

/// `path` as an argument.
pub(crate) fn argument(path: &Path) -> &str {
    path.to_str().unwrap()
}

impl Server {
    /// Starts the program with the sample model and policy and waits until it serves.
    pub(crate) async fn start(arguments: &[&str]) -> Self {
        Self::start_as(&mut server_command(arguments)).await
    }

    /// Starts `command` and waits until it serves.
    pub(crate) async fn start_as(command: &mut Command) -> Self {
        let mut server = Self::start_listening(command).await;
        server.logged("serving").await;
        server
    }

    /// Starts `command` and waits until it listens.
    pub(crate) async fn start_listening(command: &mut Command) -> Self {
        let mut server = Self::spawn(command);
        let listening = server.logged("listening").await;
        server.address = listening["address"].as_str().unwrap().to_owned();
        server
    }

    /// Starts `command`, which may end at once.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = lines_of(child.stdout.take().unwrap());
        let errors = Some(text_of(child.stderr.take().unwrap()));
        Self {
            child,
            lines,
            errors,
            seen: Vec::new(),
            address: String::new(),
        }
    }

    /// Waits for the next line of the log with this message and returns it.
    pub(crate) async fn logged(&mut self, message: &str) -> Value {
        loop {
            let Some(line) = self.next_line().await else {
                panic!("ended before it logged '{message}': {:#?}", self.seen);
            };
            let parsed: Value = serde_json::from_str(&line)
                .unwrap_or_else(|error| panic!("no JSON: {error}: {line}"));
            if parsed["message"] == message {
                return parsed;
            }
        }
    }

    /// Waits for the next line of standard output; `None` once it is closed.
    pub(crate) async fn next_line(&mut self) -> Option<String> {
        let line = tokio::time::timeout(DEADLINE, self.lines.recv())
            .await
            .unwrap_or_else(|_| panic!("nothing more is logged after {:#?}", self.seen))?;
        self.seen.push(line.clone());
        Some(line)
    }

    /// A new connection.
    pub(crate) async fn channel(&self) -> Channel {
        Endpoint::from_shared(format!("http://{}", self.address))
            .unwrap()
            .connect_timeout(DEADLINE)
            .timeout(DEADLINE)
            .connect()
            .await
            .unwrap()
    }

    /// A client of the triage service, on a new connection.
    pub(crate) async fn client(&self) -> TriageServiceClient<Channel> {
        TriageServiceClient::new(self.channel().await)
    }

    /// A size of the program's memory as the system calls it, in KiB: `VmRSS` is what it takes now, `VmHWM` the most that
    /// it has taken.
    #[allow(dead_code)] // what only some tests that start servers need
    pub(crate) fn memory_kib(&self, size: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(size)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// The program's id.
    #[allow(dead_code)] // what only other tests that start servers need
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until the program has ended.
    pub(crate) async fn ended(mut self) -> Ended {
        while self.next_line().await.is_some() {}
        // Standard output is closed: the program has ended or is about to.
        let errors = self.errors.take().unwrap().join().unwrap();
        Ended {
            code: self.child.wait().unwrap().code(),
            log: std::mem::take(&mut self.seen),
            errors,
        }
    }

    /// Ends the program as an operator would.
    pub(crate) async fn stop(self) -> Ended {
        self.signal(Signal::TERM);
        self.ended().await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only where the program has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    /// The log's lines, each of which is a JSON object.
    pub(crate) fn entries(&self) -> Vec<Value> {
        self.log
            .iter()
            .map(|line| {
                serde_json::from_str(line)
                    .unwrap_or_else(|error| panic!("no JSON: {error}: {line}"))
            })
            .collect()
    }

    /// Checks that the program gave up without a panic, with this exit code, and with each of `words` on standard
    /// error.
    pub(crate) fn refused(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:#?}");
        for word in words {
            assert!(self.errors.contains(word), "no '{word}' in {self:#?}");
        }
        assert!(!self.errors.contains("panicked"), "{self:#?}");
    }
}

/// The outcome, unless something hangs.
pub(crate) async fn within_deadline<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(DEADLINE, future)
        .await
        .unwrap_or_else(|_| panic!("no answer within {DEADLINE:?}"))
}

fn lines_of(out: ChildStdout) -> UnboundedReceiver<String> {
    let (sender, receiver) = unbounded_channel();
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

fn text_of(mut errors: ChildStderr) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = String::new();
        errors.read_to_string(&mut text).unwrap();
        text
    })
}
