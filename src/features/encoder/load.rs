//! `Encoder::load`: a sentence-transformers folder to an encoder, or what is wrong with it.

use std::path::Path;

use super::bert::Bert;
use super::config::{Config, Kind, Module, Pooling, PoolingConfig, SentenceConfig};
use super::folder::{EncoderFiles, Folder, MAX_SETTINGS_BYTES};
use super::tokenizer::Tokenizer;
use super::{Encoder, EncoderError};

/// Largest `tokenizer.json` in bytes.
const MAX_TOKENIZER_BYTES: u64 = 64 << 20;

/// Largest `model.safetensors` in bytes; BERT large has 1.3 · 10⁹.
const MAX_WEIGHTS_BYTES: u64 = 2 << 30;

impl Encoder {
    /// Names of all files that [`load`](Self::load) reads, by their paths in the folder.
    pub const FILES: [&'static str; 6] = [
        "1_Pooling/config.json",
        "config.json",
        "model.safetensors",
        "modules.json",
        "sentence_bert_config.json",
        "tokenizer.json",
    ];

    /// Reads `config.json`, `tokenizer.json`, `model.safetensors` and, where they are there,
    /// `1_Pooling/config.json` (else the mean is taken), `sentence_bert_config.json` and
    /// `modules.json` of a sentence-transformers folder.
    ///
    /// # Errors
    /// If a file is missing, damaged or too large, or the encoder is not BERT with WordPiece tokens,
    /// GELU, absolute positions, 32-bit floats and mean or first-token pooling.
    pub fn load(folder: &Path) -> Result<Self, EncoderError> {
        Self::load_with_files(folder).map(|(encoder, _)| encoder)
    }

    /// As [`load`](Self::load), with the bytes that the encoder was read from, for whoever copies it.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_with_files(folder: &Path) -> Result<(Self, EncoderFiles), EncoderError> {
        let mut folder = Folder::new(folder);
        let config = read_config(&mut folder)?;
        let name = "modules.json";
        let modules: Vec<Module> = folder.optional_json(name)?.unwrap_or_default();
        let checked = modules.iter().try_for_each(Module::check);
        checked.map_err(|cause| folder.content(name, cause))?;
        let name = "1_Pooling/config.json";
        let pooling = match folder.optional_json::<PoolingConfig>(name)? {
            Some(pooling) => pooling.pooling(config.hidden_size),
            None => Ok(Pooling::Mean),
        };
        let pooling = pooling.map_err(|cause| folder.content(name, cause))?;
        let name = "sentence_bert_config.json";
        let sentence: SentenceConfig = folder.optional_json(name)?.unwrap_or_default();
        let max_tokens = sentence.max_tokens(config.max_position_embeddings);
        let max_tokens = max_tokens.map_err(|cause| folder.content(name, cause))?;
        let tokenizer = read_tokenizer(&mut folder, &config)?;
        let name = "model.safetensors";
        let weights = folder.bytes(name, MAX_WEIGHTS_BYTES)?;
        let bert = Bert::read(&weights, &config).map_err(|error| folder.content(name, error))?;
        let files = folder.into_files();
        let encoder = Self {
            tokenizer,
            bert,
            max_tokens,
            pooling,
            checksum: files.checksum(),
        };
        Ok((encoder, files))
    }

    /// The [`checksum`](Self::checksum) of the encoder in a folder, by its files alone: what they hold is not
    /// looked at.
    ///
    /// # Errors
    /// If a file is too large or cannot be read.
    pub fn checksum_of(folder: &Path) -> Result<String, EncoderError> {
        let mut folder = Folder::new(folder);
        for name in Self::FILES {
            let limit = match name {
                "model.safetensors" => MAX_WEIGHTS_BYTES,
                "tokenizer.json" => MAX_TOKENIZER_BYTES,
                _ => MAX_SETTINGS_BYTES,
            };
            if folder.has(name) {
                folder.bytes(name, limit)?;
            }
        }
        Ok(folder.into_files().checksum())
    }
}

fn read_config(folder: &mut Folder) -> Result<Config, EncoderError> {
    let name = "config.json";
    let value: serde_json::Value = folder.json(name)?;
    let content = |cause: &dyn ToString| folder.content(name, cause.to_string());
    let kind = serde_json::from_value::<Kind>(value.clone()).map_err(|error| content(&error))?;
    kind.check().map_err(|cause| content(&cause))?;
    let config = serde_json::from_value::<Config>(value).map_err(|error| content(&error))?;
    config.check().map_err(|cause| content(&cause))?;
    Ok(config)
}

fn read_tokenizer(folder: &mut Folder, config: &Config) -> Result<Tokenizer, EncoderError> {
    let name = "tokenizer.json";
    let bytes = folder.bytes(name, MAX_TOKENIZER_BYTES)?;
    let text = std::str::from_utf8(&bytes).map_err(|error| folder.content(name, error))?;
    let tokenizer = Tokenizer::read(text).map_err(|cause| folder.content(name, cause))?;
    if tokenizer.vocabulary_size() > config.vocab_size {
        let cause = format!(
            "has {} token ids, but config.json has a vocab_size of {}: they are of different models",
            tokenizer.vocabulary_size(),
            config.vocab_size
        );
        return Err(folder.content(name, cause));
    }
    Ok(tokenizer)
}
