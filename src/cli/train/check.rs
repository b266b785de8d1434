//! `triage-train check`: what is in a data set, and what is wrong with it.

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::data::DataArgs;
use super::mislabelled::{Mislabelled, MislabelledArgs};
use super::suspects_table;
use crate::cli::exit;
use crate::cli::table::table;
use crate::dataset::{CheckReport, check};

/// Checks a data set; with --models also looks for mislabelled rows and labels that overlap
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    mislabelled: MislabelledArgs,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// The report as JSON.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    check: &'a CheckReport,
    /// Only with --models, where the data can be trained on.
    #[serde(flatten)]
    mislabelled: Option<&'a Mislabelled>,
}

pub(super) fn run(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    let search = args.mislabelled.prepare(&args.data)?;
    let (dataset, findings) = args.data.read()?;
    let mut report = check(&dataset);
    report.include(findings);
    if report.refused() && search.is_some() {
        eprintln!("note: no search for mislabelled rows: these data cannot be trained on");
    }
    let mislabelled = match &search {
        Some(search) if !report.refused() => Some(search.run(&dataset)?),
        _ => None,
    };
    if args.json {
        let report = Report {
            check: &report,
            mislabelled: mislabelled.as_ref(),
        };
        say!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print(&report);
        if let Some(mislabelled) = &mislabelled {
            suspects_table::print(mislabelled, &dataset, args.mislabelled.limit);
        }
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
