//! N-grams of a tokenized text, each as a 64-bit hash.
//!
//! Two blocks: words (1- and 2-grams of word tokens) and characters (2- to 5-grams inside
//! white-space-delimited chunks, with the chunk's edges marked). Hashes are part of the model
//! format: changing this file's arithmetic needs a new format version.

use super::tokens::{TokenBuffer, TokenKind};

/// The feature block that an n-gram belongs to; each block is normalised on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Block {
    /// Unigrams and bigrams of words.
    Words,
    /// 2- to 5-grams of characters inside word boundaries.
    Characters,
}

/// One n-gram's hash and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ngram {
    /// 64-bit hash over block, order and content.
    pub hash: u64,
    /// Block it belongs to.
    pub block: Block,
    /// Index of the first token it touches.
    pub first_token: u32,
    /// Index of the last token it touches.
    pub last_token: u32,
}

/// Longest character n-gram.
pub const MAX_CHARACTERS: usize = 5;

const WORD_SEED: u64 = 0x9E37_79B9_7F4A_7C15;
const BIGRAM_SEED: u64 = 0xD1B5_4A32_D192_ED03;
const CHARACTER_SEED: u64 = 0xA076_1D64_78BD_642F;
const MULTIPLIER: u64 = 0xE703_7ED1_A0B4_28DB;

/// Calls `visit` for every n-gram of the text in `buffer`, in text order within a block.
pub fn visit_ngrams(buffer: &TokenBuffer, mut visit: impl FnMut(Ngram)) {
    visit_words(buffer, &mut visit);
    visit_characters(buffer, &mut visit);
}

fn visit_words(buffer: &TokenBuffer, visit: &mut impl FnMut(Ngram)) {
    let mut previous: Option<(u32, u64)> = None;
    for (index, token) in (0_u32..).zip(buffer.tokens()) {
        if token.kind != TokenKind::Word {
            continue;
        }
        let hash = hash_bytes(WORD_SEED, buffer.normalised(token).as_bytes());
        visit(Ngram {
            hash,
            block: Block::Words,
            first_token: index,
            last_token: index,
        });
        if let Some((first_token, first)) = previous {
            visit(Ngram {
                hash: fold(fold(first, BIGRAM_SEED) ^ hash, MULTIPLIER),
                block: Block::Words,
                first_token,
                last_token: index,
            });
        }
        previous = Some((index, hash));
    }
}

fn visit_characters(buffer: &TokenBuffer, visit: &mut impl FnMut(Ngram)) {
    // Each character with the token it comes from; the edges' marks belong to the tokens there.
    let mut chunk: Vec<(char, u32)> = Vec::with_capacity(32);
    let mut indices = 0_u32..;
    for tokens in buffer.tokens().chunk_by(|_, next| !next.starts_chunk) {
        chunk.clear();
        for (token, index) in tokens.iter().zip(indices.by_ref()) {
            if chunk.is_empty() {
                chunk.push((' ', index));
            }
            chunk.extend(buffer.normalised(token).chars().map(|c| (c, index)));
        }
        if let Some(&(_, last)) = chunk.last() {
            chunk.push((' ', last));
        }
        for from in 0..chunk.len() {
            let mut state = CHARACTER_SEED;
            let first_token = chunk[from].1;
            for (order, &(c, last_token)) in chunk[from..].iter().take(MAX_CHARACTERS).enumerate() {
                state = fold(state ^ u64::from(u32::from(c)), MULTIPLIER);
                if order > 0 {
                    visit(Ngram {
                        hash: state ^ order as u64,
                        block: Block::Characters,
                        first_token,
                        last_token,
                    });
                }
            }
        }
    }
}

/// Hashes bytes eight at a time by folded multiplication (the mixing step of wyhash).
fn hash_bytes(seed: u64, bytes: &[u8]) -> u64 {
    let mut state = seed ^ bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0_u8; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        state = fold(state ^ u64::from_le_bytes(word), MULTIPLIER);
    }
    state
}

/// The 128-bit product of `a` and `b`, its halves combined by exclusive or.
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a ^ WORD_SEED) * u128::from(b);
    #[allow(clippy::cast_possible_truncation)] // the two halves are what is wanted
    let (low, high) = (product as u64, (product >> 64) as u64);
    low ^ high
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn ngrams(text: &str) -> Vec<Ngram> {
        let mut buffer = TokenBuffer::default();
        buffer.tokenize(text);
        let mut found = Vec::new();
        visit_ngrams(&buffer, |n| found.push(n));
        found
    }

    fn hashes(text: &str, block: Block) -> HashSet<u64> {
        ngrams(text)
            .into_iter()
            .filter(|n| n.block == block)
            .map(|n| n.hash)
            .collect()
    }

    #[test]
    fn a_text_of_n_words_has_n_unigrams_and_n_minus_1_bigrams() {
        assert_eq!(hashes("where is my parcel", Block::Words).len(), 4 + 3);
        assert_eq!(hashes("parcel", Block::Words).len(), 1);
    }

    #[test]
    fn a_bigram_knows_its_order_of_words() {
        assert_ne!(
            hashes("not working", Block::Words),
            hashes("working not", Block::Words)
        );
    }

    #[test]
    fn punctuation_breaks_no_bigram_but_is_seen_by_characters() {
        assert_eq!(
            hashes("refund, please", Block::Words),
            hashes("refund please", Block::Words)
        );
        assert_ne!(
            hashes("refund?", Block::Characters),
            hashes("refund", Block::Characters)
        );
    }

    #[test]
    fn characters_are_two_to_five_grams_of_the_padded_chunk() {
        // " ab " has 3 bigrams, 2 trigrams and 1 four-gram.
        assert_eq!(hashes("ab", Block::Characters).len(), 6);
    }

    #[test]
    fn distinct_ngrams_do_not_collide() {
        let mut seen = HashSet::new();
        for a in 'a'..='z' {
            for b in 'a'..='z' {
                for c in 'a'..='z' {
                    for n in ngrams(&format!("{a}{b}{c}")) {
                        if n.block == Block::Words {
                            assert!(seen.insert(n.hash));
                        }
                    }
                }
            }
        }
        assert_eq!(seen.len(), 26 * 26 * 26);
    }

    #[test]
    fn a_character_ngram_touches_only_the_tokens_of_its_characters() {
        // One chunk of 2,000 tokens: no n-gram of five characters touches more than five of them.
        let long = "a.".repeat(1_000);
        assert!(
            ngrams(&long)
                .iter()
                .all(|n| n.last_token - n.first_token < 5 || n.block == Block::Words)
        );
        let found = ngrams("ab,cd");
        let bridging = found
            .iter()
            .filter(|n| n.block == Block::Characters && n.first_token == 0 && n.last_token == 2);
        // "b,c", " b,c" is none, "ab,c", "b,cd", "ab,cd", " ab,c", "b,cd ".
        assert_eq!(bridging.count(), 6);
    }

    #[test]
    fn spans_of_ngrams_cover_their_tokens() {
        let found = ngrams("late parcel");
        let bigram = found
            .iter()
            .find(|n| n.block == Block::Words && n.first_token != n.last_token);
        assert_eq!(bigram.map(|n| (n.first_token, n.last_token)), Some((0, 1)));
    }
}
