//! The server's process: started, read from `/proc`, and ended with the driver.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Options, Target};

/// Clock ticks a second of `/proc`, which Linux fixes for programs.
const TICKS: f64 = 100.0;
/// The mean answer of the sample help desk, for the bare server where nothing else is known.
const ANSWER_BYTES: usize = 900;

/// A server that runs.
pub(crate) struct Serving {
    pub(crate) address: String,
    child: Option<Child>,
    /// From the start of the process until it serves, where it was started here.
    started_in: Option<Duration>,
    /// Resident memory before the first request, in KiB.
    idle_kib: Option<u64>,
}

impl Serving {
    pub(crate) fn start(options: &Options) -> Self {
        if let Some(address) = &options.address {
            return Self {
                address: address.clone(),
                child: None,
                started_in: None,
                idle_kib: None,
            };
        }
        let began = Instant::now();
        let (child, address) = match options.target {
            Target::Triage => start_triage(options),
            Target::Echo => start_echo(options),
            Target::Fasttext => panic!("start fasttext-serving and give its --address"),
        };
        let started_in = began.elapsed();
        let idle_kib = resident_kib(child.id());
        Self {
            address,
            child: Some(child),
            started_in: Some(started_in),
            idle_kib,
        }
    }

    /// Processor time that the server has taken so far, in seconds; `None` for a server that was not started here and
    /// whose process is not known.
    pub(crate) fn processor_seconds(&self) -> Option<f64> {
        let id = self.id()?;
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // The name may hold spaces: fields are counted from behind its bracket.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks: f64 = [11, 12]
            .iter()
            .filter_map(|&at| fields.get(at)?.parse::<f64>().ok())
            .sum();
        Some(ticks / TICKS)
    }

    pub(crate) fn resident_kib(&self) -> Option<u64> {
        resident_kib(self.id()?)
    }

    fn id(&self) -> Option<u32> {
        match &self.child {
            Some(child) => Some(child.id()),
            None => listener_of(&self.address),
        }
    }

    pub(crate) fn idle_kib(&self) -> Option<u64> {
        self.idle_kib
    }

    pub(crate) fn started_in(&self) -> Option<Duration> {
        self.started_in
    }

    /// Start and memory in a line.
    pub(crate) fn describe(&self) -> String {
        let mib = |kib: Option<u64>| kib.map_or("?".to_owned(), |kib| format!("{} MiB", kib >> 10));
        let started = self
            .started_in
            .map_or("?".to_owned(), |time| format!("{} ms", time.as_millis()));
        format!(
            "start to serving {started}; resident {} idle, {} after the load",
            mib(self.idle_kib),
            mib(self.resident_kib())
        )
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // Both fail only where it has ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn start_triage(options: &Options) -> (Child, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_triage-server"));
    command.args(["--listen", "127.0.0.1:0"]);
    if let Some(models) = &options.models {
        command.arg("--models").arg(models);
    }
    if let Some(policy) = &options.policy {
        command.arg("--policy").arg(policy).args(["--roster", ""]);
    }
    if let Some(folder) = options.trouble.as_deref().and_then(Path::parent) {
        command.env("TRIAGE_TRAINING__DATA_FOLDER", folder);
    }
    command.args(options.server.split_whitespace());
    let (child, mut lines) = spawn(&mut command);
    let mut address = String::new();
    loop {
        let mut line = String::new();
        let read = lines.read_line(&mut line).unwrap();
        assert!(read > 0, "the server ended before it served");
        let entry: serde_json::Value = serde_json::from_str(&line).unwrap();
        match entry["message"].as_str() {
            Some("listening") => address = entry["address"].as_str().unwrap().to_owned(),
            Some("serving") => break,
            _ => {}
        }
    }
    // What it logs from now on is read, or it would wait for room, and thrown away.
    std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
    (child, address)
}

fn start_echo(options: &Options) -> (Child, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let bytes = options.answer_bytes.unwrap_or(ANSWER_BYTES);
    command.args(["--serve-echo", &bytes.to_string()]);
    let (child, mut lines) = spawn(&mut command);
    let mut address = String::new();
    lines.read_line(&mut address).unwrap();
    (child, address.trim().to_owned())
}

fn spawn(command: &mut Command) -> (Child, BufReader<ChildStdout>) {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap());
    (child, lines)
}

fn resident_kib(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().split(' ').next()?.parse().ok()
}

/// The process on this machine that listens on an IPv4 address.
fn listener_of(address: &str) -> Option<u32> {
    let port: u16 = address.rsplit_once(':')?.1.parse().ok()?;
    let table = fs::read_to_string("/proc/net/tcp").ok()?;
    let inode = table.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let listens = fields.get(3) == Some(&"0A");
        let ends = fields.get(1)?.ends_with(&format!(":{port:04X}"));
        (listens && ends).then(|| fields.get(9).map(|inode| (*inode).to_owned()))?
    })?;
    let socket = format!("socket:[{inode}]");
    let processes = fs::read_dir("/proc").ok()?.filter_map(Result::ok);
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .find(|process| {
            let files = fs::read_dir(format!("/proc/{process}/fd"));
            let files = files.into_iter().flatten().filter_map(Result::ok);
            files
                .filter_map(|file| fs::read_link(file.path()).ok())
                .any(|target| target.to_str() == Some(&socket))
        })
}
