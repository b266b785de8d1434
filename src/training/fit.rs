//! A fit: folds, experts, out-of-fold scores, pool, thresholds, and the final model.

use std::time::Instant;

use ndarray::{Array2, ArrayView2, Axis, concatenate};

use super::experts::{ExpertError, Experts, Folded};
use super::folds::assign_folds;
use super::kernel_rows::fit_kernel;
use super::out_of_fold::{OutOfFold, Pooled, score_fold};
use super::params::ParamsError;
use super::report::{FitReport, HeadReport, StageSeconds};
use super::sentences::Sentences;
use super::target::{Target, label_names};
use super::{FitParams, Stage};
use crate::classifier::cost_table::CostTableError;
use crate::classifier::{Classifier, ClassifierError, Head, SentenceExpert};
use crate::dataset::REFUSED_BELOW_ROWS;
use crate::evaluation::{HeadAnswers, LabelledTexts};
use crate::features::embedding::distill::DistillError;
use crate::features::{EncoderError, FeatureRows, QuantizedMatrix, SentenceEncoder, Vectorizer};

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
    /// A parameter is out of its range.
    #[error(transparent)]
    Params(#[from] ParamsError),
    /// A fold would be left without a row.
    #[error("{texts} rows with a text are fewer than the {folds} folds: add rows")]
    FewerTextsThanFolds {
        /// Rows with a text.
        texts: usize,
        /// Folds asked for.
        folds: usize,
    },
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
        "head '{head}': label '{label}' has {rows} rows with text: at least {REFUSED_BELOW_ROWS} are needed; add rows or merge the label"
    )]
    TooFewRows {
        /// The head's name.
        head: String,
        /// The label.
        label: String,
        /// Its rows.
        rows: usize,
    },
    /// The costs of misjudged urgencies do not fit the data.
    #[error(transparent)]
    Costs(#[from] CostTableError),
    /// An expert could not be fitted.
    #[error(transparent)]
    Expert(#[from] ExpertError),
    /// The sentence encoder failed.
    #[error(transparent)]
    Encoder(#[from] EncoderError),
    /// No table could be distilled.
    #[error(transparent)]
    Distill(#[from] DistillError),
    /// The parts did not make a classifier.
    #[error(transparent)]
    Classifier(#[from] ClassifierError),
}

/// What a fit learns from: texts with labels, and their sentence vectors.
#[derive(Debug, Clone, Copy)]
pub struct TrainingData<'a> {
    /// Texts and labels.
    pub labelled: &'a LabelledTexts,
    /// Sentence vectors of the same rows.
    pub sentences: &'a Sentences,
}

/// What turns texts into features.
#[derive(Debug)]
pub(super) struct FeatureEncoders {
    pub(super) vectorizer: Vectorizer,
    pub(super) sentence: Option<SentenceEncoder>,
}

impl<'a> TrainingData<'a> {
    /// Learns from `rows` how texts become features.
    pub(super) fn learn_features(
        self,
        rows: &[usize],
        params: &FitParams,
    ) -> Result<FeatureEncoders, FitError> {
        Ok(FeatureEncoders {
            vectorizer: Vectorizer::fit(&self.texts(rows), params.vectorizer),
            sentence: self.sentences.learned_from(rows, params.seed)?,
        })
    }

    /// The features of `rows` and, below them, of `further` texts.
    pub(super) fn encode(
        self,
        encoders: &FeatureEncoders,
        rows: &[usize],
        further: &[&str],
        params: &FitParams,
    ) -> Result<FeatureRows, FitError> {
        let mut texts = self.texts(rows);
        texts.extend(further);
        let sentence = encoders.sentence.as_ref();
        let mut dense = self.sentences.vectors(sentence, rows, &texts)?;
        dense *= params.sentence_scale;
        Ok(FeatureRows {
            sparse: encoders.vectorizer.transform(&texts),
            dense,
        })
    }

    fn texts(self, rows: &[usize]) -> Vec<&'a str> {
        let texts: &'a [String] = &self.labelled.texts;
        rows.iter().map(|&row| texts[row].as_str()).collect()
    }
}

/// Trains a model on `data`. Same data and parameters: same model. `progress` is told of each stage
/// as it begins.
///
/// # Errors
/// If a parameter is out of its range, there are fewer texts than folds, there is no head, a head has one
/// label, or a label has fewer than [`REFUSED_BELOW_ROWS`] rows.
pub fn fit(
    data: TrainingData<'_>,
    params: &FitParams,
    progress: &(dyn Fn(Stage) + Sync),
) -> Result<Fitted, FitError> {
    let mut seconds = StageSeconds::default();
    let (heads, pooled) = cross_validate_timed(data, params, progress, &mut seconds)?;

    progress(Stage::Final);
    let started = Instant::now();
    let all_rows: Vec<usize> = (0..data.labelled.texts.len()).collect();
    let encoders = data.learn_features(&all_rows, params)?;
    let rows = data.encode(&encoders, &all_rows, &label_names(&heads), params)?;
    let kernel = fit_kernel(&encoders, &rows, &heads, &all_rows, params)?;
    let kernel_weights: Vec<f64> = pooled.iter().map(Pooled::kernel_weight).collect();
    let mut folded: Vec<Folded> = Vec::with_capacity(heads.len());
    let mut finished: Vec<Head> = Vec::with_capacity(heads.len());
    let mut reports: Vec<HeadReport> = Vec::with_capacity(heads.len());
    let mut names_from = all_rows.len();
    for (target, pooled) in heads.iter().zip(pooled) {
        let (kept, targets) = target.labelled_and_named(&all_rows, &mut names_from);
        let labels = target.labels.len();
        let experts = Experts::fit(&rows.labelled(&kept), &targets, labels, pooled.cost, params)?;
        let own = experts.fold(&pooled.pool.weights, params.sentence_scale);
        finished.push(Head {
            kind: target.kind.clone(),
            labels: target.labels.clone(),
            bias: own.bias.clone(),
            thresholds: pooled.thresholds.clone(),
            decision: target.decision.clone(),
            areas: pooled.areas.clone(),
            in_scope_from: pooled.in_scope_from,
        });
        folded.push(own);
        reports.push(HeadReport::new(pooled));
    }
    let sentence = encoders.sentence.map(|encoder| SentenceExpert {
        encoder,
        weights: side_by_side(folded.iter().map(|head| head.sentence.view()).collect()),
        kernel: kernel.map(|model| model.fold(&kernel_weights)),
    });
    let weights = side_by_side(folded.iter().map(|head| head.weights.view()).collect());
    let weights = QuantizedMatrix::quantize(weights.view());
    let classifier = Classifier::new(encoders.vectorizer, weights, sentence, finished)?;
    seconds.r#final = started.elapsed().as_secs_f64();

    let report = FitReport {
        rows: all_rows.len(),
        features: classifier.vectorizer().vocabulary().len(),
        heads: reports,
        seconds,
    };
    Ok(Fitted { classifier, report })
}

/// Learns from all folds but one, in turn, and says what the experts make of the rows held out: one
/// entry a head. Nothing is fitted on all rows.
///
/// # Errors
/// As [`fit`].
pub fn cross_validate(
    data: TrainingData<'_>,
    params: &FitParams,
    progress: &(dyn Fn(Stage) + Sync),
) -> Result<Vec<HeadAnswers>, FitError> {
    let mut seconds = StageSeconds::default();
    let (_, pooled) = cross_validate_timed(data, params, progress, &mut seconds)?;
    Ok(pooled.into_iter().map(|head| head.answers).collect())
}

fn cross_validate_timed(
    data: TrainingData<'_>,
    params: &FitParams,
    progress: &(dyn Fn(Stage) + Sync),
    seconds: &mut StageSeconds,
) -> Result<(Vec<Target>, Vec<Pooled>), FitError> {
    params.check()?;
    let heads = data
        .labelled
        .heads
        .iter()
        .map(|head| Target::new(head, params))
        .collect::<Result<Vec<_>, _>>()?;
    let first = heads.first().ok_or(FitError::NoHead)?;
    let (texts, folds) = (data.labelled.texts.len(), params.folds);
    if texts < folds {
        return Err(FitError::FewerTextsThanFolds { texts, folds });
    }

    let started = Instant::now();
    let folds = assign_folds(&data.labelled.texts, &first.rows, params.folds, params.seed);
    let mut out_of_fold: Vec<OutOfFold> = heads.iter().map(|_| OutOfFold::new(params)).collect();
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
    let pooled: Vec<Pooled> = heads
        .iter()
        .zip(out_of_fold)
        .map(|(target, scores)| scores.choose(target, params))
        .collect();
    seconds.pool = started.elapsed().as_secs_f64();
    Ok((heads, pooled))
}

/// One matrix of all heads' columns; all have the same rows.
fn side_by_side(heads: Vec<ArrayView2<'_, f32>>) -> Array2<f32> {
    let joined = concatenate(Axis(1), &heads).unwrap_or_default();
    joined.as_standard_layout().into_owned()
}
