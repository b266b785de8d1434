//! `triage-train fit`: trains a model and writes it into a registry.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::anyhow;
use clap::Args;
use serde_json::json;

use super::activate::{Activated, activate, print_refusal};
use super::costs::CostArgs;
use super::data::DataArgs;
use super::learning;
use super::progress::FitProgress;
use super::report::ReportArgs;
use super::sentences::SentenceArgs;
use crate::classifier::thresholds::ThresholdParams;
use crate::cli::exit;
use crate::cli::table::{percent, table};
use crate::dataset::{self, CheckReport, Severity};
use crate::evaluation::{HeadMetrics, OrderedMetrics};
use crate::jobs::{LearnableRows, Learned, Rare, learn};
use crate::model::{Registry, make_ready};
use crate::training::{FitParams, FitReport, TrainingData};

/// Most labels left out that are named.
const LISTED: usize = 50;

/// Trains a model on labelled tickets
#[derive(Debug, Args)]
pub(super) struct FitArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Folder of models that the new version is written to
    #[arg(long, value_name = "DIR")]
    models: PathBuf,
    /// Seed of all random choices
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Make the new version the active one, unless it is worse than the one that is active now (see
    /// 'models activate --help'); if so, the new version is kept and the exit status is 1
    #[arg(long)]
    activate: bool,
    /// Activate it even if it is worse; activations.log tells of it
    #[arg(long, requires = "activate")]
    force: bool,
    /// Share of predictions that must be right: decides from which confidence on a prediction is made,
    /// and from which on a label needs no person
    #[arg(long, value_name = "SHARE", default_value_t = 0.95, value_parser = parse_share)]
    target_precision: f64,
    /// Train without the rows of labels that have too few of them
    #[arg(long)]
    drop_rare: bool,
    /// Measure how accuracy grows with the number of rows, on a fifth of them held out; takes about
    /// twice as long
    #[arg(long)]
    learning_curve: bool,
    #[command(flatten)]
    sentences: SentenceArgs,
    #[command(flatten)]
    costs: CostArgs,
    #[command(flatten)]
    report: ReportArgs,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &FitArgs) -> anyhow::Result<ExitCode> {
    args.report.check(args.data.files())?;
    make_ready(&args.models)?;
    let (dataset, found_reading) = args.data.read()?;
    let row_names = args.report.row_names(&dataset);
    let rare = match args.drop_rare {
        true => Rare::LeaveOut,
        false => Rare::Refuse,
    };
    let rows = LearnableRows::new(dataset, found_reading, rare).map_err(|refused| {
        anyhow!(
            "{refused}\n  (--drop-rare leaves out labels with fewer than {} rows)",
            dataset::REFUSED_BELOW_ROWS
        )
    })?;
    let params = FitParams {
        seed: args.seed,
        urgency_costs: args.costs.urgency_costs(&rows.data)?,
        thresholds: ThresholdParams {
            target_precision: args.target_precision,
            ..ThresholdParams::default()
        },
        ..FitParams::default()
    };
    let sentences = args
        .sentences
        .sentences(&rows.data.texts, &args.data.texts, &args.models)?;
    let progress = FitProgress::new();
    let learned = learn(&rows, &params, &sentences, &progress);
    progress.finish();
    let Learned { new, report } = learned?;
    let (bundle, folder) = new.save(&args.models)?;
    let activated = if args.activate {
        let registry = Registry::new(&args.models);
        Some(activate(&registry, &bundle, None, args.force)?)
    } else {
        None
    };
    let active = matches!(activated, Some(Activated::Yes));
    let curve = match args.learning_curve {
        true => Some(learning::measure(
            TrainingData {
                labelled: &rows.data,
                sentences: &sentences,
            },
            &params,
        )?),
        false => None,
    };
    args.report
        .write_fit(&bundle, &report, &row_names, curve.as_ref())?;
    if args.json {
        let mut report = json!({
            "version": bundle.version,
            "folder": folder,
            "active": active,
            "dropped_labels": rows.dropped,
            "findings": rows.checked.findings,
            "report": report,
        });
        if let Some(curve) = &curve {
            report["learning_curve"] = json!(curve);
        }
        say!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print_findings(&rows.checked, &rows.dropped);
        print_report(&report);
        if let Some(curve) = &curve {
            learning::print(curve);
        }
        say!("\nversion {} in {}", bundle.version, folder.display());
        if active {
            say!("it is the active version");
        } else {
            say!(
                "activate it with: triage-train models activate {} --models {}",
                bundle.version,
                args.models.display()
            );
        }
    }
    if let Some(Activated::Refused { active, reasons }) = activated {
        print_refusal(&bundle.version, &active, &reasons);
        return Ok(ExitCode::from(exit::FAILED));
    }
    Ok(ExitCode::SUCCESS)
}

fn parse_share(argument: &str) -> Result<f64, String> {
    match argument.parse::<f64>() {
        Ok(share) if share > 0.0 && share < 1.0 => Ok(share),
        _ => Err("give a share between 0 and 1, such as 0.95".to_owned()),
    }
}

fn print_findings(checked: &CheckReport, dropped: &[String]) {
    for finding in &checked.findings {
        if finding.severity != Severity::Error {
            say!("{finding}");
        }
    }
    for label in dropped.iter().take(LISTED) {
        say!("left out: {label}");
    }
    if dropped.len() > LISTED {
        say!("left out: {} more labels", dropped.len() - LISTED);
    }
    if !checked.findings.is_empty() {
        say!("");
    }
}

fn print_report(report: &FitReport) {
    say!(
        "{} rows, {} features; measured on rows that each fold did not train on:\n",
        report.rows,
        report.features
    );
    print_heads(
        report
            .heads
            .iter()
            .map(|head| (head.kind.name(), &head.metrics)),
    );
    for head in &report.heads {
        print_worst(head.kind.name(), &head.metrics);
        if !head.suggest_only.is_empty() {
            say!(
                "\n{}: to be suggested only, never automated: {}",
                head.kind,
                head.suggest_only.join(", ")
            );
        }
    }
    let seconds = report.seconds;
    say!(
        "\nseconds: folds {:.1}, pool {:.1}, final fit {:.1}",
        seconds.folds,
        seconds.pool,
        seconds.r#final
    );
}

/// One line of measures a head.
pub(super) fn print_heads<'a>(heads: impl Iterator<Item = (&'a str, &'a HeadMetrics)>) {
    let mut measures = table(
        &[
            "head",
            "rows",
            "accuracy",
            "macro F1",
            "weighted F1",
            "log loss",
            "calibration error",
            "kappa",
            "under-called",
        ],
        &[1, 2, 3, 4, 5, 6, 7, 8],
    );
    for (name, metrics) in heads {
        let ordered =
            |cell: fn(OrderedMetrics) -> String| metrics.ordered.map_or(String::new(), cell);
        measures.add_row([
            name.to_owned(),
            metrics.rows.to_string(),
            format!("{:.4}", metrics.accuracy),
            format!("{:.4}", metrics.macro_f1),
            format!("{:.4}", metrics.weighted_f1),
            format!("{:.3}", metrics.log_loss),
            format!("{:.4}", metrics.expected_calibration_error),
            ordered(|own| format!("{:.3}", own.quadratic_weighted_kappa)),
            ordered(|own| percent(own.under_call_rate)),
        ]);
    }
    say!("{measures}");
}

/// The labels and confusions that cost most.
pub(super) fn print_worst(head: &str, metrics: &HeadMetrics) {
    say!("\n{head}: the worst labels");
    let mut labels = table(
        &["label", "rows", "precision", "recall", "F1"],
        &[1, 2, 3, 4],
    );
    for (label, measures) in metrics.worst_labels() {
        labels.add_row([
            label.to_owned(),
            measures.rows.to_string(),
            percent(measures.precision),
            percent(measures.recall),
            format!("{:.3}", measures.f1),
        ]);
    }
    say!("{labels}");
    if metrics.worst_confusions.is_empty() {
        return;
    }
    say!("\n{head}: the worst confusions");
    let mut confusions = table(&["rows", "labelled", "classified as"], &[0]);
    for confusion in &metrics.worst_confusions {
        confusions.add_row([
            confusion.rows.to_string(),
            confusion.truth.clone(),
            confusion.chosen.clone(),
        ]);
    }
    say!("{confusions}");
}
