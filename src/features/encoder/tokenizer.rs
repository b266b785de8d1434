//! Texts to token ids, with the tokenizer that the encoder was trained with.

use std::borrow::Cow;

use serde_json::Value;
use tokenizers::pipeline::{EncodeOptions, Override, PipelineToken, PipelineTokenizer};

use super::EncoderError;
use super::cleaning::Cleaning;
use crate::text::masked;

/// Largest vocabulary that is used; its library reserves memory up to the largest id.
const MAX_VOCABULARY: usize = 1 << 22;

/// The tokens that stand around every text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpecialTokens {
    /// Id of the token before a text, `[CLS]`.
    pub first: u32,
    /// Id of the token after a text, `[SEP]`.
    pub last: u32,
}

/// A tokenizer without padding and cutting.
pub(in crate::features) struct Tokenizer {
    /// What is done to a text before `pipeline` reads it; `None` where that does it itself.
    cleaning: Option<Cleaning>,
    pipeline: PipelineTokenizer,
    json: String,
    vocabulary_size: usize,
    special: SpecialTokens,
}

impl Tokenizer {
    /// Reads a `tokenizer.json`, written by an older version of the library or not. The error says what
    /// is wrong.
    pub(in crate::features) fn read(text: &str) -> Result<Self, String> {
        let canonical = tokenizers::canonicalize_str(text).map_err(|error| error.to_string())?;
        let mut value: Value =
            serde_json::from_str(&canonical).map_err(|error| error.to_string())?;
        for step in ["padding", "truncation"] {
            if let Some(setting) = value.get_mut(step) {
                *setting = Value::Null;
            }
        }
        let vocabulary_size = largest_id(&value)
            .and_then(|id| usize::try_from(id).ok()?.checked_add(1))
            .ok_or("has no vocabulary")?;
        if vocabulary_size > MAX_VOCABULARY {
            return Err(format!(
                "has ids up to {}, a vocabulary of at most {MAX_VOCABULARY} word pieces can be used",
                vocabulary_size - 1
            ));
        }
        let json = value.to_string();
        let cleaning = Cleaning::take(&mut value);
        let pipeline =
            tokenizers::from_json(&value.to_string()).map_err(|error| error.to_string())?;
        let mut around = Vec::new();
        pipeline
            .encode_into("", &options(true), &mut around)
            .map_err(|error| error.to_string())?;
        let special = match *PipelineToken::cast_slice(&around) {
            [first, last] => SpecialTokens { first, last },
            _ => {
                return Err(format!(
                    "puts {} special tokens around a text, not one before ([CLS]) and one after ([SEP]): its post_processor must add them",
                    around.len()
                ));
            }
        };
        Ok(Self {
            cleaning,
            pipeline,
            json,
            vocabulary_size,
            special,
        })
    }

    /// One more than the largest id.
    pub(in crate::features) fn vocabulary_size(&self) -> usize {
        self.vocabulary_size
    }

    pub(in crate::features) fn special(&self) -> SpecialTokens {
        self.special
    }

    /// The tokenizer in the canonical form of its library.
    pub(in crate::features) fn json(&self) -> &str {
        &self.json
    }

    /// Replaces `ids` by the tokens of `text` between the special tokens, at most `max_tokens` in all. What
    /// looks like a special token in a text is taken for text. Personal data is masked.
    pub(in crate::features) fn encode(
        &self,
        text: &str,
        max_tokens: usize,
        found: &mut Vec<PipelineToken>,
        ids: &mut Vec<u32>,
    ) -> Result<(), EncoderError> {
        found.clear();
        let text = masked(text);
        let cleaned = self.cleaning.as_ref().map(|cleaning| cleaning.clean(&text));
        cleaned
            .unwrap_or(Ok(Cow::Borrowed(&text)))
            .and_then(|cleaned| self.pipeline.encode_into(&cleaned, &options(false), found))
            .map_err(|error| EncoderError::Tokenize(error.to_string()))?;
        found.truncate(max_tokens.saturating_sub(2));
        ids.clear();
        ids.push(self.special.first);
        ids.extend_from_slice(PipelineToken::cast_slice(found));
        ids.push(self.special.last);
        Ok(())
    }
}

fn options(add_special_tokens: bool) -> EncodeOptions {
    EncodeOptions {
        add_special_tokens,
        encode_special_tokens: true,
        padding: Override::Off,
        truncation: Override::Off,
    }
}

/// The largest id among the model's and the added tokens.
fn largest_id(tokenizer: &Value) -> Option<u64> {
    let model = tokenizer.pointer("/model/vocab")?.as_object()?;
    let added = tokenizer.get("added_tokens").and_then(Value::as_array);
    let added = added
        .into_iter()
        .flatten()
        .filter_map(|token| token.get("id"));
    model.values().chain(added).filter_map(Value::as_u64).max()
}
