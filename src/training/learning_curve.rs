//! How accuracy grows with the number of rows: models learn from more and more of them and are
//! measured on the same rows held out. Keeps none of the models.

use std::collections::BTreeMap;

use super::folds::assign_folds;
use super::{FitError, FitParams, Observer, Stage, TrainingData, fit};
use crate::cancel::NEVER;
use crate::classifier::HeadKind;
use crate::dataset::REFUSED_BELOW_ROWS;
use crate::evaluation::report::{LearningCurve, LearningPoint};
use crate::evaluation::{LabelledHead, LabelledTexts, evaluate};

/// Shares of the rows that are learned from.
pub const SHARES: [f64; 5] = [0.1, 0.2, 0.4, 0.7, 1.0];
/// One part of so many is held out.
const PARTS: usize = 5;
/// Folds within the rows that are learned from: they weigh the experts, they do not measure.
const FOLDS: usize = 3;

/// A step on the way to the curve, for whoever shows its progress.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurveStep {
    /// Which of the shares, from 1.
    pub index: usize,
    /// How many.
    pub of: usize,
    /// The share of the rows.
    pub share: f64,
    /// The stage of the fit on them.
    pub stage: Stage,
}

/// Fits on each of [`SHARES`] of the rows, smaller shares being parts of larger ones, and measures each
/// time on the fifth of the rows that is held out. Each share holds about as much of every label of
/// the first head, but at least as many rows as can be learned from, if there are so many.
///
/// A label with too few rows in a share is not learned from it, and its tickets count as wrong.
/// Progress is told of each step as it begins and goes on.
///
/// # Errors
/// If there is no head, or the labels cannot be learned even from all rows.
pub fn learning_curve(
    training: TrainingData<'_>,
    params: &FitParams,
    progress: &(dyn Fn(CurveStep) + Sync),
) -> Result<LearningCurve, FitError> {
    let data = training.labelled;
    let first = data.heads.first().ok_or(FitError::NoHead)?;
    let labels = first.distinct();
    let strata = first.indices(&labels);
    let parts = assign_folds(&data.texts, &strata, PARTS, params.seed);
    let all = 0..data.texts.len();
    let held_out: Vec<usize> = all.clone().filter(|&row| parts[row] == 0).collect();
    let held_out = part_of(data, &held_out);
    let ranks = ranks(&strata, &parts, params.seed);
    let params = FitParams {
        folds: params.folds.min(FOLDS),
        ..params.clone()
    };
    let mut points = Vec::with_capacity(SHARES.len());
    for (index, share) in SHARES.into_iter().enumerate() {
        let within = |row: &usize| ranks[*row].is_some_and(|r| r.within(share));
        let kept: Vec<usize> = all.clone().filter(within).collect();
        let learned = learnable(part_of(data, &kept));
        let learned = TrainingData {
            labelled: &learned,
            sentences: &training.sentences.select(&kept),
        };
        let report = OfShare {
            index,
            share,
            progress,
        };
        points.push(LearningPoint {
            share,
            rows: kept.len(),
            accuracy: accuracy(learned, &held_out, data, &params, &report)?,
        });
    }
    let labelled = |head: &LabelledHead| head.labels.iter().flatten().count();
    Ok(LearningCurve {
        heads: data
            .heads
            .iter()
            .map(|head| head.kind.to_string())
            .collect(),
        held_out: held_out.heads.iter().map(labelled).collect(),
        points,
    })
}

/// Watches the fit on one of the shares.
struct OfShare<'a> {
    index: usize,
    share: f64,
    progress: &'a (dyn Fn(CurveStep) + Sync),
}

impl Observer for OfShare<'_> {
    fn progress(&self, stage: Stage, _done: f64) {
        (self.progress)(CurveStep {
            index: self.index + 1,
            of: SHARES.len(),
            share: self.share,
            stage,
        });
    }
}

/// Accuracy on `held_out` of each head of `data` after learning from `learned`.
fn accuracy(
    learned: TrainingData<'_>,
    held_out: &LabelledTexts,
    data: &LabelledTexts,
    params: &FitParams,
    observer: &dyn Observer,
) -> Result<Vec<Option<f64>>, FitError> {
    let knows = |kind: &HeadKind| learned.labelled.heads.iter().any(|head| head.kind == *kind);
    let mut measured = held_out.clone();
    measured.heads.retain(|head| knows(&head.kind));
    if measured.heads.is_empty() {
        return Ok(vec![None; data.heads.len()]);
    }
    let fitted = fit(learned, params, observer)?;
    // What is left to go wrong is that none of the rows held out has a label.
    let evaluation = evaluate(&fitted.classifier, &measured, NEVER).ok();
    let accuracy = |head: &LabelledHead| {
        let metrics = evaluation.as_ref()?.heads.get(head.kind.name())?;
        (metrics.rows > 0).then_some(metrics.accuracy)
    };
    Ok(data.heads.iter().map(accuracy).collect())
}

/// A row's place among the rows of its label that are not held out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rank {
    before: usize,
    of: usize,
}

impl Rank {
    /// Whether the row is part of a share of the rows.
    fn within(self, share: f64) -> bool {
        #[allow(clippy::cast_precision_loss)] // row counts are far below 2^52
        let reached = (self.before as f64) < share * self.of as f64 - 1e-9;
        reached || self.before < REFUSED_BELOW_ROWS
    }
}

/// The rank of each row by a seeded shuffle; `None` for rows held out.
fn ranks(strata: &[Option<usize>], parts: &[usize], seed: u64) -> Vec<Option<Rank>> {
    let mut order: Vec<usize> = (0..strata.len()).filter(|&row| parts[row] != 0).collect();
    fastrand::Rng::with_seed(seed).shuffle(&mut order);
    let mut counts: BTreeMap<Option<usize>, usize> = BTreeMap::new();
    let mut before = vec![None; strata.len()];
    for row in order {
        let count = counts.entry(strata[row]).or_default();
        before[row] = Some(*count);
        *count += 1;
    }
    let rank = |(before, stratum): (Option<usize>, &Option<usize>)| {
        Some(Rank {
            before: before?,
            of: counts.get(stratum).copied().unwrap_or(0),
        })
    };
    before.into_iter().zip(strata).map(rank).collect()
}

/// The rows named by `kept`.
fn part_of(data: &LabelledTexts, kept: &[usize]) -> LabelledTexts {
    LabelledTexts {
        texts: kept.iter().map(|&row| data.texts[row].clone()).collect(),
        heads: data
            .heads
            .iter()
            .map(|head| LabelledHead {
                kind: head.kind.clone(),
                labels: kept.iter().map(|&row| head.labels[row].clone()).collect(),
            })
            .collect(),
    }
}

/// Without the labels that have too few rows to be learned, and without heads that are left with fewer
/// than two.
fn learnable(mut data: LabelledTexts) -> LabelledTexts {
    for head in &mut data.heads {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for label in head.labels.iter().flatten() {
            *counts.entry(label.clone()).or_default() += 1;
        }
        for label in &mut head.labels {
            if label
                .as_ref()
                .is_some_and(|own| counts[own] < REFUSED_BELOW_ROWS)
            {
                *label = None;
            }
        }
    }
    data.heads.retain(|head| head.distinct().len() >= 2);
    data
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::training::Sentences;

    /// 40 rows of each of three topics; the second head has one label in four rows only.
    fn data() -> LabelledTexts {
        let mut random = fastrand::Rng::with_seed(9);
        let words = ["parcel courier", "invoice tax", "password login"];
        let texts = (0..120).map(|row| {
            let word = words[row % 3].split(' ').nth(random.usize(..2));
            format!("{} number {row}", word.unwrap_or_default())
        });
        let head = |kind, label: &dyn Fn(usize) -> Option<&'static str>| LabelledHead {
            kind,
            labels: (0..120).map(|row| label(row).map(str::to_owned)).collect(),
        };
        LabelledTexts {
            texts: texts.collect(),
            heads: vec![
                head(HeadKind::Topic, &|row| {
                    Some(["delivery", "billing", "account"][row % 3])
                }),
                head(HeadKind::Facet("mood".to_owned()), &|row| {
                    Some(if row % 20 < 3 { "sad" } else { "glad" })
                }),
            ],
        }
    }

    fn training(labelled: &LabelledTexts) -> TrainingData<'_> {
        TrainingData {
            labelled,
            sentences: &Sentences::None,
        }
    }

    #[test]
    fn shares_grow_and_the_rows_held_out_stay() {
        let steps = Mutex::new(Vec::new());
        let curve = learning_curve(training(&data()), &FitParams::default(), &|step| {
            steps.lock().unwrap().push(step);
        })
        .unwrap();
        assert_eq!(curve.heads, ["topic", "mood"]);
        assert_eq!(curve.held_out, [24, 24]);
        let rows: Vec<usize> = curve.points.iter().map(|point| point.rows).collect();
        // 32 rows of each topic: at least five, then 7, 13, 23, 32.
        assert_eq!(rows, [15, 21, 39, 69, 96]);
        assert!(curve.points[4].accuracy[0].unwrap() > 0.8, "{curve:?}");
        assert_eq!(
            curve.points[0].accuracy[1], None,
            "too few rows for two moods"
        );
        assert!(curve.points[4].accuracy[1].is_some());
        let steps = steps.into_inner().unwrap();
        assert_eq!((steps[0].index, steps[0].of, steps[0].share), (1, 5, 0.1));
        assert_eq!(steps[steps.len() - 1].stage, Stage::Final);
    }

    #[test]
    fn the_same_seed_gives_the_same_curve() {
        let curve = |seed| {
            let params = FitParams {
                seed,
                ..FitParams::default()
            };
            learning_curve(training(&data()), &params, &|_| ()).unwrap()
        };
        assert_eq!(curve(3), curve(3));
    }

    #[test]
    fn smaller_shares_are_parts_of_larger_ones_and_hold_nothing_back_for_the_test() {
        let data = data();
        let strata = data.heads[0].indices(&data.heads[0].distinct());
        let parts = assign_folds(&data.texts, &strata, PARTS, 42);
        let ranks = ranks(&strata, &parts, 42);
        for row in 0..data.texts.len() {
            let within = SHARES.map(|share| ranks[row].is_some_and(|rank| rank.within(share)));
            assert!(within.is_sorted(), "{row}: {within:?}");
            assert_eq!(within[4], parts[row] != 0, "{row}");
        }
    }
}
