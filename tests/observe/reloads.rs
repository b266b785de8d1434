//! What is counted of changes that a running server takes over or refuses.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use rustix::process::Signal;

use crate::calling::{Both, command};
use crate::running::argument;
use crate::scrape::Scrape;

#[tokio::test(flavor = "multi_thread")]
async fn refused_and_taken_over_policies_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.yaml");
    let sample = fs::read_to_string("policies/sample.yaml").unwrap();
    fs::write(&policy, &sample).unwrap();
    let mut command = command(&["--policy", argument(&policy)]);
    let mut both = Both::start_as(command.env("TRIAGE_POLICY__WATCH_MS", "10")).await;
    let kind = ("kind", "policy");
    let before = Scrape::of(&both).await;
    let counted = |scrape: &Scrape, outcome: &str| {
        scrape.sum("triage_reloads_total", &[kind, ("outcome", outcome)])
    };
    assert_eq!(before.sum("triage_last_reload_successful", &[kind]), 1.0);
    assert_eq!(
        before.sum("triage_last_reload_timestamp_seconds", &[kind]),
        0.0
    );

    let write = |text: &str| {
        let new = folder.path().join("new");
        fs::write(&new, text).unwrap();
        fs::rename(&new, &policy).unwrap();
    };
    write("version: 1\nqueues: {}\n");
    let refused = "the changed files are refused: policy and roster stay as they are";
    both.server.logged(refused).await;
    let successful = |scrape: &Scrape| scrape.sum("triage_last_reload_successful", &[kind]);
    let scrape = Scrape::of(&both).await;
    assert_eq!(counted(&scrape, "refused"), 1.0);
    assert_eq!(successful(&scrape), 0.0);

    write(&(sample + "# changed\n"));
    both.server.logged("another policy decides").await;
    let scrape = Scrape::of(&both).await;
    assert_eq!(counted(&scrape, "taken_over"), 1.0);
    assert_eq!(counted(&scrape, "refused"), 1.0);
    assert_eq!(successful(&scrape), 1.0);
    let last = scrape.sum("triage_last_reload_timestamp_seconds", &[kind]);
    assert!(last >= before.sum("process_start_time_seconds", &[]));
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_part_is_refused_when_it_is_told_to_look_is_logged_and_counted_by_its_kind() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("models")).unwrap();
    for entry in fs::read_dir("models").unwrap() {
        let entry = entry.unwrap();
        let own = path("models").join(entry.file_name());
        match entry.file_name() == "active" {
            true => fs::copy(entry.path(), own).map(drop).unwrap(),
            false => symlink(fs::canonicalize(entry.path()).unwrap(), own).unwrap(),
        }
    }
    for (file, sample) in [
        ("policy.yaml", "sample.yaml"),
        ("roster.yaml", "roster.yaml"),
    ] {
        fs::copy(Path::new("policies").join(sample), path(file)).unwrap();
    }
    let [models, policy, roster] = ["models", "policy.yaml", "roster.yaml"].map(path);
    let mut command = command(&["--models", argument(&models), "--policy", argument(&policy)]);
    command.args(["--roster", argument(&roster)]);
    let mut both = Both::start_as(command.env("TRIAGE_POLICY__WATCH_MS", "0")).await;

    let files = "the changed files are refused: policy and roster stay as they are";
    let model = "the active model is refused: the one that is served stays";
    for (kind, file, broken, refused) in [
        ("policy", &policy, "version: 1\nqueues: {}\n", files),
        ("roster", &roster, "version: 1\nagents: none\n", files),
        ("model", &models.join("active"), "0000000000000000\n", model),
    ] {
        let right = fs::read(file).unwrap();
        fs::write(file, broken).unwrap();
        both.server.signal(Signal::HUP);
        both.server.logged(refused).await;
        let last = |scrape: &Scrape| scrape.sum("triage_last_reload_successful", &[("kind", kind)]);
        let scrape = Scrape::of(&both).await;
        assert_eq!(last(&scrape), 0.0, "{kind}");
        let counted = [("kind", kind), ("outcome", "refused")];
        assert_eq!(scrape.sum("triage_reloads_total", &counted), 1.0, "{kind}");
        assert_eq!(scrape.sum("triage_ready", &[]), 1.0, "{kind}");
        fs::write(file, right).unwrap();
        both.server.signal(Signal::HUP);
        Scrape::once(&both, |scrape| last(scrape) == 1.0).await;
    }
}
