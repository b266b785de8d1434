//! `triage-server --check`: tries all that a start would need and says what is wrong.

use std::process::ExitCode;

use super::exit;
use super::printable::without_steering;
use crate::server::{Findings, check};
use crate::settings::{Settings, SettingsError};

/// Prints what a server with these settings would start with, and each problem; ends with 0 if there is none.
pub(super) fn run(settings: Result<Settings, SettingsError>) -> ExitCode {
    let findings = match settings {
        Ok(settings) => check(&settings),
        Err(error) => Findings {
            problems: vec![error.to_string()],
            ..Findings::default()
        },
    };
    for part in &findings.parts {
        println!("ok: {part}");
    }
    for note in &findings.notes {
        println!("note: {note}");
    }
    for problem in &findings.problems {
        // What a file says may stand in it, and must not steer the terminal.
        let lines: Vec<String> = problem.lines().map(without_steering).collect();
        eprintln!("problem: {}", lines.join("\n"));
    }
    match findings.problems.len() {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::from(exit::FAILED),
    }
}
