//! The log of activations: damaged, out of reach, and written to by several programs at once.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::desk::{Desk, PROGRAM};
use crate::gate::{LOG, active, good_and_bad, log};

#[test]
fn a_damaged_log_spoils_neither_activations_nor_the_history() {
    let (desk, good, bad) = good_and_bad();
    let whole = desk.read(LOG);
    let mut damaged = b"\xff\xfe\n{}\n".to_vec();
    damaged.extend(&whole);
    damaged.extend(&whole[..whole.len() / 2]);
    desk.write(LOG, &damaged);
    desk.run(&format!("models activate {bad}")).done();
    let now = desk.read(LOG);
    assert!(now.starts_with(&damaged), "what was there stays");
    let run = desk.run("models history");
    let lines: Vec<&str> = run.done().lines().skip(1).collect();
    assert_eq!(lines.len(), 2, "{run:#?}");
    assert!(lines[0].contains(&good) && !lines[0].contains(&bad));
    assert!(lines[1].contains(&good) && lines[1].contains(&bad));
    for line in [1, 2, 4] {
        let warning = format!("warning: models/activations.log:{line}: not readable, left out\n");
        assert!(run.stderr.contains(&warning), "{run:#?}");
    }
    assert_eq!(run.stderr.lines().count(), 3, "{run:#?}");
}

#[test]
fn what_cannot_be_logged_does_not_happen() {
    let (desk, good, bad) = good_and_bad();
    fs::remove_file(desk.path(LOG)).unwrap();
    fs::create_dir(desk.path(LOG)).unwrap();
    for command in [
        format!("models activate {bad}"),
        "models history".to_owned(),
    ] {
        let run = desk.run(&command);
        assert_eq!(run.code, Some(2), "{run:#?}");
        assert!(
            run.stderr.contains("error: models/activations.log: "),
            "{run:#?}"
        );
    }
    assert_eq!(active(&desk), good);
    fs::remove_dir(desk.path(LOG)).unwrap();
    assert_eq!(
        desk.run("models history").done(),
        "models: no activation is on record\n"
    );
}

#[test]
fn activations_at_once_make_one_unbroken_log() {
    let desk = Desk::new();
    let versions = [1, 2, 3].map(|seed| desk.fit(&format!("--seed {seed}")));
    for _ in 0..4 {
        let start = |version: &String| {
            Command::new(PROGRAM)
                .args(["models", "activate", version, "--force"])
                .current_dir(desk.path(""))
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap()
        };
        let children: Vec<_> = versions.iter().map(start).collect();
        for mut child in children {
            assert!(child.wait().unwrap().success());
        }
    }
    let log = log(&desk);
    let mut before = Value::Null;
    for entry in &log {
        assert_eq!(entry["before"], before, "{log:#?}");
        before = entry["after"].clone();
    }
    assert_eq!(before, active(&desk));
}
