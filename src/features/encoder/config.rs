//! What the JSON files of a sentence-transformers folder say, and which of it is supported.
//!
//! Works on values already read; opens no files.

use serde::Deserialize;

use super::quantize::MAX_INPUTS;

/// `config.json`, as far as it matters here.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Config {
    pub(super) hidden_act: String,
    pub(super) hidden_size: usize,
    pub(super) intermediate_size: usize,
    #[serde(default = "default_epsilon")]
    pub(super) layer_norm_eps: f32,
    pub(super) max_position_embeddings: usize,
    pub(super) num_attention_heads: usize,
    pub(super) num_hidden_layers: usize,
    #[serde(default)]
    pub(super) position_embedding_type: Option<String>,
    #[serde(default = "default_segments")]
    pub(super) type_vocab_size: usize,
    pub(super) vocab_size: usize,
}

/// The kind of a `config.json`, read first because other kinds have other fields.
#[derive(Debug, Deserialize)]
pub(super) struct Kind {
    #[serde(default)]
    pub(super) model_type: String,
}

/// `1_Pooling/config.json`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PoolingConfig {
    word_embedding_dimension: Option<usize>,
    pooling_mode_cls_token: bool,
    pooling_mode_mean_tokens: bool,
    pooling_mode_max_tokens: bool,
    pooling_mode_mean_sqrt_len_tokens: bool,
    pooling_mode_weightedmean_tokens: bool,
    pooling_mode_lasttoken: bool,
}

/// `sentence_bert_config.json`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SentenceConfig {
    max_seq_length: Option<usize>,
    do_lower_case: bool,
}

/// One entry of `modules.json`.
#[derive(Debug, Deserialize)]
pub(super) struct Module {
    path: String,
    #[serde(rename = "type")]
    kind: String,
}

/// How token vectors become one vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pooling {
    /// The mean of all tokens.
    Mean,
    /// The first token.
    First,
}

fn default_epsilon() -> f32 {
    1e-12
}

fn default_segments() -> usize {
    2
}

impl Kind {
    /// Refuses what is not BERT.
    pub(super) fn check(&self) -> Result<(), String> {
        match self.model_type.as_str() {
            "bert" => Ok(()),
            other => Err(format!(
                "model type '{other}' is not supported: use an encoder whose type is 'bert', such as all-MiniLM-L6-v2"
            )),
        }
    }
}

impl Config {
    /// Refuses what the layers cannot compute. What passes lets no size overflow.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.hidden_act != "gelu" {
            return Err(format!(
                "activation '{}' is not supported: only 'gelu' is",
                self.hidden_act
            ));
        }
        let positions = self
            .position_embedding_type
            .as_deref()
            .unwrap_or("absolute");
        if positions != "absolute" {
            return Err(format!(
                "positions of type '{positions}' are not supported: only 'absolute' are"
            ));
        }
        let in_range = [
            ("hidden_size", self.hidden_size, MAX_INPUTS),
            ("intermediate_size", self.intermediate_size, MAX_INPUTS),
            (
                "max_position_embeddings",
                self.max_position_embeddings,
                1 << 20,
            ),
            ("num_attention_heads", self.num_attention_heads, MAX_INPUTS),
            ("num_hidden_layers", self.num_hidden_layers, 1_000),
            ("type_vocab_size", self.type_vocab_size, 1_000),
            ("vocab_size", self.vocab_size, 1 << 24),
        ];
        for (name, value, largest) in in_range {
            if !(1..=largest).contains(&value) {
                return Err(format!(
                    "{name} is {value}, but must be from 1 to {largest}"
                ));
            }
        }
        if !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            return Err(format!(
                "hidden_size {} cannot be shared by {} attention heads",
                self.hidden_size, self.num_attention_heads
            ));
        }
        if !(self.layer_norm_eps.is_finite() && self.layer_norm_eps >= 0.0) {
            return Err("layer_norm_eps must be a number from 0".to_owned());
        }
        Ok(())
    }
}

impl PoolingConfig {
    /// The pooling, if it is one that is supported and fits the encoder's vectors.
    pub(super) fn pooling(&self, dimensions: usize) -> Result<Pooling, String> {
        if let Some(other) = self
            .word_embedding_dimension
            .filter(|&other| other != dimensions)
        {
            return Err(format!(
                "pools vectors of {other} numbers, but config.json has {dimensions}"
            ));
        }
        let others = self.pooling_mode_max_tokens
            || self.pooling_mode_mean_sqrt_len_tokens
            || self.pooling_mode_weightedmean_tokens
            || self.pooling_mode_lasttoken;
        match (self.pooling_mode_mean_tokens, self.pooling_mode_cls_token, others) {
            (true, false, false) => Ok(Pooling::Mean),
            (false, true, false) => Ok(Pooling::First),
            _ => Err("only the mean of the tokens or the first token, one of them, is supported as pooling".to_owned()),
        }
    }
}

impl SentenceConfig {
    /// Most tokens of a text, the special ones included.
    pub(super) fn max_tokens(&self, positions: usize) -> Result<usize, String> {
        if self.do_lower_case {
            return Err(
                "do_lower_case is not supported: let tokenizer.json's normalizer do it".to_owned(),
            );
        }
        let most = self.max_seq_length.unwrap_or(positions).min(positions);
        if most < 3 {
            return Err(format!(
                "texts of {most} tokens leave no room beside the special tokens: set max_seq_length"
            ));
        }
        Ok(most)
    }
}

impl Module {
    /// Refuses steps other than encoder, pooling and scaling to unit length.
    pub(super) fn check(&self) -> Result<(), String> {
        let kind = self.kind.rsplit('.').next().unwrap_or_default();
        match (kind, self.path.as_str()) {
            ("Transformer", "") | ("Pooling", "1_Pooling") | ("Normalize", _) => Ok(()),
            (_, path) => Err(format!(
                "module '{}' in '{path}' is not supported: a transformer in the folder itself, '1_Pooling' and 'Normalize' are",
                self.kind
            )),
        }
    }
}
