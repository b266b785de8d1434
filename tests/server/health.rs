//! Health: asked once and watched, before the model is loaded, while serving, and for services that there are not.

use std::fs;

use rustix::fs::{CWD, Mode, mkfifoat};
use tokio::net::TcpSocket;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::running::{Server, argument, clean, server_command, within_deadline};
use crate::tickets::{SMOKE, classify, route};

const SERVICES: [&str; 2] = ["", "triage.v1.TriageService"];

fn of(service: &str) -> HealthCheckRequest {
    HealthCheckRequest {
        service: service.to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_and_its_service_are_serving_once_loaded() {
    let server = Server::start(&[]).await;
    let mut health = HealthClient::new(server.channel().await);
    for service in SERVICES {
        let state = health.check(of(service)).await.unwrap().into_inner();
        assert_eq!(state.status(), ServingStatus::Serving, "'{service}'");
        let mut states = health.watch(of(service)).await.unwrap().into_inner();
        let state = states.message().await.unwrap().unwrap();
        assert_eq!(state.status(), ServingStatus::Serving, "'{service}'");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_there_is_not_is_not_found() {
    let server = Server::start(&[]).await;
    let mut health = HealthClient::new(server.channel().await);
    for service in ["triage.v1.Nothing", "triage"] {
        let refused = health.check(of(service)).await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound);
        let refused = health.watch(of(service)).await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound);
    }
}

/// The policy is a pipe here, so that the server is loading until the test writes into it.
#[tokio::test(flavor = "multi_thread")]
async fn before_model_and_policy_are_loaded_nothing_is_serving_and_calls_are_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.yaml");
    mkfifoat(CWD, &policy, Mode::RUSR | Mode::WUSR).unwrap();
    let arguments = ["--policy", argument(&policy)];
    let mut server = Server::start_listening(&mut server_command(&arguments)).await;
    let mut health = HealthClient::new(server.channel().await);
    for service in SERVICES {
        let state = health.check(of(service)).await.unwrap().into_inner();
        assert_eq!(state.status(), ServingStatus::NotServing, "'{service}'");
    }
    let mut client = server.client().await;
    let refused = client.classify(classify(SMOKE)).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    let refused = client.route(route(SMOKE)).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    assert!(refused.message().contains("loaded"), "{refused:?}");

    let mut watched = health.watch(of(SERVICES[1])).await.unwrap().into_inner();
    let state = watched.message().await.unwrap().unwrap();
    assert_eq!(state.status(), ServingStatus::NotServing);
    // Writing waits for the server to read.
    let text = fs::read("policies/sample.yaml").unwrap();
    std::thread::spawn(move || fs::write(&policy, text));
    let state = within_deadline(watched.message()).await.unwrap().unwrap();
    assert_eq!(state.status(), ServingStatus::Serving);
    client.classify(classify(SMOKE)).await.unwrap();
    let loaded = server.logged("loaded").await;
    assert!(loaded["model_version"].is_string() && loaded["policy_version"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_itself_asks_for_health() {
    let server = Server::start(&[]).await;
    let ask = |address: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_triage-server"));
        let output = clean(&mut command)
            .args(["--health", "--listen", address])
            .output()
            .unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code(), text)
    };
    let address = server.address.clone();
    assert_eq!(ask(&address), (Some(0), "serving\n".to_owned()));
    let everywhere = address.replace("127.0.0.1", "0.0.0.0");
    assert_eq!(ask(&everywhere).0, Some(0), "asks the local machine");
    // Taken, but nobody listens.
    let silent = TcpSocket::new_v4().unwrap();
    silent.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let (code, text) = ask(&silent.local_addr().unwrap().to_string());
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("no server answers at"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_says_that_a_server_is_not_serving_yet() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.yaml");
    mkfifoat(CWD, &policy, Mode::RUSR | Mode::WUSR).unwrap();
    let arguments = ["--policy", argument(&policy)];
    let server = Server::start_listening(&mut server_command(&arguments)).await;
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_triage-server"));
    let output = clean(&mut command)
        .args(["--health", "--listen", &server.address])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"not_serving\n");
}
