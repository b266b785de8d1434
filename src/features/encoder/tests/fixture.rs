//! A tiny random BERT in a temporary folder. Programs' tests take this file in by its path.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use safetensors::tensor::{Dtype, TensorView, serialize};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The first words of the vocabulary; the rest are single letters.
const WORDS: [&str; 10] = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "card", "lost", "##s", "refund", "my", "?",
];

/// Number of words.
pub(crate) const VOCABULARY: usize = 30;

/// What a tiny encoder's folder is made of; tests change it before it is written.
pub(crate) struct Tiny {
    pub(crate) config: Value,
    pub(crate) tokenizer: Value,
    pub(crate) pooling: Value,
    pub(crate) sentence: Value,
    pub(crate) tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
}

impl Tiny {
    /// Two layers and three heads of 8, not multiples of any register's width, and an epsilon that
    /// matters.
    pub(crate) fn new() -> Self {
        let (hidden, wide, positions) = (24, 40, 40);
        let mut tiny = Self {
            config: json!({
                "model_type": "bert", "hidden_act": "gelu", "hidden_size": hidden,
                "intermediate_size": wide, "layer_norm_eps": 0.01,
                "max_position_embeddings": positions, "num_attention_heads": 3,
                "num_hidden_layers": 2, "type_vocab_size": 2, "vocab_size": VOCABULARY,
            }),
            tokenizer: tokenizer(),
            pooling: json!({"word_embedding_dimension": hidden, "pooling_mode_mean_tokens": true}),
            sentence: json!({"max_seq_length": 36, "do_lower_case": false}),
            tensors: BTreeMap::new(),
        };
        tiny.matrix("embeddings.word_embeddings", VOCABULARY, hidden);
        tiny.matrix("embeddings.position_embeddings", positions, hidden);
        tiny.matrix("embeddings.token_type_embeddings", 2, hidden);
        tiny.vector("embeddings.LayerNorm", hidden, 1.0);
        for layer in 0..2 {
            let name = |part: &str| format!("encoder.layer.{layer}.{part}");
            for part in ["query", "key", "value"] {
                tiny.dense(&name(&format!("attention.self.{part}")), hidden, hidden);
            }
            tiny.dense(&name("attention.output.dense"), hidden, hidden);
            tiny.vector(&name("attention.output.LayerNorm"), hidden, 1.0);
            tiny.dense(&name("intermediate.dense"), wide, hidden);
            tiny.dense(&name("output.dense"), hidden, wide);
            tiny.vector(&name("output.LayerNorm"), hidden, 1.0);
        }
        tiny
    }

    fn dense(&mut self, name: &str, outputs: usize, inputs: usize) {
        self.matrix(name, outputs, inputs);
        self.tensor(format!("{name}.bias"), vec![outputs], 0.0);
    }

    fn matrix(&mut self, name: &str, rows: usize, columns: usize) {
        self.tensor(format!("{name}.weight"), vec![rows, columns], 0.0);
    }

    fn vector(&mut self, name: &str, length: usize, mean: f32) {
        self.tensor(format!("{name}.weight"), vec![length], mean);
        self.tensor(format!("{name}.bias"), vec![length], 0.0);
    }

    fn tensor(&mut self, name: String, shape: Vec<usize>, mean: f32) {
        let mut random = fastrand::Rng::with_seed(self.tensors.len() as u64 + 1);
        let count = shape.iter().product();
        let numbers = (0..count).map(|_| mean + random.f32() - 0.5).collect();
        self.tensors.insert(name, (shape, numbers));
    }

    /// The weights as the bytes of a safetensors file.
    pub(crate) fn weights(&self) -> Vec<u8> {
        let bytes: BTreeMap<&String, Vec<u8>> = self
            .tensors
            .iter()
            .map(|(name, (_, numbers))| {
                (
                    name,
                    numbers
                        .iter()
                        .flat_map(|number| number.to_le_bytes())
                        .collect(),
                )
            })
            .collect();
        let views = self.tensors.iter().map(|(name, (shape, _))| {
            (
                name,
                TensorView::new(Dtype::F32, shape.clone(), &bytes[name]).unwrap(),
            )
        });
        serialize(views, None).unwrap()
    }

    /// Writes the folder.
    pub(crate) fn write(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, value: &Value| put(folder.path(), name, value.to_string().as_bytes());
        write("config.json", &self.config);
        write("tokenizer.json", &self.tokenizer);
        write("1_Pooling/config.json", &self.pooling);
        write("sentence_bert_config.json", &self.sentence);
        put(folder.path(), "model.safetensors", &self.weights());
        folder
    }
}

/// Writes one file.
pub(crate) fn put(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// The names in a folder in alphabetical order.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// As an older version of the library wrote it, with padding and cutting that must not be kept.
fn tokenizer() -> Value {
    let letters = (b'a'..).map(|letter| char::from(letter).to_string());
    let words = WORDS.iter().map(|&word| word.to_owned()).chain(letters);
    let vocabulary: serde_json::Map<String, Value> = words
        .take(VOCABULARY)
        .zip((0..).map(|id: u32| json!(id)))
        .collect();
    let special = |id: u32, word: &str| {
        json!({"id": id, "special": true, "content": word, "single_word": false,
            "lstrip": false, "rstrip": false, "normalized": false})
    };
    let added: Vec<Value> = (0..)
        .zip(&WORDS[..4])
        .map(|(id, word)| special(id, word))
        .collect();
    let token = |name: &str| json!({"SpecialToken": {"id": name, "type_id": 0}});
    let sequence = json!({"Sequence": {"id": "A", "type_id": 0}});
    json!({
        "version": "1.0",
        "truncation": {"max_length": 5, "strategy": "LongestFirst", "stride": 0},
        "padding": {"strategy": {"Fixed": 12}, "direction": "Right", "pad_to_multiple_of": null,
            "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"},
        "added_tokens": added,
        "normalizer": {"type": "BertNormalizer", "clean_text": true,
            "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "TemplateProcessing",
            "single": [token("[CLS]"), sequence, token("[SEP]")],
            "pair": [token("[CLS]"), sequence, token("[SEP]"),
                {"Sequence": {"id": "B", "type_id": 1}},
                {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
            "special_tokens": {
                "[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
                "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": vocabulary},
    })
}
