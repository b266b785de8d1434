//! So many connections that no file can be opened any more: what changes meanwhile is taken over once they are gone.

use std::fs;
use std::process::{Command, Stdio};

use tokio::net::TcpStream;

use crate::running::{Server, argument, clean, within_deadline};

/// Files that the program may open, connections included: more than it needs for itself.
const MOST_FILES: usize = 96;

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_could_not_be_opened_is_read_when_it_can_be() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.yaml");
    let sample = fs::read_to_string("policies/sample.yaml").unwrap();
    fs::write(&policy, &sample).unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -n {MOST_FILES}; exec \"$@\""), "sh"]);
    command.arg(env!("CARGO_BIN_EXE_triage-server"));
    clean(&mut command).args(["--listen", "127.0.0.1:0", "--policy", argument(&policy)]);
    command.env("TRIAGE_POLICY__WATCH_MS", "50");
    // Each has files of its own, and a machine may have many cores.
    command.env("TRIAGE_SERVER__THREADS", "2");
    command.env("TRIAGE_SERVER__OPEN_TIMEOUT_MS", "3600000");
    command.stdin(Stdio::null());
    let mut server = Server::start_as(&mut command).await;
    let mut silent = Vec::new();
    for _ in 0..MOST_FILES {
        let connected = TcpStream::connect(&server.address);
        silent.push(within_deadline(connected).await.unwrap());
    }
    let new = folder.path().join("new.yaml");
    fs::write(&new, format!("{sample}\n# another\n")).unwrap();
    fs::rename(&new, &policy).unwrap();
    let told = "the changed files are refused: policy and roster stay as they are";
    let refused = server.logged(told).await;
    let why = refused["error"].as_str().unwrap();
    assert!(why.contains("Too many open files"), "{refused}");
    drop(silent);
    server.logged("another policy decides").await;
}
