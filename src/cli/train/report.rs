//! `--report`: writes the page on how well a model classifies, whole or not at all.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use crate::dataset::Dataset;
use crate::evaluation::report::{Basis, HeadInput, LearningCurve, ReportFile, ReportInput, page};
use crate::evaluation::{Evaluation, rows_with_text};
use crate::model::files::{check_writable, parent_of, replace};
use crate::model::{Bundle, DataSource};
use crate::training::FitReport;

/// Where the page goes.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// Write a page on how well the model classifies, for a browser: measures, thresholds, charts,
    /// confusions. It names tickets by their ids and holds no text of any ticket
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
}

impl ReportArgs {
    /// The page's file, if one was asked for.
    pub(super) fn file(&self) -> Option<&Path> {
        self.report.as_deref()
    }

    /// Makes sure that the page can be written, before anything is done that takes time.
    ///
    /// # Errors
    /// If the name does not end in `.html`, the folder is not there or cannot be written, or the
    /// file is one of `inputs` or no file.
    pub(super) fn check(&self, inputs: &[PathBuf]) -> anyhow::Result<()> {
        let Some(path) = self.file() else {
            return Ok(());
        };
        let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
        if !["html", "htm"].contains(&extension.to_ascii_lowercase().as_str()) {
            bail!(
                "{}: the report is a web page: name it FILE.html",
                path.display()
            );
        }
        let folder = parent_of(path);
        if !folder.is_dir() {
            bail!(
                "{}: there is no such folder: make it first",
                folder.display()
            );
        }
        if path.is_dir() {
            bail!(
                "{}: is a folder: name a file for the report",
                path.display()
            );
        }
        let own = path.canonicalize().ok();
        let is_own = |input: &&PathBuf| own.is_some() && input.canonicalize().ok() == own;
        if let Some(input) = inputs.iter().find(is_own) {
            bail!(
                "{}: holds the tickets: the report would overwrite them",
                input.display()
            );
        }
        check_writable(folder)
            .with_context(|| format!("{}: no report can be written there", folder.display()))?;
        Ok(())
    }

    /// Writes the page of a fit, if one was asked for.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub(super) fn write_fit(
        &self,
        bundle: &Bundle,
        report: &FitReport,
        row_names: &[String],
        learning_curve: Option<&LearningCurve>,
    ) -> anyhow::Result<()> {
        let params = &bundle.manifest.params;
        let heads = report.heads.iter().map(|head| HeadInput {
            answers: &head.answers,
            metrics: &head.metrics,
            thresholds: &head.thresholds,
        });
        self.write(&ReportInput {
            version: &bundle.version,
            basis: Basis::OutOfFold {
                folds: params.folds,
            },
            files: &report_files(&bundle.manifest.data),
            rows: report.rows,
            row_names,
            heads: heads.collect(),
            target_precision: params.thresholds.target_precision,
            out_of_scope: None,
            learning_curve,
        })
        .with_context(|| format!("version {} is in place, but not its report", bundle.version))
    }

    /// Writes the page of an evaluation, if one was asked for. `trained_on` is a file that the model
    /// learned from, if it was measured on one.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub(super) fn write_evaluation(
        &self,
        bundle: &Bundle,
        files: &[DataSource],
        trained_on: Option<&str>,
        evaluation: &Evaluation,
        row_names: &[String],
    ) -> anyhow::Result<()> {
        let heads = evaluation.answers.iter().filter_map(|answers| {
            let known = bundle.classifier.heads();
            let own = known.iter().find(|head| head.kind == answers.kind)?;
            Some(HeadInput {
                answers,
                metrics: evaluation.heads.get(answers.kind.name())?,
                thresholds: &own.thresholds,
            })
        });
        self.write(&ReportInput {
            version: &bundle.version,
            basis: trained_on.map_or(Basis::HeldOut, |file| Basis::TrainedOn {
                file: file.to_owned(),
            }),
            files: &report_files(files),
            rows: evaluation.rows,
            row_names,
            heads: heads.collect(),
            target_precision: bundle.manifest.params.thresholds.target_precision,
            out_of_scope: evaluation.out_of_scope,
            learning_curve: None,
        })
    }

    /// Writes the page, if one was asked for.
    ///
    /// # Errors
    /// If it cannot be written; what was there before then stays.
    fn write(&self, input: &ReportInput<'_>) -> anyhow::Result<()> {
        let Some(path) = self.file() else {
            return Ok(());
        };
        let html = page(input)?;
        let name = path.file_name().unwrap_or_default();
        replace(&parent_of(path).join(name), html.as_bytes())
            .with_context(|| format!("{}: the report was not written", path.display()))
    }

    /// What each row with text is called, its id or its file and line; empty if no page was asked for.
    pub(super) fn row_names(&self, dataset: &Dataset) -> Vec<String> {
        if self.report.is_none() {
            return Vec::new();
        }
        let files = file_names(dataset);
        rows_with_text(dataset)
            .into_iter()
            .map(|row| &dataset.examples[row])
            .map(|example| match (&example.id, files.get(example.file)) {
                (Some(id), _) => id.clone(),
                (None, Some(file)) => format!("{file}:{}", example.line),
                (None, None) => format!("line {}", example.line),
            })
            .collect()
    }
}

/// The files as the page names them.
fn report_files(sources: &[DataSource]) -> Vec<ReportFile> {
    sources
        .iter()
        .map(|source| ReportFile {
            name: source.file.clone(),
            rows: source.rows,
            sha256: source.sha256.clone(),
        })
        .collect()
}

/// Each file's name without its folder, or its path where two files have the same name.
fn file_names(dataset: &Dataset) -> Vec<String> {
    let short = |path: &str| -> Option<String> {
        Some(Path::new(path).file_name()?.to_string_lossy().into_owned())
    };
    let names: Vec<Option<String>> = dataset.sources.iter().map(|s| short(&s.path)).collect();
    dataset
        .sources
        .iter()
        .zip(&names)
        .map(|(source, own)| match own {
            Some(name) if names.iter().filter(|other| *other == own).count() == 1 => name.clone(),
            _ => source.path.clone(),
        })
        .collect()
}
