//! Bundles of a model with a transformer and its kernel expert: written, loaded, crafted.

use std::path::Path;
use std::sync::Arc;

use ndarray::Array2;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::bundle::Bundle;
use super::encoders;
use super::new_bundle::NewBundle;
use super::tensors::{read_classifier, serialize_tensors};
use crate::cancel::NEVER;
use crate::classifier::{HeadKind, Workspace};
use crate::evaluation::{LabelledHead, LabelledTexts};
use crate::features::encoder::tests::fixture::Tiny;
use crate::features::{Encoder, SentenceEncoder};
use crate::training::{FitParams, Fitted, Sentences, TrainingData, Unobserved, fit};

const TEXTS: [&str; 4] = [
    "refund of the bill please",
    "the parcel is late again",
    "my bill is wrong",
    "where is it, it is late",
];

/// Tickets of two topics, in every other row with an urgency.
fn labelled() -> LabelledTexts {
    let rows = 0..40_usize;
    let label = |names: [&str; 2], row: usize| Some(names[row % 2].to_owned());
    LabelledTexts {
        texts: rows
            .clone()
            .map(|row| format!("{} {row}", TEXTS[row % 4]))
            .collect(),
        heads: vec![
            LabelledHead {
                kind: HeadKind::Topic,
                labels: rows
                    .clone()
                    .map(|row| label(["bill", "late"], row))
                    .collect(),
            },
            LabelledHead {
                kind: HeadKind::Urgency,
                labels: rows
                    .map(|row| label(["normal", "high"], row / 2).filter(|_| row % 3 > 0))
                    .collect(),
            },
        ],
    }
}

/// Fits beside an encoder installed in `models`.
fn fitted(models: &Path) -> Fitted {
    let source = Tiny::new().write();
    let encoder: Arc<Encoder> = encoders::install(models, source.path()).unwrap();
    let labelled = labelled();
    let sentences = Sentences::fixed(SentenceEncoder::Encoder(encoder), &labelled.texts, NEVER);
    let data = TrainingData {
        labelled: &labelled,
        sentences: &sentences.unwrap(),
    };
    fit(data, &FitParams::default(), &Unobserved).unwrap()
}

fn saved(models: &Path) -> Bundle {
    let Fitted { classifier, report } = fitted(models);
    let bundle = NewBundle::new(classifier, &report, &FitParams::default(), Vec::new()).unwrap();
    bundle.save(models).unwrap().0
}

#[test]
fn beside_a_transformer_every_row_and_every_name_of_a_label_is_remembered() {
    let models = tempfile::tempdir().unwrap();
    let bundle = saved(models.path());
    let kernel = bundle
        .classifier
        .sentence()
        .unwrap()
        .kernel
        .as_ref()
        .unwrap();
    // 40 tickets, and the names of two topics and two urgencies.
    assert_eq!(kernel.supports.rows(), 44);
    assert_eq!(kernel.coefficients.dim(), (44, 4));
    // A ticket without an urgency says nothing of it, one with says something of both.
    let urgency = |row: usize| kernel.coefficients.row(row).to_vec()[2..].to_vec();
    assert_eq!(urgency(0), [0.0, 0.0]);
    assert!(urgency(1).iter().all(|own| *own != 0.0));
}

#[test]
fn what_was_saved_answers_as_what_was_learned_and_the_parts_sum_to_the_logit() {
    let models = tempfile::tempdir().unwrap();
    let bundle = saved(models.path());
    let loaded = Bundle::load(&models.path().join(&bundle.version)).unwrap();
    assert_eq!(loaded.classifier, bundle.classifier);
    let mut workspace = Workspace::default();
    loaded
        .classifier
        .classify("my parcel is late", &mut workspace);
    let explainer = loaded.classifier.explainer(&workspace);
    let logit = |label: &str| {
        let explanation = explainer.explain(&HeadKind::Topic, label).unwrap();
        (
            f64::from(explanation.logit()),
            f64::from(explanation.probability),
        )
    };
    let ((a, p), (b, q)) = (logit("bill"), logit("late"));
    assert!(((p / q).ln() - (a - b)).abs() < 1e-3, "{p} {q} {a} {b}");
}

#[test]
fn a_kernel_expert_that_does_not_fit_is_refused() {
    let models = tempfile::tempdir().unwrap();
    let bundle = saved(models.path());
    let encoder = bundle.classifier.sentence_encoder().cloned();
    let bytes = serialize_tensors(&bundle.classifier).unwrap();
    let refused = |name: &str, dtype: Dtype, shape: Vec<usize>, content: Vec<u8>| {
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let changed = tensors.iter().map(|(own, view)| {
            if own == name {
                (
                    own,
                    TensorView::new(dtype, shape.clone(), &content).unwrap(),
                )
            } else {
                (own, view)
            }
        });
        let changed = safetensors::serialize(changed.collect::<Vec<_>>(), None).unwrap();
        let error = read_classifier(&bundle.manifest, &changed, encoder.clone()).unwrap_err();
        error.to_string()
    };
    let numbers = |numbers: &[f32]| -> Vec<u8> {
        numbers
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect()
    };
    let mut coefficients = Array2::<f32>::zeros((44, 4));
    for wrong in [f32::NAN, f32::INFINITY, 3e38] {
        coefficients[[7, 2]] = wrong;
        let content = numbers(coefficients.as_slice().unwrap());
        assert_eq!(
            refused("kernel.coefficients", Dtype::F32, vec![44, 4], content),
            "kernel expert: a coefficient is not a number within ±1000000"
        );
    }
    let content = numbers(&[0.0; 43 * 4]);
    let message = refused("kernel.coefficients", Dtype::F32, vec![43, 4], content);
    assert!(message.contains("kernel.coefficients"), "{message}");
    let message = refused(
        "kernel.supports.scales",
        Dtype::F32,
        vec![43],
        numbers(&[0.1; 43]),
    );
    assert!(message.contains("kernel.supports.values"), "{message}");
}
