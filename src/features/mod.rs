//! Texts as numbers: sparse TF-IDF over word and character n-grams, and dense sentence vectors from a
//! table of word pieces or a transformer encoder.
//!
//! Fitted on texts alone. Knows nothing of labels.

pub mod dense;
pub mod embedding;
pub mod encoder;
pub mod encoder_pool;
mod gather;
mod hash_index;
mod id_counts;
mod lanes;
pub mod quantized;
pub mod rows;
pub mod sentence;
mod softmax;
pub mod sparse;
pub mod vector_cache;
pub mod vectorizer;
pub mod vocabulary;

pub use embedding::{Embedding, EmbeddingError};
pub use encoder::{Encoder, EncoderError, EncoderFiles, EncoderWorkspace, SpecialTokens};
pub use gather::add_all_rows;
pub use quantized::QuantizedMatrix;
pub use rows::FeatureRows;
pub use sentence::{SentenceEncoder, SentenceWorkspace};
pub use softmax::softmax;
pub use sparse::{SparseMatrix, SparseRow};
pub use vector_cache::{CacheError, VectorCache};
pub use vectorizer::{Encoding, Occurrence, Vectorizer, VectorizerParams};
pub use vocabulary::Vocabulary;
