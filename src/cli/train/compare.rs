//! `triage-train compare`: two versions on the same labelled tickets.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::compare_tables;
use super::data::DataArgs;
use super::held_out::{Compared, HeldOut, Ticket};
use crate::cli::exit;
use crate::evaluation::{Effect, HeadComparison};
use crate::model::gate::trained_on;
use crate::model::{Bundle, Registry, RegistryError};

/// The word for the active version.
const ACTIVE: &str = "active";

/// Compares two model versions on the same labelled tickets
///
/// For each head that both versions have: accuracy of both, the difference with its 95 % confidence
/// interval (Bonett and Price 2012), McNemar's test (1947; mid-p, Fagerland, Lydersen and Laake 2013) of
/// whether chance explains it, coverage and precision of the predictions made, for urgency also kappa
/// and under-calls, gains and losses by label, and the tickets whose answer changed.
///
/// Exit status: 0 compared; with --fail-if-worse 1 if any head of AFTER is significantly worse
/// (p below 0.05); 2 it could not be done.
#[derive(Debug, Args)]
#[command(override_usage = "triage-train compare [OPTIONS] <BEFORE> <AFTER> --data <FILE>...")]
pub(super) struct CompareArgs {
    /// Version to start from, or 'active'
    before: String,
    /// Version to compare with it, or 'active'
    after: String,
    /// Folder of models
    #[arg(long, value_name = "DIR", default_value = "models")]
    models: PathBuf,
    #[command(flatten)]
    data: DataArgs,
    /// End with exit status 1 if AFTER is significantly worse on any head
    #[arg(long)]
    fail_if_worse: bool,
    /// Print the comparison as JSON, with all changed tickets
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    before: Side<'a>,
    after: Side<'a>,
    rows: usize,
    heads: BTreeMap<&'a str, HeadReport<'a>>,
    /// Heads that are not compared, and why.
    not_compared: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Side<'a> {
    version: &'a str,
    /// The first of the files that the version was trained on.
    trained_on: Option<&'a str>,
}

#[derive(Serialize)]
struct HeadReport<'a> {
    verdict: &'static str,
    #[serde(flatten)]
    compared: &'a HeadComparison,
    changes: Vec<NamedChange<'a>>,
}

#[derive(Serialize)]
struct NamedChange<'a> {
    id: Option<&'a str>,
    place: &'a str,
    truth: &'a str,
    before: &'a str,
    after: &'a str,
    effect: Effect,
}

pub(super) fn run(args: &CompareArgs) -> anyhow::Result<ExitCode> {
    let registry = Registry::new(&args.models);
    let before = load(&registry, &args.before)?;
    let after = load(&registry, &args.after)?;
    let held_out = HeldOut::read(&args.data)?;
    let sides = [&before, &after].map(|bundle| Side {
        version: &bundle.version,
        trained_on: trained_on(&bundle.manifest, &held_out.checksums())
            .map(|source| source.file.as_str()),
    });
    let same = before.version == after.version;
    for side in sides.iter().take(if same { 1 } else { 2 }) {
        if let Some(file) = side.trained_on {
            eprintln!(
                "warning: version {} was trained on {file}: this comparison says nothing of new tickets",
                side.version
            );
        }
    }
    if same {
        eprintln!("note: both are version {}", before.version);
    }
    let compared = held_out.compare(&before, &after)?;
    for (head, reason) in &compared.left_out {
        eprintln!("note: {head} is not compared: {reason}");
    }
    let tickets = &held_out.tickets;
    if args.json {
        say!("{}", json(sides, &compared, tickets)?);
    } else {
        compare_tables::print(
            &before.version,
            &after.version,
            &compared.comparison,
            tickets,
        );
    }
    let worse = compared.comparison.worse().next().is_some();
    Ok(if args.fail_if_worse && worse {
        ExitCode::from(exit::FAILED)
    } else {
        ExitCode::SUCCESS
    })
}

fn load(registry: &Registry, version: &str) -> Result<Bundle, RegistryError> {
    registry.load((version != ACTIVE).then_some(version))
}

fn json(
    [before, after]: [Side<'_>; 2],
    compared: &Compared,
    tickets: &[Ticket],
) -> serde_json::Result<String> {
    let heads = compared.comparison.heads.iter();
    let heads = heads.map(|(name, head)| {
        let report = HeadReport {
            verdict: compare_tables::verdict(head, "no_significant_difference"),
            compared: head,
            changes: changes(head, tickets),
        };
        (name.as_str(), report)
    });
    serde_json::to_string_pretty(&Report {
        before,
        after,
        rows: tickets.len(),
        heads: heads.collect(),
        not_compared: &compared.left_out,
    })
}

fn changes<'a>(head: &'a HeadComparison, tickets: &'a [Ticket]) -> Vec<NamedChange<'a>> {
    let changes = head.changes.iter();
    changes
        // Rows are indices of the tickets that were classified.
        .filter_map(|change| Some((change, tickets.get(change.row)?)))
        .map(|(change, ticket)| NamedChange {
            id: ticket.id.as_deref(),
            place: &ticket.place,
            truth: &change.truth,
            before: &change.before,
            after: &change.after,
            effect: change.effect,
        })
        .collect()
}
