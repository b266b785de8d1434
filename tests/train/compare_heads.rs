//! `compare` with versions that have not all heads and labels in common.

use crate::compare::{HELD_OUT, count, desk};
use crate::desk::keys;
use crate::tickets::{csv, tickets};

#[test]
fn versions_of_other_labels_and_heads_are_compared_where_they_meet() {
    let desk = desk();
    let all = desk.fit("--facet mood=mood");
    let mut rows = tickets(3);
    for row in &mut rows {
        if row.topic == "safety/incident" {
            row.topic = "safety/fire".to_owned();
        }
    }
    let text = csv(&rows).replacen(",urgency,", ",how_soon,", 1);
    desk.write("other.csv", text);
    let fitted = desk.run("fit --data other.csv --facet temper=mood --models models --json");
    let other = fitted.json()["version"].as_str().unwrap().to_owned();
    let run = desk.run(&format!(
        "compare {all} {other} {HELD_OUT} --facet mood=mood --json"
    ));
    let report = run.json();
    assert_eq!(keys(&report["heads"]), ["topic"]);
    let left_out = &report["not_compared"];
    assert_eq!(keys(left_out), ["mood", "temper", "urgency"]);
    for head in ["mood", "urgency"] {
        assert_eq!(left_out[head], format!("only version {all} has it"));
        let note = format!("note: {head} is not compared: only version {all} has it\n");
        assert!(run.stderr.contains(&note), "{}", run.stderr);
    }
    assert_eq!(left_out["temper"], format!("only version {other} has it"));
    // What the other version cannot know, it has lost.
    let topic = &report["heads"]["topic"];
    let known = &topic["labels"]["safety/incident"];
    assert_eq!(count(&known["gained"]), 0);
    assert!(count(&known["lost"]) > 6, "{known}");
    desk.run(&format!(
        "compare {all} {other} {HELD_OUT} --facet nowhere=mood"
    ))
    .refused_with(&["no head 'nowhere': neither version has it"]);
}

#[test]
fn without_a_common_head_there_is_nothing_to_compare() {
    let desk = desk();
    let both = csv(&tickets(1));
    let mut versions = Vec::new();
    for hidden in ["urgency", "topic"] {
        desk.write("tickets.csv", both.replacen(hidden, "hidden", 1));
        versions.push(desk.fit(""));
    }
    desk.run(&format!("compare {} {HELD_OUT}", versions.join(" ")))
        .refused_with(&[
            "there is nothing to compare:",
            &format!("topic: only version {} has it", versions[0]),
            &format!("urgency: only version {} has it", versions[1]),
        ]);
}
