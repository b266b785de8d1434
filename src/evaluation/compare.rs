//! Two models' answers to the same rows, side by side: which answers changed, what that gained and
//! lost, and whether chance explains it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::answers::{Answer, HeadAnswers};
use super::metrics::HeadMetrics;
use super::paired::{Interval, difference_interval, mcnemar_mid_p};

/// A difference is significant if its p-value is below this.
pub const SIGNIFICANT: f64 = 0.05;

/// What two models have in common and where they differ.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The heads that both answered, keyed by name.
    pub heads: BTreeMap<String, HeadComparison>,
}

/// One head of both models.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeadComparison {
    /// Rows with a label for this head.
    pub rows: usize,
    /// Rows that only the second model has right.
    pub gained: usize,
    /// Rows that only the first model has right.
    pub lost: usize,
    /// Rows that both have wrong, in different ways.
    pub both_wrong: usize,
    /// Accuracy of the second model less that of the first.
    pub difference: f64,
    /// Confidence interval of that difference (Bonett and Price 2012).
    pub interval: Interval,
    /// Mid-p value of McNemar's test, two-sided.
    pub p_value: f64,
    /// Measures of the first model.
    pub before: HeadMetrics,
    /// Measures of the second model.
    pub after: HeadMetrics,
    /// Gains and losses by the rows' own labels; labels without any are left out.
    pub labels: BTreeMap<String, LabelChange>,
    /// The rows whose answer changed, in ascending order.
    #[serde(skip)]
    pub changes: Vec<Change>,
}

/// Gains and losses among the rows of one label.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LabelChange {
    /// Rows that only the second model has right.
    pub gained: usize,
    /// Rows that only the first model has right.
    pub lost: usize,
}

/// A row that the two models answer differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Index of the row among the texts.
    pub row: usize,
    /// The row's own label.
    pub truth: String,
    /// The first model's label.
    pub before: String,
    /// The second model's label.
    pub after: String,
    /// What the change is worth.
    pub effect: Effect,
}

/// What a changed answer is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Wrong before, right after.
    Gained,
    /// Right before, wrong after.
    Lost,
    /// Wrong before and after.
    BothWrong,
}

/// Why answers cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompareError {
    /// The answers are to different rows, or the rows' own labels differ.
    #[error("head '{head}': the two models did not answer the same labelled rows")]
    DifferentRows {
        /// The head's name.
        head: String,
    },
}

/// Compares the answers of two models to the same labelled rows, for each head that both answered.
/// The models may know different labels: a label that a model does not know is one that it has wrong.
///
/// # Errors
/// If the answers are not to the same rows with the same labels.
pub fn compare(before: &[HeadAnswers], after: &[HeadAnswers]) -> Result<Comparison, CompareError> {
    let mut heads = BTreeMap::new();
    for first in before {
        if let Some(second) = after.iter().find(|head| head.kind == first.kind) {
            let name = first.kind.name().to_owned();
            heads.insert(name, HeadComparison::new(first, second)?);
        }
    }
    Ok(Comparison { heads })
}

impl HeadComparison {
    /// Compares two models' answers of one head.
    ///
    /// # Errors
    /// If the answers are not to the same rows with the same labels.
    pub fn new(first: &HeadAnswers, second: &HeadAnswers) -> Result<Self, CompareError> {
        let same_row =
            |(a, b): (&Answer, &Answer)| a.row == b.row && first.truth_of(a) == second.truth_of(b);
        let pairs = || first.answers.iter().zip(&second.answers);
        if first.answers.len() != second.answers.len() || !pairs().all(same_row) {
            return Err(CompareError::DifferentRows {
                head: first.kind.to_string(),
            });
        }
        let changes: Vec<Change> = pairs()
            .filter_map(|(a, b)| Change::between(first, a, second, b))
            .collect();
        let count = |effect| changes.iter().filter(|own| own.effect == effect).count();
        let (gained, lost) = (count(Effect::Gained), count(Effect::Lost));
        let rows = first.answers.len();
        let (before, after) = (HeadMetrics::new(first), HeadMetrics::new(second));
        Ok(Self {
            rows,
            gained,
            lost,
            both_wrong: count(Effect::BothWrong),
            difference: after.accuracy - before.accuracy,
            interval: difference_interval(gained, lost, rows),
            p_value: mcnemar_mid_p(gained, lost),
            before,
            after,
            labels: by_label(&changes),
            changes,
        })
    }

    /// Whether the second model is worse by more than chance explains.
    #[must_use]
    pub fn worse(&self) -> bool {
        self.lost > self.gained && self.p_value < SIGNIFICANT
    }

    /// Whether the second model is better by more than chance explains.
    #[must_use]
    pub fn better(&self) -> bool {
        self.gained > self.lost && self.p_value < SIGNIFICANT
    }
}

impl Comparison {
    /// The heads that are worse by more than chance explains.
    pub fn worse(&self) -> impl Iterator<Item = (&str, &HeadComparison)> {
        self.heads
            .iter()
            .filter(|(_, head)| head.worse())
            .map(|(name, head)| (name.as_str(), head))
    }
}

impl Change {
    /// The change of one row; `None` if both models chose the same label.
    fn between(first: &HeadAnswers, a: &Answer, second: &HeadAnswers, b: &Answer) -> Option<Self> {
        // Labels have names; their indices may differ between the models.
        let (before, after) = (&first.labels[a.chosen], &second.labels[b.chosen]);
        if before == after {
            return None;
        }
        Some(Self {
            row: a.row,
            truth: first.truth_of(a).to_owned(),
            before: before.clone(),
            after: after.clone(),
            effect: match (a.right(), b.right()) {
                (true, _) => Effect::Lost,
                (_, true) => Effect::Gained,
                _ => Effect::BothWrong,
            },
        })
    }
}

fn by_label(changes: &[Change]) -> BTreeMap<String, LabelChange> {
    let mut labels: BTreeMap<String, LabelChange> = BTreeMap::new();
    for change in changes {
        match change.effect {
            Effect::Gained => labels.entry(change.truth.clone()).or_default().gained += 1,
            Effect::Lost => labels.entry(change.truth.clone()).or_default().lost += 1,
            Effect::BothWrong => {}
        }
    }
    labels
}

#[cfg(test)]
#[path = "compare_tests.rs"]
mod tests;
