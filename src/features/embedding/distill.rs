//! From an encoder to a table: what every word piece means on its own, in fewer dimensions, weighted by
//! how rare it is; then, where there are texts, learned further from the encoder's vectors of them.

use std::sync::Arc;

use linfa_linalg::Order;
use linfa_linalg::eigh::{EigSort, Eigh};
use ndarray::{Array2, ArrayView2, Axis, s};

use super::student::{Start, StudentParams, learn};
use super::{Embedding, EmbeddingError};
use crate::features::encoder::tokenizer::Tokenizer;
use crate::features::{Encoder, EncoderError};

/// The a of the weight a / (a + p).
const SMOOTHING: f64 = 1e-4;
/// Length of the vector of a rare word piece at the start: sums of a few come near the length of one,
/// and the student's steps are of the right size.
const START_LENGTH: f32 = 0.3;
/// Most sentence vectors that the principal directions are taken from.
const MAX_DIRECTION_ROWS: usize = 10_000;

/// What a table is to be.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DistillParams {
    /// Length of its vectors; at most the encoder's.
    pub dimensions: usize,
    /// How it is learned from texts.
    pub student: StudentParams,
}

impl Default for DistillParams {
    fn default() -> Self {
        Self {
            dimensions: 256,
            student: StudentParams::default(),
        }
    }
}

/// Why a table cannot be distilled.
#[derive(Debug, thiserror::Error)]
pub enum DistillError {
    /// The encoder failed.
    #[error(transparent)]
    Encoder(#[from] EncoderError),
    /// The table cannot be put together.
    #[error(transparent)]
    Embedding(#[from] EmbeddingError),
    /// The parts do not fit.
    #[error("the encoder does not make a table: {0}")]
    Parts(String),
}

/// An encoder's view of its own vocabulary and of texts: what tables of any part of the texts are
/// learned from.
pub struct Teacher {
    name: String,
    tokenizer: Arc<Tokenizer>,
    /// Unit vectors of the word pieces on their own, `pieces × encoder's dimensions`.
    pieces: Array2<f32>,
    /// The texts' tokens, special ones included.
    tokens: Vec<Vec<u32>>,
    /// The texts' unit vectors, `texts × encoder's dimensions`.
    vectors: Array2<f32>,
}

impl std::fmt::Debug for Teacher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Teacher")
            .field("name", &self.name)
            .field("texts", &self.tokens.len())
            .finish_non_exhaustive()
    }
}

impl Teacher {
    /// Puts every word piece through the encoder; `vectors` are the encoder's of `texts`, one row each.
    /// `progress` is told how many more word pieces are done.
    ///
    /// # Errors
    /// If the encoder fails.
    pub fn new<T: AsRef<str> + Sync>(
        name: String,
        encoder: &Encoder,
        texts: &[T],
        vectors: Array2<f32>,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<Self, DistillError> {
        let special = encoder.special_tokens();
        let vocabulary = u32::try_from(encoder.vocabulary_size())
            .map_err(|error| DistillError::Parts(error.to_string()))?;
        let alone: Vec<Vec<u32>> = (0..vocabulary)
            .map(|id| vec![special.first, id, special.last])
            .collect();
        let tokens = texts
            .iter()
            .map(|text| encoder.tokenize(text.as_ref()))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            name,
            tokenizer: Arc::new(
                Tokenizer::read(encoder.tokenizer_json()).map_err(DistillError::Parts)?,
            ),
            pieces: encoder.encode_tokens(&alone, progress)?,
            tokens,
            vectors,
        })
    }

    /// Number of texts.
    #[must_use]
    pub fn texts(&self) -> usize {
        self.tokens.len()
    }

    /// A table learned from the texts named by `rows`; without texts, the weighted vectors of the word
    /// pieces on their own.
    ///
    /// # Errors
    /// If the parts do not make a table.
    pub fn distill(
        &self,
        rows: &[usize],
        params: &DistillParams,
        seed: u64,
    ) -> Result<Embedding, DistillError> {
        let vectors = self.vectors.select(Axis(0), rows);
        let directions = if rows.is_empty() {
            principal_directions(self.pieces.view(), params.dimensions)
        } else {
            principal_directions(vectors.view(), params.dimensions)
        };
        let directions = directions.map_err(DistillError::Parts)?;
        let mut pieces = self.pieces.dot(&directions);
        for (mut row, weight) in pieces.outer_iter_mut().zip(weights(self.pieces.nrows())) {
            row *= weight * START_LENGTH;
        }
        let teacher = to_unit_rows(vectors.dot(&directions));
        let tokens: Vec<&[u32]> = rows
            .iter()
            .map(|&row| self.tokens[row].as_slice())
            .collect();
        let start = Start {
            name: self.name.clone(),
            tokenizer: Arc::clone(&self.tokenizer),
            pieces,
        };
        learn(start, &tokens, teacher.view(), params.student, seed).map_err(DistillError::Parts)
    }
}

/// The directions in which the rows reach furthest from the origin, `columns × dimensions`: eigenvectors
/// of rowsᵀ·rows, largest eigenvalue first. All axes where no fewer are asked for.
fn principal_directions(
    rows: ArrayView2<'_, f32>,
    dimensions: usize,
) -> Result<Array2<f32>, String> {
    if dimensions >= rows.ncols() {
        return Ok(Array2::eye(rows.ncols()));
    }
    let stride = rows.nrows().div_ceil(MAX_DIRECTION_ROWS).max(1);
    let sample = rows.slice(s![..; stride, ..]).mapv(f64::from);
    let (values, directions) = sample
        .t()
        .dot(&sample)
        .eigh()
        .map_err(|error| error.to_string())?
        .sort_eig(Order::Largest);
    if values.iter().any(|value| !value.is_finite()) {
        return Err("its vectors have no principal directions".to_owned());
    }
    #[allow(clippy::cast_possible_truncation)] // components of unit vectors
    let directions = directions.slice(s![.., ..dimensions]).mapv(|v| v as f32);
    Ok(directions)
}

/// a / (a + p) for each word piece (Arora, Liang and Ma 2017), where p follows Zipf's law on its id:
/// vocabularies of word pieces list the frequent ones first.
fn weights(pieces: usize) -> Vec<f32> {
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // ids are small
    let share = |rank: usize| 1.0 / rank as f64;
    let total: f64 = (1..=pieces).map(share).sum();
    (1..=pieces)
        .map(|rank| {
            #[allow(clippy::cast_possible_truncation)] // a weight below 1
            let weight = (SMOOTHING / (SMOOTHING + share(rank) / total)) as f32;
            weight
        })
        .collect()
}

fn to_unit_rows(mut rows: Array2<f32>) -> Array2<f32> {
    for mut row in rows.outer_iter_mut() {
        let norm = row.dot(&row).sqrt();
        if norm > 0.0 {
            row /= norm;
        }
    }
    rows
}
