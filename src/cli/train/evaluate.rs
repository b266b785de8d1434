//! `triage-train evaluate`: measures a model on a file that it was not trained on.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde::Serialize;

use super::data::DataArgs;
use super::fit::{print_heads, print_worst};
use super::report::ReportArgs;
use crate::cli::table::percent;
use crate::evaluation::{Evaluation, LabelledTexts, OutOfScope, evaluate};
use crate::model::{DataSource, Registry};

/// Measures a model on labelled tickets that it was not trained on
#[derive(Debug, Args)]
pub(super) struct EvaluateArgs {
    /// Folder of models
    #[arg(long, value_name = "DIR")]
    models: PathBuf,
    /// Version to measure [default: the active one]
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    #[command(flatten)]
    data: DataArgs,
    /// File of texts that belong to no topic of the model: measures how well they are recognised; --text
    /// and --format go for it too (repeatable)
    #[arg(long, value_name = "FILE", num_args = 1..)]
    out_of_scope: Vec<PathBuf>,
    #[command(flatten)]
    report: ReportArgs,
    /// Print the measures as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    version: &'a str,
    #[serde(flatten)]
    evaluation: &'a Evaluation,
}

pub(super) fn run(args: &EvaluateArgs) -> anyhow::Result<ExitCode> {
    args.report.check(args.data.files())?;
    let registry = Registry::new(&args.models);
    let bundle = registry.load(args.version.as_deref())?;
    let (dataset, _) = args.data.read()?;
    let seen = bundle.manifest.data.iter().find(|trained| {
        dataset
            .sources
            .iter()
            .any(|own| own.sha256 == trained.sha256)
    });
    if let Some(file) = seen {
        eprintln!(
            "warning: version {} was trained on {}: these measures say nothing of new tickets",
            bundle.version, file.file
        );
    }
    let mut data = LabelledTexts::of(&dataset);
    data.heads.retain(|head| {
        let keep =
            args.data.asks_for(&head.kind) || !bundle.classifier.labels(&head.kind).is_empty();
        if !keep {
            eprintln!(
                "note: column '{}' is left out: the model has no such head",
                head.kind
            );
        }
        keep
    });
    // Read before the work, so that a wrong name is noticed at once.
    let outside = match args.out_of_scope.as_slice() {
        [] => None,
        files => Some(args.data.texts.read(files).context("--out-of-scope")?),
    };
    let mut evaluation = evaluate(&bundle.classifier, &data)?;
    if let Some(texts) = outside {
        let measured = OutOfScope::measure(&bundle.classifier, &evaluation.answers, &texts);
        evaluation.out_of_scope = Some(
            measured
                .context("--out-of-scope: the model, or the data, has no topics to compare with")?,
        );
    }
    args.report.write_evaluation(
        &bundle,
        &DataSource::of(&dataset),
        seen.map(|file| file.file.as_str()),
        &evaluation,
        &args.report.row_names(&dataset),
    )?;
    if args.json {
        let report = Report {
            version: &bundle.version,
            evaluation: &evaluation,
        };
        say!("{}", serde_json::to_string_pretty(&report)?);
        return Ok(ExitCode::SUCCESS);
    }
    say!("version {} on {} rows\n", bundle.version, evaluation.rows);
    print_heads(
        evaluation
            .heads
            .iter()
            .map(|(name, metrics)| (name.as_str(), metrics)),
    );
    for (name, metrics) in &evaluation.heads {
        print_worst(name, metrics);
    }
    if let Some(outside) = &evaluation.out_of_scope {
        say!(
            "\nout of scope: {} texts, {} rejected; told from tickets in scope with an AUROC of {:.4}",
            outside.rows,
            percent(outside.rejected),
            outside.auroc
        );
    }
    let time = evaluation.microseconds_per_ticket;
    say!(
        "\nmicroseconds per ticket, one thread: median {:.1}, 99 of 100 under {:.1}",
        time.median,
        time.p99
    );
    Ok(ExitCode::SUCCESS)
}
