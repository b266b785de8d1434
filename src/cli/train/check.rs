//! `triage-train check`: what is in a data set, and what is wrong with it.

use std::process::ExitCode;

use clap::Args;

use super::data::DataArgs;
use crate::cli::exit;
use crate::cli::table::table;
use crate::dataset::{CheckReport, check};

/// Checks a data set without training on it
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    let (dataset, findings) = args.data.read()?;
    let mut report = check(&dataset);
    report.include(findings);
    if args.json {
        say!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print(&report);
    }
    Ok(if report.refused() {
        ExitCode::from(exit::UNUSABLE_INPUT)
    } else {
        ExitCode::SUCCESS
    })
}

fn print(report: &CheckReport) {
    say!("{} rows", report.rows);
    for source in &report.sources {
        say!(
            "  {}: {} rows, SHA-256 {}",
            source.path,
            source.rows,
            source.sha256
        );
    }
    for head in &report.heads {
        say!(
            "\n{}: {} labels in {} rows",
            head.head,
            head.labels.len() + head.more_labels,
            head.rows
        );
        if head.labels.is_empty() {
            continue;
        }
        let mut counts = table(&["label", "rows"], &[1]);
        for label in &head.labels {
            counts.add_row([label.short_label(), label.rows.to_string()]);
        }
        say!("{counts}");
        if head.more_labels > 0 {
            say!("and {} more", head.more_labels);
        }
    }
    say!("");
    if report.findings.is_empty() {
        say!("nothing found wrong");
    }
    for finding in &report.findings {
        say!("{finding}");
    }
    if report.refused() {
        say!("\nrefused: mend the errors above before training");
    }
}
