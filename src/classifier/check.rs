//! Whether the parts of a classifier fit together.

use std::collections::BTreeSet;

use super::area::Areas;
use super::head::{Decision, Head, Thresholds};
use super::kernel::KernelExpert;
use super::parts::SentenceExpert;
use crate::features::QuantizedMatrix;

/// Largest weight, scale of weights or constant of a model. A text has fewer than 2³² features, whose
/// values are about 1 at most, and a weight is at most 128 times its scale: no sum of them comes near the
/// largest `f32`, and so no probability is ever NaN.
const MAX_WEIGHT: f32 = 1e6;

/// Fastest fall of the kernel with the distance.
const MAX_SHARPNESS: f32 = 1e3;

/// Why parts do not make a classifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClassifierError {
    /// Vocabulary and weights differ in size.
    #[error("{features} features but weights for {rows}")]
    Features {
        /// Size of the vocabulary.
        features: usize,
        /// Rows of the weights.
        rows: usize,
    },
    /// The heads' labels do not fill the columns of the weights.
    #[error("the heads have {labels} labels but the weights have {columns} columns")]
    Labels {
        /// Labels of all heads.
        labels: usize,
        /// Columns of the weights.
        columns: usize,
    },
    /// The weights of the sentence vector do not fit, or are not finite.
    #[error(
        "sentence vectors have {dimensions} dimensions and the heads {labels} labels, but there are {rows} by {columns} weights, or one is not a finite number"
    )]
    Sentence {
        /// Length of the vectors.
        dimensions: usize,
        /// Labels of all heads.
        labels: usize,
        /// Rows of the weights.
        rows: usize,
        /// Columns of the weights.
        columns: usize,
    },
    /// Weights of an n-gram are so large that their sums may be no numbers.
    #[error("the scale of row {row} is above {MAX_WEIGHT}")]
    Scale {
        /// The n-gram's row.
        row: usize,
    },
    /// A weight of the sentence vector is so large that sums may be no numbers.
    #[error("weight {column} of dimension {row} of the sentence vector is beyond ±{MAX_WEIGHT}")]
    SentenceWeight {
        /// The dimension.
        row: usize,
        /// The label among those of all heads.
        column: usize,
    },
    /// The kernel expert's parts do not fit, or have numbers that nothing can be made of.
    #[error("kernel expert: {problem}")]
    Kernel {
        /// What is wrong.
        problem: &'static str,
    },
    /// A head's parts differ in length, are not finite, it has fewer than two labels, or one twice.
    #[error("head '{head}': {problem}")]
    Head {
        /// The head's name.
        head: String,
        /// What is wrong.
        problem: &'static str,
    },
}

/// Checks the weights of the n-grams, which are known to be finite.
pub(super) fn check_weights(weights: &QuantizedMatrix) -> Result<(), ClassifierError> {
    let row = weights.scales().iter().position(|own| *own > MAX_WEIGHT);
    row.map_or(Ok(()), |row| Err(ClassifierError::Scale { row }))
}

/// Checks the weights of the sentence vector; `labels` are those of all heads.
pub(super) fn check_sentence(
    expert: &SentenceExpert,
    labels: usize,
) -> Result<(), ClassifierError> {
    let dimensions = expert.encoder.dimensions();
    let fits = expert.weights.dim() == (dimensions, labels)
        && expert.weights.is_standard_layout()
        && expert.weights.iter().all(|weight| weight.is_finite());
    if !fits {
        return Err(ClassifierError::Sentence {
            dimensions,
            labels,
            rows: expert.weights.nrows(),
            columns: expert.weights.ncols(),
        });
    }
    let mut weights = expert.weights.indexed_iter();
    if let Some(((row, column), _)) = weights.find(|(_, weight)| weight.abs() > MAX_WEIGHT) {
        return Err(ClassifierError::SentenceWeight { row, column });
    }
    expert
        .kernel
        .as_ref()
        .map_or(Ok(()), |kernel| check_kernel(kernel, dimensions, labels))
}

/// Checks what the kernel expert remembers.
fn check_kernel(
    kernel: &KernelExpert,
    dimensions: usize,
    labels: usize,
) -> Result<(), ClassifierError> {
    let supports = &kernel.supports;
    // A cosine above 1 counts as 1 and a finite one below it is near 0 at worst: however long a row is, what it adds
    // is at most its coefficient.
    let problem = if supports.columns() != dimensions {
        "its rows are not of the sentence vectors' dimensions"
    } else if kernel.coefficients.dim() != (supports.rows(), labels) {
        "its coefficients are not one a row and label"
    } else if !(kernel.sharpness > 0.0 && kernel.sharpness <= MAX_SHARPNESS) {
        "its sharpness is not above 0 and at most 1000"
    } else if !kernel
        .coefficients
        .iter()
        .all(|own| own.abs() <= MAX_WEIGHT)
    {
        "a coefficient is not a number within ±1000000"
    } else {
        return Ok(());
    };
    Err(ClassifierError::Kernel { problem })
}

/// Checks one head; `areas` are those of its labels.
pub(super) fn check_head(head: &Head, areas: Option<&Areas>) -> Result<(), ClassifierError> {
    let labels = head.labels.len();
    let area_names = areas.map_or(&[][..], Areas::names);
    let problem = if labels < 2 {
        "fewer than two labels"
    } else if head.bias.len() != labels || head.thresholds.len() != labels {
        "labels, constants and thresholds differ in number"
    } else if head.bias.iter().any(|b| !b.is_finite()) {
        "a constant is not a finite number"
    } else if head.bias.iter().any(|b| b.abs() > MAX_WEIGHT) {
        "a constant is beyond ±1000000"
    } else if !head.thresholds.iter().all(is_finite) {
        "a threshold is not a finite number"
    } else if head.in_scope_from.is_some_and(|bar| !bar.is_finite()) {
        "the bar of texts in scope is not a finite number"
    } else if head.labels.iter().collect::<BTreeSet<_>>().len() != labels {
        "a label occurs twice"
    } else if matches!(&head.decision, Decision::LeastCost { costs } if costs.labels() != labels) {
        "the cost table has not one row a label"
    } else if !head.areas.iter().map(|area| &area.label).eq(area_names) {
        "the areas are not those of its topics"
    } else if head.areas.iter().any(|area| !area.suggest_at.is_finite()) {
        "an area's threshold is not a finite number"
    } else {
        return Ok(());
    };
    Err(ClassifierError::Head {
        head: head.kind.to_string(),
        problem,
    })
}

fn is_finite(thresholds: &Thresholds) -> bool {
    thresholds.suggest_at.is_finite() && thresholds.automate_at.is_none_or(f32::is_finite)
}
