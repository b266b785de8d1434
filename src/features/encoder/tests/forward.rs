//! Vectors: those of the reference, whatever the batch.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::fixture::{Tiny, VOCABULARY, put};
use super::reference;
use crate::checksum::sha256_hex;
use crate::features::encoder::product::tests::instruction_sets;
use crate::features::encoder::{Encoder, EncoderWorkspace, SpecialTokens};

/// Texts of 2 to 36 tokens.
fn texts() -> Vec<String> {
    let long = "lost card refund my a b c d ? ".repeat(9);
    let starts = (0..=40).map(|index| long.chars().take(index * 6).collect());
    starts.collect()
}

fn assert_close(found: &[f32], expected: &[f64], case: &str) {
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (f64::from(*found) - expected).abs() < 5e-4,
            "{case}: {found} {expected}"
        );
    }
}

#[test]
fn vectors_are_those_of_the_reference() {
    let mut tiny = Tiny::new();
    for pooling in ["pooling_mode_mean_tokens", "pooling_mode_cls_token"] {
        tiny.pooling = json!({ pooling: true });
        let encoder = Encoder::load(tiny.write().path()).unwrap();
        let mut workspace = EncoderWorkspace::default();
        for text in texts() {
            let hidden = reference::forward(&tiny, &encoder.tokenize(&text).unwrap());
            let pooled = match pooling {
                "pooling_mode_cls_token" => hidden[0].clone(),
                _ => reference::mean(&hidden),
            };
            let found = encoder.encode_one(&text, &mut workspace).unwrap();
            assert_close(found, &reference::unit(&pooled), &text);
        }
    }
}

#[test]
fn bits_do_not_depend_on_batch_or_threads() {
    let encoder = Encoder::load(Tiny::new().write().path()).unwrap();
    let texts = texts();
    let done = AtomicUsize::new(0);
    let all = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let progress = |count| {
            done.fetch_add(count, Ordering::Relaxed);
        };
        pool.install(|| encoder.encode(&texts, &progress)).unwrap()
    };
    let together = all(1);
    assert_eq!(done.load(Ordering::Relaxed), texts.len());
    assert_eq!(together, all(3));
    assert_eq!(together.dim(), (texts.len(), 24));
    let mut workspace = EncoderWorkspace::default();
    for (text, expected) in texts.iter().zip(together.outer_iter()) {
        let alone = encoder.encode_one(text, &mut workspace).unwrap();
        assert_eq!(Some(alone), expected.as_slice(), "{text}");
        assert!((alone.iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < 1e-5);
    }
}

#[test]
fn bits_do_not_depend_on_the_instruction_set() {
    let mut encoder = Encoder::load(Tiny::new().write().path()).unwrap();
    let expected = encoder.encode(&texts(), &|_| ()).unwrap();
    for arch in instruction_sets() {
        encoder.bert.arch = arch;
        assert_eq!(
            encoder.encode(&texts(), &|_| ()).unwrap(),
            expected,
            "{arch:?}"
        );
    }
}

#[test]
fn no_texts_give_no_vectors() {
    let encoder = Encoder::load(Tiny::new().write().path()).unwrap();
    assert_eq!(encoder.encode::<&str>(&[], &|_| ()).unwrap().dim(), (0, 24));
}

#[test]
fn texts_are_cut_and_never_padded() {
    let encoder = Encoder::load(Tiny::new().write().path()).unwrap();
    assert_eq!(encoder.tokenize("").unwrap(), [2, 3]);
    assert_eq!(
        encoder.tokenize("My lost cards ?").unwrap(),
        [2, 8, 5, 4, 6, 9, 3]
    );
    // What a customer types is text, not structure.
    assert!(!encoder.tokenize("[SEP]").unwrap()[1..2].contains(&3));
    let long = encoder.tokenize(&"card ".repeat(500)).unwrap();
    assert_eq!(
        (long.len(), long.first(), long.last()),
        (36, Some(&2), Some(&3))
    );
}

#[test]
fn the_vocabulary_can_be_walked() {
    let encoder = Encoder::load(Tiny::new().write().path()).unwrap();
    assert_eq!(
        encoder.special_tokens(),
        SpecialTokens { first: 2, last: 3 }
    );
    assert_eq!(encoder.vocabulary_size(), VOCABULARY);
    let words: Vec<Vec<u32>> = (0..30).map(|id| vec![2, id, 3]).collect();
    let vectors = encoder.encode_tokens(&words, &|_| ()).unwrap();
    let mut workspace = EncoderWorkspace::default();
    let refund = encoder.encode_one("refund", &mut workspace).unwrap();
    assert_eq!(vectors.row(7).as_slice(), Some(refund));
}

#[test]
fn the_tokenizer_can_be_shipped() {
    let tiny = Tiny::new();
    let encoder = Encoder::load(tiny.write().path()).unwrap();
    let mut again = Tiny::new();
    again.tokenizer = serde_json::from_str(encoder.tokenizer_json()).unwrap();
    let again = Encoder::load(again.write().path()).unwrap();
    assert_eq!(again.tokenizer_json(), encoder.tokenizer_json());
    for text in texts() {
        assert_eq!(
            again.tokenize(&text).unwrap(),
            encoder.tokenize(&text).unwrap()
        );
    }
}

#[test]
fn the_checksum_is_that_of_sha256sum_and_changes_with_every_file() {
    let folder = Tiny::new().write();
    let checksum = || Encoder::load(folder.path()).unwrap().checksum().to_owned();
    let first = checksum();
    let names = [
        "1_Pooling/config.json",
        "config.json",
        "model.safetensors",
        "sentence_bert_config.json",
        "tokenizer.json",
    ];
    let lines = names.map(|name| {
        let bytes = std::fs::read(folder.path().join(name)).unwrap();
        format!("{}  {name}\n", sha256_hex(&bytes))
    });
    // `sha256sum` is asked for the files in another order than that of the checksums.
    assert_eq!(first, sha256_hex(lines.concat().as_bytes()));
    put(folder.path(), "README.md", b"anything");
    assert_eq!(checksum(), first);
    let mut seen = vec![first];
    for name in ["config.json", "tokenizer.json", "1_Pooling/config.json"] {
        let mut bytes = std::fs::read(folder.path().join(name)).unwrap();
        bytes.push(b'\n');
        put(folder.path(), name, &bytes);
        seen.push(checksum());
    }
    let mut other = Tiny::new();
    other
        .tensors
        .get_mut("embeddings.word_embeddings.weight")
        .unwrap()
        .1[0] += 0.5;
    put(folder.path(), "model.safetensors", &other.weights());
    seen.push(checksum());
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 5);
}
