//! A registry with two small models, and servers over it: two at once, which are told different things.

use std::fs;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use tonic::Status;
use tonic::transport::Channel;
use triage::grpc::v1;
use triage::grpc::v1::model_service_client::ModelServiceClient;

use crate::running::{Server, argument, server_command, within_deadline};
use crate::targets::save_small;
use crate::tickets::classify;

pub(crate) const POLICY: &str = "\
version: 1
queues: {billing: {}, desk: {}}
rules:
  - id: bill
    when: topic == \"bill\"
    otherwise: billing
default: {queue: desk}
";
/// How often both are told to activate different versions.
const ROUNDS: usize = 20;

/// A folder with a policy and two models, the first of which is active; and both versions.
pub(crate) fn registry() -> (TempDir, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().join("models");
    fs::create_dir(&models).unwrap();
    let versions = [1, 2].map(|seed| save_small(&models, seed).version);
    fs::write(models.join("active"), format!("{}\n", versions[0])).unwrap();
    fs::write(folder.path().join("desk.yaml"), POLICY).unwrap();
    let [first, second] = versions;
    assert_ne!(first, second);
    (folder, first, second)
}

/// A server over the folder; files are looked at every 10 ms.
pub(crate) fn command(folder: &TempDir) -> Command {
    let (models, policy) = (
        folder.path().join("models"),
        folder.path().join("desk.yaml"),
    );
    let mut command = server_command(&["--models", argument(&models), "--roster", ""]);
    command.args(["--policy", argument(&policy)]);
    command.env("TRIAGE_POLICY__WATCH_MS", "10");
    command
}

/// The version that the registry points to.
pub(crate) fn active(folder: &TempDir) -> String {
    let pointer = fs::read_to_string(folder.path().join("models/active")).unwrap();
    pointer.lines().next().unwrap().to_owned()
}

pub(crate) async fn models_client(server: &Server) -> ModelServiceClient<Channel> {
    ModelServiceClient::new(server.channel().await)
}

/// A request to activate a version, however good it is.
pub(crate) fn activate(version: &str) -> v1::ActivateModelRequest {
    v1::ActivateModelRequest {
        version: version.to_owned(),
        author: "ana@example.com".to_owned(),
        force: true,
        ..v1::ActivateModelRequest::default()
    }
}

/// The version that a server answers with.
async fn served(server: &Server) -> String {
    let answer = server.client().await.classify(classify("bill")).await;
    answer.unwrap().into_inner().model_version
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_told_to_activate_different_models_at_once_agree_on_one() {
    let (folder, first, second) = registry();
    let one = Server::start_as(&mut command(&folder)).await;
    let other = Server::start_as(&mut command(&folder)).await;
    let (mut ask_one, mut ask_other) = (models_client(&one).await, models_client(&other).await);
    for round in 0..ROUNDS {
        let (to_one, to_other) = match round % 2 {
            0 => (&first, &second),
            _ => (&second, &first),
        };
        let both = async {
            tokio::join!(
                ask_one.activate_model(activate(to_one)),
                ask_other.activate_model(activate(to_other)),
            )
        };
        let (from_one, from_other) = within_deadline(both).await;
        let versions = [from_one, from_other].map(|answer: Result<_, Status>| {
            let answer: v1::ActivateModelResponse = answer.unwrap().into_inner();
            answer.version
        });
        assert_eq!(versions, [to_one.clone(), to_other.clone()]);
        let agreed = async {
            loop {
                let points = active(&folder);
                if served(&one).await == points && served(&other).await == points {
                    return points;
                }
            }
        };
        let agreed = within_deadline(agreed).await;
        assert!(versions.contains(&agreed), "{agreed}");
    }
    // Each move is one whole line, and begins where the one before ended.
    let log = fs::read_to_string(folder.path().join("models/activations.log")).unwrap();
    assert!(log.ends_with('\n'), "{log}");
    let mut before = first.clone();
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["before"], before, "{log}");
        before = line["after"].as_str().unwrap().to_owned();
    }
    assert_eq!(before, active(&folder));
}
