//! Files of the wrong kind, encoding or shape are refused by their place and with what to do about it.

use std::fs;

use crate::folder::{Folder, POLICY};

/// The first case passes with the folder's policy.
const CASES: &str = "  - {name: a, classification: {topic: billing/x}, expect: {rule: bills}}\n";

#[test]
fn folders_and_empty_files_are_no_input() {
    let folder = Folder::new();
    let (here, policy) = (folder.path(""), folder.path("policy.yaml"));
    let empty = folder.write("empty.tests.yaml", "# nothing yet\n");
    let tickets = folder.write("t.csv", "text,topic\nhello,billing/x\n");
    for (arguments, told) in [
        (&["check", &here][..], "is a folder: give a file"),
        (
            &["check", &policy, "--roster", &here],
            "is a folder: give a file",
        ),
        (
            &["check", &policy, "--roster", &empty],
            "the roster is empty: begin with version and agents",
        ),
        (
            &["check", &empty],
            "the policy is empty: begin with version, queues and default",
        ),
        (
            &["test", &empty],
            "the file of cases is empty: begin with version, policy and cases",
        ),
        (
            &["explain", "--policy", &policy, "--file", &here],
            "is a folder: give a file",
        ),
        (
            &["explain", "--policy", &policy, "--file", "nowhere.txt"],
            "nowhere.txt: cannot be opened",
        ),
        (
            &[
                "explain", "--policy", &policy, "--topic", "x", "--waited", "-5m",
            ],
            "cannot have waited less than nothing",
        ),
        (
            &[
                "explain", "--policy", &policy, "--topic", "x", "--waited", "4000d",
            ],
            "such as 90s, 15m, 8h or 3d, up to 3660d",
        ),
        (
            &[
                "explain",
                "--policy",
                &policy,
                "--topic",
                "x",
                "--now",
                "9999-12-31T23:59:59Z",
            ],
            "from -009999-01-02T01:59:59Z to 9999-12-30T22:00:00Z",
        ),
        (
            &["replay", &policy, "--pinned", "--tickets", &here],
            "or give the format by `--tickets-format`",
        ),
        (
            &[
                "replay",
                &policy,
                "--pinned",
                "--tickets",
                &tickets,
                "--topic",
                "tags:topic",
            ],
            "add `--tickets-format zendesk`",
        ),
        (
            &["diff", &policy, &here, "--tickets", &tickets, "--pinned"],
            "is a folder: give a file",
        ),
    ] {
        folder.policy(arguments).refused(&[told]);
    }
}

#[test]
fn what_no_editor_should_write_is_told_by_its_place() {
    let folder = Folder::new();
    let (policy, latin) = (folder.path("policy.yaml"), folder.path("latin.yaml"));
    fs::write(&latin, b"version: 1\nqueues: {caf\xe9: {}}\n").unwrap();
    let save = "latin.yaml:2:13: is no UTF-8 text from here on: save it as UTF-8";
    folder.policy(&["check", &latin]).refused(&[save]);
    folder.policy(&["test", &latin]).refused(&[save]);
    folder
        .policy(&["check", &policy, "--roster", &latin])
        .refused(&[save]);
    let wide: Vec<u8> = POLICY.encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(&latin, [&b"\xff\xfe"[..], &wide].concat()).unwrap();
    folder
        .policy(&["check", &latin])
        .refused(&["latin.yaml:1:1: is no UTF-8 text"]);
    let tabs = folder.write("tabs.yaml", &POLICY.replace("    when", "\twhen"));
    folder.policy(&["check", &tabs]).refused(&[
        "tabs.yaml:6:",
        "a tab stands in the indentation: use spaces",
    ]);
}

#[test]
fn line_ends_of_windows_and_a_byte_order_mark_change_nothing() {
    let folder = Folder::new();
    let windows = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
    folder.write("policy.yaml", &windows(POLICY));
    let roster = fs::read_to_string(folder.path("roster.yaml")).unwrap();
    folder.write("roster.yaml", &windows(&roster));
    let cases = folder.write_cases("a.tests.yaml", CASES);
    let text = fs::read_to_string(&cases).unwrap();
    folder.write("a.tests.yaml", &windows(&text));
    let out = folder.policy(&["test", &cases]);
    assert!(
        out.printed().ends_with("1 case: 1 passed, 0 failed\n"),
        "{}",
        out.out
    );
}

#[test]
fn all_that_a_file_of_cases_lacks_is_told() {
    let folder = Folder::new();
    let file = folder.write("a.tests.yaml", "now: 2026-03-02T09:30:00Z\n");
    let needs = |what: &str| format!("a.tests.yaml:1:1: a file of cases needs '{what}'");
    let needs = ["version", "policy", "cases"].map(needs);
    folder
        .policy(&["test", &file])
        .refused(&needs.each_ref().map(String::as_str));
}

#[test]
fn a_file_that_is_named_twice_is_tried_once() {
    let folder = Folder::new();
    let file = folder.write_cases("a.tests.yaml", CASES);
    folder.write_cases("b.tests.yaml", CASES);
    let again = folder.path("./a.tests.yaml");
    let out = folder.policy(&["test", &file, &folder.path(""), &again]);
    assert!(
        out.printed().ends_with("2 cases: 2 passed, 0 failed\n"),
        "{}",
        out.out
    );
}
