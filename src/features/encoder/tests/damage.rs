//! What is refused, with a message that names the file and the reason.

use std::fs::{self, File};

use serde_json::{Value, json};

use super::fixture::{Tiny, put};
use crate::features::encoder::{Encoder, EncoderError, EncoderWorkspace};

/// Asserts that a folder is refused with a message that has these parts.
fn assert_refused(tiny: &Tiny, parts: &[&str]) {
    let error = Encoder::load(tiny.write().path()).unwrap_err().to_string();
    for part in parts {
        assert!(error.contains(part), "{error} lacks {part}");
    }
}

#[test]
fn a_missing_file_is_named() {
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        let folder = Tiny::new().write();
        fs::remove_file(folder.path().join(name)).unwrap();
        let error = Encoder::load(folder.path()).unwrap_err();
        assert!(matches!(error, EncoderError::Io { .. }));
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn files_that_need_not_be_there_are_not_missed() {
    let folder = Tiny::new().write();
    fs::remove_file(folder.path().join("1_Pooling/config.json")).unwrap();
    fs::remove_file(folder.path().join("sentence_bert_config.json")).unwrap();
    assert_eq!(Encoder::load(folder.path()).unwrap().max_tokens(), 40);
}

#[test]
fn unsupported_settings_are_named() {
    let cases = [
        ("model_type", json!("mpnet"), "'mpnet'"),
        ("hidden_act", json!("relu"), "'relu'"),
        (
            "position_embedding_type",
            json!("relative_key"),
            "'relative_key'",
        ),
        ("num_attention_heads", json!(5), "24 cannot be shared by 5"),
        ("num_attention_heads", json!(0), "num_attention_heads is 0"),
        (
            "hidden_size",
            json!(1_u64 << 40),
            "hidden_size is 1099511627776",
        ),
        (
            "vocab_size",
            json!(u64::MAX),
            "vocab_size is 18446744073709551615",
        ),
        ("num_hidden_layers", json!(-1), "invalid value"),
        ("layer_norm_eps", json!(-1.0), "layer_norm_eps"),
        ("hidden_size", Value::Null, "invalid type"),
    ];
    for (name, value, message) in cases {
        let mut tiny = Tiny::new();
        tiny.config[name] = value;
        assert_refused(&tiny, &["config.json", message]);
    }
}

#[test]
fn other_poolings_and_modules_are_refused() {
    let mut tiny = Tiny::new();
    for pooling in [
        json!({}),
        json!({"pooling_mode_max_tokens": true}),
        json!({"pooling_mode_mean_tokens": true, "pooling_mode_max_tokens": true}),
        json!({"pooling_mode_mean_tokens": true, "pooling_mode_cls_token": true}),
        json!({"pooling_mode_mean_tokens": true, "word_embedding_dimension": 25}),
    ] {
        tiny.pooling = pooling;
        assert_refused(&tiny, &["1_Pooling/config.json", "pool"]);
    }
    let folder = Tiny::new().write();
    put(
        folder.path(),
        "modules.json",
        br#"[{"path": "2_Dense", "type": "sentence_transformers.models.Dense"}]"#,
    );
    let error = Encoder::load(folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("modules.json") && error.contains("2_Dense"),
        "{error}"
    );
}

#[test]
fn a_length_without_room_for_words_is_refused() {
    let mut tiny = Tiny::new();
    tiny.sentence = json!({"max_seq_length": 2});
    assert_refused(&tiny, &["sentence_bert_config.json", "2 tokens"]);
    tiny.sentence = json!({"do_lower_case": true});
    assert_refused(&tiny, &["sentence_bert_config.json", "do_lower_case"]);
}

#[test]
fn tokenizers_that_do_not_fit_are_refused() {
    let mut tiny = Tiny::new();
    tiny.tokenizer["post_processor"] = Value::Null;
    assert_refused(&tiny, &["tokenizer.json", "special tokens", "[CLS]"]);
    tiny = Tiny::new();
    tiny.tokenizer["model"]["vocab"]["surplus"] = json!(30);
    assert_refused(
        &tiny,
        &["tokenizer.json", "31 token ids", "vocab_size of 30"],
    );
    tiny = Tiny::new();
    tiny.tokenizer["model"]["vocab"]["surplus"] = json!(u64::MAX);
    assert_refused(&tiny, &["tokenizer.json"]);
    tiny.tokenizer = json!("not a tokenizer");
    assert_refused(&tiny, &["tokenizer.json"]);
}

#[test]
fn weights_that_do_not_fit_are_named() {
    let name = "encoder.layer.1.output.dense.weight";
    let mut tiny = Tiny::new();
    tiny.tensors.remove(name);
    assert_refused(&tiny, &["model.safetensors", name, "missing"]);
    tiny = Tiny::new();
    tiny.tensors.get_mut(name).unwrap().0 = vec![40, 24];
    assert_refused(&tiny, &["model.safetensors", name, "[40, 24]", "[24, 40]"]);
    for number in [f32::NAN, f32::INFINITY] {
        tiny = Tiny::new();
        tiny.tensors.get_mut(name).unwrap().1[7] = number;
        assert_refused(&tiny, &["model.safetensors", name, "not finite"]);
    }
}

#[test]
fn names_behind_bert_are_found() {
    let mut tiny = Tiny::new();
    let tensors = std::mem::take(&mut tiny.tensors);
    tiny.tensors = tensors
        .into_iter()
        .map(|(name, t)| (format!("bert.{name}"), t))
        .collect();
    assert!(Encoder::load(tiny.write().path()).is_ok());
}

#[test]
fn damaged_files_are_refused() {
    let weights = Tiny::new().weights();
    let cases: [(&str, &[u8]); 6] = [
        ("model.safetensors", &weights[..weights.len() / 2]),
        ("model.safetensors", &[0xFF; 64]),
        ("model.safetensors", b""),
        ("config.json", b"{\"model_type\": "),
        ("tokenizer.json", b"\xFF\xFE"),
        ("1_Pooling/config.json", b"[]"),
    ];
    for (name, bytes) in cases {
        let folder = Tiny::new().write();
        put(folder.path(), name, bytes);
        let error = Encoder::load(folder.path()).unwrap_err();
        assert!(matches!(error, EncoderError::Content { .. }), "{error:?}");
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn huge_files_are_refused_unread() {
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        let folder = Tiny::new().write();
        // A file with a hole takes no space; reading it whole would take all memory.
        let file = File::create(folder.path().join(name)).unwrap();
        file.set_len(1 << 42).unwrap();
        let error = Encoder::load(folder.path()).unwrap_err();
        assert!(matches!(error, EncoderError::TooLarge { .. }), "{error:?}");
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn a_folder_in_the_place_of_a_file_is_refused() {
    let folder = Tiny::new().write();
    let path = folder.path().join("model.safetensors");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let error = Encoder::load(folder.path()).unwrap_err().to_string();
    assert!(error.contains("model.safetensors: not a file"), "{error}");
}

#[test]
fn token_lists_are_checked() {
    let encoder = Encoder::load(Tiny::new().write().path()).unwrap();
    for (tokens, message) in [
        (vec![], "0 tokens"),
        (vec![4; 37], "37 tokens, not 1 to 36"),
        (vec![2, 30, 3], "token 30 is not below 30"),
    ] {
        let lists = [vec![2, 3], tokens];
        let error = encoder
            .encode_tokens(&lists, &|_| ())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("text 1 ") && error.contains(message),
            "{error}"
        );
    }
}

#[test]
fn weights_that_give_no_vector_are_reported() {
    let mut tiny = Tiny::new();
    for part in ["weight", "bias"] {
        let name = format!("encoder.layer.1.output.LayerNorm.{part}");
        tiny.tensors.get_mut(&name).unwrap().1.fill(0.0);
    }
    let encoder = Encoder::load(tiny.write().path()).unwrap();
    let mut workspace = EncoderWorkspace::default();
    let result = encoder.encode_one("card", &mut workspace);
    assert!(matches!(result, Err(EncoderError::Vector)));
}
