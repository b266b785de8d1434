//! The parts of a logit sum to it, for every label and every text.

use std::sync::Arc;

use ndarray::Array2;
use proptest::prelude::*;

use super::*;
use crate::cancel::NEVER;
use crate::classifier::{Decision, SentenceExpert, Thresholds};
use crate::features::{
    Embedding, QuantizedMatrix, SentenceEncoder, SentenceWorkspace, Vectorizer, VectorizerParams,
};

const TEXTS: [&str; 5] = [
    "the parcel is late !!! 🔥🔥",
    "refund my parcel: «bitte» ...",
    "late refund, please! 🔥 größe 子供",
    "größe ?! ... !!! refund",
    "🔥🔥 !!! ?!",
];

fn head(kind: HeadKind, labels: [&str; 3], bias: [f32; 3]) -> Head {
    let thresholds = Thresholds {
        suggest_at: 0.0,
        automate_at: None,
    };
    Head {
        kind,
        labels: labels.map(str::to_owned).to_vec(),
        bias: bias.to_vec(),
        thresholds: vec![thresholds; 3],
        decision: Decision::MostProbable,
        areas: Vec::new(),
        in_scope_from: None,
    }
}

/// A classifier with two heads of three labels and weights without a pattern.
fn classifier(sentence: bool) -> Classifier {
    let vectorizer = Vectorizer::fit(&TEXTS, VectorizerParams::default(), NEVER).unwrap();
    let mut random = fastrand::Rng::with_seed(9);
    let mut weights =
        |rows: usize| Array2::from_shape_simple_fn((rows, 6), || 4.0 * random.f32() - 2.0);
    let sparse = weights(vectorizer.vocabulary().len());
    let sentence = sentence.then(|| {
        let encoder = SentenceEncoder::Embedding(Arc::new(Embedding::shipped().unwrap()));
        let weights = weights(encoder.dimensions());
        SentenceExpert {
            encoder,
            weights,
            kernel: None,
        }
    });
    let heads = vec![
        head(HeadKind::Topic, ["a", "b", "c"], [0.25, -0.5, 0.25]),
        head(
            HeadKind::Facet("mood".to_owned()),
            ["x", "y", "z"],
            [-1.0, 0.0, 1.0],
        ),
    ];
    let sparse = QuantizedMatrix::quantize(sparse.view());
    Classifier::new(vectorizer, sparse, sentence, heads).unwrap()
}

/// Checks that all labels' parts sum to logits whose softmax is what was answered.
fn check(classifier: &Classifier, text: &str, workspace: &Workspace) -> Result<(), TestCaseError> {
    let explainer = classifier.explainer(workspace);
    let mut column = 0;
    for head in classifier.heads() {
        let explain = |label: &String| explainer.explain(&head.kind, label).unwrap();
        let parts: Vec<Explanation> = head.labels.iter().map(explain).collect();
        let logits: Vec<f32> = parts.iter().map(Explanation::logit).collect();
        let mut softmax = logits.clone();
        crate::features::softmax(&mut softmax);
        for (label, parts) in parts.iter().enumerate() {
            prop_assert_eq!(parts.words.len(), workspace.encoding.tokens.tokens().len());
            let answered = workspace.probabilities()[column];
            prop_assert_eq!(parts.probability, answered);
            prop_assert!(
                (softmax[label] - answered).abs() < 1e-4,
                "{}: {:?}",
                text,
                parts
            );
            // The logits themselves, not only their differences.
            let mut expected = head.bias[label];
            for (&id, &value) in workspace
                .encoding
                .ids()
                .iter()
                .zip(&workspace.encoding.values)
            {
                expected += value * classifier.weights().get(id, column);
            }
            if let Some(expert) = classifier.sentence() {
                for (value, weight) in workspace.vector.iter().zip(expert.weights.column(column)) {
                    expected += value * weight;
                }
            } else {
                prop_assert_eq!(parts.sentence, 0.0);
            }
            prop_assert!(
                (logits[label] - expected).abs() < 1e-4,
                "{}: {} is not {}",
                text,
                logits[label],
                expected
            );
            column += 1;
        }
    }
    Ok(())
}

#[test]
fn the_parts_sum_to_the_logits() {
    for sentence in [false, true] {
        let classifier = classifier(sentence);
        let mut workspace = Workspace::default();
        for text in [
            "Is the late parcel late?",
            "refund!! (refund)",
            "please, PLEASE",
            "!!! 🔥🔥 ... ?!",
            "refund ! ! ! ! parcel",
            "nothing known here",
            " \r\n",
            "",
        ] {
            classifier.classify(text, &mut workspace);
            check(&classifier, text, &workspace).unwrap();
        }
    }
}

#[test]
fn symbols_alone_have_a_share() {
    let classifier = classifier(false);
    let mut workspace = Workspace::default();
    classifier.classify("!!! 🔥🔥", &mut workspace);
    let explanation = classifier
        .explainer(&workspace)
        .explain(&HeadKind::Topic, "a");
    assert!(
        explanation
            .unwrap()
            .words
            .iter()
            .all(|word| word.contribution != 0.0)
    );
}

#[test]
fn a_vector_made_elsewhere_gives_the_same_explanation() {
    let classifier = classifier(true);
    let text = "refund my parcel, it is late";
    let (mut here, mut elsewhere) = (Workspace::default(), Workspace::default());
    classifier.classify(text, &mut here);
    let mut buffers = SentenceWorkspace::default();
    let encoder = classifier.sentence_encoder().unwrap();
    let vector = encoder.encode_one(text, &mut buffers).unwrap();
    classifier.classify("another text before", &mut elsewhere);
    classifier.classify_with_vector(text, vector, &mut elsewhere);
    let explain = |workspace| {
        classifier
            .explainer(workspace)
            .explain(&HeadKind::Topic, "b")
    };
    let explanation = explain(&here).unwrap();
    assert_eq!(explain(&elsewhere).unwrap(), explanation);
    assert!(explanation.sentence != 0.0);
}

#[test]
fn the_runner_up_is_the_most_probable_other_label() {
    let classifier = classifier(false);
    let mut workspace = Workspace::default();
    let mood = HeadKind::Facet("mood".to_owned());
    // Of no known word, so that the constants decide.
    classifier.classify("qwx", &mut workspace);
    let explainer = classifier.explainer(&workspace);
    assert_eq!(explainer.runner_up(&mood, "z"), Some("y"));
    assert_eq!(explainer.runner_up(&mood, "y"), Some("z"));
    // The first of equals.
    assert_eq!(explainer.runner_up(&HeadKind::Topic, "b"), Some("a"));
    assert_eq!(explainer.runner_up(&HeadKind::Urgency, "low"), None);
}

#[test]
fn what_is_not_there_is_not_explained() {
    let classifier = classifier(false);
    let mut workspace = Workspace::default();
    let unused = classifier
        .explainer(&workspace)
        .explain(&HeadKind::Topic, "a");
    assert_eq!(unused, None);
    classifier.classify("late", &mut workspace);
    let explainer = classifier.explainer(&workspace);
    assert_eq!(explainer.explain(&HeadKind::Topic, "x"), None);
    assert_eq!(explainer.explain(&HeadKind::Urgency, "a"), None);
}

proptest! {
    #[test]
    fn the_parts_sum_to_the_logits_of_any_text(
        words in prop::collection::vec(
            prop_oneof![
                prop::sample::select(TEXTS.join(" ").split(' ').map(str::to_owned).collect::<Vec<_>>()),
                any::<String>(),
                "[!?. 🔥]{1,4}",
            ],
            0..30,
        ),
        glue in prop::sample::select(vec![" ", "", ",", "\r\n"]),
    ) {
        thread_local! {
            static CLASSIFIERS: [Classifier; 2] = [classifier(false), classifier(true)];
        }
        let text = words.join(glue);
        CLASSIFIERS.with(|classifiers| {
            for classifier in classifiers {
                let mut workspace = Workspace::default();
                classifier.classify(&text, &mut workspace);
                check(classifier, &text, &workspace)?;
            }
            Ok::<(), TestCaseError>(())
        })?;
    }
}
