//! A fit: folds, experts, out-of-fold scores, pool, thresholds, and the final model.

use std::time::Instant;

use ndarray::{Array2, Axis, concatenate};
use rayon::prelude::*;

use super::expert_scores::{EXPERTS, Experts};
use super::folds::assign_folds;
use super::labelled::{LabelledHead, LabelledTexts};
use super::report::{FitReport, HeadReport, StageSeconds};
use super::{FitParams, Stage};
use crate::classifier::naive_bayes::NaiveBayesError;
use crate::classifier::pool::{fit_pool, softmax};
use crate::classifier::predict::top;
use crate::classifier::thresholds::{Outcome, choose_thresholds};
use crate::classifier::{Classifier, ClassifierError, Decision, Head, HeadKind, WeightMatrix};
use crate::evaluation::{HeadMetrics, Scored};
use crate::features::Vectorizer;

/// Least number of rows that a label needs.
pub const MIN_LABEL_ROWS: usize = 5;

/// A trained model with what is known of its quality.
#[derive(Debug, Clone)]
pub struct Fitted {
    /// The model.
    pub classifier: Classifier,
    /// Measures on out-of-fold scores, and where the time went.
    pub report: FitReport,
}

/// Why a fit cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum FitError {
    /// No head was given.
    #[error("no label column: name at least one of topic, urgency or a facet")]
    NoHead,
    /// A head has fewer than two labels.
    #[error("head '{head}' has only the label '{label}': a head needs at least two labels")]
    OneLabel {
        /// The head's name.
        head: String,
        /// Its only label, empty if it has none.
        label: String,
    },
    /// A label has too few rows to be learned.
    #[error(
        "head '{head}': label '{label}' has {rows} rows with text: at least {MIN_LABEL_ROWS} are needed; add rows or merge the label"
    )]
    TooFewRows {
        /// The head's name.
        head: String,
        /// The label.
        label: String,
        /// Its rows.
        rows: usize,
    },
    /// Naive Bayes could not be fitted.
    #[error(transparent)]
    NaiveBayes(#[from] NaiveBayesError),
    /// The parts did not make a classifier.
    #[error(transparent)]
    Classifier(#[from] ClassifierError),
}

/// Trains a model on `data`. Same data and parameters: same model. `progress` is told of each stage
/// as it begins.
///
/// # Errors
/// If there is no head, a head has one label, or a label has fewer than [`MIN_LABEL_ROWS`] rows.
pub fn fit(
    data: &LabelledTexts,
    params: &FitParams,
    progress: &(dyn Fn(Stage) + Sync),
) -> Result<Fitted, FitError> {
    let heads = data.heads.iter().map(Target::new).collect::<Result<Vec<_>, _>>()?;
    let first = heads.first().ok_or(FitError::NoHead)?;
    let mut seconds = StageSeconds::default();

    let started = Instant::now();
    let folds = assign_folds(&data.texts, &first.rows, params.folds, params.seed);
    let mut out_of_fold: Vec<OutOfFold> = heads.iter().map(|_| OutOfFold::default()).collect();
    for fold in 0..params.folds {
        progress(Stage::Fold {
            index: fold + 1,
            of: params.folds,
        });
        score_fold(data, &heads, &folds, fold, params, &mut out_of_fold)?;
    }
    seconds.folds = started.elapsed().as_secs_f64();

    progress(Stage::Pool);
    let started = Instant::now();
    let pooled: Vec<PooledHead> = heads
        .par_iter()
        .zip(out_of_fold)
        .map(|(target, scores)| PooledHead::new(target, scores, params))
        .collect();
    seconds.pool = started.elapsed().as_secs_f64();

    progress(Stage::Final);
    let started = Instant::now();
    let vectorizer = Vectorizer::fit(&data.texts, params.vectorizer);
    let rows = vectorizer.transform(&data.texts);
    let mut folded: Vec<Array2<f32>> = Vec::with_capacity(heads.len());
    let mut finished: Vec<Head> = Vec::with_capacity(heads.len());
    let mut reports: Vec<HeadReport> = Vec::with_capacity(heads.len());
    for (target, pooled) in heads.iter().zip(pooled) {
        let (kept, targets) = target.select(|_| true);
        let experts = Experts::fit(&rows.select(&kept), &targets, target.labels.len(), params)?;
        let (weights, bias) = experts.fold(&pooled.weights);
        folded.push(weights);
        finished.push(Head {
            kind: target.kind.clone(),
            labels: target.labels.clone(),
            bias,
            thresholds: pooled.report.thresholds.clone(),
            decision: target.decision(params),
        });
        reports.push(pooled.report);
    }
    let views: Vec<_> = folded.iter().map(Array2::view).collect();
    // All have one row a feature, so they stand side by side.
    let weights = concatenate(Axis(1), &views).unwrap_or_default();
    let classifier = Classifier::new(vectorizer, WeightMatrix::quantize(weights.view()), finished)?;
    seconds.r#final = started.elapsed().as_secs_f64();

    let report = FitReport {
        rows: data.texts.len(),
        features: classifier.vectorizer().vocabulary().len(),
        heads: reports,
        seconds,
    };
    Ok(Fitted { classifier, report })
}

/// A head to be learned: its labels and each row's target.
struct Target {
    kind: HeadKind,
    labels: Vec<String>,
    rows: Vec<Option<usize>>,
}

impl Target {
    fn new(head: &LabelledHead) -> Result<Self, FitError> {
        let labels = head.distinct();
        if labels.len() < 2 {
            return Err(FitError::OneLabel {
                head: head.kind.to_string(),
                label: labels.into_iter().next().unwrap_or_default(),
            });
        }
        let rows = head.indices(&labels);
        for (index, label) in labels.iter().enumerate() {
            let count = rows.iter().filter(|row| **row == Some(index)).count();
            if count < MIN_LABEL_ROWS {
                return Err(FitError::TooFewRows {
                    head: head.kind.to_string(),
                    label: label.clone(),
                    rows: count,
                });
            }
        }
        Ok(Self {
            kind: head.kind.clone(),
            labels,
            rows,
        })
    }

    /// The rows that have a label and are `wanted`, with their labels.
    fn select(&self, wanted: impl Fn(usize) -> bool) -> (Vec<usize>, Vec<usize>) {
        self.rows
            .iter()
            .enumerate()
            .filter(|(row, _)| wanted(*row))
            .filter_map(|(row, target)| target.map(|target| (row, target)))
            .unzip()
    }

    fn decision(&self, params: &FitParams) -> Decision {
        match self.kind {
            HeadKind::Urgency => Decision::LeastCost {
                under_call_factor: params.under_call_factor,
            },
            HeadKind::Topic | HeadKind::Facet(_) => Decision::MostProbable,
        }
    }
}

/// Scores of rows by experts that were not trained on them, in the order of the folds.
#[derive(Default)]
struct OutOfFold {
    scores: [Vec<Array2<f32>>; EXPERTS],
    targets: Vec<usize>,
}

fn score_fold(
    data: &LabelledTexts,
    heads: &[Target],
    folds: &[usize],
    fold: usize,
    params: &FitParams,
    out_of_fold: &mut [OutOfFold],
) -> Result<(), FitError> {
    let texts_where = |keep: &dyn Fn(usize) -> bool| -> (Vec<usize>, Vec<&str>) {
        data.texts
            .iter()
            .enumerate()
            .filter(|(row, _)| keep(folds[*row]))
            .map(|(row, text)| (row, text.as_str()))
            .unzip()
    };
    let (train_rows, train_texts) = texts_where(&|of| of != fold);
    let (held_rows, held_texts) = texts_where(&|of| of == fold);
    let vectorizer = Vectorizer::fit(&train_texts, params.vectorizer);
    let train = vectorizer.transform(&train_texts);
    let held = vectorizer.transform(&held_texts);
    for (target, out) in heads.iter().zip(out_of_fold) {
        let labelled = |rows: &[usize]| -> (Vec<usize>, Vec<usize>) {
            rows.iter()
                .enumerate()
                .filter_map(|(position, &row)| target.rows[row].map(|label| (position, label)))
                .unzip()
        };
        let (kept, targets) = labelled(&train_rows);
        let experts = Experts::fit(&train.select(&kept), &targets, target.labels.len(), params)?;
        let (kept, targets) = labelled(&held_rows);
        for (all, scores) in out.scores.iter_mut().zip(experts.score(&held.select(&kept))) {
            all.push(scores);
        }
        out.targets.extend(targets);
    }
    Ok(())
}

/// A head's pool with what its out-of-fold scores say.
struct PooledHead {
    weights: Vec<f64>,
    report: HeadReport,
}

impl PooledHead {
    fn new(target: &Target, out: OutOfFold, params: &FitParams) -> Self {
        let scores: Vec<Array2<f32>> = out
            .scores
            .iter()
            .map(|parts| {
                let views: Vec<_> = parts.iter().map(Array2::view).collect();
                concatenate(Axis(0), &views).unwrap_or_default()
            })
            .collect();
        let weights = fit_pool(&scores, &out.targets);
        let head = Head {
            kind: target.kind.clone(),
            labels: target.labels.clone(),
            bias: vec![0.0; target.labels.len()],
            thresholds: Vec::new(),
            decision: target.decision(params),
        };
        let mut outcomes = Vec::with_capacity(out.targets.len());
        let mut scored = Vec::with_capacity(out.targets.len());
        for (row, &truth) in out.targets.iter().enumerate() {
            #[allow(clippy::cast_possible_truncation)] // logits fit an f32
            let mut probabilities: Vec<f32> = (0..target.labels.len())
                .map(|label| {
                    scores
                        .iter()
                        .zip(&weights)
                        .map(|(s, w)| w * f64::from(s[[row, label]]))
                        .sum::<f64>() as f32
                })
                .collect();
            softmax(&mut probabilities);
            let chosen = head.choose(&probabilities);
            let (most_probable, confidence) = top(&probabilities);
            outcomes.push(Outcome {
                chosen,
                confidence: probabilities[chosen],
                right: chosen == truth,
            });
            scored.push(Scored {
                truth: Some(truth),
                chosen,
                most_probable,
                confidence,
                truth_probability: probabilities[truth],
            });
        }
        let thresholds = choose_thresholds(&outcomes, target.labels.len(), params.thresholds);
        let ordered = target.kind == HeadKind::Urgency;
        let report = HeadReport {
            kind: target.kind.clone(),
            pool: weights.clone(),
            suggest_only: target
                .labels
                .iter()
                .zip(&thresholds)
                .filter(|(_, thresholds)| thresholds.automate_at.is_none())
                .map(|(label, _)| label.clone())
                .collect(),
            thresholds,
            metrics: HeadMetrics::new(&scored, &target.labels, ordered, |_| String::new()),
        };
        Self { weights, report }
    }
}
