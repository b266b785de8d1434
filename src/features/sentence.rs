//! Sentence vectors, from a table or from a transformer encoder: what the classifier asks for, however
//! they come about.

use std::sync::Arc;

use ndarray::Array2;

use super::embedding::{Embedding, EmbeddingWorkspace};
use super::{Encoder, EncoderError, EncoderWorkspace};

/// Turns texts into dense vectors of unit length.
#[derive(Debug, Clone)]
pub enum SentenceEncoder {
    /// A table of word pieces: microseconds a text.
    Embedding(Arc<Embedding>),
    /// A transformer: milliseconds a text.
    Encoder(Arc<Encoder>),
}

impl PartialEq for SentenceEncoder {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Embedding(a), Self::Embedding(b)) => a == b,
            (Self::Encoder(a), Self::Encoder(b)) => a.checksum() == b.checksum(),
            (Self::Embedding(_), Self::Encoder(_)) | (Self::Encoder(_), Self::Embedding(_)) => {
                false
            }
        }
    }
}

/// Reusable buffers of one thread.
#[derive(Debug, Default)]
pub struct SentenceWorkspace {
    embedding: EmbeddingWorkspace,
    encoder: EncoderWorkspace,
}

impl SentenceEncoder {
    /// Length of the vectors.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        match self {
            Self::Embedding(embedding) => embedding.dimensions(),
            Self::Encoder(encoder) => encoder.dimensions(),
        }
    }

    /// The vector of one text, on the calling thread; it stays in `workspace` until the next call.
    ///
    /// # Errors
    /// If the encoder's weights give no vector.
    pub fn encode_one<'w>(
        &self,
        text: &str,
        workspace: &'w mut SentenceWorkspace,
    ) -> Result<&'w [f32], EncoderError> {
        match self {
            Self::Embedding(embedding) => Ok(embedding.encode_one(text, &mut workspace.embedding)),
            Self::Encoder(encoder) => encoder.encode_one(text, &mut workspace.encoder),
        }
    }

    /// The vectors of many texts, `texts × dimensions`, on all threads. `progress` is told how many more
    /// texts an encoder has done.
    ///
    /// # Errors
    /// As for [`encode_one`](Self::encode_one).
    pub fn encode<T: AsRef<str> + Sync>(
        &self,
        texts: &[T],
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<Array2<f32>, EncoderError> {
        match self {
            Self::Embedding(embedding) => Ok(embedding.encode(texts)),
            Self::Encoder(encoder) => encoder.encode(texts, progress),
        }
    }
}
