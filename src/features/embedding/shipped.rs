//! The table that is part of the program, so that a fit needs nothing but tickets.

use super::{Embedding, EmbeddingFileError};

const TABLE: &[u8] =
    include_bytes!("../../../models/embeddings/minilm-l6-v2-256/embedding.safetensors");
const TOKENIZER: &[u8] =
    include_bytes!("../../../models/embeddings/minilm-l6-v2-256/tokenizer.json");

impl Embedding {
    /// The general table of the folder `models/embeddings`.
    ///
    /// # Errors
    /// If this program was built from damaged files.
    pub fn shipped() -> Result<Self, EmbeddingFileError> {
        Self::from_files([TABLE, TOKENIZER])
    }
}
