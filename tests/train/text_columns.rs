//! `--text` and `--format` go for every file of texts that a command reads, with labels or without.

use crate::desk::{Desk, Run};
use crate::tickets::{tickets, two_columns};
use crate::tiny_encoder::Tiny;

/// A desk with `asked.csv`, whose texts are in the column `words`, an encoder, and more texts: `more.csv` has
/// that column too, `more.txt` is the same file by another name, and `other.csv` has the texts elsewhere.
fn desk() -> (Desk, String, tempfile::TempDir) {
    let desk = Desk::new();
    let rows = |seed| tickets(seed).into_iter().map(|own| (own.body, own.topic));
    desk.write("asked.csv", two_columns("words,topic", rows(1)));
    let more = rows(2).map(|(body, _)| (body, String::new()));
    let more = two_columns("words,note", more);
    desk.write("more.csv", &more);
    desk.write("more.txt", &more);
    // Were the usual column taken in place of the one that was named, this file would do.
    desk.write("other.csv", more.replace("words,note", "text,note"));
    let encoder = Tiny::new().write();
    let folder = encoder.path().to_str().unwrap().to_owned();
    (desk, folder, encoder)
}

/// The message of a run that was refused for want of the column.
#[track_caller]
fn lacks_words(run: &Run, option: &str) {
    run.refused_with(&[option, "other.csv", "'words'"]);
}

#[test]
fn unlabelled_tickets_are_read_as_the_others_are() {
    let (desk, encoder, _kept) = desk();
    let fit = |options: &str| {
        desk.run(&format!(
            "fit --data asked.csv --models models --text words --distill-with {encoder} --json {options}"
        ))
    };
    let version = |run: Run| run.json()["version"].as_str().unwrap().to_owned();
    let alone = version(fit(""));
    let with_more = version(fit("--unlabelled more.csv"));
    assert_ne!(alone, with_more, "the further texts were not learned from");
    lacks_words(&fit("--unlabelled other.csv"), "--unlabelled: ");
    fit("--unlabelled more.txt").refused_with(&["--unlabelled: ", "more.txt"]);
    assert_eq!(
        version(fit("--unlabelled more.txt --format csv")),
        with_more
    );
}

#[test]
fn texts_out_of_scope_are_read_as_the_tickets_are() {
    let (desk, ..) = desk();
    let held_out = tickets(3).into_iter().map(|own| (own.body, own.topic));
    desk.write("held_out.csv", two_columns("words,topic", held_out));
    desk.run("fit --data asked.csv --models models --text words --embedding none --activate")
        .done();
    let outside = |options: &str| {
        desk.run(&format!(
            "evaluate --models models --data held_out.csv --text words --json --out-of-scope {options}"
        ))
    };
    let rows = tickets(2).len();
    assert_eq!(outside("more.csv").json()["out_of_scope"]["rows"], rows);
    lacks_words(&outside("other.csv"), "--out-of-scope: ");
    outside("more.txt").refused_with(&["--out-of-scope: ", "more.txt"]);
    let read = outside("more.txt --format csv");
    assert_eq!(read.json()["out_of_scope"]["rows"], rows);
}

#[test]
fn a_table_is_distilled_from_the_column_that_is_named() {
    let (desk, encoder, _kept) = desk();
    let distill = |options: &str| {
        desk.run(&format!(
            "distill --encoder {encoder} --text words --data {options}"
        ))
    };
    let learned = distill("more.csv --out table").done().to_owned();
    assert!(learned.contains(" learned from ") && !learned.contains(" from 0 "));
    lacks_words(&distill("other.csv --out none"), "--data: ");
    distill("more.txt --out none").refused_with(&["--data: ", "more.txt"]);
    assert!(!desk.path("none").exists());
    distill("more.txt --format csv --out again").done();
    assert!(desk.files("table") == desk.files("again"));
}
