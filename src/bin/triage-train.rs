//! `triage-train`: trains the ticket classifier and manages its versions.

use std::process::ExitCode;

use clap::Parser;
use triage::cli::{exit, train::TrainCli};

fn main() -> ExitCode {
    exit::report(TrainCli::parse().run())
}
