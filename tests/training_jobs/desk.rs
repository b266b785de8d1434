//! A registry with an active model, a policy that fits any model, and a server over them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tonic::transport::Channel;
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt;
use triage::grpc::v1;
use triage::grpc::v1::model_service_client::ModelServiceClient;
use triage::grpc::v1::start_training_request::Part;

use crate::running::{Server, server_over, within_deadline};
use crate::tickets::{Ticket, csv, many_tickets, tickets};

const POLICY: &str = "version: 1\nqueues: {desk: {}}\ndefault: {queue: desk}\n";
/// Far more than a job takes until more is told of it, on a machine whose cores have other things to do too: its threads
/// have the lowest priority.
const JOB_DEADLINE: Duration = Duration::from_secs(600);

/// A folder with a registry, a policy and files of tickets.
pub(crate) struct Desk {
    folder: TempDir,
    /// The version that is active from the beginning.
    pub(crate) active: String,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut desk = Self {
            folder,
            active: String::new(),
        };
        desk.write("policy.yaml", POLICY);
        fs::create_dir(desk.path("data")).unwrap();
        desk.write("data/tickets.csv", &csv(&tickets(1)));
        desk.active = desk.fit("--data data/tickets.csv --models models --activate");
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// A file of tickets without urgencies, to be learned from by its name.
    pub(crate) fn file_without_urgencies(&self) -> v1::TrainingFiles {
        let topics = csv(&tickets(2)).replacen(",urgency,", ",level,", 1);
        self.write("data/topics.csv", &topics);
        v1::TrainingFiles {
            learned: vec!["topics.csv".to_owned()],
            ..v1::TrainingFiles::default()
        }
    }

    /// Trains with the program and returns the version.
    pub(crate) fn fit(&self, arguments: &str) -> String {
        let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_triage-train"))
            .current_dir(self.folder.path())
            .args(["fit", "--json"])
            .args(arguments.split_whitespace())
            .output()
            .unwrap();
        let messages = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments}: {messages}");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        report["version"].as_str().unwrap().to_owned()
    }

    /// The program over this desk. Files of tickets may be named below `data`.
    pub(crate) fn command(&self) -> Command {
        let [models, policy, data] = ["models", "policy.yaml", "data"].map(|name| self.path(name));
        let mut command = server_over(&models, &policy);
        command.env("TRIAGE_TRAINING__DATA_FOLDER", data);
        command
    }

    /// Starts the program and waits until it serves.
    pub(crate) async fn start(&self) -> Server {
        Server::start_as(&mut self.command()).await
    }

    /// The names in the registry, in alphabetical order, but for those of the pointer and its log.
    pub(crate) fn versions(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("models")).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !["active", "activations.log"].contains(&name.as_str()))
            .collect();
        names.sort();
        names
    }
}

/// All files of a folder with their bytes.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

/// A client of the model service, on a new connection.
pub(crate) async fn client(server: &Server) -> ModelServiceClient<Channel> {
    ModelServiceClient::new(server.channel().await)
}

/// Options to train with the facet `mood`.
pub(crate) fn options() -> v1::TrainingOptions {
    v1::TrainingOptions {
        author: "ana@example.com".to_owned(),
        comment: "ticket 42".to_owned(),
        facets: vec!["mood".to_owned()],
        ..v1::TrainingOptions::default()
    }
}

/// A ticket with its labels.
pub(crate) fn example(ticket: &Ticket) -> v1::TrainingExample {
    let urgency = match ticket.urgency.as_str() {
        "low" => v1::Urgency::Low,
        "normal" => v1::Urgency::Normal,
        "high" => v1::Urgency::High,
        "urgent" => v1::Urgency::Urgent,
        other => panic!("no urgency: {other}"),
    };
    v1::TrainingExample {
        id: ticket.id.clone(),
        subject: ticket.subject.clone(),
        body: ticket.body.clone(),
        topic: ticket.topic.clone(),
        urgency: urgency.into(),
        facets: [("mood".to_owned(), ticket.mood.clone())].into(),
        held_out: false,
    }
}

/// Tickets that take long to learn from.
pub(crate) fn many() -> Vec<v1::TrainingExample> {
    many_tickets(7, 800, 20).iter().map(example).collect()
}

/// What is sent: the options, then the tickets, some hundred a message.
pub(crate) fn messages(
    options: v1::TrainingOptions,
    examples: Vec<v1::TrainingExample>,
) -> Vec<v1::StartTrainingRequest> {
    let parts = examples.chunks(300).map(|examples| {
        Part::Examples(v1::TrainingExamples {
            examples: examples.to_vec(),
        })
    });
    [Part::Options(options)]
        .into_iter()
        .chain(parts)
        .map(|part| v1::StartTrainingRequest { part: Some(part) })
        .collect()
}

/// Begins a job.
pub(crate) async fn begin(
    client: &mut ModelServiceClient<Channel>,
    options: v1::TrainingOptions,
    examples: Vec<v1::TrainingExample>,
) -> Result<v1::TrainingJob, Status> {
    let sent = tokio_stream::iter(messages(options, examples));
    let answer = within_deadline(client.start_training(sent)).await?;
    Ok(answer.into_inner().job.unwrap())
}

/// Watches a job to its end; returns all states that were told.
pub(crate) async fn watch(
    client: &mut ModelServiceClient<Channel>,
    id: &str,
) -> Vec<v1::TrainingJob> {
    let request = v1::WatchTrainingRequest { id: id.to_owned() };
    let mut stream = client.watch_training(request).await.unwrap().into_inner();
    let mut states = Vec::new();
    while let Some(job) = told(&mut stream).await {
        states.push(job);
    }
    states
}

/// Waits for what is told next of a job; `None` at the end.
pub(crate) async fn told(
    stream: &mut Streaming<v1::WatchTrainingResponse>,
) -> Option<v1::TrainingJob> {
    let told = tokio::time::timeout(JOB_DEADLINE, stream.message()).await;
    let told = told.unwrap_or_else(|_| panic!("the job is no further within {JOB_DEADLINE:?}"));
    told.unwrap().map(|told| told.job.unwrap())
}

/// A job's last state.
pub(crate) async fn ended(client: &mut ModelServiceClient<Channel>, id: &str) -> v1::TrainingJob {
    watch(client, id).await.pop().unwrap()
}

/// Waits until a job learns from its second fold.
pub(crate) async fn midway(client: &mut ModelServiceClient<Channel>, id: &str) {
    until(client, id, |job| job.fold >= 2).await;
}

/// Waits until a job is told to be as it is asked.
pub(crate) async fn until(
    client: &mut ModelServiceClient<Channel>,
    id: &str,
    is_there: impl Fn(&v1::TrainingJob) -> bool,
) {
    let request = v1::WatchTrainingRequest { id: id.to_owned() };
    let mut stream = client.watch_training(request).await.unwrap().into_inner();
    while let Some(job) = told(&mut stream).await {
        assert_eq!(job.ended_at, None, "it has ended already: {job:?}");
        if is_there(&job) {
            return;
        }
    }
    panic!("the stream ended");
}

/// A request to call a job off.
pub(crate) fn cancel(id: &str) -> v1::CancelTrainingRequest {
    v1::CancelTrainingRequest { id: id.to_owned() }
}

/// The fields that a status finds fault with, after its code.
pub(crate) fn violations(status: &Status, code: Code) -> Vec<String> {
    assert_eq!(status.code(), code, "{status:?}");
    let details = status.get_error_details();
    let found = details.bad_request().unwrap();
    let fields = found.field_violations.iter();
    fields.map(|violation| violation.field.clone()).collect()
}
