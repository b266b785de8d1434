//! A fit: folds, experts, out-of-fold scores, pool, thresholds, and the final model.

use std::time::Instant;

use ndarray::{Array2, ArrayView2, Axis, concatenate};

use super::experts::{ExpertError, Experts, Folded};
use super::folds::assign_folds;
use super::kernel_rows::fit_kernel;
use super::observer::{Extent, Observer, Piece, Steps};
use super::out_of_fold::{COST_FOLDS, OutOfFold, Pooled, score_fold};
use super::params::ParamsError;
use super::report::{FitReport, HeadReport, StageSeconds};
use super::sentences::Sentences;
use super::target::{Target, label_names};
use super::{FitParams, Stage};
use crate::cancel::Cancelled;
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
    /// Whoever watched it called it off.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
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
        steps: &Steps<'_>,
    ) -> Result<FeatureEncoders, FitError> {
        let called_off = || steps.called_off();
        Ok(FeatureEncoders {
            vectorizer: Vectorizer::fit(&self.texts(rows), params.vectorizer, &called_off)?,
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
        steps: &Steps<'_>,
    ) -> Result<FeatureRows, FitError> {
        let mut texts = self.texts(rows);
        texts.extend(further);
        let sentence = encoders.sentence.as_ref();
        let mut dense = self.sentences.vectors(sentence, rows, &texts)?;
        dense *= params.sentence_scale;
        let called_off = || steps.called_off();
        Ok(FeatureRows {
            sparse: encoders.vectorizer.transform(&texts, &called_off)?,
            dense,
        })
    }

    fn texts(self, rows: &[usize]) -> Vec<&'a str> {
        let texts: &'a [String] = &self.labelled.texts;
        rows.iter().map(|&row| texts[row].as_str()).collect()
    }
}

/// Trains a model on `data`. Same data and parameters: same model, whoever watches.
///
/// # Errors
/// If a parameter is out of its range, there are fewer texts than folds, there is no head, a head has one
/// label, a label has fewer than [`REFUSED_BELOW_ROWS`] rows, or the fit was called off.
pub fn fit(
    data: TrainingData<'_>,
    params: &FitParams,
    observer: &dyn Observer,
) -> Result<Fitted, FitError> {
    or_cancelled(observer, fit_watched(data, params, observer))
}

/// Whatever goes wrong in a fit that was called off, that it was is why it ends.
fn or_cancelled<T>(observer: &dyn Observer, result: Result<T, FitError>) -> Result<T, FitError> {
    result.map_err(|error| match observer.called_off() {
        true => FitError::Cancelled(Cancelled),
        false => error,
    })
}

fn fit_watched(
    data: TrainingData<'_>,
    params: &FitParams,
    observer: &dyn Observer,
) -> Result<Fitted, FitError> {
    let mut seconds = StageSeconds::default();
    let heads = learnable_heads(data, params)?;
    let mut steps = Steps::new(observer, extent(data, &heads, true), params);
    let pooled = cross_validate_timed(data, &heads, params, &mut steps, &mut seconds)?;

    steps.begin(Stage::Final);
    let started = Instant::now();
    let all_rows: Vec<usize> = (0..data.labelled.texts.len()).collect();
    let encoders = data.learn_features(&all_rows, params, &steps)?;
    let rows = data.encode(&encoders, &all_rows, &label_names(&heads), params, &steps)?;
    steps.done(Piece::Features)?;
    let called_off = || steps.called_off();
    let kernel = fit_kernel(&encoders, &rows, &heads, &all_rows, params, &called_off)?;
    if kernel.is_some() {
        steps.done(Piece::Kernel)?;
    }
    let kernel_weights: Vec<f64> = pooled.iter().map(Pooled::kernel_weight).collect();
    let mut folded: Vec<Folded> = Vec::with_capacity(heads.len());
    let mut finished: Vec<Head> = Vec::with_capacity(heads.len());
    let mut reports: Vec<HeadReport> = Vec::with_capacity(heads.len());
    for (target, pooled) in heads.iter().zip(pooled) {
        let (kept, targets) = target.labelled_and_named(&all_rows);
        let labels = target.labels.len();
        let rows = rows.labelled(&kept);
        let called_off = || steps.called_off();
        let experts = Experts::fit(&rows, &targets, labels, pooled.cost, params, &called_off)?;
        steps.done(Piece::Linear)?;
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
        steps.done(Piece::Others)?;
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
    observer: &dyn Observer,
) -> Result<Vec<HeadAnswers>, FitError> {
    let run = || {
        let mut seconds = StageSeconds::default();
        let heads = learnable_heads(data, params)?;
        let mut steps = Steps::new(observer, extent(data, &heads, false), params);
        cross_validate_timed(data, &heads, params, &mut steps, &mut seconds)
    };
    let pooled = or_cancelled(observer, run())?;
    Ok(pooled.into_iter().map(|head| head.answers).collect())
}

fn extent(data: TrainingData<'_>, heads: &[Target], model: bool) -> Extent {
    Extent {
        heads: heads.len(),
        kernel: data.sentences.is_of_transformer(),
        cost_folds: COST_FOLDS,
        model,
    }
}

/// The heads of `data`, if something can be learned with these parameters.
fn learnable_heads(data: TrainingData<'_>, params: &FitParams) -> Result<Vec<Target>, FitError> {
    params.check()?;
    let heads = Target::all(&data.labelled.heads, params)?;
    if heads.is_empty() {
        return Err(FitError::NoHead);
    }
    let (texts, folds) = (data.labelled.texts.len(), params.folds);
    if texts < folds {
        return Err(FitError::FewerTextsThanFolds { texts, folds });
    }
    Ok(heads)
}

fn cross_validate_timed(
    data: TrainingData<'_>,
    heads: &[Target],
    params: &FitParams,
    steps: &mut Steps<'_>,
    seconds: &mut StageSeconds,
) -> Result<Vec<Pooled>, FitError> {
    let started = Instant::now();
    let strata = heads.first().map_or(&[][..], |first| &first.rows);
    let folds = assign_folds(&data.labelled.texts, strata, params.folds, params.seed);
    let mut out_of_fold: Vec<OutOfFold> = heads.iter().map(|_| OutOfFold::new(params)).collect();
    for fold in 0..params.folds {
        steps.begin(Stage::Fold {
            index: fold + 1,
            of: params.folds,
        });
        score_fold(data, heads, &folds, fold, params, &mut out_of_fold, steps)?;
    }
    seconds.folds = started.elapsed().as_secs_f64();

    steps.begin(Stage::Pool);
    let started = Instant::now();
    let mut pooled = Vec::with_capacity(heads.len());
    for (target, scores) in heads.iter().zip(out_of_fold) {
        pooled.push(scores.choose(target, params, &|| steps.called_off())?);
        steps.done(Piece::Pool)?;
    }
    seconds.pool = started.elapsed().as_secs_f64();
    Ok(pooled)
}

/// One matrix of all heads' columns; all have the same rows.
fn side_by_side(heads: Vec<ArrayView2<'_, f32>>) -> Array2<f32> {
    let joined = concatenate(Axis(1), &heads).unwrap_or_default();
    joined.as_standard_layout().into_owned()
}
