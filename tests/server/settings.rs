//! Settings: which source is in force, and what is said of a key that is wrong.

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use crate::running::{Server, argument, clean, server_command};

/// Runs the program, which must refuse its settings.
async fn refused(command: &mut Command, words: &[&str]) {
    let ended = Server::spawn(command).ended().await;
    ended.refused(64, words);
    assert!(ended.log.is_empty(), "{ended:#?}");
}

/// A file of settings with this text.
fn file(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("triage.toml");
    fs::write(&path, text).unwrap();
    let name = argument(&path).to_owned();
    (folder, name)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_value_is_refused_by_the_name_of_its_key() {
    for (text, key) in [
        (
            "[server]\nmax_message_bytes = 0",
            "server.max_message_bytes",
        ),
        (
            "[server]\nmax_message_bytes = \"many\"",
            "server.max_message_bytes",
        ),
        ("[server]\ndrain_timeout_ms = -1", "server.drain_timeout_ms"),
        (
            "[server]\nrequest_timeout_ms = 3600001",
            "server.request_timeout_ms",
        ),
        (
            "[server]\nmax_arriving_bytes = 8388607",
            "server.max_arriving_bytes",
        ),
        ("[server]\nencoder_queue = 0", "server.encoder_queue"),
        ("[server]\nencoder_threads = -1", "server.encoder_threads"),
        ("[log]\nformat = \"xml\"", "log.format"),
        ("[log]\nlevel = \"triage=loudly\"", "log.level"),
    ] {
        let (_folder, name) = file(text);
        let mut command = server_command(&["--config", &name]);
        // The environment would be heard before the file.
        command.env_remove("TRIAGE_SERVER__REQUEST_TIMEOUT_MS");
        refused(&mut command, &[key]).await;
    }
    for (name, value, key) in [
        (
            "TRIAGE_SERVER__MAX_MESSAGE_BYTES",
            "x",
            "server.max_message_bytes",
        ),
        (
            "TRIAGE_SERVER__DRAIN_TIMEOUT_MS",
            "0",
            "server.drain_timeout_ms",
        ),
        ("TRIAGE_LOG__FORMAT", "xml", "log.format"),
    ] {
        refused(server_command(&[]).env(name, value), &[key]).await;
    }
    for (flag, value, key) in [
        ("--listen", "nowhere", "server.listen"),
        ("--log-level", "triage=loudly", "log.level"),
        ("--log-format", "xml", "log.format"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_triage-server"));
        refused(clean(&mut command).args([flag, value]), &[key]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_key_is_refused_by_its_name() {
    for (text, key) in [
        ("[server]\nlisen = \"127.0.0.1:0\"", "lisen"),
        ("[sever]\nlisten = \"127.0.0.1:0\"", "sever"),
    ] {
        let (_folder, name) = file(text);
        refused(&mut server_command(&["--config", &name]), &[key]).await;
    }
    let mut command = server_command(&[]);
    refused(
        command.env("TRIAGE_SERVER__LISEN", "127.0.0.1:0"),
        &["lisen"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_missing_or_no_toml_is_refused_by_its_name() {
    let mut command = server_command(&["--config", "no-such-file.toml"]);
    refused(&mut command, &["no-such-file.toml"]).await;
    let (_folder, name) = file("[server\n");
    refused(&mut server_command(&["--config", &name]), &["triage.toml"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flags_beat_the_environment_which_beats_the_file() {
    // The file alone would fail for its address, and log nothing; the environment would fail for its model.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap();
    let (_folder, name) = file(&format!(
        "[server]\nlisten = \"{taken}\"\n[model]\nfolder = \"from-file\"\n[log]\nlevel = \"off\"\n"
    ));
    let program = || Command::new(env!("CARGO_BIN_EXE_triage-server"));

    let mut command = program();
    clean(&mut command).args(["--config", &name]);
    let ended = Server::spawn(&mut command).ended().await;
    assert!(ended.log.is_empty());
    ended.refused(2, &[&taken.to_string()]);

    command.env("TRIAGE_SERVER__LISTEN", "127.0.0.1:0");
    command.env("TRIAGE_MODEL__FOLDER", "from-environment");
    let ended = Server::spawn(&mut command).ended().await;
    assert!(ended.log.is_empty());
    ended.refused(2, &["from-environment"]);

    command.args(["--models", "models", "--log-level", "info"]);
    let server = Server::start_as(&mut command).await;
    assert_ne!(server.address, taken.to_string());
    assert_eq!(server.stop().await.code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_names_the_file_where_no_flag_does() {
    let (_folder, named) = file("[model]\nfolder = \"from-variable\"\n");
    let (_other, flagged) = file("[model]\nfolder = \"from-flag\"\n");
    let mut command = server_command(&[]);
    command.env("TRIAGE_CONFIG", &named);
    let ended = Server::spawn(&mut command).ended().await;
    ended.refused(2, &["from-variable"]);
    command.args(["--config", &flagged]);
    let ended = Server::spawn(&mut command).ended().await;
    ended.refused(2, &["from-flag"]);
    let mut command = server_command(&[]);
    command.env("TRIAGE_CONFIG", "no-such-file.toml");
    refused(&mut command, &["no-such-file.toml"]).await;
    let mut command = server_command(&[]);
    let started = Server::start_listening(command.env("TRIAGE_CONFIG", "")).await;
    assert_eq!(started.stop().await.code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_of_digits_stays_a_text_in_the_environment() {
    let mut command = server_command(&[]);
    command.env("TRIAGE_MODEL__VERSION", "0012345678901234");
    let ended = Server::spawn(&mut command).ended().await;
    ended.refused(2, &["'0012345678901234'"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_for_people_is_no_json() {
    let mut command = server_command(&["--log-format", "text", "--policy", "missing.yaml"]);
    let ended = Server::spawn(&mut command).ended().await;
    ended.refused(2, &["missing.yaml"]);
    assert!(ended.log[0].contains("listening"), "{ended:#?}");
    assert!(!ended.log[0].starts_with('{'), "{ended:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_a_message_is_the_one_that_was_set() {
    let mut command = server_command(&[]);
    command.env("TRIAGE_SERVER__MAX_MESSAGE_BYTES", "100");
    let server = Server::start_as(&mut command).await;
    let mut client = server.client().await;
    client
        .classify(crate::tickets::classify("smoke"))
        .await
        .unwrap();
    let large = crate::tickets::classify(&"smoke ".repeat(20));
    let refused = client.classify(large).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::ResourceExhausted);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_flag_is_refused() {
    let ended = Server::spawn(&mut server_command(&["--lisen", "x"]))
        .ended()
        .await;
    ended.refused(2, &["--lisen"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_image_names_one_file_for_server_and_health_check() {
    let dockerfile = fs::read_to_string("Dockerfile").unwrap();
    let named = "/etc/triage/triage.toml";
    for line in [
        format!("COPY config/image.toml {named}"),
        format!("ENV TRIAGE_CONFIG={named}"),
    ] {
        assert!(dockerfile.contains(&line), "{dockerfile}");
    }
    // A variable would beat what is mounted.
    assert!(!dockerfile.contains("ENV TRIAGE_SERVER"), "{dockerfile}");
    let mut command = server_command(&[]);
    command.env("TRIAGE_CONFIG", "config/image.toml");
    let started = Server::start_listening(&mut command).await;
    assert_eq!(started.stop().await.code, Some(0));
    // Without the flag, it would be reached from outside.
    let settings = fs::read_to_string("config/image.toml").unwrap();
    assert!(
        settings.contains("listen = \"0.0.0.0:50051\""),
        "{settings}"
    );
}
