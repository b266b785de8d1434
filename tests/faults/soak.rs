//! Many calls of all kinds on both ports, and other models and policies between them: after a while memory grows no more,
//! and what they opened is closed.

use std::fs;
use std::net::SocketAddr;

use futures_util::StreamExt;
use futures_util::stream;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::Code;
use triage::grpc::v1;

use crate::desk::{apply, client};
use crate::raw::post;
use crate::registry::{POLICY, activate, command, models_client, registry};
use crate::running::{DEADLINE, Server, argument, within_deadline};
use crate::tickets::classify;

/// Calls of each round, and how many of them at a time.
const CALLS: usize = 1_500;
const AT_ONCE: usize = 32;
/// Tickets of a stream or batch.
const TOGETHER: usize = 20;
/// After so many rounds memory must have come to rest: an allocator takes some more now and then, a leak with each call.
const MOST_ROUNDS: usize = 24;
/// It has if so many rounds add no more than this to it, in KiB: 175 bytes a call.
const AT_REST_ROUNDS: usize = 4;
const AT_REST_KIB: u64 = 1 << 10;
/// So many more files may be open at the end than before the first call, and so many more threads may run: the files of
/// policy and model are looked at all the time, each by a thread. What each round left behind would be more.
const AT_REST_MORE: usize = 2;

/// What is called, and by what.
struct Soaked {
    server: Server,
    http: SocketAddr,
    versions: [String; 2],
    _folder: TempDir,
}

impl Soaked {
    async fn start() -> Self {
        let (folder, first, second) = registry();
        let mut command = command(&folder);
        command.args(["--state", argument(&folder.path().join("state"))]);
        command.env("TRIAGE_HTTP__LISTEN", "127.0.0.1:0");
        command.args([
            "--log-level",
            "error,triage::server=info,triage::server::log=error",
        ]);
        let mut server = Server::start_listening(&mut command).await;
        let listening = server.logged("listening for HTTP").await;
        let http = listening["address"].as_str().unwrap().parse().unwrap();
        server.logged("serving").await;
        Self {
            server,
            http,
            versions: [first, second],
            _folder: folder,
        }
    }

    /// How many files are open, connections among them, and how many threads run.
    fn held(&self) -> [usize; 2] {
        ["fd", "task"].map(|folder| {
            let path = format!("/proc/{}/{folder}", self.server.id());
            fs::read_dir(path).unwrap().count()
        })
    }

    /// Waits until hardly more is held than `before`: connections end a moment after their callers, and threads when they
    /// have been without work for some seconds.
    async fn holds_no_more_than(&self, before: [usize; 2]) {
        let most = before.map(|before| before + AT_REST_MORE);
        let at_rest = async {
            while self.held().iter().zip(most).any(|(now, most)| *now > most) {
                tokio::task::yield_now().await;
            }
        };
        let came = tokio::time::timeout(DEADLINE, at_rest).await;
        let now = self.held();
        assert!(came.is_ok(), "files and threads: {before:?}, now {now:?}");
    }

    /// Many calls, then another model and another policy.
    async fn round(&self, round: usize) {
        let calls = stream::iter(0..CALLS).map(|call| self.call(round, call));
        calls.buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
        let version = &self.versions[(round + 1) % 2];
        let mut models = models_client(&self.server).await;
        models.activate_model(activate(version)).await.unwrap();
        let policy = POLICY.replace(
            "id: bill",
            &format!("id: bill\n    priority: {}", 11 + round),
        );
        let mut policies = client(&self.server).await;
        policies.apply_policy(apply(policy)).await.unwrap();
    }

    async fn call(&self, round: usize, call: usize) {
        let request = move |ticket: usize| v1::RouteRequest {
            ticket: Some(ticket_of(round, call * TOGETHER + ticket)),
            trace: call.is_multiple_of(3),
            ..v1::RouteRequest::default()
        };
        if call % 8 == 7 {
            return self.post(&text(round, call)).await;
        }
        // Some come on connections of their own, which end.
        let mut triage = self.server.client().await;
        match call % 8 {
            0 => {
                let text = text(round, call);
                triage.classify(classify(&text)).await.unwrap();
            }
            1 => {
                let refused = triage.classify(classify("")).await.unwrap_err();
                assert_eq!(refused.code(), Code::InvalidArgument);
            }
            2 => {
                let requests = stream::iter((0..TOGETHER).map(request));
                let outcomes = triage.stream_route(requests).await.unwrap().into_inner();
                assert_eq!(outcomes.count().await, TOGETHER);
            }
            3 => {
                let requests = (0..TOGETHER).map(request).collect();
                let batch = v1::BatchRouteRequest {
                    requests,
                    ..v1::BatchRouteRequest::default()
                };
                triage.batch_route(batch).await.unwrap();
            }
            _ => drop(triage.route(request(0)).await.unwrap()),
        }
    }

    /// A ticket over HTTP.
    async fn post(&self, text: &str) {
        let body = format!(r#"{{"ticket":{{"body":"{text}"}}}}"#);
        let request = post("/v1/classify", "connection: close\r\n", &body);
        let mut stream = TcpStream::connect(self.http).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
}

/// A text that was never sent before, of some two kilobytes.
fn text(round: usize, call: usize) -> String {
    let words = format!("parcel {call} of round {round} is late, write to a{call}@example.com ");
    words.repeat(30)
}

fn ticket_of(round: usize, number: usize) -> v1::Ticket {
    v1::Ticket {
        id: format!("t-{round}-{number}"),
        body: text(round, number),
        ..v1::Ticket::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_memory_nor_what_is_open_grows_with_the_number_of_calls() {
    let soaked = Soaked::start().await;
    let mut taken = Vec::new();
    let before_all = soaked.held();
    for number in 0..MOST_ROUNDS {
        within_deadline(soaked.round(number)).await;
        taken.push(soaked.server.memory_kib("VmRSS"));
        let before = number.checked_sub(AT_REST_ROUNDS).map(|at| taken[at]);
        if before.is_some_and(|before| taken[number] < before + AT_REST_KIB) {
            soaked.holds_no_more_than(before_all).await;
            let ended = soaked.server.stop().await;
            assert_eq!(ended.code, Some(0), "{ended:#?}");
            return;
        }
    }
    panic!("KiB after each round: {taken:?}");
}
