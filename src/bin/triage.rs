//! `triage`: classifies and routes tickets at the prompt.

use std::process::ExitCode;

use clap::Parser;
use triage::cli::{exit, triage::TriageCli};

fn main() -> ExitCode {
    exit::report(TriageCli::parse().run())
}
