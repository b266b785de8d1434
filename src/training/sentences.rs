//! Where a fit's sentence vectors come from.

use std::sync::Arc;

use ndarray::{Array2, Axis, concatenate};

use super::FitError;
use crate::cancel::{CalledOff, check};
use crate::features::embedding::distill::{DistillError, DistillParams, Teacher};
use crate::features::{EncoderError, SentenceEncoder};

/// Texts that are encoded before it is asked again whether to go on.
const TEXTS_AT_ONCE: usize = 64;

/// The sentence vectors of the rows of a data set, and how new texts get theirs.
#[derive(Debug, Clone)]
pub enum Sentences {
    /// No vectors: n-grams alone.
    None,
    /// One table or encoder for all rows.
    Fixed {
        /// What new texts are encoded by.
        encoder: SentenceEncoder,
        /// One unit vector a row.
        vectors: Array2<f32>,
    },
    /// A table of the company's own texts. It is learned anew for each fold from the texts outside of it:
    /// else a fold's vectors would be better than those of new tickets ever are, and the confidences
    /// too high.
    Distilled {
        /// The encoder's view of all texts.
        teacher: Arc<Teacher>,
        /// For each row its place among the teacher's texts.
        rows: Vec<usize>,
        /// Places of the texts without labels.
        unlabelled: Vec<usize>,
        /// What the table is to be.
        params: DistillParams,
    },
}

impl Sentences {
    /// Encodes `texts` once by `encoder`.
    ///
    /// # Errors
    /// If the encoder fails, or the work was called off.
    pub fn fixed<T: AsRef<str> + Sync>(
        encoder: SentenceEncoder,
        texts: &[T],
        called_off: CalledOff<'_>,
    ) -> Result<Self, FitError> {
        let mut vectors = Array2::zeros((texts.len(), encoder.dimensions()));
        let chunks = vectors.axis_chunks_iter_mut(Axis(0), TEXTS_AT_ONCE);
        for (mut vectors, texts) in chunks.zip(texts.chunks(TEXTS_AT_ONCE)) {
            check(called_off)?;
            vectors.assign(&encoder.encode(texts, &|_| {})?);
        }
        Ok(Self::Fixed { encoder, vectors })
    }

    /// Whether a transformer gives the vectors, so that there is a kernel expert.
    pub(super) fn is_of_transformer(&self) -> bool {
        matches!(
            self,
            Self::Fixed {
                encoder: SentenceEncoder::Encoder(_),
                ..
            }
        )
    }

    /// A table learned from the teacher's texts, of which the first `rows` are the data's in order and
    /// the others have no labels.
    #[must_use]
    pub fn distilled(teacher: Teacher, rows: usize, params: DistillParams) -> Self {
        Self::Distilled {
            rows: (0..rows).collect(),
            unlabelled: (rows..teacher.texts()).collect(),
            teacher: Arc::new(teacher),
            params,
        }
    }

    /// Those of the rows named by `kept`, in that order.
    #[must_use]
    pub fn select(&self, kept: &[usize]) -> Self {
        match self {
            Self::None => Self::None,
            Self::Fixed { encoder, vectors } => Self::Fixed {
                encoder: encoder.clone(),
                vectors: vectors.select(Axis(0), kept),
            },
            Self::Distilled {
                teacher,
                rows,
                unlabelled,
                params,
            } => Self::Distilled {
                teacher: Arc::clone(teacher),
                rows: kept.iter().map(|&row| rows[row]).collect(),
                unlabelled: unlabelled.clone(),
                params: *params,
            },
        }
    }

    /// What encodes texts if only the rows `train` are known.
    pub(super) fn learned_from(
        &self,
        train: &[usize],
        seed: u64,
    ) -> Result<Option<SentenceEncoder>, DistillError> {
        match self {
            Self::None => Ok(None),
            Self::Fixed { encoder, .. } => Ok(Some(encoder.clone())),
            Self::Distilled {
                teacher,
                rows,
                unlabelled,
                params,
            } => {
                let known: Vec<usize> = train
                    .iter()
                    .map(|&row| rows[row])
                    .chain(unlabelled.iter().copied())
                    .collect();
                let table = teacher.distill(&known, params, seed)?;
                Ok(Some(SentenceEncoder::Embedding(Arc::new(table))))
            }
        }
    }

    /// The vectors of `texts`, of which the first are those of `rows`, by what
    /// [`learned_from`](Self::learned_from) returned.
    pub(super) fn vectors<T: AsRef<str> + Sync>(
        &self,
        encoder: Option<&SentenceEncoder>,
        rows: &[usize],
        texts: &[T],
    ) -> Result<Array2<f32>, EncoderError> {
        match (self, encoder) {
            (Self::Fixed { encoder, vectors }, _) => {
                let known = vectors.select(Axis(0), rows);
                let further =
                    encoder.encode(texts.get(rows.len()..).unwrap_or_default(), &|_| {})?;
                // Both have the encoder's dimensions.
                Ok(concatenate(Axis(0), &[known.view(), further.view()]).unwrap_or_default())
            }
            (Self::Distilled { .. }, Some(encoder)) => encoder.encode(texts, &|_| {}),
            (Self::None, _) | (Self::Distilled { .. }, None) => Ok(Array2::zeros((texts.len(), 0))),
        }
    }
}
