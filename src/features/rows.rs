//! The rows that experts learn from: a sparse part of n-grams and a dense sentence vector.

use std::borrow::Cow;

use ndarray::{Array2, Axis};

use super::SparseMatrix;

/// Feature rows of texts.
#[derive(Debug, Clone, Default)]
pub struct FeatureRows {
    /// N-grams, `rows × vocabulary`.
    pub sparse: SparseMatrix,
    /// Sentence vectors, `rows × dimensions`; without a sentence encoder there are no dimensions.
    pub dense: Array2<f32>,
}

impl FeatureRows {
    /// Rows without sentence vectors.
    #[must_use]
    pub fn sparse_only(sparse: SparseMatrix) -> Self {
        let dense = Array2::zeros((sparse.rows(), 0));
        Self { sparse, dense }
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.sparse.rows()
    }

    /// The rows named by `indices`, in that order.
    #[must_use]
    pub fn select(&self, indices: &[usize]) -> Self {
        Self {
            sparse: self.sparse.select(indices),
            dense: self.dense.select(Axis(0), indices),
        }
    }

    /// Those of the rows that `kept` names, in ascending order; no copy if that is all of them.
    #[must_use]
    pub fn labelled(&self, kept: &[usize]) -> Cow<'_, Self> {
        if kept.len() == self.rows() {
            Cow::Borrowed(self)
        } else {
            Cow::Owned(self.select(kept))
        }
    }
}
