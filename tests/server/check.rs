//! `triage-server --check`: all that is wrong is named, nothing is served and nothing is written.

use std::fs;
use std::net::TcpListener;
use std::process::{Command, Output};

use triage::grpc::v1;
use triage::grpc::v1::routing_service_client::RoutingServiceClient;

use crate::running::{Server, argument, clean, server_command};

fn check(command: &mut Command) -> Output {
    command.arg("--check").output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn what_a_server_would_start_with_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let checked = check(&mut server_command(&["--state", argument(&state)]));
    let told = text(&checked.stdout);
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");
    for part in [
        "ok: model ",
        "ok: policy ",
        "cases of the policy pass",
        "ok: roster of ",
        "ok: server.listen",
    ] {
        assert!(told.contains(part), "{told}");
    }
    assert!(checked.stderr.is_empty(), "{checked:?}");
    assert!(!state.exists());
}

#[test]
fn all_problems_are_named_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let policy = file("policy.yaml", "version: 1\nrules: nonsense\n");
    let roster = file("roster.yaml", "agents: nonsense\n");
    let key = file("server.key", "no key\n");
    let mut command =
        server_command(&["--policy", argument(&policy), "--roster", argument(&roster)]);
    command.args(["--models", argument(&folder.path().join("no-models"))]);
    command.args(["--state", argument(&key)]);
    command.env("TRIAGE_TLS__CERTIFICATE", folder.path().join("server.pem"));
    command.env("TRIAGE_TLS__KEY", &key);
    command.env("TRIAGE_HTTP__LISTEN", "192.0.2.1:8080");
    let checked = check(&mut command);
    assert_eq!(checked.status.code(), Some(1), "{checked:?}");
    let told = text(&checked.stderr);
    for named in [
        "policy.yaml",
        "roster.yaml",
        "no-models",
        "server.pem",
        "state.folder",
        "192.0.2.1:8080",
    ] {
        assert!(told.contains(named), "no {named} in: {told}");
    }
    assert!(
        told.lines()
            .filter(|line| line.starts_with("problem: "))
            .count()
            >= 6,
        "{told}"
    );
}

#[test]
fn a_case_that_fails_is_a_problem() {
    let folder = tempfile::tempdir().unwrap();
    let sample =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/policies/sample.yaml")).unwrap();
    let policy = folder.path().join("policy.yaml");
    fs::write(&policy, sample).unwrap();
    let cases = folder.path().join("tests");
    fs::create_dir(&cases).unwrap();
    fs::write(
        cases.join("wrong.tests.yaml"),
        "version: 1\npolicy: ../policy.yaml\ncases:\n  - name: smoke goes to billing\n    classification: {topic: safety/incident, urgency: urgent}\n    expect: {queue: billing}\n",
    )
    .unwrap();
    let checked = check(&mut server_command(&["--policy", argument(&policy)]));
    assert_eq!(checked.status.code(), Some(1), "{checked:?}");
    let told = text(&checked.stderr);
    assert!(told.contains("smoke goes to billing"), "{told}");
}

#[test]
fn settings_that_cannot_be_used_are_a_problem() {
    let mut command = server_command(&[]);
    command.env("TRIAGE_SERVER__MAX_CONNECTIONS", "0");
    let checked = check(&mut command);
    assert_eq!(checked.status.code(), Some(1), "{checked:?}");
    assert!(
        text(&checked.stderr).contains("server.max_connections"),
        "{checked:?}"
    );
}

#[test]
fn an_address_that_is_taken_is_noted() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut command = server_command(&[]);
    command.env("TRIAGE_HTTP__LISTEN", &address);
    let checked = check(&mut command);
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");
    let note = format!("note: http.listen: {address} is taken");
    assert!(text(&checked.stdout).contains(&note), "{checked:?}");
}

#[test]
fn a_folder_that_cannot_be_written_is_a_problem() {
    // Nobody can make a file there, whatever rights they have.
    let checked = check(&mut server_command(&["--state", "/proc/triage/state"]));
    assert_eq!(checked.status.code(), Some(1), "{checked:?}");
    let told = text(&checked.stderr);
    assert!(
        told.contains("state.folder: /proc/triage/state cannot be made"),
        "{told}"
    );
    let folder = tempfile::tempdir().unwrap();
    let checked = check(&mut server_command(&["--state", argument(folder.path())]));
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn kept_policies_that_cannot_be_read_are_a_problem() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("live.json"), "garbage").unwrap();
    let checked = check(&mut server_command(&["--state", argument(folder.path())]));
    assert_eq!(checked.status.code(), Some(1), "{checked:?}");
    assert!(text(&checked.stderr).contains("live.json"), "{checked:?}");
}

#[test]
fn addresses_that_exclude_each_other_are_a_problem() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    for other in [address.to_string(), format!("0.0.0.0:{}", address.port())] {
        let mut command = server_command(&[]);
        command.env("TRIAGE_HTTP__LISTEN", &other);
        // The last of a flag counts; the first is in the command already.
        let mut command = with_listen(command, &address.to_string());
        let checked = check(&mut command);
        assert_eq!(checked.status.code(), Some(1), "{checked:?}");
        let problem = format!("http.listen: cannot listen on {other} besides server.listen");
        assert!(text(&checked.stderr).contains(&problem), "{checked:?}");
    }
}

/// The same command, listening on `address`.
fn with_listen(command: Command, address: &str) -> Command {
    let mut changed = Command::new(command.get_program());
    clean(&mut changed).args(["--listen", address]);
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            changed.env(name, value);
        }
    }
    changed
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_that_will_decide_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let policy = folder.path().join("policy.yaml");
    let of_file = "version: 1\nqueues: {desk: {}}\ndefault: {queue: desk}\n";
    fs::write(&policy, of_file).unwrap();
    let [policy_file, state] = [&policy, &state].map(|path| argument(path));
    let arguments = ["--roster", "", "--policy", policy_file, "--state", state];
    let server = Server::start(&arguments).await;
    let mut client = RoutingServiceClient::new(server.channel().await);
    let request = v1::ApplyPolicyRequest {
        policy: of_file.replace("desk", "front"),
        author: "ana".to_owned(),
        ..v1::ApplyPolicyRequest::default()
    };
    let applied = client.apply_policy(request).await.unwrap().into_inner();
    let applied = applied.record.unwrap().version;
    // Beside the server that holds the folder.
    for _ in 0..2 {
        let checked = check(&mut server_command(&arguments));
        assert_eq!(checked.status.code(), Some(0), "{checked:?}");
        let told = text(&checked.stdout);
        assert!(told.contains(&format!("ok: policy {applied}\n")), "{told}");
        assert!(told.contains("was not changed since"), "{told}");
    }
    drop(server);
    fs::write(&policy, of_file.replace("desk", "back")).unwrap();
    let checked = check(&mut server_command(&arguments));
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");
    let told = text(&checked.stdout);
    assert!(
        told.contains("ok: policy ") && !told.contains(&applied),
        "{told}"
    );
}
