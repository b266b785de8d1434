//! Why a label: what each word of the text added to its logit.
//!
//! The folded model is linear, so the contributions of all n-grams and the head's constant sum to
//! the label's logit exactly. An n-gram's contribution is shared equally among its places in the
//! text, and at each place among the words it touches.

use std::ops::Range;

use serde::Serialize;

use super::head::HeadKind;
use super::predict::{Classifier, Workspace};
use crate::text::{TokenKind, visit_ngrams};

/// One word of the text and what it spoke for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evidence {
    /// Byte range in the text that was classified.
    pub span: Range<usize>,
    /// What the word added to the label's logit; negative if it spoke against.
    pub contribution: f32,
}

impl Classifier {
    /// What each word of `text` added to the logit of `label`, in text order. Empty if the model
    /// lacks the head or the label.
    pub fn evidence(
        &self,
        text: &str,
        kind: &HeadKind,
        label: &str,
        workspace: &mut Workspace,
    ) -> Vec<Evidence> {
        let Some(column) = self.column(kind, label) else {
            return Vec::new();
        };
        self.vectorizer().encode(text, &mut workspace.encoding);
        let encoding = &workspace.encoding;
        let tokens = encoding.tokens.tokens();
        let mut places = vec![0_u32; encoding.ids.len()];
        let position_of = |hash| {
            let id = self.vectorizer().vocabulary().id(hash)?;
            encoding.ids.binary_search(&id).ok()
        };
        visit_ngrams(&encoding.tokens, |ngram| {
            if let Some(position) = position_of(ngram.hash) {
                places[position] += 1;
            }
        });
        let mut contributions = vec![0.0_f32; tokens.len()];
        visit_ngrams(&encoding.tokens, |ngram| {
            let Some(position) = position_of(ngram.hash) else {
                return;
            };
            let weight = self.weights().get(encoding.ids[position], column);
            #[allow(clippy::cast_precision_loss)] // counts inside one text are small
            let share = encoding.values[position] * weight / places[position] as f32;
            let touched = ngram.first_token as usize..ngram.last_token as usize + 1;
            let words = tokens[touched.clone()]
                .iter()
                .filter(|token| token.kind == TokenKind::Word)
                .count();
            // Symbols carry no share of their own unless there is nothing else.
            let parts = if words == 0 { touched.len() } else { words };
            for index in touched {
                if words == 0 || tokens[index].kind == TokenKind::Word {
                    #[allow(clippy::cast_precision_loss)] // counts inside one text are small
                    {
                        contributions[index] += share / parts as f32;
                    }
                }
            }
        });
        tokens
            .iter()
            .zip(contributions)
            .filter(|(_, contribution)| *contribution != 0.0)
            .map(|(token, contribution)| Evidence {
                span: token.span.clone(),
                contribution,
            })
            .collect()
    }

    /// The weights' column of a label.
    fn column(&self, kind: &HeadKind, label: &str) -> Option<usize> {
        let mut offset = 0;
        for head in self.heads() {
            if head.kind == *kind {
                let index = head.labels.iter().position(|known| known == label)?;
                return Some(offset + index);
            }
            offset += head.labels.len();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::classifier::{Decision, Head, Thresholds};
    use crate::features::{QuantizedMatrix, Vectorizer, VectorizerParams};

    const TEXTS: [&str; 3] = [
        "the parcel is late",
        "refund my parcel",
        "late refund, please!",
    ];

    /// A classifier with one head of two labels and weights without a pattern.
    fn classifier() -> Classifier {
        let vectorizer = Vectorizer::fit(&TEXTS, VectorizerParams::default());
        let mut random = fastrand::Rng::with_seed(9);
        let shape = (vectorizer.vocabulary().len(), 2);
        let weights = Array2::from_shape_simple_fn(shape, || random.f32() - 0.5);
        let head = Head {
            kind: HeadKind::Topic,
            labels: vec!["a".to_owned(), "b".to_owned()],
            bias: vec![0.25, -0.5],
            thresholds: vec![
                Thresholds {
                    suggest_at: 0.0,
                    automate_at: None,
                };
                2
            ],
            decision: Decision::MostProbable,
            areas: Vec::new(),
        };
        Classifier::new(
            vectorizer,
            QuantizedMatrix::quantize(weights.view()),
            None,
            vec![head],
        )
        .unwrap()
    }

    #[test]
    fn contributions_and_constants_sum_to_the_logits() {
        let classifier = classifier();
        let mut workspace = Workspace::default();
        for text in [
            "Is the late parcel late?",
            "refund!! (refund)",
            "please, PLEASE",
        ] {
            let probabilities = classifier.probabilities(text, &mut workspace).to_vec();
            let logit = |label: &str, bias: f32, workspace: &mut Workspace| -> f32 {
                let words = classifier.evidence(text, &HeadKind::Topic, label, workspace);
                words.iter().map(|word| word.contribution).sum::<f32>() + bias
            };
            let a = logit("a", 0.25, &mut workspace);
            let b = logit("b", -0.5, &mut workspace);
            // Softmax keeps differences only.
            let expected = (probabilities[0] / probabilities[1]).ln();
            assert!(
                (a - b - expected).abs() < 1e-4,
                "{text}: {a} {b} {expected}"
            );
        }
    }

    #[test]
    fn a_label_that_is_not_there_has_no_evidence() {
        let mut workspace = Workspace::default();
        let classifier = classifier();
        let none = classifier.evidence("late", &HeadKind::Topic, "c", &mut workspace);
        assert!(none.is_empty());
        let none = classifier.evidence("late", &HeadKind::Urgency, "a", &mut workspace);
        assert!(none.is_empty());
    }
}
