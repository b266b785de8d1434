//! `triage-train`: checks data, fits, evaluates, and manages model versions.

mod check;
mod data;
mod evaluate;
mod fit;
mod models;
mod progress;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Trains the ticket classifier on labelled tickets and manages its versions.
#[derive(Debug, Parser)]
#[command(name = "triage-train", version, max_term_width = 100)]
pub struct TrainCli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::CheckArgs),
    Fit(fit::FitArgs),
    Evaluate(evaluate::EvaluateArgs),
    Models(models::ModelsArgs),
}

impl TrainCli {
    /// Runs the command.
    ///
    /// # Errors
    /// If the input is unusable; the message names it.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Check(args) => check::run(&args),
            Command::Fit(args) => fit::run(&args),
            Command::Evaluate(args) => evaluate::run(&args),
            Command::Models(args) => models::run(args),
        }
    }
}
