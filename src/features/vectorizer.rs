//! TF-IDF over the n-grams of a text: sublinear term frequency, smooth inverse document frequency,
//! each block scaled to unit Euclidean length on its own.
//!
//! The formulas are scikit-learn's (`sublinear_tf=True`, `smooth_idf=True`, `norm="l2"`):
//! tf = 1 + ln(count), idf = 1 + ln((1 + n) / (1 + df)).

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use rayon::prelude::*;

use super::dense::scale_to_unit_length;
use super::id_counts::IdCounts;
use super::{SparseMatrix, Vocabulary};
use crate::cancel::{CalledOff, Cancelled, check};
use crate::text::{Block, TokenBuffer, visit_ngrams};

/// What of the training texts becomes a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VectorizerParams {
    /// Number of texts a word n-gram must occur in.
    pub word_min_df: u32,
    /// Number of texts a character n-gram must occur in.
    pub character_min_df: u32,
}

impl Default for VectorizerParams {
    fn default() -> Self {
        Self {
            word_min_df: 1,
            character_min_df: 2,
        }
    }
}

/// Turns texts into sparse vectors.
#[derive(Debug, Clone, PartialEq)]
pub struct Vectorizer {
    vocabulary: Vocabulary,
}

/// Reusable buffers and the result of encoding one text.
#[derive(Debug, Default)]
pub struct Encoding {
    /// The text's tokens.
    pub tokens: TokenBuffer,
    /// The features' values, in the order of [`ids`](Self::ids).
    pub values: Vec<f32>,
    /// Number of words in the text.
    pub words: usize,
    /// Number of words among them that the vocabulary knows.
    pub known_words: usize,
    /// All places of known n-grams, in text order within a block.
    pub occurrences: Vec<Occurrence>,
    /// Hashes of the n-grams, in text order within a block.
    hashes: Vec<u64>,
    /// The first and the last token of each.
    touched: Vec<(u32, u32)>,
    /// Those of them that are known: their places among the hashes, and their ids.
    known: Vec<(u32, u32)>,
    /// The features and how often each occurs.
    counted: IdCounts,
}

/// One place of a known n-gram in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurrence {
    /// The feature's place among those of the text.
    pub feature: u32,
    /// Index of the first token that the n-gram touches.
    pub first_token: u32,
    /// Index of the last token that it touches.
    pub last_token: u32,
}

impl Encoding {
    /// Feature ids without repeats, those of the word block first, in the order in which the text brings them.
    #[must_use]
    pub fn ids(&self) -> &[u32] {
        self.counted.ids()
    }

    /// How often each feature occurs in the text, in the order of [`ids`](Self::ids).
    #[must_use]
    pub fn counts(&self) -> &[u32] {
        self.counted.counts()
    }
}

impl Vectorizer {
    /// Learns vocabulary and inverse document frequencies from `texts`. Asks at each text whether it was
    /// called off.
    ///
    /// # Errors
    /// If it was called off.
    pub fn fit<T: AsRef<str> + Sync>(
        texts: &[T],
        params: VectorizerParams,
        called_off: CalledOff<'_>,
    ) -> Result<Self, Cancelled> {
        let frequencies = document_frequencies(texts, called_off)?;
        let mut kept: Vec<(Block, u32, u64)> = frequencies
            .into_iter()
            .filter(|&(_, (block, df))| match block {
                Block::Words => df >= params.word_min_df,
                Block::Characters => df >= params.character_min_df,
            })
            .map(|(hash, (block, df))| (block, df, hash))
            .collect();
        kept.sort_unstable_by(|a, b| (a.0, b.1, a.2).cmp(&(b.0, a.1, b.2)));
        let words = kept.partition_point(|&(block, ..)| block == Block::Words);
        #[allow(clippy::cast_precision_loss)] // row counts are far below 2^52
        let documents = texts.len() as f64;
        let idf = kept
            .iter()
            .map(|&(_, df, _)| {
                #[allow(clippy::cast_possible_truncation)] // a logarithm fits
                let idf = (1.0 + libm::log((1.0 + documents) / (1.0 + f64::from(df)))) as f32;
                idf
            })
            .collect();
        let hashes = kept.into_iter().map(|(.., hash)| hash).collect();
        // Lengths agree by construction and idf ≥ 1, so this cannot fail; an empty vocabulary
        // would answer every text like an empty one.
        let vocabulary =
            Vocabulary::new(hashes, idf, words).unwrap_or_else(|_| Vocabulary::empty());
        Ok(Self { vocabulary })
    }

    /// A vectorizer over a stored vocabulary.
    #[must_use]
    pub fn from_vocabulary(vocabulary: Vocabulary) -> Self {
        Self { vocabulary }
    }

    /// The known n-grams.
    #[must_use]
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// Encodes `text` into `encoding`, replacing what it held. Unknown n-grams count for nothing.
    pub fn encode(&self, text: &str, encoding: &mut Encoding) {
        encoding.tokens.tokenize(text);
        let Encoding {
            tokens,
            values,
            words,
            known_words,
            occurrences,
            hashes,
            touched,
            known,
            counted,
        } = encoding;
        values.clear();
        occurrences.clear();
        hashes.clear();
        touched.clear();
        // The n-grams of words come first.
        let (mut unigrams, mut of_words) = (0, 0);
        visit_ngrams(tokens, |ngram| {
            let is_word = ngram.block == Block::Words;
            of_words += usize::from(is_word);
            unigrams += usize::from(is_word && ngram.first_token == ngram.last_token);
            hashes.push(ngram.hash);
            touched.push((ngram.first_token, ngram.last_token));
        });
        self.vocabulary.find(hashes, known);
        counted.clear(known.len());
        let mut known_unigrams = 0;
        occurrences.extend(known.iter().map(|&(place, id)| {
            let (first_token, last_token) = touched[place as usize];
            let is_word = (place as usize) < of_words;
            known_unigrams += usize::from(is_word && first_token == last_token);
            Occurrence {
                feature: counted.add(id),
                first_token,
                last_token,
            }
        }));
        (*words, *known_words) = (unigrams, known_unigrams);
        let idf = self.vocabulary.idf();
        let features = counted.ids().iter().zip(counted.counts());
        values.extend(features.map(|(&id, &count)| sublinear(count) * idf[id as usize]));
        let is_word = |&id: &u32| self.vocabulary.block(id) == Block::Words;
        let split = counted.ids().partition_point(is_word);
        let (words, characters) = values.split_at_mut(split);
        scale_to_unit_length(words);
        scale_to_unit_length(characters);
    }

    /// Encodes many texts in parallel, one row each. Asks at each text whether it was called off.
    ///
    /// # Errors
    /// If it was called off.
    pub fn transform<T: AsRef<str> + Sync>(
        &self,
        texts: &[T],
        called_off: CalledOff<'_>,
    ) -> Result<SparseMatrix, Cancelled> {
        let rows = texts
            .par_iter()
            .map_init(Encoding::default, |encoding, text| {
                check(called_off)?;
                self.encode(text.as_ref(), encoding);
                Ok(ascending(encoding))
            })
            .collect::<Result<_, _>>()?;
        Ok(SparseMatrix::from_rows(rows, self.vocabulary.len()))
    }
}

/// A text's features as a row of a matrix.
fn ascending(encoding: &Encoding) -> (Vec<u32>, Vec<f32>) {
    let values = encoding.values.iter().copied();
    let mut features: Vec<(u32, f32)> = encoding.ids().iter().copied().zip(values).collect();
    features.sort_unstable_by_key(|&(id, _)| id);
    features.into_iter().unzip()
}

/// 1 + ln(count).
fn sublinear(count: u32) -> f32 {
    if count == 1 {
        return 1.0;
    }
    #[allow(clippy::cast_precision_loss)] // counts inside one text are small
    let count = count as f32;
    1.0 + libm::logf(count)
}

type Frequencies = HashMap<u64, (Block, u32), BuildHasherDefault<HashIsKey>>;

/// In how many texts each n-gram occurs.
fn document_frequencies<T: AsRef<str> + Sync>(
    texts: &[T],
    called_off: CalledOff<'_>,
) -> Result<Frequencies, Cancelled> {
    let share = texts
        .len()
        .div_ceil(rayon::current_num_threads().max(1))
        .max(1);
    texts
        .par_chunks(share)
        .map(|part| {
            let mut tokens = TokenBuffer::default();
            let mut seen: Vec<(u64, Block)> = Vec::new();
            let mut frequencies = Frequencies::default();
            for text in part {
                check(called_off)?;
                tokens.tokenize(text.as_ref());
                seen.clear();
                visit_ngrams(&tokens, |ngram| seen.push((ngram.hash, ngram.block)));
                seen.sort_unstable();
                seen.dedup();
                for &(hash, block) in &seen {
                    frequencies.entry(hash).or_insert((block, 0)).1 += 1;
                }
            }
            Ok(frequencies)
        })
        .try_reduce(Frequencies::default, |a, b| {
            let (mut large, small) = if a.len() >= b.len() { (a, b) } else { (b, a) };
            for (hash, (block, df)) in small {
                large.entry(hash).or_insert((block, 0)).1 += df;
            }
            Ok(large)
        })
}

/// The keys are hashes already.
#[derive(Default)]
struct HashIsKey(u64);

impl Hasher for HashIsKey {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cancel::NEVER;

    const TEXTS: [&str; 3] = ["late parcel", "late late refund", "refund please"];

    fn encode(vectorizer: &Vectorizer, text: &str) -> Encoding {
        let mut encoding = Encoding::default();
        vectorizer.encode(text, &mut encoding);
        encoding
    }

    #[test]
    fn each_block_has_unit_length() {
        let vectorizer = Vectorizer::fit(&TEXTS, VectorizerParams::default(), NEVER).unwrap();
        let encoding = encode(&vectorizer, "late refund");
        let words = vectorizer.vocabulary().words();
        let norm = |keep: &dyn Fn(usize) -> bool| -> f32 {
            encoding
                .ids()
                .iter()
                .zip(&encoding.values)
                .filter(|(id, _)| keep(**id as usize))
                .map(|(_, v)| v * v)
                .sum()
        };
        assert!((norm(&|id| id < words) - 1.0).abs() < 1e-6);
        assert!((norm(&|id| id >= words) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn values_follow_the_formula() {
        // Words only, by asking for character n-grams that no text can offer.
        let params = VectorizerParams {
            word_min_df: 1,
            character_min_df: 99,
        };
        let vectorizer = Vectorizer::fit(&TEXTS, params, NEVER).unwrap();
        let encoding = encode(&vectorizer, "late late parcel");
        // "late": tf 1 + ln 2, in 2 of 3 texts; "parcel" and "late parcel": 1 of 3; "late late": 1 of 3.
        let common = (1.0 + 2_f64.ln()) * (1.0 + (4.0 / 3.0_f64).ln());
        let rare = 1.0 + (4.0 / 2.0_f64).ln();
        let norm = (common * common + 3.0 * rare * rare).sqrt();
        let mut expected = [common / norm, rare / norm, rare / norm, rare / norm];
        let mut got: Vec<f64> = encoding.values.iter().map(|&v| f64::from(v)).collect();
        expected.sort_by(f64::total_cmp);
        got.sort_by(f64::total_cmp);
        assert_eq!(got.len(), 4);
        for (e, g) in expected.iter().zip(&got) {
            assert!((e - g).abs() < 1e-6, "{expected:?} {got:?}");
        }
    }

    #[test]
    fn unknown_words_give_an_empty_vector() {
        let vectorizer = Vectorizer::fit(&TEXTS, VectorizerParams::default(), NEVER).unwrap();
        let encoding = encode(&vectorizer, "ü 42 ¿");
        assert!(encoding.ids().is_empty() && encoding.values.is_empty());
        assert_eq!((encoding.words, encoding.known_words), (2, 0));
    }

    #[test]
    fn fitting_does_not_depend_on_the_number_of_threads() {
        let texts: Vec<String> = (0..200)
            .map(|i| format!("ticket {} of {}", i, i % 7))
            .collect();
        let fit_with = |threads| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap()
                .install(|| Vectorizer::fit(&texts, VectorizerParams::default(), NEVER))
        };
        assert_eq!(fit_with(1), fit_with(3));
    }
}
