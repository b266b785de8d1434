//! The kernel expert: ridge regression on how near a text's sentence vector is to that of each training
//! row.
//!
//! A label's score at x is Σᵢ cᵢ·k(x, xᵢ) over the training rows xᵢ, with the Gaussian kernel of unit
//! vectors k(x, y) = exp(s·(x·y − 1)). The coefficients solve (K + r·I)·c = t, where t is 1 − 1/L at the
//! label's own rows and −1/L at the others, of L labels (Saunders, Gammerman and Vovk 1998). It bends where the other
//! experts are straight, but must remember every row: its cost to serve is rows × dimensions, which is little beside an
//! encoder's and much beside a table's.

mod cholesky;
mod expert;

use std::collections::BTreeMap;

use linfa_linalg::LinalgError;
use ndarray::{Array2, ArrayView2, Axis, s};
use rayon::prelude::*;

use self::cholesky::Factored;
pub use self::expert::KernelExpert;
use crate::cancel::{CalledOff, Cancelled, check};
use crate::features::QuantizedMatrix;

/// Rows that are scored at a time: their kernel values stay in the cache.
const CHUNK: usize = 256;

/// Hyper-parameters of the kernel expert.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KernelParams {
    /// s: how fast the kernel falls with the distance (> 0).
    pub sharpness: f32,
    /// r: how far a score may stay from its target (> 0).
    pub ridge: f32,
    /// Most rows whose coefficients are solved for together, which takes 4·rows² bytes. More rows are dealt into
    /// parts of equal size, and the parts' scores averaged (Zhang, Duchi and Wainwright 2013).
    pub rows_at_once: usize,
    /// Most rows that are remembered; of more, evenly spaced ones.
    pub most_rows: usize,
}

impl Default for KernelParams {
    fn default() -> Self {
        Self {
            sharpness: 2.0,
            ridge: 0.1,
            rows_at_once: 16_384,
            most_rows: 65_536,
        }
    }
}

/// The rows of a head: which are of which label. Rows with no label pull all scores towards zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KernelTargets {
    /// Rows and their labels, if they have one.
    pub rows: BTreeMap<usize, Option<usize>>,
    /// Number of labels.
    pub labels: usize,
}

/// Why the kernel expert cannot be fitted.
#[derive(Debug, thiserror::Error)]
pub enum KernelError {
    /// Its equations cannot be solved.
    #[error("the kernel expert cannot be fitted to the sentence vectors: {0}")]
    Equations(#[from] LinalgError),
    /// It was called off.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// The training rows, and how near to each counts how much for each label.
#[derive(Debug, Clone, PartialEq)]
pub struct KernelModel {
    /// The rows' unit vectors, rounded, `rows × dimensions`.
    pub supports: QuantizedMatrix,
    /// The supports as numbers.
    vectors: Array2<f32>,
    /// Coefficients of each head, `rows × labels`.
    pub coefficients: Vec<Array2<f32>>,
    params: KernelParams,
}

impl KernelModel {
    /// Fits all heads to the unit vectors `vectors`, `rows × dimensions`.
    ///
    /// # Errors
    /// If the equations cannot be solved, or the fit was called off.
    pub fn fit(
        vectors: ArrayView2<'_, f32>,
        heads: &[KernelTargets],
        params: KernelParams,
        called_off: CalledOff<'_>,
    ) -> Result<Self, KernelError> {
        let supports = QuantizedMatrix::quantize(vectors);
        let vectors = supports.to_array();
        let mut coefficients: Vec<Array2<f32>> = heads
            .iter()
            .map(|head| Array2::zeros((vectors.nrows(), head.labels)))
            .collect();
        let mut done = vec![false; heads.len()];
        while let Some(first) = done.iter().position(|done| !done) {
            // Heads whose rows are the same share the matrix that takes most of the time.
            let alike: Vec<usize> = (first..heads.len())
                .filter(|&head| heads[head].rows.keys().eq(heads[first].rows.keys()))
                .collect();
            let rows: Vec<usize> = heads[first].rows.keys().copied().collect();
            for part in parts(&rows, params) {
                let own = vectors.select(Axis(0), &part.rows);
                let matrix = ridge_matrix(&own, params, called_off)?;
                let factored = Factored::new(matrix, called_off)?;
                for &head in &alike {
                    let mut sides = targets(&part.rows, &heads[head]);
                    factored.solve(&mut sides, called_off)?;
                    sides *= part.weight;
                    for (&row, own) in part.rows.iter().zip(sides.outer_iter()) {
                        coefficients[head].row_mut(row).assign(&own);
                    }
                }
            }
            for head in alike {
                done[head] = true;
            }
        }
        Ok(Self {
            supports,
            vectors,
            coefficients,
            params,
        })
    }

    /// The scores of unit vectors, `rows × labels` for each head.
    #[must_use]
    pub fn scores(&self, vectors: ArrayView2<'_, f32>) -> Vec<Array2<f32>> {
        let chunks: Vec<Vec<Array2<f32>>> = (0..vectors.nrows().div_ceil(CHUNK))
            .into_par_iter()
            .map(|chunk| {
                let start = chunk * CHUNK;
                let end = vectors.nrows().min(start + CHUNK);
                let mut nearness = vectors.slice(s![start..end, ..]).dot(&self.vectors.t());
                nearness.mapv_inplace(|cosine| kernel(cosine, self.params.sharpness));
                let heads = self.coefficients.iter();
                heads.map(|own| nearness.dot(own)).collect()
            })
            .collect();
        let heads = self.coefficients.iter().enumerate();
        heads
            .map(|(head, own)| {
                let parts: Vec<_> = chunks.iter().map(|parts| parts[head].view()).collect();
                // All have the head's labels as columns.
                ndarray::concatenate(Axis(0), &parts)
                    .unwrap_or_else(|_| Array2::zeros((0, own.ncols())))
            })
            .collect()
    }

    /// The model as it is served: each head's coefficients times its weight in the pool, side by side, and centred on
    /// zero in each row, since what all labels share changes no probability.
    #[must_use]
    pub fn fold(self, pool: &[f64]) -> KernelExpert {
        let mut joined: Vec<Array2<f32>> = Vec::with_capacity(self.coefficients.len());
        for (mut own, &weight) in self.coefficients.into_iter().zip(pool) {
            #[allow(clippy::cast_possible_truncation)] // weights of a pool fit an f32
            let weight = weight as f32;
            for mut row in own.outer_iter_mut() {
                let mean = row.mean().unwrap_or(0.0);
                row.mapv_inplace(|value| (value - mean) * weight);
            }
            joined.push(own);
        }
        let views: Vec<_> = joined.iter().map(Array2::view).collect();
        let joined = ndarray::concatenate(Axis(1), &views).unwrap_or_default();
        // Rows beyond the most that are remembered have none.
        let rows = joined.outer_iter().enumerate();
        let used: Vec<usize> = rows
            .filter(|(_, own)| own.iter().any(|&coefficient| coefficient != 0.0))
            .map(|(row, _)| row)
            .collect();
        KernelExpert {
            supports: self.supports.select(&used),
            coefficients: joined.select(Axis(0), &used),
            sharpness: self.params.sharpness,
        }
    }
}

/// exp(s·(cosine − 1)); rounding may leave a cosine slightly above 1.
fn kernel(cosine: f32, sharpness: f32) -> f32 {
    libm::expf(sharpness * (cosine.min(1.0) - 1.0))
}

/// Rows that are solved for together, and the weight of their scores.
struct Part {
    rows: Vec<usize>,
    weight: f32,
}

fn parts(rows: &[usize], params: KernelParams) -> Vec<Part> {
    let stride = rows.len().div_ceil(params.most_rows.max(1)).max(1);
    let rows: Vec<usize> = rows.iter().copied().step_by(stride).collect();
    let count = rows.len().div_ceil(params.rows_at_once.max(1));
    #[allow(clippy::cast_precision_loss)] // a handful
    let weight = 1.0 / count.max(1) as f32;
    (0..count)
        .map(|part| Part {
            rows: rows.iter().copied().skip(part).step_by(count).collect(),
            weight,
        })
        .collect()
}

/// K + r·I; only the lower triangle is of use.
fn ridge_matrix(
    vectors: &Array2<f32>,
    params: KernelParams,
    called_off: CalledOff<'_>,
) -> Result<Array2<f32>, Cancelled> {
    let rows = vectors.nrows();
    let mut matrix = Array2::zeros((rows, rows));
    matrix
        .axis_chunks_iter_mut(Axis(0), CHUNK)
        .into_par_iter()
        .enumerate()
        .try_for_each(|(chunk, mut own)| {
            check(called_off)?;
            let start = chunk * CHUNK;
            let end = start + own.nrows();
            let products = vectors
                .slice(s![start..end, ..])
                .dot(&vectors.slice(s![..end, ..]).t());
            let mut lower = own.slice_mut(s![.., ..end]);
            lower.zip_mut_with(&products, |value, &cosine| {
                *value = kernel(cosine, params.sharpness);
            });
            Ok(())
        })?;
    matrix.diag_mut().mapv_inplace(|value| value + params.ridge);
    Ok(matrix)
}

/// The right-hand sides, `rows × labels`.
fn targets(rows: &[usize], head: &KernelTargets) -> Array2<f32> {
    #[allow(clippy::cast_precision_loss)] // labels are few
    let share = 1.0 / head.labels.max(1) as f32;
    let mut sides = Array2::zeros((rows.len(), head.labels));
    for (mut side, row) in sides.outer_iter_mut().zip(rows) {
        if let Some(&Some(label)) = head.rows.get(row) {
            side.fill(-share);
            side[label] += 1.0;
        }
    }
    sides
}

#[cfg(test)]
mod tests;
