//! The search for mislabelled rows: learns the file anew in folds, and says where the rows are that
//! the scores speak against.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde::Serialize;

use super::data::DataArgs;
use super::progress::FitProgress;
use super::suspects::SuspectsFile;
use crate::cancel::NEVER;
use crate::dataset::Dataset;
use crate::evaluation::{HeadAnswers, LabelIssues, LabelledTexts, rows_with_text};
use crate::features::SentenceEncoder;
use crate::model::Registry;
use crate::training::{FitParams, Sentences, TrainingData, cross_validate};

/// How to look for mislabelled rows.
#[derive(Debug, Args)]
pub(super) struct MislabelledArgs {
    /// Also look for rows that are probably mislabelled, and for labels that overlap, with the
    /// parameters of a version in this folder: the file is learned anew in folds (which takes about
    /// as long as a fit), because a model trained on a row has learned its label by heart
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
    /// Version whose parameters to learn with [default: the active one]
    #[arg(long, value_name = "VERSION", requires = "models")]
    version: Option<String>,
    /// Most rows to print for each head; JSON and --suspects have all
    #[arg(long, value_name = "N", requires = "models", default_value_t = 50)]
    pub(super) limit: usize,
    /// CSV file to write the rows that look mislabelled to: head, rank, id, file, line, the label
    /// given, the one suggested, and the probability of each
    #[arg(long, value_name = "FILE", requires = "models")]
    suspects: Option<PathBuf>,
}

/// A search that can begin.
#[derive(Debug)]
pub(super) struct Search {
    version: String,
    params: FitParams,
    suspects: Option<SuspectsFile>,
    sentence_encoder: Option<SentenceEncoder>,
}

/// What a search found.
#[derive(Debug, Serialize)]
pub(super) struct Mislabelled {
    /// The version whose parameters the folds were learned with.
    pub(super) version: String,
    /// One entry a head.
    pub(super) label_issues: Vec<HeadIssues>,
}

/// What the labels of one head suffer from.
#[derive(Debug, Serialize)]
pub(super) struct HeadIssues {
    /// The head's name.
    pub(super) head: String,
    /// Rows with a text and a label for this head.
    pub(super) rows: usize,
    /// How many of them are estimated to be mislabelled (off-diagonal mass of the confident joint);
    /// rows that are only hard count too.
    pub(super) estimated_errors: usize,
    /// The rows that look mislabelled, the most suspicious first.
    pub(super) issues: Vec<Issue>,
    /// Pairs of labels that overlap, most first.
    pub(super) overlaps: Vec<Overlap>,
}

/// A row whose label is probably wrong.
#[derive(Debug, Serialize)]
pub(super) struct Issue {
    /// Where the row is.
    #[serde(flatten)]
    pub(super) place: Place,
    /// The label that it has.
    pub(super) given: String,
    /// The most probable other label.
    pub(super) suggested: String,
    /// Out-of-fold probability of the label that it has, 0 to 1; the least come first.
    pub(super) given_probability: f32,
    /// Out-of-fold probability of the one suggested, 0 to 1.
    pub(super) suggested_probability: f32,
}

/// Two labels that are confused both ways.
#[derive(Debug, Serialize)]
pub(super) struct Overlap {
    /// The two labels.
    pub(super) labels: [String; 2],
    /// Rows given the first that confidently look like the second, and the other way round.
    pub(super) rows: [usize; 2],
    /// What share they are of all rows given the first, and of those given the second, 0 to 1.
    pub(super) shares: [f64; 2],
    /// The mean of both shares.
    pub(super) overlap: f64,
    /// The clearest rows each way.
    pub(super) examples: [Vec<Place>; 2],
}

/// Where a row is.
#[derive(Debug, Serialize)]
pub(super) struct Place {
    /// The file, as it was given.
    pub(super) path: String,
    /// 1-based line, or 1-based row number in a Parquet file.
    pub(super) line: u64,
    /// The row's own id, where it has one.
    pub(super) id: Option<String>,
    /// Index among the data set's examples.
    #[serde(skip)]
    pub(super) example: usize,
}

impl MislabelledArgs {
    /// Makes sure that a search can be done before any file is read; `None` if none was asked for.
    ///
    /// # Errors
    /// If the version is unusable or the file of suspects cannot be written.
    pub(super) fn prepare(&self, data: &DataArgs) -> anyhow::Result<Option<Search>> {
        let Some(models) = &self.models else {
            return Ok(None);
        };
        let suspects = match &self.suspects {
            Some(path) => {
                let inputs = data.files().iter().chain([models]);
                Some(SuspectsFile::new(path, inputs)?)
            }
            None => None,
        };
        let bundle = Registry::new(models).load(self.version.as_deref())?;
        let sentence_encoder = bundle.classifier.sentence_encoder().cloned();
        Ok(Some(Search {
            version: bundle.version,
            params: bundle.manifest.params,
            sentence_encoder,
            suspects,
        }))
    }
}

impl Search {
    /// Learns the data in folds, looks through the scores, and writes the file of suspects.
    ///
    /// # Errors
    /// If the data cannot be learned or the file cannot be written.
    pub(super) fn run(&self, dataset: &Dataset) -> anyhow::Result<Mislabelled> {
        let data = LabelledTexts::of(dataset);
        let progress = FitProgress::new();
        let sentences = match &self.sentence_encoder {
            Some(encoder) => Sentences::fixed(encoder.clone(), &data.texts, NEVER)?,
            None => Sentences::None,
        };
        let training = TrainingData {
            labelled: &data,
            sentences: &sentences,
        };
        let answers = cross_validate(training, &self.params, &progress);
        progress.finish();
        let answers = answers.with_context(|| {
            format!(
                "the rows cannot be learned with the parameters of version {} (--version names another)",
                self.version
            )
        })?;
        drop(data);
        let kept = rows_with_text(dataset);
        let place = |row: usize| Place::new(dataset, kept[row]);
        let label_issues: Vec<HeadIssues> = answers
            .iter()
            .map(|head| HeadIssues::new(head, &place))
            .collect();
        if let Some(suspects) = &self.suspects {
            suspects.write(&label_issues)?;
        }
        Ok(Mislabelled {
            version: self.version.clone(),
            label_issues,
        })
    }
}

impl HeadIssues {
    fn new(head: &HeadAnswers, place: &dyn Fn(usize) -> Place) -> Self {
        let found = LabelIssues::new(head);
        let label = |index: usize| head.labels[index].clone();
        Self {
            head: head.kind.to_string(),
            rows: found.ranking.len(),
            estimated_errors: found.estimated_errors,
            issues: found
                .flagged()
                .map(|row| Issue {
                    place: place(row.row),
                    given: label(row.given),
                    suggested: label(row.suggested),
                    given_probability: row.given_probability,
                    suggested_probability: row.suggested_probability,
                })
                .collect(),
            overlaps: found
                .overlaps
                .iter()
                .map(|overlap| Overlap {
                    labels: overlap.labels.map(label),
                    rows: overlap.rows,
                    shares: overlap.shares,
                    overlap: overlap.overlap,
                    examples: [0, 1].map(|way| {
                        let rows = overlap.examples[way].iter();
                        rows.map(|&row| place(row)).collect()
                    }),
                })
                .collect(),
        }
    }
}

impl Place {
    fn new(dataset: &Dataset, example: usize) -> Self {
        let own = &dataset.examples[example];
        let location = dataset.location(own);
        Self {
            path: location.path,
            line: location.line,
            id: own.id.clone(),
            example,
        }
    }
}
