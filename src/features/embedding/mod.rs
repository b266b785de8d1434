//! A static embedding: a table with one vector a word piece, and one for each pair of neighbouring
//! pieces that it knows. A text's vector is the sum of its rows, scaled to unit length: nothing but
//! look-ups.
//!
//! Tables are distilled from a transformer encoder ([`distill`] a general one, [`student`] one for a
//! company's own texts). The encoder is not needed to use them.

pub mod distill;
mod files;
mod keys;
pub mod shipped;
pub mod student;

use std::path::PathBuf;
use std::sync::Arc;

use ndarray::Array2;
use rayon::prelude::*;
use tokenizers::pipeline::PipelineToken;

use self::keys::pair_key;
use super::QuantizedMatrix;
use super::dense::scale_to_unit_length;
use super::encoder::tokenizer::Tokenizer;
use super::hash_index::HashIndex;

/// Most word pieces of a text that count; what is said later seldom changes what it is about.
const MAX_PIECES: usize = 512;

/// Largest scale of a row: sums of the rows of a text and their squares stay finite. Rows of use are
/// about as long as a unit vector.
const MAX_SCALE: f32 = 1e6;

/// A table of word pieces and pairs of them.
#[derive(Clone)]
pub struct Embedding {
    /// Where it comes from, for people.
    name: String,
    tokenizer: Arc<Tokenizer>,
    /// One row a word piece, then one a pair.
    rows: QuantizedMatrix,
    /// Number of rows that belong to word pieces.
    pieces: usize,
    /// Keys of the pairs in the order of their rows.
    pairs: Vec<u64>,
    index: HashIndex,
}

/// Reusable buffers of one thread.
#[derive(Default)]
pub struct EmbeddingWorkspace {
    found: Vec<PipelineToken>,
    ids: Vec<u32>,
    keys: Vec<u64>,
    known: Vec<(u32, u32)>,
    rows: Vec<u32>,
    vector: Vec<f32>,
}

/// Why an embedding cannot be used. Messages name the file.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddingError {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A file does not hold what an embedding needs.
    #[error("{}: {cause}: name a folder written by 'triage-train distill'", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: String,
    },
}

/// Why the contents of an embedding's files do not make one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {cause}")]
pub struct EmbeddingFileError {
    /// Name of the file that is at fault.
    pub file: &'static str,
    /// What is wrong.
    pub cause: String,
}

impl std::fmt::Debug for Embedding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Embedding")
            .field("name", &self.name)
            .field("pieces", &self.pieces)
            .field("pairs", &self.pairs.len())
            .field("dimensions", &self.dimensions())
            .finish_non_exhaustive()
    }
}

impl PartialEq for Embedding {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, &self.rows, &self.pairs) == (&other.name, &other.rows, &other.pairs)
            && self.tokenizer.json() == other.tokenizer.json()
    }
}

impl std::fmt::Debug for EmbeddingWorkspace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmbeddingWorkspace").finish_non_exhaustive()
    }
}

impl Embedding {
    /// Puts a table together: `rows` holds one row a word piece of `tokenizer` and then one for each
    /// key in `pairs`. The error says what does not fit.
    fn new(
        name: String,
        tokenizer: Arc<Tokenizer>,
        rows: QuantizedMatrix,
        pairs: Vec<u64>,
    ) -> Result<Self, String> {
        let pieces = tokenizer.vocabulary_size();
        if rows.rows() != pieces + pairs.len() || u32::try_from(rows.rows()).is_err() {
            return Err(format!(
                "{} rows for {pieces} word pieces and {} pairs of them",
                rows.rows(),
                pairs.len()
            ));
        }
        if rows.columns() == 0 {
            return Err("its vectors have no dimensions".to_owned());
        }
        if let Some(row) = rows.scales().iter().position(|scale| *scale > MAX_SCALE) {
            return Err(format!("the scale of row {row} is above {MAX_SCALE}"));
        }
        let index = HashIndex::new(&pairs);
        Ok(Self {
            name,
            tokenizer,
            rows,
            pieces,
            pairs,
            index,
        })
    }

    /// Where it comes from, for people.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Length of the vectors.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.rows.columns()
    }

    /// Number of pairs of word pieces that it has vectors of.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.pairs.len()
    }

    /// The vector of one text, of unit length; zero if none of its pieces has a vector. It stays in
    /// `workspace` until the next call.
    pub fn encode_one<'w>(&self, text: &str, workspace: &'w mut EmbeddingWorkspace) -> &'w [f32] {
        self.tokenize(text, &mut workspace.found, &mut workspace.ids);
        self.find_rows(workspace);
        let EmbeddingWorkspace { rows, vector, .. } = workspace;
        vector.clear();
        vector.resize(self.dimensions(), 0.0);
        self.rows
            .add_rows(rows.iter().map(|&row| (row, 1.0)), vector);
        scale_to_unit_length(vector);
        vector
    }

    /// The vectors of many texts, `texts × dimensions`, on all threads.
    #[must_use]
    pub fn encode<T: AsRef<str> + Sync>(&self, texts: &[T]) -> Array2<f32> {
        let mut vectors = Array2::zeros((texts.len(), self.dimensions()));
        vectors
            .outer_iter_mut()
            .into_par_iter()
            .zip(texts)
            .for_each_init(EmbeddingWorkspace::default, |workspace, (mut to, text)| {
                let vector = self.encode_one(text.as_ref(), workspace);
                to.iter_mut().zip(vector).for_each(|(to, from)| *to = *from);
            });
        vectors
    }

    /// Replaces `rows` by those that a text's tokens add up, special tokens around them included in `ids`: one for
    /// each token, then one for each pair that is known.
    fn find_rows(&self, workspace: &mut EmbeddingWorkspace) {
        let EmbeddingWorkspace {
            ids,
            keys,
            known,
            rows,
            ..
        } = workspace;
        let inner = ids.get(1..ids.len().saturating_sub(1)).unwrap_or(&[]);
        rows.clear();
        rows.extend_from_slice(inner);
        if self.pairs.is_empty() {
            return;
        }
        keys.clear();
        keys.extend(ids.windows(2).filter_map(|pair| match pair {
            &[first, second] => Some(pair_key(first, second)),
            _ => None,
        }));
        #[allow(clippy::cast_possible_truncation)] // `new` holds it below 2^32
        let first_pair = self.pieces as u32;
        self.index.find(keys, known);
        rows.extend(known.iter().map(|&(_, id)| first_pair + id));
    }

    /// Replaces `ids` by the text's tokens between the special ones.
    fn tokenize(&self, text: &str, found: &mut Vec<PipelineToken>, ids: &mut Vec<u32>) {
        if let Err(error) = self.tokenizer.encode(text, MAX_PIECES, found, ids) {
            // Word pieces know every text; the tokenizer was tried out when it was read.
            tracing::error!(%error, "a text could not be split into word pieces");
            ids.clear();
        }
    }
}
