//! What can go wrong with an encoder, in words for whoever named the folder.

use std::io;
use std::path::PathBuf;

/// Why an encoder cannot be loaded or used. Messages name the file and what to do.
#[derive(Debug, thiserror::Error)]
pub enum EncoderError {
    /// A file cannot be read.
    #[error("{}: {source}: name a folder of a BERT-family sentence-transformers model", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file is larger than such a file can be.
    #[error("{}: {size} bytes are more than the {limit} that are read of such a file", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// A file is not what such a folder holds, or asks for what is not supported.
    #[error("{}: {cause}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do.
        cause: String,
    },
    /// A text could not be split into tokens.
    #[error("the encoder's tokenizer failed: {0}")]
    Tokenize(String),
    /// Token ids are not a text for this encoder.
    #[error("text {index} of the token lists: {cause}")]
    Tokens {
        /// Its place in the list, from 0.
        index: usize,
        /// What is wrong.
        cause: String,
    },
    /// The weights gave a vector that has no direction.
    #[error("the encoder gave a vector that is zero or not finite: its weights are damaged")]
    Vector,
}
