//! Out-of-fold scores: what experts say of rows that they were not trained on, and the pool that is
//! fitted on them.

use ndarray::{Array1, Array2, ArrayView1, Axis, concatenate};

use super::FitParams;
use super::area_thresholds::settle_areas;
use super::experts::{ExpertError, score, score_discriminant, score_linear};
use super::fit::{FitError, TrainingData};
use super::kernel_rows::{fit_kernel, unit_vectors};
use super::observer::{Piece, Steps};
use super::target::{Target, label_names};
use crate::cancel::{CalledOff, Cancelled};
use crate::classifier::discriminant::DiscriminantModel;
use crate::classifier::linear::LinearModel;
use crate::classifier::naive_bayes::NaiveBayesModel;
use crate::classifier::pool::{Pool, fit_pool};
use crate::classifier::scope::{choose_bar, scope};
use crate::classifier::thresholds::{Outcome, choose_thresholds};
use crate::classifier::{AreaThreshold, Head, HeadKind, OUT_OF_SCOPE, Thresholds};
use crate::evaluation::{Answer, HeadAnswers, Truth};
use crate::features::softmax;

/// Number of folds on which the linear expert's cost is chosen; the rest use the one chosen.
pub(super) const COST_FOLDS: usize = 2;

/// One head's out-of-fold scores, fold after fold; each part is `rows × labels`.
#[derive(Debug)]
pub struct OutOfFold {
    /// The costs still to be chosen from, each with the linear expert's scores.
    linear: Vec<(f64, Vec<Array2<f32>>)>,
    /// The scores of naive Bayes, log-prior, discriminant and kernel expert.
    others: [Vec<Array2<f32>>; 4],
    targets: Vec<usize>,
    /// The rows of the data that the scores are of.
    rows: Vec<usize>,
}

/// A head's cost and pool, chosen on out-of-fold scores, and how well they do there.
#[derive(Debug)]
pub struct Pooled {
    /// The linear expert's cost.
    pub cost: f64,
    /// The experts' weights.
    pub pool: Pool,
    /// Thresholds by label.
    pub thresholds: Vec<Thresholds>,
    /// Thresholds of the areas of topics that are paths.
    pub areas: Vec<AreaThreshold>,
    /// Topics: a text whose best topic is less probable than this is out of scope.
    pub in_scope_from: Option<f32>,
    /// What the pool says of each row.
    pub answers: HeadAnswers,
}

impl Pooled {
    /// The kernel expert's weight in the pool, the last.
    pub(super) fn kernel_weight(&self) -> f64 {
        self.pool.weights.last().copied().unwrap_or_default()
    }
}

/// Learns from all rows outside `fold` and adds the scores of the rows inside.
///
/// # Errors
/// If an expert cannot be fitted, the sentence encoder fails, or the fit was called off.
pub(super) fn score_fold(
    data: TrainingData<'_>,
    heads: &[Target],
    folds: &[usize],
    fold: usize,
    params: &FitParams,
    out_of_fold: &mut [OutOfFold],
    steps: &mut Steps<'_>,
) -> Result<(), FitError> {
    let (train_rows, held_rows): (Vec<usize>, Vec<usize>) =
        (0..folds.len()).partition(|&row| folds[row] != fold);
    let encoders = data.learn_features(&train_rows, params, steps)?;
    let train = data.encode(&encoders, &train_rows, &label_names(heads), params, steps)?;
    let held = data.encode(&encoders, &held_rows, &[], params, steps)?;
    steps.done(Piece::Features)?;
    let called_off = || steps.called_off();
    let kernel = fit_kernel(&encoders, &train, heads, &train_rows, params, &called_off)?;
    let kernel_scores = kernel.map(|model| model.scores(unit_vectors(&held, params).view()));
    if kernel_scores.is_some() {
        steps.done(Piece::Kernel)?;
    }
    for (index, (target, out)) in heads.iter().zip(out_of_fold).enumerate() {
        let (kept, targets) = target.labelled_and_named(&train_rows);
        let train = train.labelled(&kept);
        let (kept, held_targets) = target.labelled(&held_rows);
        let held = held.labelled(&kept);
        let labels = target.labels.len();
        for (cost, scores) in &mut out.linear {
            let (linear, seed) = (params.linear, params.seed);
            let called_off = || steps.called_off();
            let model =
                LinearModel::fit(&train, &targets, labels, *cost, linear, seed, &called_off)?;
            scores.push(score_linear(&held, &model));
            steps.done(Piece::Linear)?;
        }
        let called_off = || steps.called_off();
        let bayes = params.naive_bayes;
        let model = NaiveBayesModel::fit(&train.sparse, &targets, labels, bayes, &called_off)
            .map_err(ExpertError::from)?;
        let naive_bayes = score(&held.sparse, &model.weights, &Array1::zeros(labels));
        let log_prior =
            Array2::from_shape_fn((held.rows(), labels), |(_, label)| model.log_prior[label]);
        let dense = train.dense.view();
        let model = DiscriminantModel::fit(dense, &targets, labels, params.discriminant)
            .map_err(ExpertError::from)?;
        let discriminant = score_discriminant(&held, &model);
        let kernel = match &kernel_scores {
            Some(scores) => scores[index].select(Axis(0), &kept),
            None => Array2::zeros((held.rows(), labels)),
        };
        let scores = [naive_bayes, log_prior, discriminant, kernel];
        for (parts, scores) in out.others.iter_mut().zip(scores) {
            parts.push(scores);
        }
        out.targets.extend(held_targets);
        out.rows.extend(kept.iter().map(|&index| held_rows[index]));
        if fold + 1 == COST_FOLDS {
            out.settle_cost(&called_off)?;
        }
        steps.done(Piece::Others)?;
    }
    Ok(())
}

impl OutOfFold {
    /// No scores yet; the costs to choose from are those of `params`.
    #[must_use]
    pub fn new(params: &FitParams) -> Self {
        let costs = params.linear_costs.iter();
        Self {
            linear: costs.map(|&cost| (cost, Vec::new())).collect(),
            others: Default::default(),
            targets: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Keeps the cost whose pool has the least log loss so far.
    fn settle_cost(&mut self, called_off: CalledOff<'_>) -> Result<(), Cancelled> {
        let others = self.others.each_ref().map(|parts| stack(parts));
        let loss = |parts: &[Array2<f32>]| {
            let linear = stack(parts);
            let scores: Vec<_> = std::iter::once(&linear).chain(&others).collect();
            fit_pool(&scores, &self.targets, called_off).map(|pool| pool.log_loss)
        };
        let losses: Vec<f64> = self
            .linear
            .iter()
            .map(|(_, parts)| loss(parts))
            .collect::<Result<_, _>>()?;
        let best = losses.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1));
        if let Some((index, _)) = best {
            self.linear = vec![self.linear.swap_remove(index)];
        }
        Ok(())
    }

    /// Fits the pool and measures it.
    ///
    /// # Errors
    /// If it was called off.
    pub fn choose(
        mut self,
        target: &Target,
        params: &FitParams,
        called_off: CalledOff<'_>,
    ) -> Result<Pooled, Cancelled> {
        if self.linear.len() > 1 {
            self.settle_cost(called_off)?;
        }
        let (cost, linear) = self
            .linear
            .first()
            .map_or((1.0, Array2::default((0, 0))), |(cost, parts)| {
                (*cost, stack(parts))
            });
        let others = self.others.each_ref().map(|parts| stack(parts));
        let scores: Vec<_> = std::iter::once(&linear).chain(&others).collect();
        let pool = fit_pool(&scores, &self.targets, called_off)?;
        let mut answers = self.answers(target, &scores, &pool.weights);
        let in_scope_from = settle_scope(&answers);
        let thresholds = settle_thresholds(&mut answers, in_scope_from, params);
        let areas = settle_areas(&mut answers, params.thresholds);
        Ok(Pooled {
            cost,
            pool,
            thresholds,
            areas,
            in_scope_from,
            answers,
        })
    }

    /// The pool's probabilities of all rows, in the order of the data.
    fn answers(&self, target: &Target, scores: &[&Array2<f32>], pool: &[f64]) -> HeadAnswers {
        let head = Head {
            kind: target.kind.clone(),
            labels: target.labels.clone(),
            bias: vec![0.0; target.labels.len()],
            thresholds: Vec::new(),
            decision: target.decision.clone(),
            areas: Vec::new(),
            in_scope_from: None,
        };
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        order.sort_by_key(|&index| self.rows[index]);
        let mut probabilities = Array2::zeros((order.len(), target.labels.len()));
        let mut answers = Vec::with_capacity(order.len());
        for (mut own, &index) in probabilities.outer_iter_mut().zip(&order) {
            let mut logits: Vec<f32> = (0..target.labels.len())
                .map(|label| {
                    let logit: f64 = scores
                        .iter()
                        .zip(pool)
                        .map(|(s, w)| w * f64::from(s[[index, label]]))
                        .sum();
                    #[allow(clippy::cast_possible_truncation)] // logits fit an f32
                    let logit = logit as f32;
                    logit
                })
                .collect();
            softmax(&mut logits);
            own.assign(&ArrayView1::from(&logits));
            answers.push(Answer {
                row: self.rows[index],
                truth: Truth::Known(self.targets[index]),
                chosen: head.choose(&logits),
                made: false,
                automated: false,
                area_fallback: false,
            });
        }
        HeadAnswers {
            kind: head.kind,
            labels: head.labels,
            answers,
            probabilities,
        }
    }
}

/// The bar below which a text is out of scope; `None` for heads other than the topic.
fn settle_scope(head: &HeadAnswers) -> Option<f32> {
    if head.kind != HeadKind::Topic {
        return None;
    }
    let (outside, inside): (Vec<_>, Vec<_>) = head
        .iter()
        .map(|(answer, probabilities)| {
            let scope = scope(&head.labels, probabilities);
            (head.truth_of(answer) == OUT_OF_SCOPE, scope)
        })
        .partition(|(outside, _)| *outside);
    let scores = |rows: Vec<(bool, f32)>| -> Vec<f32> { rows.into_iter().map(|r| r.1).collect() };
    Some(choose_bar(&scores(inside), &scores(outside)))
}

/// Chooses thresholds on the answers in scope and marks those that pass them.
fn settle_thresholds(
    head: &mut HeadAnswers,
    in_scope_from: Option<f32>,
    params: &FitParams,
) -> Vec<Thresholds> {
    let labels = &head.labels;
    let outcomes: Vec<Option<Outcome>> = head
        .iter()
        .map(|(answer, probabilities)| {
            let outside = in_scope_from.is_some_and(|bar| scope(labels, probabilities) < bar)
                || labels[answer.chosen] == OUT_OF_SCOPE;
            (!outside).then(|| Outcome {
                chosen: answer.chosen,
                confidence: probabilities[answer.chosen],
                right: answer.right(),
            })
        })
        .collect();
    let in_scope: Vec<Outcome> = outcomes.iter().copied().flatten().collect();
    let thresholds = choose_thresholds(&in_scope, labels.len(), params.thresholds);
    for (answer, outcome) in head.answers.iter_mut().zip(&outcomes) {
        let Some(outcome) = outcome else { continue };
        let own = thresholds[outcome.chosen];
        answer.made = outcome.confidence >= own.suggest_at;
        answer.automated = own.automate_at.is_some_and(|at| outcome.confidence >= at);
    }
    thresholds
}

/// One part below the other.
fn stack(parts: &[Array2<f32>]) -> Array2<f32> {
    let views: Vec<_> = parts.iter().map(Array2::view).collect();
    // All have one column a label.
    concatenate(Axis(0), &views).unwrap_or_default()
}
