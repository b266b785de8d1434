//! Model files with right checksums whose sentence vectors make no sense: the table, the
//! weights of the vectors, and what the manifest says of them.

use serde_json::{Value, json};

use crate::desk::Desk;
use crate::forge::{
    MANIFEST, Model, TABLE, TOKENIZER, WEIGHTS, change_header, each_is_refused, replace, start,
    tensor,
};
use crate::tiny_encoder::Tiny;

fn shorten(model: &mut Model, file: &str) {
    model.file(file).pop().unwrap();
}

fn first(model: &mut Model, file: &str, name: &str, value: f32) {
    tensor(model.file(file), name)[..4].copy_from_slice(&value.to_le_bytes());
}

#[test]
fn a_table_that_is_cut_short_is_refused() {
    const NOT_ONE: &str = "not a safetensors file";
    each_is_refused(&[
        (|m| m.file(TABLE).clear(), TABLE, NOT_ONE),
        (|m| m.file(TABLE).truncate(7), TABLE, NOT_ONE),
        (|m| m.file(TABLE).truncate(100), TABLE, NOT_ONE),
        (|m| shorten(m, TABLE), TABLE, NOT_ONE),
        (
            |m| {
                let end = start(m.file(TABLE));
                m.file(TABLE).truncate(end);
            },
            TABLE,
            NOT_ONE,
        ),
        (|m| m.file(TABLE).push(0), TABLE, NOT_ONE),
        (|m| m.file(TABLE)[..8].fill(0xff), TABLE, NOT_ONE),
    ]);
}

#[test]
fn a_table_with_scales_that_are_no_numbers_is_refused() {
    const SCALE: &str = "the scale of row 0 is not a finite number of at least zero";
    each_is_refused(&[
        (|m| first(m, TABLE, "scales", f32::NAN), TABLE, SCALE),
        (|m| first(m, TABLE, "scales", f32::INFINITY), TABLE, SCALE),
        (|m| first(m, TABLE, "scales", -1.0), TABLE, SCALE),
        (
            |m| {
                let scales = tensor(m.file(TABLE), "scales");
                let last = scales.last_chunk_mut::<4>().unwrap();
                last.copy_from_slice(&f32::NAN.to_le_bytes());
            },
            TABLE,
            "the scale of row ",
        ),
        // Finite, but sums of it are not.
        (
            |m| first(m, TABLE, "scales", 3e38),
            TABLE,
            "the scale of row 0 is above 1000000",
        ),
    ]);
}

#[test]
fn tensors_of_a_table_that_do_not_fit_are_refused() {
    each_is_refused(&[
        (
            |m| {
                replace(m.file(TABLE), "pairs", |shape, bytes| {
                    shape[0] -= 1;
                    bytes.truncate(shape[0] * 8);
                })
            },
            TABLE,
            " word pieces and ",
        ),
        (
            |m| {
                replace(m.file(TABLE), "pairs", |shape, bytes| {
                    shape[0] += 1;
                    bytes.resize(shape[0] * 8, 0);
                })
            },
            TABLE,
            " word pieces and ",
        ),
        (
            |m| {
                replace(m.file(TABLE), "pairs", |shape, bytes| {
                    shape[0] = 0;
                    bytes.clear();
                })
            },
            TABLE,
            " word pieces and 0 pairs of them",
        ),
        (
            |m| {
                replace(m.file(TABLE), "scales", |shape, bytes| {
                    shape[0] -= 1;
                    bytes.truncate(shape[0] * 4);
                })
            },
            TABLE,
            " values do not fill ",
        ),
        // Rows and scales agree, the tokenizer has more word pieces.
        (
            |m| {
                replace(m.file(TABLE), "scales", |shape, bytes| {
                    shape[0] -= 1;
                    bytes.truncate(shape[0] * 4);
                });
                replace(m.file(TABLE), "values", |shape, bytes| {
                    shape[0] -= 1;
                    bytes.truncate(shape[0] * shape[1]);
                });
            },
            TABLE,
            " rows for 30 word pieces and ",
        ),
        (
            |m| replace(m.file(TABLE), "values", |shape, _| shape.reverse()),
            TABLE,
            " values do not fill ",
        ),
        (
            |m| {
                replace(m.file(TABLE), "values", |shape, bytes| {
                    *shape = vec![bytes.len()];
                })
            },
            TABLE,
            " values do not fill ",
        ),
        (
            |m| {
                replace(m.file(TABLE), "values", |shape, bytes| {
                    shape[1] = 0;
                    bytes.clear();
                })
            },
            TABLE,
            "its vectors have no dimensions",
        ),
        (
            |m| change_header(m.file(TABLE), |h| h["values"]["dtype"] = "U8".into()),
            TABLE,
            "tensor 'values' is not of type I8",
        ),
        (
            |m| change_header(m.file(TABLE), |h| h["scales"]["dtype"] = "I32".into()),
            TABLE,
            "tensor 'scales' is not of type F32",
        ),
        (
            |m| change_header(m.file(TABLE), |h| h["pairs"]["dtype"] = "I64".into()),
            TABLE,
            "tensor 'pairs' is not of type U64",
        ),
        (
            |m| {
                change_header(m.file(TABLE), |header| {
                    let pairs = header.as_object_mut().unwrap().remove("pairs").unwrap();
                    header["pears"] = pairs;
                })
            },
            TABLE,
            "pairs",
        ),
    ]);
}

#[test]
fn a_manifest_that_lies_about_the_sentence_vectors_is_refused() {
    const WITHOUT: &str = "tensor 'sentence.weights' is there, but the manifest names nothing that \
                           gives sentence vectors";
    fn remove(value: &mut Value, key: &str) {
        value.as_object_mut().unwrap().shift_remove(key).unwrap();
    }
    fn encoder(model: &mut Model, checksum: &str) {
        model.manifest["sentence"] = json!({"encoder": {"checksum": checksum, "dimensions": 24}});
    }
    each_is_refused(&[
        (|m| remove(&mut m.manifest, "sentence"), WEIGHTS, WITHOUT),
        (|m| m.manifest["sentence"] = Value::Null, WEIGHTS, WITHOUT),
        (
            |m| m.manifest["sentence"] = json!("embedding"),
            MANIFEST,
            "not a readable manifest",
        ),
        (
            |m| m.manifest["sentence"] = json!({"oracle": {"dimensions": 24}}),
            MANIFEST,
            "not a readable manifest",
        ),
        (
            |m| remove(&mut m.manifest["sentence"]["embedding"], "dimensions"),
            MANIFEST,
            "not a readable manifest",
        ),
        (
            |m| m.manifest["sentence"]["embedding"]["dimensions"] = json!(25),
            MANIFEST,
            "what it says of the sentence vectors is not so",
        ),
        (
            |m| m.manifest["sentence"]["embedding"]["name"] = json!("another"),
            MANIFEST,
            "what it says of the sentence vectors is not so",
        ),
        (
            |m| remove(&mut m.manifest["files"], TABLE),
            TABLE,
            "checksum does not match",
        ),
        (
            |m| remove(&mut m.manifest["files"], TOKENIZER),
            TOKENIZER,
            "checksum does not match",
        ),
        (|m| encoder(m, ""), MANIFEST, "'' is no encoder's checksum"),
        (
            |m| encoder(m, "../../../etc"),
            MANIFEST,
            "'../../../etc' is no encoder's checksum: 64 hexadecimal digits are",
        ),
        (
            |m| encoder(m, &"A".repeat(64)),
            MANIFEST,
            "is no encoder's checksum",
        ),
        (
            |m| encoder(m, &"é".repeat(32)),
            MANIFEST,
            "is no encoder's checksum",
        ),
    ]);
}

#[test]
fn weights_of_sentence_vectors_that_do_not_fit_are_refused() {
    const SIZE: &str = "tensor 'sentence.weights' is not of the size that the manifest gives";
    const SENTENCE: &str = "sentence.weights";
    each_is_refused(&[
        (
            |m| replace(m.weights(), SENTENCE, |shape, _| shape.reverse()),
            WEIGHTS,
            SIZE,
        ),
        (
            |m| {
                replace(m.weights(), SENTENCE, |shape, bytes| {
                    *shape = vec![bytes.len() / 4];
                })
            },
            WEIGHTS,
            SIZE,
        ),
        (
            |m| {
                replace(m.weights(), SENTENCE, |shape, bytes| {
                    shape[0] -= 1;
                    bytes.truncate(shape[0] * shape[1] * 4);
                })
            },
            WEIGHTS,
            SIZE,
        ),
        (
            |m| {
                replace(m.weights(), SENTENCE, |shape, bytes| {
                    shape[0] = 0;
                    bytes.clear();
                })
            },
            WEIGHTS,
            SIZE,
        ),
        (
            |m| change_header(m.weights(), |h| h[SENTENCE]["dtype"] = "I32".into()),
            WEIGHTS,
            "tensor 'sentence.weights' is not of the expected type",
        ),
        (
            |m| {
                change_header(m.weights(), |header| {
                    let own = header.as_object_mut().unwrap().remove(SENTENCE).unwrap();
                    header["sentiment.weights"] = own;
                })
            },
            WEIGHTS,
            SENTENCE,
        ),
        (
            |m| first(m, WEIGHTS, SENTENCE, f32::NAN),
            WEIGHTS,
            "or one is not a finite number",
        ),
        (
            |m| first(m, WEIGHTS, SENTENCE, f32::NEG_INFINITY),
            WEIGHTS,
            "or one is not a finite number",
        ),
    ]);
}

#[test]
fn an_encoder_that_is_not_there_is_named_by_its_checksum() {
    let desk = Desk::new();
    let folder = Tiny::new().write();
    let active = desk.fit(&format!(
        "--encoder {} --activate",
        folder.path().to_str().unwrap()
    ));
    let absent = "0123456789abcdef".repeat(4);
    let mut model = Model::read(&desk, &active);
    model.manifest["sentence"]["encoder"]["checksum"] = absent.as_str().into();
    let version = model.write(&desk);
    for command in [
        format!("models activate {version}"),
        format!("evaluate --models models --version {version} --data tickets.csv"),
    ] {
        desk.run(&command).refused_with(&[
            &format!("the sentence encoder with checksum {absent} is missing: "),
            "models/encoders/0123456789abcdef is not there",
            "'triage-train encoder install DIR --models models'",
        ]);
    }
    // The encoder is there, but has vectors of another length.
    let mut model = Model::read(&desk, &active);
    model.manifest["sentence"]["encoder"]["dimensions"] = 23.into();
    let version = model.write(&desk);
    desk.run(&format!("models activate {version}"))
        .refused_with(&[&format!(
            "error: models/{version}/manifest.json: what it says of the sentence vectors"
        )]);
    assert_eq!(desk.read("models/active"), format!("{active}\n").as_bytes());
}
