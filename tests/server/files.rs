//! Models, policies and rosters that cannot be served: a clear error, exit code 2, and never a panic.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::running::{Ended, Server, argument, clean, server_command};

/// Runs the program, which must give up with code 2, with each of `words` both in its last line of the log and on
/// standard error.
async fn refused(arguments: &[&str], words: &[&str]) -> Ended {
    let ended = Server::spawn(&mut server_command(arguments)).ended().await;
    ended.refused(2, words);
    let entries = ended.entries();
    let last = entries.last().unwrap();
    assert_eq!(last["level"], "ERROR", "{ended:#?}");
    for word in words {
        assert!(last["error"].as_str().unwrap().contains(word), "{last}");
    }
    ended
}

/// A copy of the folder of models.
fn copy_of_models() -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    copy_folder(&project("models"), copy.path());
    copy
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn project(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The folder of the active version.
fn active(models: &Path) -> std::path::PathBuf {
    let active = fs::read_to_string(models.join("active")).unwrap();
    models.join(active.lines().next().unwrap())
}

/// A copy of a sample file with one text replaced, and the replaced text's line and column, from 1.
fn changed(name: &str, text: &str, by: &str) -> (TempDir, String, String) {
    let whole = fs::read_to_string(project(name)).unwrap();
    let at = whole.find(text).unwrap();
    let line = whole[..at].matches('\n').count() + 1;
    let column = whole[..at].chars().rev().take_while(|c| *c != '\n').count() + 1;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changed.yaml");
    fs::write(&path, whole.replacen(text, by, 1)).unwrap();
    let name = argument(&path).to_owned();
    (folder, name, format!("changed.yaml:{line}:{column}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_refused_by_its_address() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_triage-server"));
    clean(&mut command).args(["--listen", &address]);
    let ended = Server::spawn(&mut command).ended().await;
    ended.refused(2, &["cannot listen on", &address, "--listen"]);
    let entries: Vec<Value> = ended.entries();
    assert!(entries[0]["error"].as_str().unwrap().contains(&address));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_model_is_refused_with_what_to_do() {
    refused(
        &["--models", "no-such-folder"],
        &["no-such-folder", "no active model"],
    )
    .await;
    let empty = tempfile::tempdir().unwrap();
    refused(&["--models", argument(empty.path())], &["triage-train fit"]).await;
    let models = copy_of_models();
    fs::write(models.path().join("active"), "feedfacefeedface\n").unwrap();
    refused(
        &["--models", argument(models.path())],
        &["no model version 'feedfacefeedface'"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_model_is_refused_by_its_file() {
    for name in ["weights.safetensors", "manifest.json"] {
        for keep in [0, 1, 100, 2_000] {
            let models = copy_of_models();
            let path = active(models.path()).join(name);
            let bytes = fs::read(&path).unwrap();
            fs::write(&path, &bytes[..keep.min(bytes.len() - 1)]).unwrap();
            refused(&["--models", argument(models.path())], &[name]).await;
        }
    }
    let models = copy_of_models();
    fs::remove_file(active(models.path()).join("weights.safetensors")).unwrap();
    refused(
        &["--models", argument(models.path())],
        &["weights.safetensors"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_with_one_bit_changed_is_refused() {
    let models = copy_of_models();
    let path = active(models.path()).join("weights.safetensors");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    refused(
        &["--models", argument(models.path())],
        &["weights.safetensors"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_names_an_unknown_topic_is_refused_with_the_nearest_one() {
    let (_folder, name, place) = changed(
        "policies/sample.yaml",
        "\"safety/incident\"",
        "\"safety/incidnt\"",
    );
    refused(
        &["--policy", &name],
        &[
            &place,
            "'safety/incidnt'",
            "did you mean 'safety/incident'?",
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_is_missing_or_no_policy_is_refused() {
    refused(
        &["--policy", "no-such.yaml"],
        &["no-such.yaml", "cannot be opened"],
    )
    .await;
    refused(&["--policy", "policies"], &["policies"]).await;
    refused(&["--policy", "Cargo.toml"], &["Cargo.toml:"]).await;
    let (_folder, name, place) = changed("policies/sample.yaml", "priorities:", "priority:");
    refused(&["--policy", &name], &[&place, "priority"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roster_that_does_not_fit_the_policy_is_refused() {
    let (_folder, name, _) = changed("policies/roster.yaml", "{safety: 5,", "{safty: 5,");
    refused(
        &["--roster", &name],
        &[
            "changed.yaml:",
            "'amara'",
            "'safty'",
            "did you mean 'safety'?",
        ],
    )
    .await;
    refused(&["--roster", "no-such.yaml"], &["no-such.yaml"]).await;
}
