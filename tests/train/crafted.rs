//! Model files whose checksums are right but whose content makes no model: loading checks what the
//! files say, not only that they are the ones that were written.

use serde_json::{Value, json};
use triage::classifier::Workspace;
use triage::model::Registry;

use crate::desk::Desk;
use crate::forge::{MANIFEST, Model, WEIGHTS, change_header, each_is_refused, start, tensor};

const SIZE: &str = "of the size that the manifest gives";

#[test]
fn another_format_is_refused_by_its_number() {
    each_is_refused(&[
        (
            |m| m.manifest["format_version"] = 4.into(),
            MANIFEST,
            "format version 4, this program reads 3: train the model again",
        ),
        // The one before, which had no sentence vectors.
        (
            |m| m.manifest["format_version"] = 1.into(),
            MANIFEST,
            "format version 1, this program reads 3: train the model again",
        ),
        (
            |m| m.manifest["format_version"] = 0.into(),
            MANIFEST,
            "format version 0, ",
        ),
        (
            |m| m.manifest["format_version"] = "3".into(),
            MANIFEST,
            "not a readable manifest",
        ),
        (|m| m.manifest["surprise"] = 1.into(), MANIFEST, "surprise"),
    ]);
}

#[test]
fn a_manifest_that_lies_about_labels_is_refused() {
    fn labels(model: &mut Model) -> &mut Vec<Value> {
        model.manifest["heads"][0]["labels"].as_array_mut().unwrap()
    }
    each_is_refused(&[
        (|m| drop(labels(m).pop()), WEIGHTS, SIZE),
        (|m| labels(m).push("one/more".into()), WEIGHTS, SIZE),
        (|m| labels(m).clear(), WEIGHTS, SIZE),
        (|m| m.manifest["heads"] = json!([]), WEIGHTS, SIZE),
        (
            |m| drop(m.manifest["heads"].as_array_mut().unwrap().pop()),
            WEIGHTS,
            SIZE,
        ),
        (
            |m| {
                drop(
                    m.manifest["heads"][1]["thresholds"]
                        .as_array_mut()
                        .unwrap()
                        .pop(),
                )
            },
            WEIGHTS,
            "head 'urgency': labels, constants and thresholds differ in number",
        ),
        // As many labels in all, but one head has them of another.
        (
            |m| {
                let moved = labels(m).pop().unwrap();
                m.manifest["heads"][1]["labels"]
                    .as_array_mut()
                    .unwrap()
                    .push(moved);
            },
            WEIGHTS,
            "differ in number",
        ),
        (
            |m| labels(m)[1] = labels(m)[0].clone(),
            WEIGHTS,
            "head 'topic': a label occurs twice",
        ),
        (
            |m| m.manifest["heads"][1]["kind"] = "topic".into(),
            WEIGHTS,
            "head 'topic': it is there twice",
        ),
        (|m| m.manifest["features"] = 7.into(), WEIGHTS, SIZE),
        (
            |m| m.manifest["word_features"] = 99_999_999.into(),
            WEIGHTS,
            "word features of ",
        ),
        (
            |m| m.manifest["word_features"] = json!(-1),
            MANIFEST,
            "not a readable manifest",
        ),
        (
            |m| m.manifest["heads"][0]["kind"] = "mood".into(),
            MANIFEST,
            "not a readable manifest",
        ),
    ]);
}

#[test]
fn numbers_that_are_none_are_refused() {
    fn costs(model: &mut Model, costs: Value) {
        model.manifest["heads"][1]["decision"]["least_cost"]["costs"] = costs;
    }
    fn first(model: &mut Model, name: &str, value: f32) {
        tensor(model.weights(), name)[..4].copy_from_slice(&value.to_le_bytes());
    }
    each_is_refused(&[
        (
            |m| first(m, "weights.scales", f32::NAN),
            WEIGHTS,
            "the scale of row 0 is not a finite number",
        ),
        (
            |m| first(m, "weights.scales", f32::INFINITY),
            WEIGHTS,
            "the scale of row 0 ",
        ),
        (
            |m| first(m, "weights.scales", -1.0),
            WEIGHTS,
            "the scale of row 0 ",
        ),
        (
            |m| first(m, "vocabulary.idf", f32::NAN),
            WEIGHTS,
            "inverse document frequency of feature 0 ",
        ),
        (
            |m| first(m, "vocabulary.idf", 0.0),
            WEIGHTS,
            "inverse document frequency of feature 0 ",
        ),
        (
            |m| first(m, "bias", f32::NEG_INFINITY),
            WEIGHTS,
            "head 'topic': a constant is not a finite number",
        ),
        (
            |m| {
                tensor(m.weights(), "bias")
                    .last_chunk_mut::<4>()
                    .unwrap()
                    .copy_from_slice(&f32::NAN.to_le_bytes())
            },
            WEIGHTS,
            "head 'mood': a constant is not a finite number",
        ),
        // Beyond what an f32 can hold.
        (
            |m| m.manifest["heads"][0]["thresholds"][3]["suggest_at"] = json!(1e39),
            MANIFEST,
            "number out of range",
        ),
        (
            |m| costs(m, json!([[0.0, 1.0], [1.0, 0.0]])),
            WEIGHTS,
            "head 'urgency': the cost table has not one row a label",
        ),
        (
            |m| costs(m, json!([[0.0, 1.0], [-1.0, 0.0]])),
            MANIFEST,
            "a cost is not a number from 0 to 1000000000",
        ),
        (
            |m| costs(m, json!([[0.0, 1.0], [1.0, 1.0]])),
            MANIFEST,
            "a right choice has a cost other than 0",
        ),
        (
            |m| costs(m, json!([[0.0, 1.0], [1.0]])),
            MANIFEST,
            "a cost table has as many rows as labels",
        ),
        (
            |m| m.manifest["heads"][0]["areas"][0]["label"] = json!("nowhere"),
            WEIGHTS,
            "head 'topic': the areas are not those of its topics",
        ),
        (
            |m| m.manifest["heads"][0]["areas"][0]["suggest_at"] = json!(1e39),
            MANIFEST,
            "number out of range",
        ),
        (
            |m| m.manifest["heads"][0]["in_scope_from"] = json!(1e39),
            MANIFEST,
            "number out of range",
        ),
        (
            |m| m.manifest["heads"][0]["in_scope_from"] = json!(-1e39),
            MANIFEST,
            "number out of range",
        ),
        (
            |m| m.manifest["heads"][0]["in_scope_from"] = json!("NaN"),
            MANIFEST,
            "not a readable manifest",
        ),
    ]);
}

#[test]
fn numbers_whose_sums_are_none_are_refused() {
    fn set(model: &mut Model, name: &str, value: f32) {
        tensor(model.weights(), name)[..4].copy_from_slice(&value.to_le_bytes());
    }
    each_is_refused(&[
        (
            |m| set(m, "weights.scales", 3e38),
            WEIGHTS,
            "the scale of row 0 is above 1000000",
        ),
        (
            |m| set(m, "weights.scales", 1.1e6),
            WEIGHTS,
            "the scale of row 0 is above 1000000",
        ),
        (
            |m| set(m, "vocabulary.idf", 3e38),
            WEIGHTS,
            "inverse document frequency of feature 0 is not a number above 0 and up to 1000000",
        ),
        (
            |m| set(m, "bias", -3e38),
            WEIGHTS,
            "head 'topic': a constant is beyond ±1000000",
        ),
        (
            |m| {
                // The second label of the first dimension.
                let weights = tensor(m.weights(), "sentence.weights");
                weights[4..8].copy_from_slice(&(-3e38_f32).to_le_bytes());
            },
            WEIGHTS,
            "weight 1 of dimension 0 of the sentence vector is beyond ±1000000",
        ),
    ]);
}

#[test]
fn the_largest_numbers_that_are_let_in_give_probabilities() {
    let desk = Desk::new();
    desk.distill();
    let version = desk.fit("--embedding table --activate");
    let mut model = Model::read(&desk, &version);
    for name in [
        "weights.scales",
        "vocabulary.idf",
        "bias",
        "sentence.weights",
    ] {
        for (index, number) in tensor(model.weights(), name).chunks_mut(4).enumerate() {
            let value: f32 = if index % 2 == 0 { 1e6 } else { 1e-30 };
            number.copy_from_slice(&value.to_le_bytes());
        }
    }
    let version = model.write(&desk);
    let bundle = Registry::new(desk.path("models"))
        .load(Some(&version))
        .unwrap();
    let mut workspace = Workspace::default();
    let long = "refund parcel urgent ".repeat(20_000);
    for text in ["refund", "where is my parcel", "", long.as_str()] {
        let probabilities = bundle.classifier.probabilities(text, &mut workspace);
        // Ten topics, then four urgencies.
        for head in [&probabilities[..10], &probabilities[10..]] {
            let sum: f32 = head.iter().sum();
            assert!((sum - 1.0).abs() < 1e-4, "{head:?}");
        }
    }
}

#[test]
fn tensors_that_do_not_fit_are_refused() {
    fn change(model: &mut Model, change: impl Fn(&mut Value)) {
        change_header(model.weights(), change);
    }
    each_is_refused(&[
        (|m| m.weights().clear(), WEIGHTS, "not a safetensors file"),
        (
            |m| m.weights()[..8].fill(0xff),
            WEIGHTS,
            "not a safetensors file",
        ),
        (
            |m| m.weights()[..8].fill(0),
            WEIGHTS,
            "not a safetensors file",
        ),
        (
            |m| {
                m.weights().pop().unwrap();
            },
            WEIGHTS,
            "not a safetensors file",
        ),
        (
            |m| {
                let end = start(m.weights());
                m.weights().truncate(end);
            },
            WEIGHTS,
            "not a safetensors file",
        ),
        (
            |m| change(m, |header| header["bias"]["dtype"] = "I32".into()),
            WEIGHTS,
            "tensor 'bias' is not of the expected type",
        ),
        (
            |m| change(m, |header| header["weights.values"]["dtype"] = "U8".into()),
            WEIGHTS,
            "tensor 'weights.values' is not of the expected type",
        ),
        (
            |m| {
                change(m, |header| {
                    let bias = header.as_object_mut().unwrap().remove("bias").unwrap();
                    header["bios"] = bias;
                })
            },
            WEIGHTS,
            "bias",
        ),
        (
            |m| {
                change(m, |header| {
                    header["weights.scales"]["shape"][0] = 1.into();
                })
            },
            WEIGHTS,
            "not a safetensors file",
        ),
        // As many numbers, but in another order.
        (
            |m| {
                change(m, |header| {
                    let shape = header["weights.values"]["shape"].as_array_mut().unwrap();
                    shape.reverse();
                })
            },
            WEIGHTS,
            "tensor 'weights.values' is not of the size that the manifest gives",
        ),
    ]);
}
