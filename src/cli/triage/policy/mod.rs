//! `triage policy`: checks a policy, tests it, explains a decision, and tells what a change would do to many tickets.

pub(super) mod backlog;
mod check;
mod diff;
mod diff_print;
mod explain;
mod explain_print;
mod model;
mod replay;
mod replay_print;
mod test;
mod test_print;
mod tickets;

use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};

use crate::cli::table::percent;
use crate::policy_test::Ratio;

/// How a result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OutputFormat {
    /// For people.
    Human,
    /// As JSON.
    Json,
}

/// A limit on `share` as a percentage, or exactly where that would read the same as the share.
fn limit(limit: Ratio, share: Ratio) -> String {
    let rounded = percent(limit.to_f64());
    match rounded == percent(share.to_f64()) {
        true => limit.to_string(),
        false => rounded,
    }
}

/// The commands for those who write routing rules.
#[derive(Debug, Subcommand)]
pub(super) enum PolicyCommand {
    Check(check::CheckArgs),
    Test(test::TestArgs),
    Explain(Box<explain::ExplainArgs>),
    Diff(Box<diff::DiffArgs>),
    Replay(Box<replay::ReplayArgs>),
}

impl PolicyCommand {
    /// Runs the command.
    ///
    /// # Errors
    /// If an input is unusable; the message says which and why.
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Check(args) => args.run(),
            Self::Test(args) => args.run(),
            Self::Explain(args) => args.run(),
            Self::Diff(args) => args.run(),
            Self::Replay(args) => args.run(),
        }
    }
}
