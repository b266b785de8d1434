//! `triage-train`: checks data, fits, evaluates, compares, and manages model versions.

mod activate;
mod check;
mod compare;
mod compare_tables;
mod costs;
mod data;
mod distill;
mod encoder;
mod evaluate;
mod fit;
mod held_out;
mod learning;
mod mislabelled;
mod models;
mod progress;
mod report;
mod sentences;
mod suspects;
mod suspects_table;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::telemetry;

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
    Distill(distill::DistillArgs),
    Compare(compare::CompareArgs),
    Models(models::ModelsArgs),
    Encoder(encoder::EncoderArgs),
}

impl TrainCli {
    /// Runs the command.
    ///
    /// # Errors
    /// If the input is unusable; the message names it.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        telemetry::init_warnings();
        match self.command {
            Command::Check(args) => check::run(&args),
            Command::Fit(args) => fit::run(&args),
            Command::Evaluate(args) => evaluate::run(&args),
            Command::Distill(args) => distill::run(&args),
            Command::Compare(args) => compare::run(&args),
            Command::Models(args) => models::run(args),
            Command::Encoder(args) => encoder::run(&args),
        }
    }
}
