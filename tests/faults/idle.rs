//! Thousands of connections on which nothing happens, beside one on which something does.

use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::io::AsyncReadExt;

use crate::raw::{PREFACE, having_sent};
use crate::running::{Server, server_command, within_deadline};
use crate::tickets::{SMOKE, classify};

/// How many there are where the limit of open files allows it.
const MOST: u64 = 10_000;
/// What the test and the program need for other things.
const SPARE: u64 = 200;

/// How many connections there may be: the limit of open files is taken to its end, and the program inherits it.
fn possible() -> u64 {
    let mut limit = getrlimit(Resource::Nofile);
    if let Some(files) = limit.maximum {
        limit.current = Some(files);
        setrlimit(Resource::Nofile, limit).unwrap();
    }
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    MOST.min(files.saturating_sub(SPARE))
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_idle_connections_keep_nobody_waiting() {
    let idle = possible();
    assert!(idle > 500, "the limit of open files is too low to tell");
    let mut command = server_command(&[]);
    command.env("TRIAGE_SERVER__MAX_CONNECTIONS", (idle + 10).to_string());
    // They do not answer when they are told that it ends.
    command.env("TRIAGE_SERVER__DRAIN_TIMEOUT_MS", "1000");
    let server = Server::start_as(&mut command).await;
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
    let ended = server.stop().await;
    assert_eq!(ended.code, Some(0));
    assert_eq!(connections.len() as u64, idle);
}
