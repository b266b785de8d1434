//! Learning a table in the space of a teacher: vectors of word pieces and of pairs of neighbouring
//! pieces whose sum points where the teacher's sentence vector points.
//!
//! Minimises the mean of 1 − cos(sum of the text's rows, teacher's vector) by Adam (Kingma and Ba
//! 2015) on the rows that a batch touches. Same texts, same seed: same table. Knows nothing of labels.

use std::collections::BTreeMap;
use std::sync::Arc;

use ndarray::{Array2, ArrayView2};

use super::Embedding;
use super::keys::pair_key;
use crate::features::QuantizedMatrix;
use crate::features::dense::dot;
use crate::features::encoder::tokenizer::Tokenizer;

/// How a table is learned.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudentParams {
    /// Passes over the texts.
    pub epochs: usize,
    /// Adam's step at the start; it falls linearly to zero.
    pub learning_rate: f32,
    /// Texts a step.
    pub batch: usize,
    /// A pair of word pieces gets a vector if at least so many texts hold it; none does if `None`.
    pub min_pair_texts: Option<u32>,
}

impl Default for StudentParams {
    fn default() -> Self {
        Self {
            epochs: 10,
            learning_rate: 0.001,
            batch: 32,
            min_pair_texts: Some(2),
        }
    }
}

const MEAN_DECAY: f32 = 0.9;
const SQUARE_DECAY: f32 = 0.999;
const EPSILON: f32 = 1e-8;
/// From so many steps of a row on, the correction of its first mean no longer changes an f32.
const CORRECTED_STEPS: i32 = 10_000;

/// Where a table starts from.
pub struct Start {
    /// The table's name.
    pub name: String,
    pub(super) tokenizer: Arc<Tokenizer>,
    /// One row a word piece.
    pub(super) pieces: Array2<f32>,
}

/// Learns a table from texts given as tokens, special ones around them included, and the teacher's
/// unit vectors, `texts × dimensions`. The error says what does not fit.
pub fn learn(
    start: Start,
    tokens: &[&[u32]],
    teacher: ArrayView2<'_, f32>,
    params: StudentParams,
    seed: u64,
) -> Result<Embedding, String> {
    let pairs = params
        .min_pair_texts
        .map_or_else(Vec::new, |least| frequent_pairs(tokens, least));
    let known: BTreeMap<u64, u32> = (0_u32..)
        .zip(&pairs)
        .map(|(row, &key)| (key, row))
        .collect();
    let pieces = start.pieces.nrows();
    let dimensions = start.pieces.ncols();
    let texts: Vec<Vec<usize>> = tokens
        .iter()
        .map(|ids| rows_of(ids, pieces, &known))
        .collect();
    let mut table = start.pieces.into_raw_vec();
    table.resize((pieces + pairs.len()) * dimensions, 0.0);
    let mut student = Student {
        dimensions,
        moments: vec![(0.0, 0.0); table.len()],
        gradient: vec![0.0; table.len()],
        steps: vec![0; pieces + pairs.len()],
        table,
    };
    student.train(&texts, teacher, params, seed);
    let rows = Array2::from_shape_vec((pieces + pairs.len(), dimensions), student.table)
        .map_err(|error| error.to_string())?;
    Embedding::new(
        start.name,
        start.tokenizer,
        QuantizedMatrix::quantize(rows.view()),
        pairs,
    )
}

/// The keys of the pairs that at least `least` texts hold, in ascending order.
fn frequent_pairs(tokens: &[&[u32]], least: u32) -> Vec<u64> {
    let mut texts_of: BTreeMap<u64, u32> = BTreeMap::new();
    for ids in tokens {
        let mut keys: Vec<u64> = pairs_of(ids).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            *texts_of.entry(key).or_default() += 1;
        }
    }
    texts_of.retain(|_, texts| *texts >= least);
    texts_of.into_keys().collect()
}

fn pairs_of(ids: &[u32]) -> impl Iterator<Item = u64> + '_ {
    ids.windows(2).filter_map(|pair| match pair {
        &[a, b] => Some(pair_key(a, b)),
        _ => None,
    })
}

fn rows_of(ids: &[u32], pieces: usize, pairs: &BTreeMap<u64, u32>) -> Vec<usize> {
    let inner = ids.get(1..ids.len().saturating_sub(1)).unwrap_or(&[]);
    let pairs = pairs_of(ids).filter_map(|key| pairs.get(&key));
    inner
        .iter()
        .map(|&id| id as usize)
        .chain(pairs.map(|&row| pieces + row as usize))
        .collect()
}

/// The table with what Adam keeps of it.
struct Student {
    dimensions: usize,
    table: Vec<f32>,
    /// Running means of gradient and squared gradient.
    moments: Vec<(f32, f32)>,
    gradient: Vec<f32>,
    /// Steps that each row has taken.
    steps: Vec<i32>,
}

impl Student {
    fn train(
        &mut self,
        texts: &[Vec<usize>],
        teacher: ArrayView2<'_, f32>,
        params: StudentParams,
        seed: u64,
    ) {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut order: Vec<usize> = (0..texts.len()).collect();
        let total = params.epochs * texts.len().div_ceil(params.batch.max(1));
        let mut touched: Vec<usize> = Vec::new();
        let mut done = 0;
        for _ in 0..params.epochs {
            random.shuffle(&mut order);
            for batch in order.chunks(params.batch.max(1)) {
                for &text in batch {
                    if let Some(target) = teacher.row(text).as_slice() {
                        self.add_gradient(&texts[text], target);
                        touched.extend_from_slice(&texts[text]);
                    }
                }
                touched.sort_unstable();
                touched.dedup();
                done += 1;
                #[allow(clippy::cast_precision_loss)] // counts of steps and batches are small
                let (rate, share) = (
                    params.learning_rate * (1.0 - done as f32 / total as f32),
                    1.0 / batch.len() as f32,
                );
                for row in touched.drain(..) {
                    self.step(row, rate, share);
                }
            }
        }
    }

    /// Adds the gradient of 1 − cos(e, t) by each of the text's rows: −(t − cos · e/‖e‖)/‖e‖, where e is
    /// the sum of the rows and t the teacher's unit vector.
    fn add_gradient(&mut self, rows: &[usize], target: &[f32]) {
        let mut sum = vec![0.0_f32; self.dimensions];
        for &row in rows {
            let start = row * self.dimensions;
            let own = &self.table[start..start + self.dimensions];
            sum.iter_mut().zip(own).for_each(|(sum, v)| *sum += v);
        }
        let norm = dot(&sum, &sum).sqrt();
        if norm < 1e-6 {
            return;
        }
        let cosine = dot(&sum, target) / norm;
        for (value, &target) in sum.iter_mut().zip(target) {
            *value = (cosine * *value / norm - target) / norm;
        }
        for &row in rows {
            let start = row * self.dimensions;
            let own = &mut self.gradient[start..start + self.dimensions];
            own.iter_mut().zip(&sum).for_each(|(to, from)| *to += from);
        }
    }

    /// One step of Adam on one row; the gradient is divided by the number of texts and cleared.
    fn step(&mut self, row: usize, rate: f32, share: f32) {
        self.steps[row] = (self.steps[row] + 1).min(CORRECTED_STEPS);
        let taken = self.steps[row];
        let mean_correction = 1.0 / (1.0 - power(MEAN_DECAY, taken));
        let square_correction = 1.0 / (1.0 - power(SQUARE_DECAY, taken));
        let range = row * self.dimensions..(row + 1) * self.dimensions;
        let rows = self.table[range.clone()]
            .iter_mut()
            .zip(&mut self.moments[range.clone()])
            .zip(&mut self.gradient[range]);
        for ((value, (mean, square)), gradient) in rows {
            let slope = *gradient * share;
            *gradient = 0.0;
            *mean = MEAN_DECAY * *mean + (1.0 - MEAN_DECAY) * slope;
            *square = SQUARE_DECAY * *square + (1.0 - SQUARE_DECAY) * slope * slope;
            *value -=
                rate * *mean * mean_correction / ((*square * square_correction).sqrt() + EPSILON);
        }
    }
}

/// `base` to the power of `exponent`, by repeated squaring: the same on every platform.
fn power(base: f32, exponent: i32) -> f32 {
    let (mut result, mut square, mut rest) = (1.0_f32, base, exponent);
    while rest > 0 {
        if rest & 1 == 1 {
            result *= square;
        }
        square *= square;
        rest >>= 1;
    }
    result
}
