//! Splits a text into words and runs of symbols, each with its place in the original text and its
//! normalised form (NFKC, lower case). Personal data is masked first.
//!
//! Segmentation and normalisation are those of the `tokenizers` crate; ASCII words, nearly all of
//! an English help desk's, take a short cut with the same result.

use std::ops::Range;

use tokenizers::normalizers::{unicode::NFKC, utils::Lowercase};
use tokenizers::pipeline::{Normalizer, PreTokenizer, PreTokenizerScratch, Span};
use tokenizers::pre_tokenizers::whitespace::Whitespace;

use super::mask::{Mask, PersonalData};

/// Whether a token is made of word characters (`\w`) or of anything else that is not white space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Letters, digits, marks and underscores.
    Word,
    /// Punctuation, emoji, currency signs and the like.
    Symbol,
}

/// One word or run of symbols.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Byte range in the original text; the whole value where this stands for a masked one.
    pub span: Range<usize>,
    /// Byte range in [`TokenBuffer::normalised`].
    pub normalised: Range<usize>,
    /// Word or symbols.
    pub kind: TokenKind,
    /// Whether white space, or the start of the text, stands before it.
    pub starts_chunk: bool,
}

/// Reusable buffers that hold the tokens of one text after another.
#[derive(Default)]
pub struct TokenBuffer {
    mask: Mask,
    scratch: PreTokenizerScratch,
    spans: Vec<Span>,
    normalised: String,
    tokens: Vec<Token>,
}

impl std::fmt::Debug for TokenBuffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenBuffer")
            .field("tokens", &self.tokens.len())
            .finish_non_exhaustive()
    }
}

impl TokenBuffer {
    /// Replaces the buffer's content with the tokens of `text`, in order, personal data [masked](super::masked).
    pub fn tokenize(&mut self, text: &str) {
        let mut mask = std::mem::take(&mut self.mask);
        self.tokenize_masked(mask.apply(text));
        if mask.found() {
            for token in &mut self.tokens {
                token.span = mask.original(token.span.clone());
            }
        }
        self.mask = mask;
    }

    /// What the token with this span stands for, if for something masked.
    pub(crate) fn personal_data(&self, span: &Range<usize>) -> Option<PersonalData> {
        self.mask.kind(span)
    }

    /// Spans are those of the masked text.
    fn tokenize_masked(&mut self, text: &str) {
        self.spans.clear();
        self.tokens.clear();
        self.normalised.clear();
        // Whitespace's split is total: it cannot fail. Should a later version learn to, a text
        // without tokens is answered like an empty one.
        if Whitespace
            .pre_tokenize(text, &mut self.scratch, &mut self.spans)
            .is_err()
        {
            self.spans.clear();
        }
        let mut previous_end = usize::MAX;
        for span in &self.spans {
            let range = span.range();
            let Some(piece) = text.get(range.clone()) else {
                continue;
            };
            let kind = match piece.chars().next() {
                Some(c) if c.is_alphanumeric() || c == '_' => TokenKind::Word,
                _ => TokenKind::Symbol,
            };
            let start = self.normalised.len();
            push_normalised(piece, &mut self.normalised);
            let normalised = start..self.normalised.len();
            if normalised.is_empty() {
                continue;
            }
            self.tokens.push(Token {
                starts_chunk: range.start != previous_end,
                normalised,
                kind,
                span: range.clone(),
            });
            previous_end = range.end;
        }
    }

    /// The tokens of the text tokenized last.
    #[must_use]
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// The normalised form of `token`, which must be one of this buffer's.
    #[must_use]
    pub fn normalised(&self, token: &Token) -> &str {
        self.normalised
            .get(token.normalised.clone())
            .unwrap_or_default()
    }
}

/// Appends `piece` to `out` in NFKC and lower case.
fn push_normalised(piece: &str, out: &mut String) {
    if piece.is_ascii() {
        out.extend(piece.bytes().map(|b| char::from(b.to_ascii_lowercase())));
        return;
    }
    // Neither normaliser has a failing path; the original is the honest fall-back.
    match NFKC.normalize(piece, 0) {
        Ok(composed) => match Lowercase.normalize(&composed, 0) {
            Ok(lower) => out.push_str(&lower),
            Err(_) => out.push_str(&composed),
        },
        Err(_) => out.push_str(piece),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalised_tokens(text: &str) -> Vec<String> {
        let mut buffer = TokenBuffer::default();
        buffer.tokenize(text);
        buffer
            .tokens()
            .iter()
            .map(|t| buffer.normalised(t).to_owned())
            .collect()
    }

    #[test]
    fn words_and_symbols_are_separate_tokens() {
        assert_eq!(
            normalised_tokens("Can't log-in!! order_42"),
            ["can", "'", "t", "log", "-", "in", "!!", "order_42"]
        );
    }

    #[test]
    fn normalisation_is_nfkc_and_lower_case() {
        // Full-width letters, a ligature, and a decomposed accent.
        assert_eq!(
            normalised_tokens("ＡＢＣ ﬁne e\u{301}té"),
            ["abc", "fine", "été"]
        );
    }

    #[test]
    fn spans_point_into_the_original_text() {
        let text = "Größe: ＸＬ 🙂 ok";
        let mut buffer = TokenBuffer::default();
        buffer.tokenize(text);
        let pieces: Vec<&str> = buffer
            .tokens()
            .iter()
            .map(|t| &text[t.span.clone()])
            .collect();
        assert_eq!(pieces, ["Größe", ":", "ＸＬ", "🙂", "ok"]);
        let starts: Vec<bool> = buffer.tokens().iter().map(|t| t.starts_chunk).collect();
        assert_eq!(starts, [true, false, true, true, true]);
    }

    #[test]
    fn what_is_masked_is_one_word_that_stands_where_the_value_stood() {
        let text = "É: mail jo@x.org, call +44 20 7946 0958 now";
        let mut buffer = TokenBuffer::default();
        buffer.tokenize(text);
        let normalised = |t: &Token| buffer.normalised(t).to_owned();
        let tokens = buffer.tokens().iter();
        let there: Vec<(&str, String)> = tokens
            .map(|t| (&text[t.span.clone()], normalised(t)))
            .filter(|(piece, normalised)| piece.to_lowercase() != *normalised)
            .collect();
        let expected = [
            ("jo@x.org", "email_address".to_owned()),
            ("+44 20 7946 0958", "phone_number".to_owned()),
        ];
        assert_eq!(there, expected);
        assert_eq!(&text[buffer.tokens().last().unwrap().span.clone()], "now");
    }

    #[test]
    fn white_space_alone_has_no_tokens() {
        assert!(normalised_tokens(" \n\t ").is_empty());
        assert!(normalised_tokens("").is_empty());
    }
}
