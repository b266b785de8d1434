//! Ten thousand connections on which nothing happens, beside one on which something does.

use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::io::AsyncReadExt;

use crate::calling::{Both, command};
use crate::raw::{PREFACE, having_sent};
use crate::running::within_deadline;
use crate::scrape::Scrape;
use crate::tickets::{SMOKE, classify};

/// How many there are where so many files may be open, and how many there must be anywhere.
const IDLE: u64 = 10_000;
const LEAST: u64 = 1_000;
/// What the test and the program need for other things.
const SPARE: u64 = 200;

/// Takes the limit of open files to its end, which the program inherits, and returns how many connections that allows.
fn allowed() -> u64 {
    let mut limit = getrlimit(Resource::Nofile);
    if let Some(files) = limit.maximum {
        limit.current = Some(files);
        setrlimit(Resource::Nofile, limit).unwrap();
    }
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let needed = LEAST + SPARE;
    assert!(
        files >= needed,
        "{files} files may be open, this takes {needed}: raise the hard limit (ulimit -Hn)"
    );
    let idle = IDLE.min(files - SPARE);
    if idle < IDLE {
        eprintln!("{idle} idle connections: {files} files may be open (ulimit -Hn)");
    }
    idle
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_idle_connections_keep_nobody_waiting() {
    let idle = allowed();
    let mut command = command(&[]);
    command.env("TRIAGE_SERVER__MAX_CONNECTIONS", (idle + 10).to_string());
    // They do not answer when they are told that it ends.
    command.env("TRIAGE_SERVER__DRAIN_TIMEOUT_MS", "1000");
    let both = Both::start_as(&mut command).await;
    let server = &both.server;
    let mut client = server.client().await;
    let mut connections = Vec::new();
    for number in 0..idle {
        let mut stream = having_sent(&server.address, PREFACE).await;
        // The server's settings: it has taken the connection.
        let mut read = [0; 9];
        within_deadline(stream.read_exact(&mut read)).await.unwrap();
        connections.push(stream);
        if number % 1_000 == 0 {
            within_deadline(client.classify(classify(SMOKE)))
                .await
                .unwrap();
        }
    }
    let mut late = server.client().await;
    for _ in 0..100 {
        within_deadline(client.classify(classify(SMOKE)))
            .await
            .unwrap();
        within_deadline(late.classify(classify(SMOKE)))
            .await
            .unwrap();
    }
    // Both clients have one too.
    let open = Scrape::of(&both).await.sum("triage_connections_open", &[]);
    assert!(open >= (idle + 2) as f64, "{open} of {idle} are open");
    let ended = both.server.stop().await;
    assert_eq!(ended.code, Some(0));
    drop(connections);
}
