//! A log that nobody reads: whoever started the program holds the other end of its standard output and never looks.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tonic::transport::Endpoint;
use triage::grpc::v1;
use triage::grpc::v1::triage_service_client::TriageServiceClient;

use crate::running::{server_command, within_deadline};
use crate::tickets::{SMOKE, classify, route};

/// Far more than a pipe holds of lines: those of some hundred calls.
const CALLS: usize = 3_000;

/// Reads the log until a line has this message.
fn logged(log: &mut impl BufRead, message: &str) -> Value {
    loop {
        let mut line = String::new();
        assert_ne!(log.read_line(&mut line).unwrap(), 0, "no '{message}'");
        let line: Value = serde_json::from_str(&line).unwrap();
        if line["message"] == message {
            return line;
        }
    }
}

/// Ends the program by SIGTERM, which takes no longer than its time to drain, and gives its exit code.
async fn ended(mut child: Child) -> Option<i32> {
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let ended = tokio::task::spawn_blocking(move || child.wait().unwrap());
    within_deadline(ended).await.unwrap().code()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_nobody_reads_keeps_no_call_from_its_answer_nor_the_program_from_its_end() {
    // At this level some lines are made for each call.
    let mut command = server_command(&["--log-level", "debug"]);
    command.env("TRIAGE_SERVER__DRAIN_TIMEOUT_MS", "5000");
    let piped = command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    let mut log = BufReader::new(child.stdout.take().unwrap());
    let listening = logged(&mut log, "listening");
    logged(&mut log, "serving");
    let address = listening["address"].as_str().unwrap();
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    let endpoint = endpoint.timeout(Duration::from_secs(60));
    let mut client = TriageServiceClient::new(endpoint.connect().await.unwrap());
    for _ in 0..CALLS {
        client.classify(classify(SMOKE)).await.unwrap();
    }
    drop(client);
    assert_eq!(ended(child).await, Some(0));
    // What fitted is whole; the last of it may be cut off where the pipe was full.
    let answered = log.lines().map_while(Result::ok).filter(|line| {
        serde_json::from_str::<Value>(line).is_ok_and(|line| line["message"] == "answered")
    });
    assert!(answered.count() > 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_were_lost_are_told_of_when_the_log_is_read_again() {
    // At this level each ticket of a batch has a line.
    let mut command = server_command(&["--log-level", "debug"]);
    let piped = command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    let mut log = BufReader::new(child.stdout.take().unwrap());
    let listening = logged(&mut log, "listening");
    let address = listening["address"].as_str().unwrap();
    logged(&mut log, "serving");
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    let mut client = TriageServiceClient::new(endpoint.connect().await.unwrap());
    let batch = v1::BatchRouteRequest {
        requests: vec![route(SMOKE); 1_000],
        roster: None,
    };
    // A line takes more than 200 bytes, and 4 MiB of them are kept.
    for _ in 0..30 {
        client.batch_route(batch.clone()).await.unwrap();
    }
    drop(client);
    let read = tokio::task::spawn_blocking(move || {
        let told = "lines of the log were lost: they are not read as fast as they come";
        let lost = logged(&mut log, told);
        // Read on, so that the program can say what it likes.
        let rest = thread::spawn(move || log.lines().count());
        (lost, rest)
    });
    let (lost, rest) = within_deadline(read).await.unwrap();
    assert_eq!(lost["level"], "WARN");
    assert!(lost["lost"].as_u64().unwrap() > 100, "{lost}");
    assert_eq!(ended(child).await, Some(0));
    rest.join().unwrap();
}
