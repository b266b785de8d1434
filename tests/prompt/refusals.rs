//! What cannot be done, and what is said of it.

use std::fs;

use crate::program::{SMOKE, run, run_command, run_with_input, triage};
use crate::running::argument;

#[test]
fn a_ticket_without_words_is_refused() {
    run(&["classify", "--text", ""]).refused(&["ticket.body", "empty", "InvalidArgument"]);
    run(&["route", "--text", " \n"]).refused(&["ticket.body", "empty"]);
    run_with_input(&["route", "-"], b"").refused(&["ticket.body", "empty"]);
    run(&["route"]).refused(&["no ticket", "--text", "--file"]);
}

#[test]
fn options_that_contradict_one_another_are_refused() {
    for arguments in [
        &["classify", "--text", SMOKE, "--file", "ticket.txt"][..],
        &["classify", "--text", SMOKE, "-"],
        &["classify", "--file", "ticket.txt", "-"],
        &[
            "route",
            "--text",
            SMOKE,
            "--server",
            "http://127.0.0.1:1",
            "--models",
            "models",
        ],
        &[
            "route",
            "--text",
            SMOKE,
            "--server",
            "http://127.0.0.1:1",
            "--policy",
            "p",
        ],
    ] {
        run(arguments).refused(&["cannot be used with"]);
    }
}

#[test]
fn options_that_mean_nothing_are_refused() {
    for wrong in ["soon", "5"] {
        let asked = run(&["route", "--text", SMOKE, "--waited", wrong]);
        asked.refused(&[
            "--waited",
            &format!("'{wrong}'"),
            "such as 90s, 15m, 8h or 3d, up to 3660d\n",
        ]);
    }
    run(&["classify", "--text", SMOKE, "--waited", "5m"]).refused(&["--waited"]);
    run(&["route", "--text", SMOKE, "--waited=-5m"]).refused(&[
        "--waited",
        "'-5m'",
        "less than nothing",
    ]);
    run(&["route", "--text", SMOKE, "--channel", "fax"]).refused(&["fax", "web_form"]);
    run(&["route", "--text", SMOKE, "--language", "?"]).refused(&["ticket.language"]);
    run(&["route", "--text", SMOKE, "words"]).refused(&["words"]);
    run(&["rout"]).refused(&["rout"]);
}

#[test]
fn a_file_that_is_no_ticket_is_refused_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    run(&["route", "--file", "no-such.txt"]).refused(&["no-such.txt"]);
    let text = folder.path().join("latin.txt");
    fs::write(&text, b"caf\xe9").unwrap();
    run(&["route", "--file", argument(&text)]).refused(&[
        "latin.txt:1:",
        "is no UTF-8 text from here on: save it as UTF-8",
    ]);
    run_with_input(&["route", "-"], b"caf\xe9").refused(&["standard input"]);
    let json = folder.path().join("ticket.json");
    fs::write(&json, "{\"bdy\": \"smoke\"}").unwrap();
    run(&["route", "--file", argument(&json)]).refused(&[
        "ticket.json",
        "not a ticket",
        "bdy",
        "line 1",
    ]);
    fs::write(&json, "{\"body\": \"smoke\", \"channel\": \"fax\"}").unwrap();
    run(&["route", "--file", argument(&json)]).refused(&["ticket.json", "fax"]);
}

#[test]
fn models_and_settings_that_are_not_there_are_refused_by_name() {
    run(&["route", "--text", SMOKE, "--models", "no-such-folder"]).refused(&["no-such-folder"]);
    run(&["route", "--text", SMOKE, "--policy", "no-such.yaml"]).refused(&["no-such.yaml"]);
    run(&["route", "--text", SMOKE, "--config", "no-such.toml"]).refused(&["no-such.toml"]);
    let folder = tempfile::tempdir().unwrap();
    let mut elsewhere = triage(&["route", "--text", SMOKE]);
    elsewhere.current_dir(folder.path());
    run_command(elsewhere).refused(&["models", "--models", "--server"]);
}
