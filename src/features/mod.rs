//! Texts as sparse vectors: TF-IDF over word and character n-grams.
//!
//! Fitted on training texts only. Knows nothing of labels.

pub mod sparse;
pub mod vectorizer;
pub mod vocabulary;

pub use sparse::{SparseMatrix, SparseRow};
pub use vectorizer::{Encoding, Vectorizer, VectorizerParams};
pub use vocabulary::Vocabulary;
