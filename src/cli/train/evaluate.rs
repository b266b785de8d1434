//! `triage-train evaluate`: measures a model on a file that it was not trained on.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde::Serialize;

use super::data::DataArgs;
use super::fit::{print_heads, print_worst};
use super::report::ReportArgs;
use crate::cancel::NEVER;
use crate::cli::table::percent;
use crate::dataset::Dataset;
use crate::evaluation::{Evaluation, LabelledHead, LabelledTexts, OutOfScope, evaluate};
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
    #[serde(flatten)]
    left_out: LeftOut,
}

/// Rows that nothing is measured on.
#[derive(Debug, Serialize)]
struct LeftOut {
    /// Rows without a text.
    rows_without_text: usize,
    /// Rows with a text and without a label for a head, by the head's name; none for heads that all have a label for.
    rows_without_label: BTreeMap<String, usize>,
}

impl LeftOut {
    fn of(dataset: &Dataset, data: &LabelledTexts) -> Self {
        let without = |head: &LabelledHead| head.labels.iter().filter(|one| one.is_none()).count();
        let heads = data
            .heads
            .iter()
            .map(|head| (head.kind.name().to_owned(), without(head)));
        Self {
            rows_without_text: dataset.examples.len() - data.texts.len(),
            rows_without_label: heads.filter(|(_, count)| *count > 0).collect(),
        }
    }

    fn print(&self) {
        match self.rows_without_text {
            0 => {}
            1 => say!("1 row has no text and is left out"),
            count => say!("{count} rows have no text and are left out"),
        }
        for (head, count) in &self.rows_without_label {
            match count {
                1 => say!("1 row has no label for {head} and is left out there"),
                count => say!("{count} rows have no label for {head} and are left out there"),
            }
        }
    }
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
    let mut evaluation = evaluate(&bundle.classifier, &data, NEVER)?;
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
            left_out: LeftOut::of(&dataset, &data),
        };
        say!("{}", serde_json::to_string_pretty(&report)?);
        return Ok(ExitCode::SUCCESS);
    }
    match evaluation.rows {
        1 => say!("version {} on 1 row", bundle.version),
        rows => say!("version {} on {rows} rows", bundle.version),
    }
    LeftOut::of(&dataset, &data).print();
    say!("");
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
