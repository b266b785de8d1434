//! Transformer encoders: BERT-family sentence-transformers folders, read as they are.
//!
//! Turns texts into unit vectors whose dot products say how close they are in meaning. A vector's
//! bits depend on its text alone: not on the other texts, the number of threads or the processor.
//! Downloads nothing; knows nothing of labels.

mod attention;
mod batch;
mod bert;
mod cleaning;
mod config;
mod dense;
mod error;
mod folder;
mod functions;
mod load;
mod product;
mod quantize;
mod tensors;
#[cfg(test)]
pub(crate) mod tests;
pub(in crate::features) mod tokenizer;

use ndarray::Array2;
use rayon::prelude::*;
use tokenizers::pipeline::PipelineToken;

use self::bert::{Bert, Buffers};
use self::config::Pooling;
pub use self::error::EncoderError;
pub use self::folder::EncoderFiles;
pub use self::tokenizer::SpecialTokens;
use self::tokenizer::Tokenizer;
use super::lanes::sum_of_squares;

/// Tokens that are put through the layers together: enough to read each weight seldom, few enough for
/// the buffers to stay in the second-level cache.
const BATCH_TOKENS: usize = 168;

/// A sentence encoder.
pub struct Encoder {
    tokenizer: Tokenizer,
    bert: Bert,
    max_tokens: usize,
    pooling: Pooling,
    checksum: String,
}

/// Reusable buffers for [`Encoder::encode_one`], of any encoder.
#[derive(Default)]
pub struct EncoderWorkspace {
    found: Vec<PipelineToken>,
    ids: Vec<u32>,
    buffers: Buffers,
    vectors: Vec<f32>,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder")
            .field("checksum", &self.checksum)
            .field("dimensions", &self.dimensions())
            .field("max_tokens", &self.max_tokens)
            .field("pooling", &self.pooling)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for EncoderWorkspace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EncoderWorkspace").finish_non_exhaustive()
    }
}

impl Encoder {
    /// Length of the vectors.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.bert.hidden()
    }

    /// Most tokens of a text, the two special ones included.
    #[must_use]
    pub fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    /// SHA-256 in hexadecimal digits that identifies the encoder: over the lines that `sha256sum` prints
    /// of the files named at [`load`](Self::load), in order of their names.
    #[must_use]
    pub fn checksum(&self) -> &str {
        &self.checksum
    }

    /// Number of token ids: they run from 0 to below this.
    #[must_use]
    pub fn vocabulary_size(&self) -> usize {
        self.tokenizer.vocabulary_size()
    }

    /// The tokens that stand around every text.
    #[must_use]
    pub fn special_tokens(&self) -> SpecialTokens {
        self.tokenizer.special()
    }

    /// The tokenizer as `tokenizers::from_json` reads it, without padding and cutting.
    #[must_use]
    pub fn tokenizer_json(&self) -> &str {
        self.tokenizer.json()
    }

    /// Token ids of `text` between the special tokens, cut to [`max_tokens`](Self::max_tokens).
    ///
    /// # Errors
    /// If the tokenizer fails.
    pub fn tokenize(&self, text: &str) -> Result<Vec<u32>, EncoderError> {
        let (mut found, mut ids) = (Vec::new(), Vec::new());
        self.tokenizer
            .encode(text, self.max_tokens, &mut found, &mut ids)?;
        Ok(ids)
    }

    /// Unit vectors of `texts`, `texts × dimensions`, on all threads of the rayon pool. Long texts are
    /// cut to [`max_tokens`](Self::max_tokens). `progress` is told, from any thread, how many more texts
    /// are done.
    ///
    /// # Errors
    /// If a text cannot be tokenized or damaged weights give no vector.
    pub fn encode<T: AsRef<str> + Sync>(
        &self,
        texts: &[T],
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<Array2<f32>, EncoderError> {
        let tokens = texts.par_iter().map(|text| self.tokenize(text.as_ref()));
        let tokens = tokens.collect::<Result<Vec<_>, _>>()?;
        self.encode_tokens(&tokens, progress)
    }

    /// The unit vector of one text, of length [`dimensions`](Self::dimensions), on the calling thread.
    /// It stays in `workspace` until the next call and has the bits that [`encode`](Self::encode) gives.
    ///
    /// # Errors
    /// As for [`encode`](Self::encode).
    pub fn encode_one<'w>(
        &self,
        text: &str,
        workspace: &'w mut EncoderWorkspace,
    ) -> Result<&'w [f32], EncoderError> {
        let EncoderWorkspace {
            found,
            ids,
            buffers,
            vectors,
        } = workspace;
        self.tokenizer.encode(text, self.max_tokens, found, ids)?;
        vectors.clear();
        self.forward(&[ids], buffers, vectors)?;
        Ok(vectors)
    }

    /// Unit vectors of texts given as token ids, special tokens included, like
    /// [`encode`](Self::encode).
    ///
    /// # Errors
    /// If a text is empty or longer than [`max_tokens`](Self::max_tokens), or an id is not below
    /// [`vocabulary_size`](Self::vocabulary_size); if damaged weights give no vector.
    pub fn encode_tokens(
        &self,
        tokens: &[Vec<u32>],
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<Array2<f32>, EncoderError> {
        for (index, text) in tokens.iter().enumerate() {
            self.check_tokens(text)
                .map_err(|cause| EncoderError::Tokens { index, cause })?;
        }
        // The longest first, so that threads end together.
        let mut order: Vec<usize> = (0..tokens.len()).collect();
        order.sort_by_key(|&index| (std::cmp::Reverse(tokens[index].len()), index));
        let batches = batches(&order, |index| tokens[index].len());
        let encoded = batches
            .par_iter()
            .map_init(Buffers::default, |buffers, batch| {
                let texts: Vec<&[u32]> = batch
                    .iter()
                    .map(|&index| tokens[index].as_slice())
                    .collect();
                let mut vectors = Vec::with_capacity(batch.len() * self.dimensions());
                self.forward(&texts, buffers, &mut vectors)?;
                progress(batch.len());
                Ok(vectors)
            });
        let encoded = encoded.collect::<Result<Vec<_>, EncoderError>>()?;
        let mut all = Array2::zeros((tokens.len(), self.dimensions()));
        let vectors = encoded
            .iter()
            .flat_map(|v| v.chunks_exact(self.dimensions()));
        for (&index, vector) in order.iter().zip(vectors) {
            all.row_mut(index)
                .assign(&ndarray::ArrayView1::from(vector));
        }
        Ok(all)
    }

    fn check_tokens(&self, text: &[u32]) -> Result<(), String> {
        if text.is_empty() || text.len() > self.max_tokens {
            return Err(format!(
                "{} tokens, not 1 to {}",
                text.len(),
                self.max_tokens
            ));
        }
        match text
            .iter()
            .find(|&&id| id as usize >= self.vocabulary_size())
        {
            Some(id) => Err(format!(
                "token {id} is not below {}",
                self.vocabulary_size()
            )),
            None => Ok(()),
        }
    }

    /// Appends one unit vector a text to `vectors`.
    fn forward(
        &self,
        texts: &[&[u32]],
        buffers: &mut Buffers,
        vectors: &mut Vec<f32>,
    ) -> Result<(), EncoderError> {
        self.bert.forward(texts, buffers);
        let width = self.dimensions();
        let mut hidden = buffers.hidden.as_slice();
        for text in texts {
            let (own, rest) = hidden.split_at(text.len() * width);
            hidden = rest;
            let start = vectors.len();
            vectors.extend_from_slice(&own[..width]);
            let vector = &mut vectors[start..];
            if self.pooling == Pooling::Mean {
                for token in own.chunks_exact(width).skip(1) {
                    vector.iter_mut().zip(token).for_each(|(sum, x)| *sum += x);
                }
            }
            let length = sum_of_squares(vector).sqrt();
            if !(length.is_finite() && length > 0.0) {
                return Err(EncoderError::Vector);
            }
            vector.iter_mut().for_each(|x| *x /= length);
        }
        Ok(())
    }
}

/// Cuts `order` into runs of about [`BATCH_TOKENS`] tokens.
fn batches(order: &[usize], tokens: impl Fn(usize) -> usize) -> Vec<&[usize]> {
    let mut sum = 0;
    order
        .chunk_by(|&index, &next| {
            sum += tokens(index);
            let fits = sum + tokens(next) <= BATCH_TOKENS;
            if !fits {
                sum = 0;
            }
            fits
        })
        .collect()
}
