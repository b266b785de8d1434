//! An embedding as two files: the table as safetensors, and its tokenizer.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::{Embedding, EmbeddingError, EmbeddingFileError};
use crate::features::QuantizedMatrix;
use crate::features::encoder::tokenizer::Tokenizer;

/// Name of the table's file.
pub(super) const TABLE: &str = "embedding.safetensors";
/// Name of the tokenizer's file.
pub(super) const TOKENIZER: &str = "tokenizer.json";
/// Largest file that is read.
const MAX_BYTES: u64 = 1 << 30;
const NAME: &str = "name";

impl Embedding {
    /// Names of an embedding's files.
    pub const FILES: [&'static str; 2] = [TABLE, TOKENIZER];

    /// The contents of the files named in [`FILES`](Self::FILES). The same embedding gives the same
    /// bytes.
    ///
    /// # Errors
    /// If the format refuses the table; the error says why.
    pub fn to_files(&self) -> Result<[Vec<u8>; 2], String> {
        let pairs: Vec<u8> = self
            .pairs
            .iter()
            .flat_map(|key| key.to_le_bytes())
            .collect();
        let scales = self.rows.scales().iter();
        let scales: Vec<u8> = scales.flat_map(|scale| scale.to_le_bytes()).collect();
        let values = self.rows.values().iter();
        let values: Vec<u8> = values.map(|value| value.to_le_bytes()[0]).collect();
        let view = |dtype, shape, bytes| {
            TensorView::new(dtype, shape, bytes).map_err(|error| error.to_string())
        };
        let (rows, columns) = (self.rows.rows(), self.rows.columns());
        let tensors = [
            ("pairs", view(Dtype::U64, vec![self.pairs.len()], &pairs)?),
            ("scales", view(Dtype::F32, vec![rows], &scales)?),
            ("values", view(Dtype::I8, vec![rows, columns], &values)?),
        ];
        let name = HashMap::from([(NAME.to_owned(), self.name.clone())]);
        let table =
            safetensors::serialize(tensors, Some(name)).map_err(|error| error.to_string())?;
        Ok([table, self.tokenizer.json().as_bytes().to_vec()])
    }

    /// Reads the contents of the files named in [`FILES`](Self::FILES).
    ///
    /// # Errors
    /// If they do not make an embedding; the error says which file is at fault.
    pub fn from_files([table, tokenizer]: [&[u8]; 2]) -> Result<Self, EmbeddingFileError> {
        let at = |file| move |cause| EmbeddingFileError { file, cause };
        let tokenizer = read_tokenizer(tokenizer).map_err(at(TOKENIZER))?;
        Self::read_table(table, tokenizer).map_err(at(TABLE))
    }

    fn read_table(table: &[u8], tokenizer: Tokenizer) -> Result<Self, String> {
        let unreadable = |error| format!("not a safetensors file ({error})");
        let (_, header) = SafeTensors::read_metadata(table).map_err(unreadable)?;
        let name = header.metadata().as_ref().and_then(|own| own.get(NAME));
        let name = name.cloned().unwrap_or_default();
        let tensors = SafeTensors::deserialize(table).map_err(unreadable)?;
        let bytes = |name: &str, dtype: Dtype| {
            let tensor = tensors.tensor(name).map_err(|error| error.to_string())?;
            if tensor.dtype() == dtype {
                Ok((tensor.shape().to_vec(), tensor.data()))
            } else {
                Err(format!("tensor '{name}' is not of type {dtype:?}"))
            }
        };
        let (_, pairs) = bytes("pairs", Dtype::U64)?;
        let pairs = pairs
            .as_chunks::<8>()
            .0
            .iter()
            .map(|b| u64::from_le_bytes(*b));
        let (_, scales) = bytes("scales", Dtype::F32)?;
        let scales = scales
            .as_chunks::<4>()
            .0
            .iter()
            .map(|b| f32::from_le_bytes(*b));
        let (shape, values) = bytes("values", Dtype::I8)?;
        let values = values.iter().map(|byte| i8::from_le_bytes([*byte]));
        let columns = shape.get(1).copied().unwrap_or(0);
        let rows = QuantizedMatrix::from_parts(scales.collect(), values.collect(), columns)
            .map_err(|error| error.to_string())?;
        Self::new(name, Arc::new(tokenizer), rows, pairs.collect())
    }

    /// Reads an embedding's folder.
    ///
    /// # Errors
    /// If a file is missing, too large or does not fit.
    pub fn load(folder: &Path) -> Result<Self, EmbeddingError> {
        let table = read(folder.join(TABLE))?;
        let tokenizer = read(folder.join(TOKENIZER))?;
        Self::from_files([&table, &tokenizer]).map_err(|error| EmbeddingError::Content {
            path: folder.join(error.file),
            cause: error.cause,
        })
    }
}

fn read_tokenizer(bytes: &[u8]) -> Result<Tokenizer, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    Tokenizer::read(text).map_err(|error| format!("not a usable tokenizer ({error})"))
}

fn read(path: PathBuf) -> Result<Vec<u8>, EmbeddingError> {
    let failed = |source| EmbeddingError::Io {
        path: path.clone(),
        source,
    };
    let bytes = std::fs::metadata(&path).map_err(failed)?.len();
    if bytes > MAX_BYTES {
        return Err(EmbeddingError::Content {
            cause: format!("{bytes} bytes are more than an embedding can have"),
            path,
        });
    }
    std::fs::read(&path).map_err(failed)
}
