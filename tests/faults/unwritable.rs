//! Disks that take nothing more: what cannot be kept does not happen, what was there stays as it was, and what is only
//! read is served on.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use tonic::Code;
use tonic::transport::Endpoint;
use triage::grpc::v1::triage_service_client::TriageServiceClient;

use crate::desk::{Desk, POLICY, apply, client, live_version, with_priority};
use crate::registry::{activate, active, command, models_client, registry};
use crate::running::{Server, clean, within_deadline};
use crate::tickets::{SMOKE, classify};

/// The program with a limit to the size of each file that it writes, in blocks of 512 or 1,024 bytes. Beyond it, writing
/// fails as it does on a full disk; pipes have no limit.
fn limited(command: &Command, blocks: u32) -> Command {
    let mut shell = Command::new("sh");
    // Else a signal would end it.
    let script = "trap '' XFSZ; ulimit -f \"$1\"; shift; exec \"$@\"";
    shell.args(["-c", script, "sh", &blocks.to_string()]);
    shell.arg(command.get_program()).args(command.get_args());
    copy_environment(command, &mut shell);
    shell
}

fn copy_environment(from: &Command, to: &mut Command) {
    clean(to);
    for (name, value) in from.get_envs() {
        match value {
            Some(value) => to.env(name, value),
            None => to.env_remove(name),
        };
    }
}

/// The files below a folder by name, without what is written beside the policies.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            let inner = files(&path).into_iter();
            found.extend(inner.map(|(own, bytes)| (format!("{name}/{own}"), bytes)));
        } else if name != "call-log.jsonl" {
            found.insert(name, fs::read(&path).unwrap());
        }
    }
    found
}

async fn answers(server: &Server) {
    let answer = server.client().await.classify(classify(SMOKE)).await;
    assert!(answer.unwrap().into_inner().classification.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_cannot_be_kept_does_not_decide() {
    let desk = Desk::new();
    let server = desk.start().await;
    let kept = apply(with_priority(20));
    client(&server).await.apply_policy(kept).await.unwrap();
    assert_eq!(server.stop().await.code, Some(0));
    let before = files(&desk.path("state"));

    let server = Server::start_as(&mut limited(&desk.command(), 16)).await;
    let decides = live_version(&server).await;
    let large = format!("{POLICY}{}", "# more than fits\n".repeat(2_000));
    let answer = client(&server).await.apply_policy(apply(&large)).await;
    let status = answer.unwrap_err();
    assert_ne!(status.code(), Code::Unknown, "{status:?}");
    assert_ne!(status.code(), Code::Ok);
    assert_eq!(live_version(&server).await, decides);
    assert!(files(&desk.path("state")) == before, "{status:?}");
    answers(&server).await;
    let ended = server.stop().await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    // The operator reads which file it was, and why.
    let told = ended.log.join("\n");
    assert!(told.contains("File too large"), "{told}");
    assert!(told.contains("state/policies"), "{told}");

    let server = desk.start().await;
    assert_eq!(live_version(&server).await, decides);
    let answer = client(&server).await.apply_policy(apply(&large)).await;
    answer.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_audit_log_has_no_room_for_does_not_happen() {
    let desk = Desk::new();
    let server = Server::start_as(&mut limited(&desk.command(), 8)).await;
    let mut client = client(&server).await;
    let mut decides = live_version(&server).await;
    let mut refused = None;
    for priority in 11..100 {
        match client.apply_policy(apply(with_priority(priority))).await {
            Ok(answer) => decides = answer.into_inner().record.unwrap().version,
            Err(status) => {
                refused = Some(status);
                break;
            }
        }
    }
    let refused = refused.expect("the log was never full");
    assert_ne!(refused.code(), Code::Unknown, "{refused:?}");
    assert_eq!(live_version(&server).await, decides, "{refused:?}");
    // Every line is whole, and the last one is of what decides.
    let told = desk.audit().pop().unwrap();
    assert_eq!(told["version"], decides, "{refused:?}");
    answers(&server).await;
    server.stop().await;
    let server = desk.start().await;
    assert_eq!(live_version(&server).await, decides);
}

#[tokio::test(flavor = "multi_thread")]
async fn models_that_can_only_be_read_are_served_and_none_is_activated() {
    let (folder, first, second) = registry();
    let models = folder.path().join("models");
    let before = files(&models);
    let server = Server::start_as(&mut limited(&command(&folder), 0)).await;
    answers(&server).await;
    let request = activate(&second);
    let answer = models_client(&server).await.activate_model(request).await;
    let status = answer.unwrap_err();
    assert_ne!(status.code(), Code::Unknown, "{status:?}");
    assert_eq!(active(&folder), first);
    let mut after = files(&models);
    // The log of activations, in which there is no room for a first line.
    after.retain(|name, bytes| !(name == "activations.log" && bytes.is_empty()));
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&after), names(&before));
    assert!(after == before);
    answers(&server).await;
    let told = server.stop().await.log.join("\n");
    assert!(told.contains("activations.log: File too large"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activation_that_the_log_has_no_room_for_does_not_happen() {
    let (folder, first, second) = registry();
    let log = folder.path().join("models/activations.log");
    // Half a line, which a program left that was killed.
    let half = "{\"time\":\"2026-";
    fs::write(&log, half).unwrap();
    let server = Server::start_as(&mut limited(&command(&folder), 1)).await;
    let mut client = models_client(&server).await;
    let mut serves = first.clone();
    let refused = loop {
        let next = if serves == first { &second } else { &first };
        match client.activate_model(activate(next)).await {
            Ok(_) => serves.clone_from(next),
            Err(status) => break status,
        }
    };
    assert_eq!(refused.code(), Code::Internal, "{refused:?}");
    assert_eq!(active(&folder), serves);
    let classified = server.client().await.classify(classify(SMOKE)).await;
    assert_eq!(classified.unwrap().into_inner().model_version, serves);
    let before = fs::read_to_string(&log).unwrap();
    let lines = before.strip_prefix(half).unwrap().lines().skip(1);
    let lines: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.last().unwrap()["after"], serves, "{before}");
    assert!(before.ends_with('\n'), "{before}");
    let told = server.stop().await.log.join("\n");
    assert!(told.contains("activations.log: File too large"), "{told}");

    // There is room again: the log goes on where it ended.
    let server = Server::start_as(&mut command(&folder)).await;
    let next = if serves == first { &second } else { &first };
    let activated = models_client(&server)
        .await
        .activate_model(activate(next))
        .await;
    activated.unwrap();
    let after = fs::read_to_string(&log).unwrap();
    let line: Value = serde_json::from_str(after.strip_prefix(&before).unwrap()).unwrap();
    assert_eq!(
        (&line["before"], &line["after"]),
        (&serves.into(), &next.as_str().into())
    );
}

/// Nobody, as systems number it.
const NOBODY: u32 = 65_534;

/// The same command by somebody whom rights to files bind: root runs the program as nobody, or a copy of it where nobody
/// cannot reach it. `None` where that cannot be run either; why is said.
async fn bound_by_rights(command: &Command, folder: &TempDir) -> Option<Command> {
    let as_nobody = |program: &Path| {
        let mut bound = Command::new(program);
        copy_environment(command, &mut bound);
        bound.current_dir(folder.path());
        if geteuid().is_root() {
            bound.uid(NOBODY).gid(NOBODY);
        }
        bound
    };
    let may_pass = fs::Permissions::from_mode(0o755);
    fs::set_permissions(folder.path(), may_pass.clone()).unwrap();
    let copy = folder.path().join("program");
    fs::copy(command.get_program(), &copy).unwrap();
    fs::set_permissions(&copy, may_pass).unwrap();
    for program in [Path::new(command.get_program()), &copy] {
        match within_deadline(runs(as_nobody(program))).await {
            Ok(()) => {
                let mut bound = as_nobody(program);
                bound.args(command.get_args());
                return Some(bound);
            }
            Err(why) => eprintln!("nobody cannot run {}: {why}", program.display()),
        }
    }
    None
}

/// Whether a program can be run at all.
async fn runs(mut program: Command) -> Result<(), String> {
    program.arg("--version");
    loop {
        match program.output() {
            Ok(output) if output.status.success() => return Ok(()),
            Ok(output) => return Err(format!("{output:?}")),
            // Another thread began a program while this one was copied, and has the copy open until that has begun.
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {}
            Err(error) => return Err(error.to_string()),
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn models_in_a_folder_without_the_right_to_write_are_served_and_none_is_activated() {
    let (folder, first, second) = registry();
    let models = folder.path().join("models");
    let allow = |mode| fs::set_permissions(&models, fs::Permissions::from_mode(mode)).unwrap();
    allow(0o555);
    let Some(mut command) = bound_by_rights(&command(&folder), &folder).await else {
        allow(0o755);
        eprintln!("what needs somebody whom rights bind was not tested");
        return;
    };
    let server = Server::start_as(&mut command).await;
    answers(&server).await;
    let request = activate(&second);
    let answer = models_client(&server).await.activate_model(request).await;
    answer.unwrap_err();
    assert_eq!(active(&folder), first);
    let told = server.stop().await.log.join("\n");
    allow(0o755);
    assert!(told.contains("Permission denied"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_cannot_be_written_keeps_no_call_from_its_answer() {
    // An address that is free: a log that is full tells none.
    let first = Server::start(&[]).await;
    let address = first.address.clone();
    first.stop().await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_triage-server"));
    clean(&mut command).args(["--listen", &address]);
    let full = fs::OpenOptions::new().write(true).open("/dev/full");
    let mut child = command
        .stdin(Stdio::null())
        .stdout(full.unwrap())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    let connected = async {
        loop {
            if let Ok(channel) = endpoint.connect().await {
                return channel;
            }
            assert!(child.try_wait().unwrap().is_none(), "it has ended");
            tokio::task::yield_now().await;
        }
    };
    let channel = within_deadline(connected).await;
    let mut client = TriageServiceClient::new(channel);
    let answered = async {
        loop {
            match client.classify(classify(SMOKE)).await {
                Ok(answer) => return answer,
                // It listens before it has loaded its model.
                Err(status) if status.code() == Code::Unavailable => {}
                Err(status) => panic!("{status:?}"),
            }
            tokio::task::yield_now().await;
        }
    };
    let answer = within_deadline(answered).await;
    assert!(answer.into_inner().classification.is_some());
    for _ in 0..100 {
        client.classify(classify(SMOKE)).await.unwrap();
    }
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
