//! The calls by which the guide goes live, sent to a running server as they are printed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};
use serde_json::Value;
use tempfile::TempDir;
use tonic::transport::Channel;
use triage::grpc::v1;
use triage::grpc::v1::routing_service_client::RoutingServiceClient;

use crate::blocks::{Block, blocks, guide_text};
use crate::running::{Server, argument, server_command};

/// A server over a policy of the reader's folder.
struct Desk {
    folder: TempDir,
    server: Server,
}

impl Desk {
    /// In a folder with `files`; its policy is `desk.yaml`, its roster `roster.yaml`.
    async fn start(files: &BTreeMap<String, String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let path = |name: &str| -> PathBuf { folder.path().join(name) };
        let (policy, state, roster) = (path("desk.yaml"), path("state"), path("roster.yaml"));
        let mut command = server_command(&["--policy", argument(&policy)]);
        command.args(["--roster", argument(&roster), "--state", argument(&state)]);
        let server = Server::start_as(&mut command).await;
        Self { folder, server }
    }

    async fn client(&self) -> RoutingServiceClient<Channel> {
        RoutingServiceClient::new(self.server.channel().await)
    }

    /// The version that decides, as `GetPolicy … | jq -r .record.version` tells it.
    async fn version(&self) -> String {
        let request = v1::GetPolicyRequest::default();
        let answer = self.client().await.get_policy(request).await.unwrap();
        answer.into_inner().record.unwrap().version
    }
}

/// The guide's blocks of a language.
fn blocks_of(language: &str) -> Vec<Block> {
    let all = blocks(&guide_text()).into_iter();
    all.filter(|block| block.language == language).collect()
}

/// The files that the reader has written by the end, each as it was written last.
fn written() -> BTreeMap<String, String> {
    let all = blocks(&guide_text()).into_iter();
    all.filter(|block| !block.has("wrong"))
        .filter_map(|block| Some((block.info.get("file")?.clone(), block.text)))
        .collect()
}

/// A message of the interface from its JSON.
fn message<M: Message + Default>(name: &str, json: &Value) -> M {
    let interface = DescriptorPool::decode(triage::grpc::DESCRIPTORS).unwrap();
    let kind = interface.get_message_by_name(name).unwrap();
    let read = DynamicMessage::deserialize(kind, json).unwrap();
    M::decode(read.encode_to_vec().as_slice()).unwrap()
}

/// The request that the guide prints as JSON.
fn printed<M: Message + Default>(name: &str, version: &str) -> M {
    let block = blocks_of("json")
        .into_iter()
        .find(|block| block.info.get("message").is_some_and(|known| known == name));
    let text = block.unwrap().text.replace("VERSION", version);
    message(name, &serde_json::from_str(&text).unwrap())
}

/// What `jq -n` makes of an object whose keys stand without quotes and whose values are texts, lists, objects and
/// variables.
fn build(filter: &str, variables: &BTreeMap<String, String>) -> Value {
    let mut json = String::new();
    for (number, part) in filter.split('"').enumerate() {
        if number % 2 == 1 {
            json += &Value::from(part).to_string();
            continue;
        }
        let mut rest = part;
        while let Some(at) = rest.find(|c: char| c.is_ascii_alphabetic() || c == '$') {
            json += &rest[..at];
            let word = &rest[at..];
            let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let end = word[1..]
                .find(|c| !is_word(c))
                .map_or(word.len(), |end| end + 1);
            json += &match word[..end].strip_prefix('$') {
                Some(name) => Value::from(variables[name].as_str()).to_string(),
                None => Value::from(&word[..end]).to_string(),
            };
            rest = &word[end..];
        }
        json += rest;
    }
    serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json}"))
}

/// The request that the guide's commands put together in `folder`.
fn typed(folder: &Path, version: &str) -> v1::ApplyPolicyRequest {
    let block = blocks_of("sh")
        .into_iter()
        .find(|block| block.text.contains("RoutingService/ApplyPolicy"));
    let text = block.unwrap().text;
    let (_, jq) = text.split_once("jq -n ").unwrap();
    let (options, rest) = jq.split_once('\'').unwrap();
    let (filter, _) = rest.split_once('\'').unwrap();
    let mut variables = BTreeMap::new();
    let words: Vec<&str> = options.split_whitespace().collect();
    for option in words.windows(3) {
        let value = match option[0] {
            "--rawfile" => fs::read_to_string(folder.join(option[2])).unwrap(),
            "--arg" => option[2].trim_matches('"').replace("$version", version),
            _ => continue,
        };
        variables.insert(option[1].to_owned(), value);
    }
    message("triage.v1.ApplyPolicyRequest", &build(filter, &variables))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_guide_apply_the_new_policy_and_go_back() {
    let files = written();
    let desk = Desk::start(&files).await;
    let first = desk.version().await;
    let request = typed(desk.folder.path(), &first);
    let applied = desk.client().await.apply_policy(request).await;
    let applied = applied.unwrap().into_inner();
    assert!(applied.changed && applied.cases > 0, "{applied:?}");
    let second = desk.version().await;
    assert_eq!(applied.record.unwrap().version, second);
    assert_ne!(second, first);

    let back: v1::RollbackPolicyRequest = printed("triage.v1.RollbackPolicyRequest", "");
    desk.client().await.rollback_policy(back).await.unwrap();
    assert_eq!(desk.version().await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dry_run_of_the_guide_says_what_would_change_and_changes_nothing() {
    let policy = "version: 1\nqueues: {desk: {}}\ndefault: {queue: desk}\n";
    let desk = Desk::start(&BTreeMap::from([
        ("desk.yaml".to_owned(), policy.to_owned()),
        (
            "roster.yaml".to_owned(),
            "version: 1\nagents: []\n".to_owned(),
        ),
    ]))
    .await;
    let version = desk.version().await;
    let request: v1::ApplyPolicyRequest = printed("triage.v1.ApplyPolicyRequest", &version);
    assert!(request.dry_run);
    let answer = desk.client().await.apply_policy(request).await;
    let answer = answer.unwrap().into_inner();
    assert!(
        answer.changed && answer.diff.contains("+queues: {people: {}}"),
        "{answer:?}"
    );
    assert_eq!(desk.version().await, version);
}
