//! From a ticket's words to the pieces that features are made of, personal data masked.
//!
//! Works on one text at a time and keeps no state but reusable buffers. Knows nothing of labels,
//! vocabularies or weights.

pub mod mask;
pub mod ngrams;
pub mod tokens;

pub use mask::masked;
pub use ngrams::{Block, Ngram, visit_ngrams};
pub use tokens::{Token, TokenBuffer, TokenKind};
