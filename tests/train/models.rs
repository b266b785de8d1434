//! `models` lists, shows, activates and rolls back.

use serde_json::Value;

use crate::desk::Desk;

/// A desk with three versions, none of them active.
fn three() -> (Desk, [String; 3]) {
    let desk = Desk::new();
    let versions = [1, 2, 3].map(|seed| desk.fit(&format!("--seed {seed}")));
    (desk, versions)
}

fn active(desk: &Desk) -> String {
    let listed = desk.run("models list");
    let marked: Vec<&str> = listed
        .done()
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("* "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    marked.join(" ")
}

#[test]
fn a_list_has_every_version_and_marks_the_active_one() {
    let (desk, versions) = three();
    assert_eq!(active(&desk), "");
    desk.run(&format!("models activate {}", versions[1])).done();
    assert_eq!(active(&desk), versions[1]);
    let list = desk.run("models list --models models");
    for version in &versions {
        let line = list
            .done()
            .lines()
            .find(|line| line.contains(version))
            .unwrap();
        assert!(line.contains("120"), "{line}");
        assert!(line.contains("topic, urgency"), "{line}");
    }
}

#[test]
fn a_registry_without_versions_is_no_error() {
    let desk = Desk::new();
    let run = desk.run("models list --models nowhere");
    assert_eq!(run.done(), "nowhere: no model versions\n");
    assert_eq!(desk.names("nowhere"), Vec::<String>::new());
}

#[test]
fn what_is_shown_is_the_manifest() {
    let (desk, versions) = three();
    let shown = desk.run(&format!("models show {}", versions[0])).json();
    let written = desk.read(&format!("models/{}/manifest.json", versions[0]));
    assert_eq!(shown, serde_json::from_slice::<Value>(&written).unwrap());
    assert_eq!(shown["params"]["seed"], 1);
}

#[test]
fn an_unknown_version_is_answered_with_those_there_are() {
    let (desk, versions) = three();
    let mut known = versions.clone();
    known.sort();
    let known = known.join(", ");
    for command in ["show", "activate"] {
        for unknown in ["0123456789abcdef", ".", "..", "../models", "active"] {
            desk.run(&format!("models {command} {unknown}"))
                .refused_with(&[&format!(
                    "error: models: no model version '{unknown}': it has {known}"
                )]);
        }
    }
    desk.run("models show 0123456789abcdef --models nowhere")
        .refused_with(&["nowhere: no model version '0123456789abcdef': it has none"]);
    assert_eq!(desk.names("models").len(), 3, "no pointer was written");
}

#[test]
fn a_rollback_goes_one_step_back_each_time() {
    let (desk, [first, second, third]) = three();
    for version in [&first, &second, &third] {
        let run = desk.run(&format!("models activate {version}"));
        assert_eq!(run.done(), format!("active: {version}\n"));
    }
    assert_eq!(
        desk.run("models rollback").done(),
        format!("active: {second}\n")
    );
    assert_eq!(active(&desk), second);
    assert_eq!(
        desk.run("models rollback").done(),
        format!("active: {first}\n")
    );
    assert_eq!(active(&desk), first);
    desk.run("models rollback")
        .refused_with(&["error: models: no earlier version to roll back to"]);
    assert_eq!(active(&desk), first);
}

#[test]
fn activating_the_active_version_is_no_step() {
    let (desk, [first, second, _]) = three();
    for version in [&first, &second, &second] {
        desk.run(&format!("models activate {version}")).done();
    }
    assert_eq!(
        desk.run("models rollback").done(),
        format!("active: {first}\n")
    );
}

#[test]
fn there_is_no_rollback_without_a_history() {
    let desk = Desk::new();
    desk.run("models rollback --models nowhere")
        .refused_with(&["nowhere: no earlier version to roll back to"]);
    let version = desk.fit("--activate");
    desk.run("models rollback")
        .refused_with(&["models: no earlier version"]);
    assert_eq!(active(&desk), version);
}

#[test]
fn a_rollback_to_a_version_that_is_gone_changes_nothing() {
    let (desk, [first, second, _]) = three();
    for version in [&first, &second] {
        desk.run(&format!("models activate {version}")).done();
    }
    std::fs::remove_dir_all(desk.path(&format!("models/{first}"))).unwrap();
    desk.run("models rollback")
        .refused_with(&[&format!("no model version '{first}'"), &second]);
    assert_eq!(active(&desk), second);
}

#[test]
fn a_pointer_to_nowhere_is_told_apart_from_none() {
    let (desk, versions) = three();
    desk.write("models/active", "fedcba9876543210\n");
    desk.run("evaluate --models models --data tickets.csv")
        .refused_with(&["models: no model version 'fedcba9876543210'", &versions[0]]);
    assert_eq!(active(&desk), "");
    desk.write("models/active", [0xff, 0xfe, b'\n']);
    desk.run("evaluate --models models --data tickets.csv")
        .refused_with(&["models/active: "]);
    desk.write("models/active", "\n");
    desk.run("evaluate --models models --data tickets.csv")
        .refused_with(&["models: no active model"]);
}
