//! The n-grams that a model knows, looked up by hash.

use super::hash_index::HashIndex;
use crate::text::Block;

/// Largest inverse document frequency. Those of 2⁶⁴ texts are below 50; the squares of a text's, times
/// its repetitions, must have a finite sum.
const MAX_IDF: f32 = 1e6;

/// Known n-grams with their inverse document frequencies.
///
/// Ids run over the word block first, then the character block; inside a block the most frequent
/// n-grams come first, so that the weights used most lie together in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Vocabulary {
    hashes: Vec<u64>,
    idf: Vec<f32>,
    words: usize,
    table: HashIndex,
}

/// Why a vocabulary's parts do not fit together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VocabularyError {
    /// The two columns differ in length.
    #[error("{hashes} hashes but {idf} inverse document frequencies")]
    Length {
        /// Number of hashes.
        hashes: usize,
        /// Number of inverse document frequencies.
        idf: usize,
    },
    /// The word block is larger than the whole, or the whole is too large for 32-bit ids.
    #[error("{words} word features of {total} in all")]
    Blocks {
        /// Size of the word block.
        words: usize,
        /// Size of the vocabulary.
        total: usize,
    },
    /// An inverse document frequency is not a positive number, or so large that its square is none.
    #[error(
        "inverse document frequency of feature {id} is not a number above 0 and up to {MAX_IDF}"
    )]
    Idf {
        /// The feature's id.
        id: usize,
    },
}

impl Vocabulary {
    /// A vocabulary that knows nothing.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            hashes: Vec::new(),
            idf: Vec::new(),
            words: 0,
            table: HashIndex::new(&[]),
        }
    }

    /// Builds the look-up table over `hashes`, of which the first `words` are of the word block.
    ///
    /// # Errors
    /// If lengths differ, `words` exceeds the length, or a frequency is not positive or too large.
    pub fn new(hashes: Vec<u64>, idf: Vec<f32>, words: usize) -> Result<Self, VocabularyError> {
        if hashes.len() != idf.len() {
            return Err(VocabularyError::Length {
                hashes: hashes.len(),
                idf: idf.len(),
            });
        }
        if words > hashes.len() || u32::try_from(hashes.len() + 1).is_err() {
            return Err(VocabularyError::Blocks {
                words,
                total: hashes.len(),
            });
        }
        if let Some(id) = idf.iter().position(|v| !(*v > 0.0 && *v <= MAX_IDF)) {
            return Err(VocabularyError::Idf { id });
        }
        let table = HashIndex::new(&hashes);
        Ok(Self {
            hashes,
            idf,
            words,
            table,
        })
    }

    /// Number of features.
    #[must_use]
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Number of features in the word block; their ids come first.
    #[must_use]
    pub fn words(&self) -> usize {
        self.words
    }

    /// 64-bit hashes by id.
    #[must_use]
    pub fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    /// Smooth inverse document frequencies by id.
    #[must_use]
    pub fn idf(&self) -> &[f32] {
        &self.idf
    }

    /// The block that a feature belongs to.
    #[must_use]
    pub fn block(&self, id: u32) -> Block {
        if (id as usize) < self.words {
            Block::Words
        } else {
            Block::Characters
        }
    }

    /// Replaces `known` by those of n-grams' hashes that are known, in their order: the place among `hashes`, and the
    /// id.
    pub(super) fn find(&self, hashes: &[u64], known: &mut Vec<(u32, u32)>) {
        self.table.find(hashes, known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_of(vocabulary: &Vocabulary, hash: u64) -> Option<u32> {
        let mut known = Vec::new();
        vocabulary.find(&[hash], &mut known);
        known.first().map(|&(_, id)| id)
    }

    #[test]
    fn every_hash_is_found_and_no_other() {
        let hashes: Vec<u64> = (1..5_000_u64)
            .map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15))
            .collect();
        let vocabulary = Vocabulary::new(hashes.clone(), vec![1.0; hashes.len()], 100).unwrap();
        for (id, &hash) in (0..).zip(&hashes) {
            assert_eq!(id_of(&vocabulary, hash), Some(id));
        }
        assert_eq!(id_of(&vocabulary, 0x1234_5678_9ABC_DEF1), None);
        assert_eq!(vocabulary.block(99), Block::Words);
        assert_eq!(vocabulary.block(100), Block::Characters);
    }

    #[test]
    fn an_empty_vocabulary_knows_nothing() {
        let vocabulary = Vocabulary::new(vec![], vec![], 0).unwrap();
        assert_eq!(id_of(&vocabulary, 7), None);
    }

    #[test]
    fn parts_that_do_not_fit_are_refused() {
        assert!(Vocabulary::new(vec![1, 2], vec![1.0], 0).is_err());
        assert!(Vocabulary::new(vec![1], vec![1.0], 2).is_err());
        for idf in [f32::NAN, f32::INFINITY, 0.0, -1.0, 3e38, 1.1e6] {
            assert!(Vocabulary::new(vec![1], vec![idf], 1).is_err(), "{idf}");
        }
        assert!(Vocabulary::new(vec![1], vec![1e6], 1).is_ok());
    }
}
