//! Ten thousand connections on which nothing happens, beside one on which something does.

use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::io::AsyncReadExt;

use crate::raw::{PREFACE, having_sent};
use crate::running::{Server, server_command, within_deadline};
use crate::tickets::{SMOKE, classify};

/// How many there are.
const IDLE: u64 = 10_000;
/// What the test and the program need for other things.
const SPARE: u64 = 200;

/// Takes the limit of open files to its end; the program inherits it.
fn allow_files() {
    let mut limit = getrlimit(Resource::Nofile);
    if let Some(files) = limit.maximum {
        limit.current = Some(files);
        setrlimit(Resource::Nofile, limit).unwrap();
    }
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let needed = IDLE + SPARE;
    assert!(
        files >= needed,
        "{files} files may be open, this takes {needed}: raise the hard limit (ulimit -Hn)"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_idle_connections_keep_nobody_waiting() {
    allow_files();
    let mut command = server_command(&[]);
    command.env("TRIAGE_SERVER__MAX_CONNECTIONS", (IDLE + 10).to_string());
    // They do not answer when they are told that it ends.
    command.env("TRIAGE_SERVER__DRAIN_TIMEOUT_MS", "1000");
    let server = Server::start_as(&mut command).await;
    let mut client = server.client().await;
    let mut connections = Vec::new();
    for number in 0..IDLE {
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
    let ended = server.stop().await;
    assert_eq!(ended.code, Some(0));
    assert_eq!(connections.len() as u64, IDLE);
}
