//! A small help desk in a folder of its own: tickets, models fitted on them, policy, cases, and a server over them.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use tonic::Status;
use tonic::transport::Channel;
use tonic_types::StatusExt;
use triage::checksum::sha256_hex;
use triage::grpc::v1;
use triage::grpc::v1::model_service_client::ModelServiceClient;

use crate::running::{Server, clean, server_over};
use crate::tickets::{Ticket, csv, tickets};

/// What the log says when another model answers.
pub(crate) const SWAPPED: &str = "another model answers";
/// What it says when the active model is not followed.
pub(crate) const REFUSED: &str = "the active model is refused: the one that is served stays";

pub(crate) const POLICY: &str = "\
version: 1
queues: {billing: {}, desk: {}}
rules:
  - id: refund
    when: topic == \"billing/refund\"
    otherwise: billing
default: {queue: desk}
";

/// A ticket that models which have learned from the tickets take for a refund.
pub(crate) const REFUND: &str =
    "please refund my money, I am owed and want to be repaid and reimbursed, thanks";

const CASES: &str = "\
version: 1
policy: ../desk.yaml
cases:
  - name: what nothing asks for waits at the desk
    classification: {topic: product/defect}
    expect: {queue: desk}
";

/// The cases, and one for the model: a refund is to be known as one.
pub(crate) fn cases_for_refunds() -> String {
    format!(
        "{CASES}  - name: refunds are known\n    ticket: {{body: \"{REFUND}\"}}\n    expect: {{topic: billing/refund}}\n"
    )
}

/// The folder of a help desk.
pub(crate) struct Desk {
    folder: TempDir,
}

impl Desk {
    /// With tickets, policy and cases, but no model.
    pub(crate) fn new() -> Self {
        let desk = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(desk.path("tests")).unwrap();
        desk.write("tickets.csv", csv(&tickets(1)));
        desk.write("desk.yaml", POLICY);
        desk.write("tests/desk.tests.yaml", CASES);
        desk
    }

    /// With two versions, the first of which is active.
    pub(crate) fn with_two() -> (Self, String, String) {
        let desk = Self::new();
        let first = desk.fit("tickets.csv", "--activate");
        let second = desk.fit("tickets.csv", "--seed 7");
        (desk, first, second)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a file in place in one step, as editors and deployments do.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let new = self.path("new");
        fs::write(&new, text).unwrap();
        fs::rename(new, self.path(name)).unwrap();
    }

    /// Runs `triage-train` with these words.
    pub(crate) fn train(&self, arguments: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_triage-train"));
        clean(&mut command).current_dir(self.folder.path());
        command.args(arguments.split_whitespace()).output().unwrap()
    }

    /// Runs `triage-train` with these words, which it must do.
    #[track_caller]
    pub(crate) fn trained(&self, arguments: &str) -> String {
        let output = self.train(arguments);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Fits on a file and returns the new version.
    pub(crate) fn fit(&self, file: &str, options: &str) -> String {
        let told = self.trained(&format!(
            "fit --data {file} --models models --json {options}"
        ));
        let report: Value = serde_json::from_str(&told).unwrap();
        report["version"].as_str().unwrap().to_owned()
    }

    /// Fits on the tickets as `change` leaves them and returns the new version.
    pub(crate) fn fit_changed(&self, change: impl FnOnce(&mut Vec<Ticket>)) -> String {
        let mut rows = tickets(1);
        change(&mut rows);
        self.write("changed.csv", csv(&rows));
        self.fit("changed.csv", "")
    }

    /// A version that has learned wrong topics.
    pub(crate) fn fit_wrong(&self) -> String {
        self.fit_changed(|rows| {
            let topics: Vec<String> = rows.iter().map(|row| row.topic.clone()).collect();
            for (index, row) in rows.iter_mut().enumerate() {
                row.topic.clone_from(&topics[(index + 1) % topics.len()]);
            }
        })
    }

    /// A copy of a version whose manifest was changed, sound but for what that says.
    pub(crate) fn forge(&self, version: &str, change: impl FnOnce(&mut Value)) -> String {
        let from = self.path("models").join(version);
        let text = fs::read(from.join("manifest.json")).unwrap();
        let mut manifest: Value = serde_json::from_slice(&text).unwrap();
        change(&mut manifest);
        let text = serde_json::to_vec_pretty(&manifest).unwrap();
        let forged = sha256_hex(&text)[..16].to_owned();
        let to = self.path("models").join(&forged);
        fs::create_dir_all(&to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
        fs::write(to.join("manifest.json"), text).unwrap();
        forged
    }

    /// Changes one bit in the middle of a version's weights.
    pub(crate) fn damage(&self, version: &str) {
        let path = self
            .path("models")
            .join(version)
            .join("weights.safetensors");
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(path, bytes).unwrap();
    }

    /// The active version.
    pub(crate) fn active(&self) -> String {
        let pointer = fs::read_to_string(self.path("models/active")).unwrap();
        pointer.lines().next().unwrap().to_owned()
    }

    /// The log of activations.
    pub(crate) fn activations(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path("models/activations.log")).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The program over this desk; files are looked at every 10 ms.
    pub(crate) fn command(&self) -> Command {
        let (models, policy) = (self.path("models"), self.path("desk.yaml"));
        let mut command = server_over(&models, &policy);
        command.env("TRIAGE_POLICY__WATCH_MS", "10");
        command
    }

    /// Starts the program and waits until it serves.
    pub(crate) async fn start(&self) -> Server {
        Server::start_as(&mut self.command()).await
    }
}

/// A client of the model service, on a new connection.
pub(crate) async fn client(server: &Server) -> ModelServiceClient<Channel> {
    ModelServiceClient::new(server.channel().await)
}

/// A request to activate a version.
pub(crate) fn activate(version: &str) -> v1::ActivateModelRequest {
    v1::ActivateModelRequest {
        version: version.to_owned(),
        author: "ana@example.com".to_owned(),
        comment: "ticket 42".to_owned(),
        ..v1::ActivateModelRequest::default()
    }
}

/// A request to go back.
pub(crate) fn rollback() -> v1::RollbackModelRequest {
    v1::RollbackModelRequest {
        author: "bob@example.com".to_owned(),
        ..v1::RollbackModelRequest::default()
    }
}

/// A request to route a ticket with this text.
pub(crate) fn route(id: &str, body: &str) -> v1::RouteRequest {
    v1::RouteRequest {
        ticket: Some(v1::Ticket {
            id: id.to_owned(),
            body: body.to_owned(),
            ..v1::Ticket::default()
        }),
        ..v1::RouteRequest::default()
    }
}

/// The version that answers.
pub(crate) async fn served(server: &Server) -> String {
    let mut client = server.client().await;
    let answer = client.route(route("t-1", REFUND)).await.unwrap();
    answer.into_inner().model_version
}

/// The kinds and descriptions of what stands in the way.
#[track_caller]
pub(crate) fn unmet(status: &Status) -> Vec<(String, String)> {
    assert_eq!(status.code(), tonic::Code::FailedPrecondition, "{status:?}");
    let details = status.get_details_precondition_failure().unwrap();
    let violations = details.violations.into_iter();
    violations
        .map(|one| (one.r#type, one.description))
        .collect()
}
