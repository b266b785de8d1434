//! A small help desk in a folder of its own: policy, cases, roster, and a server over them.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use tonic::transport::Channel;
use triage::grpc::v1;
use triage::grpc::v1::routing_service_client::RoutingServiceClient;

use crate::running::{Server, argument, server_command};

pub(crate) const POLICY: &str = "\
version: 1
skills: [billing, safety]
queues: {billing: {}, desk: {}}
rules:
  - id: refund
    when: topic == \"billing/refund\"
    priority: 10
    steps:
      - {queue: billing, require: {billing: 1}}
default: {queue: desk}
";

const ROSTER: &str = "\
version: 1
shifts: {early: {timezone: Europe/Berlin, hours: {mon-fri: \"06:00-14:00\"}}}
agents:
  - {id: ana, name: Ana, presence: available, capacity: 5, load: 1, skills: {billing: 3}}
  - {id: bob, presence: away, capacity: 2, skills: {safety: 5}, queues: [desk], shift: early}
";

pub(crate) const CASES: &str = "\
version: 1
policy: ../desk.yaml
roster: ../roster.yaml
cases:
  - name: refunds go to billing
    classification: {topic: billing/refund, urgency: normal}
    expect: {rule: refund, queue: billing, agent: ana}
  - name: what nothing asks for waits at the desk
    classification: {topic: product/defect}
    expect: {queue: desk}
";

/// The words of a ticket that the sample model takes for a refund.
pub(crate) const REFUND: &str = "I sent the jacket back three weeks ago and still have not got my refund. When will \
                                 you pay the money back?";

/// The policy with another priority of its rule.
pub(crate) fn with_priority(priority: u8) -> String {
    POLICY.replace("priority: 10", &format!("priority: {priority}"))
}

/// The policy with refunds sent where its cases do not want them.
pub(crate) fn misrouted() -> String {
    POLICY.replace("queue: billing, require", "queue: desk, require")
}

/// The policy with two faults, in line 6 and in line 9.
pub(crate) fn broken() -> String {
    POLICY
        .replace("topic ==", "topick ==")
        .replace("{billing: 1}", "{biling: 1}")
}

/// The folder of a help desk.
pub(crate) struct Desk {
    folder: TempDir,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let desk = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(desk.path("tests")).unwrap();
        desk.write("desk.yaml", POLICY);
        desk.write("roster.yaml", ROSTER);
        desk.write("tests/desk.tests.yaml", CASES);
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a file in place in one step, as editors and deployments do.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let new = self.path("new");
        fs::write(&new, text).unwrap();
        fs::rename(new, self.path(name)).unwrap();
    }

    /// The program over this desk, with the sample model and nothing to keep policies in; files are looked at every
    /// 10 ms.
    pub(crate) fn forgetful_command(&self) -> Command {
        let policy = self.path("desk.yaml");
        let roster = self.path("roster.yaml");
        let mut command =
            server_command(&["--policy", argument(&policy), "--roster", argument(&roster)]);
        command.env("TRIAGE_POLICY__WATCH_MS", "10");
        command
    }

    /// The same with a folder to keep policies in.
    pub(crate) fn command(&self) -> Command {
        let mut command = self.forgetful_command();
        command.args(["--state", argument(&self.path("state"))]);
        command
    }

    /// Starts the program and waits until it serves.
    pub(crate) async fn start(&self) -> Server {
        Server::start_as(&mut self.command()).await
    }

    /// The lines of the audit log, all of which are whole.
    pub(crate) fn audit(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path("state/policy-log.jsonl")).unwrap();
        assert!(text.ends_with('\n'), "half a line: {text:?}");
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// A client of the routing service, on a new connection.
pub(crate) async fn client(server: &Server) -> RoutingServiceClient<Channel> {
    RoutingServiceClient::new(server.channel().await)
}

/// A request to apply a policy.
pub(crate) fn apply(policy: impl Into<String>) -> v1::ApplyPolicyRequest {
    v1::ApplyPolicyRequest {
        policy: policy.into(),
        author: "ana@example.com".to_owned(),
        comment: "ticket 42".to_owned(),
        ..v1::ApplyPolicyRequest::default()
    }
}

/// A request to go back.
pub(crate) fn rollback(version: &str) -> v1::RollbackPolicyRequest {
    v1::RollbackPolicyRequest {
        version: version.to_owned(),
        author: "bob@example.com".to_owned(),
        ..v1::RollbackPolicyRequest::default()
    }
}

/// The policy that decides.
pub(crate) async fn live(server: &Server) -> v1::GetPolicyResponse {
    let request = v1::GetPolicyRequest::default();
    let answer = client(server).await.get_policy(request).await;
    answer.unwrap().into_inner()
}

/// The version of the policy that decides.
pub(crate) async fn live_version(server: &Server) -> String {
    live(server).await.record.unwrap().version
}

/// A request to route a refund.
pub(crate) fn route_refund() -> v1::RouteRequest {
    v1::RouteRequest {
        ticket: Some(v1::Ticket {
            id: "t-1".to_owned(),
            body: REFUND.to_owned(),
            ..v1::Ticket::default()
        }),
        ..v1::RouteRequest::default()
    }
}
