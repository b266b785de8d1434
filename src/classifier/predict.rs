//! Serving: one text through vocabulary, weights and decisions of all heads.

use std::collections::BTreeSet;

use super::classification::{AbstainReason, Classification, LabelProbability, Prediction};
use super::head::{Decision, Head, HeadKind, Thresholds};
use super::pool::softmax;
use super::weights::WeightMatrix;
use crate::features::{Encoding, Vectorizer};

/// A text of which less than one word in this many is known from training is out of scope: another
/// language, or no language at all.
const LEAST_KNOWN_SHARE: usize = 3;

/// A trained model ready to answer. Immutable; share it between threads.
#[derive(Debug, Clone, PartialEq)]
pub struct Classifier {
    vectorizer: Vectorizer,
    weights: WeightMatrix,
    heads: Vec<Head>,
}

/// Why parts do not make a classifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClassifierError {
    /// Vocabulary and weights differ in size.
    #[error("{features} features but weights for {rows}")]
    Features {
        /// Size of the vocabulary.
        features: usize,
        /// Rows of the weights.
        rows: usize,
    },
    /// The heads' labels do not fill the columns of the weights.
    #[error("the heads have {labels} labels but the weights have {columns} columns")]
    Labels {
        /// Labels of all heads.
        labels: usize,
        /// Columns of the weights.
        columns: usize,
    },
    /// A head's parts differ in length, are not finite, it has fewer than two labels, or one twice.
    #[error("head '{head}': {problem}")]
    Head {
        /// The head's name.
        head: String,
        /// What is wrong.
        problem: &'static str,
    },
}

/// Buffers that one thread uses again for each ticket.
#[derive(Debug, Default)]
pub struct Workspace {
    pub(super) encoding: Encoding,
    pub(super) logits: Vec<f32>,
}

impl Workspace {
    /// The probabilities of the text classified last, of all labels, head after head.
    #[must_use]
    pub fn probabilities(&self) -> &[f32] {
        &self.logits
    }
}

impl Classifier {
    /// Puts a model together.
    ///
    /// # Errors
    /// If the parts do not fit together.
    pub fn new(
        vectorizer: Vectorizer,
        weights: WeightMatrix,
        heads: Vec<Head>,
    ) -> Result<Self, ClassifierError> {
        let features = vectorizer.vocabulary().len();
        if features != weights.rows() {
            return Err(ClassifierError::Features {
                features,
                rows: weights.rows(),
            });
        }
        let labels = heads.iter().map(|head| head.labels.len()).sum();
        if labels != weights.columns() {
            return Err(ClassifierError::Labels {
                labels,
                columns: weights.columns(),
            });
        }
        for (index, head) in heads.iter().enumerate() {
            check_head(head)?;
            if heads[..index]
                .iter()
                .any(|earlier| earlier.kind == head.kind)
            {
                return Err(ClassifierError::Head {
                    head: head.kind.to_string(),
                    problem: "it is there twice",
                });
            }
        }
        Ok(Self {
            vectorizer,
            weights,
            heads,
        })
    }

    /// The heads in the order of the weights' columns.
    #[must_use]
    pub fn heads(&self) -> &[Head] {
        &self.heads
    }

    /// The features.
    #[must_use]
    pub fn vectorizer(&self) -> &Vectorizer {
        &self.vectorizer
    }

    /// The folded weights.
    #[must_use]
    pub fn weights(&self) -> &WeightMatrix {
        &self.weights
    }

    /// The labels of a head; empty if the model lacks it.
    #[must_use]
    pub fn labels(&self, kind: &HeadKind) -> &[String] {
        self.heads
            .iter()
            .find(|head| head.kind == *kind)
            .map_or(&[], |head| &head.labels)
    }

    /// Classifies one text by all heads.
    pub fn classify(&self, text: &str, workspace: &mut Workspace) -> Classification {
        self.probabilities(text, workspace);
        let Encoding {
            words, known_words, ..
        } = workspace.encoding;
        let unreadable = if words == 0 {
            Some(AbstainReason::EmptyText)
        } else if known_words * LEAST_KNOWN_SHARE < words {
            Some(AbstainReason::OutOfScope)
        } else {
            None
        };
        let mut classification = Classification {
            topic: None,
            urgency: None,
            facets: Vec::new(),
        };
        let mut offset = 0;
        for head in &self.heads {
            let probabilities = &workspace.logits[offset..offset + head.labels.len()];
            offset += head.labels.len();
            let prediction = predict(head, probabilities, unreadable);
            match &head.kind {
                HeadKind::Topic => classification.topic = Some(prediction),
                HeadKind::Urgency => classification.urgency = Some(prediction),
                HeadKind::Facet(name) => classification.facets.push((name.clone(), prediction)),
            }
        }
        classification
    }

    /// Fills `workspace` with the text's features and returns the probabilities of all labels,
    /// head after head in the order of [`heads`](Self::heads).
    pub fn probabilities<'w>(&self, text: &str, workspace: &'w mut Workspace) -> &'w [f32] {
        self.vectorizer.encode(text, &mut workspace.encoding);
        let Workspace { encoding, logits } = workspace;
        logits.clear();
        logits.extend(self.heads.iter().flat_map(|head| &head.bias));
        for (&id, &value) in encoding.ids.iter().zip(&encoding.values) {
            self.weights.add_row(id, value, logits);
        }
        let mut rest = logits.as_mut_slice();
        for head in &self.heads {
            let (own, others) = rest.split_at_mut(head.labels.len());
            softmax(own);
            rest = others;
        }
        logits
    }
}

fn predict(head: &Head, probabilities: &[f32], unreadable: Option<AbstainReason>) -> Prediction {
    let chosen = head.choose(probabilities);
    let confidence = probabilities[chosen];
    let thresholds = head.thresholds[chosen];
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    order.sort_by(|&a, &b| {
        probabilities[b]
            .total_cmp(&probabilities[a])
            .then(a.cmp(&b))
    });
    let margin = match order.as_slice() {
        [first, second, ..] => probabilities[*first] - probabilities[*second],
        _ => 1.0,
    };
    let abstain_reason = unreadable
        .or_else(|| (confidence < thresholds.suggest_at).then_some(AbstainReason::LowConfidence));
    Prediction {
        label: head.labels[chosen].clone(),
        confidence,
        margin,
        automate: abstain_reason.is_none()
            && thresholds.automate_at.is_some_and(|at| confidence >= at),
        abstain_reason,
        ranked: order
            .into_iter()
            .map(|index| LabelProbability {
                label: head.labels[index].clone(),
                probability: probabilities[index],
            })
            .collect(),
    }
}

fn check_head(head: &Head) -> Result<(), ClassifierError> {
    let labels = head.labels.len();
    let problem = if labels < 2 {
        "fewer than two labels"
    } else if head.bias.len() != labels || head.thresholds.len() != labels {
        "labels, constants and thresholds differ in number"
    } else if head.bias.iter().any(|b| !b.is_finite()) {
        "a constant is not a finite number"
    } else if !head.thresholds.iter().all(is_finite) {
        "a threshold is not a finite number"
    } else if head.labels.iter().collect::<BTreeSet<_>>().len() != labels {
        "a label occurs twice"
    } else if matches!(head.decision, Decision::LeastCost { under_call_factor: factor }
        if !(factor.is_finite() && factor > 0.0))
    {
        "the factor of under-calling is not a positive number"
    } else {
        return Ok(());
    };
    Err(ClassifierError::Head {
        head: head.kind.to_string(),
        problem,
    })
}

fn is_finite(thresholds: &Thresholds) -> bool {
    thresholds.suggest_at.is_finite() && thresholds.automate_at.is_none_or(f32::is_finite)
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::classifier::Thresholds;
    use crate::features::VectorizerParams;

    fn classifier() -> Classifier {
        let texts = [
            "where is my late parcel",
            "refund for the broken lamp please",
        ];
        let vectorizer = Vectorizer::fit(&texts, VectorizerParams::default());
        let weights = Array2::zeros((vectorizer.vocabulary().len(), 2));
        let thresholds = Thresholds {
            suggest_at: 0.1,
            automate_at: None,
        };
        let head = Head {
            kind: HeadKind::Topic,
            labels: vec!["a".to_owned(), "b".to_owned()],
            bias: vec![0.5, 0.0],
            thresholds: vec![thresholds; 2],
            decision: Decision::MostProbable,
        };
        Classifier::new(
            vectorizer,
            WeightMatrix::quantize(weights.view()),
            vec![head],
        )
        .unwrap()
    }

    fn reason(text: &str) -> Option<AbstainReason> {
        let classification = classifier().classify(text, &mut Workspace::default());
        classification.topic.unwrap().abstain_reason
    }

    #[test]
    fn a_text_of_unknown_words_is_out_of_scope() {
        assert_eq!(
            reason("qwx zzv plk parcel"),
            Some(AbstainReason::OutOfScope)
        );
        assert_eq!(
            reason("wo bleibt mein paket"),
            Some(AbstainReason::OutOfScope)
        );
        assert_eq!(reason("where is the qwx zzv lamp"), None);
    }

    #[test]
    fn a_text_without_words_is_empty() {
        assert_eq!(reason("?!"), Some(AbstainReason::EmptyText));
        assert_eq!(reason(""), Some(AbstainReason::EmptyText));
    }

    #[test]
    fn the_best_guess_is_in_the_answer_all_the_same() {
        let classification = classifier().classify("qwx", &mut Workspace::default());
        let topic = classification.topic.unwrap();
        assert_eq!((topic.label.as_str(), topic.automate), ("a", false));
        assert_eq!(topic.ranked.len(), 2);
    }
}
