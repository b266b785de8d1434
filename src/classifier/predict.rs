//! Serving: one text through vocabulary, weights and decisions of all heads.

use super::classification::{AbstainReason, Classification};
use super::head::HeadKind;
use super::parts::Classifier;
use super::prediction::predict;
use crate::features::{Encoding, SentenceWorkspace, softmax};

/// A text of which less than one word in this many is known from training is out of scope: another
/// language, or no language at all.
const LEAST_KNOWN_SHARE: usize = 3;

/// Buffers that one thread uses again for each ticket.
#[derive(Debug, Default)]
pub struct Workspace {
    pub(super) encoding: Encoding,
    pub(super) sentence: SentenceWorkspace,
    /// Sentence vector of the text classified last; empty where the n-grams answered alone.
    pub(super) vector: Vec<f32>,
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
    /// Classifies one text by all heads, on the calling thread.
    pub fn classify(&self, text: &str, workspace: &mut Workspace) -> Classification {
        self.probabilities(text, workspace);
        self.answer(workspace)
    }

    /// Classifies one text whose sentence vector was made elsewhere, by this model's
    /// [`sentence_encoder`](Self::sentence_encoder).
    pub fn classify_with_vector(
        &self,
        text: &str,
        vector: &[f32],
        workspace: &mut Workspace,
    ) -> Classification {
        self.probabilities_with_vector(text, vector, workspace);
        self.answer(workspace)
    }

    /// The answers of all heads at the probabilities that `workspace` holds.
    fn answer(&self, workspace: &Workspace) -> Classification {
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
            area: None,
            urgency: None,
            facets: Vec::new(),
        };
        let mut offset = 0;
        for (head, labels) in self.heads.iter().zip(&self.labels) {
            let probabilities = &workspace.logits[offset..offset + head.labels.len()];
            offset += head.labels.len();
            let prediction = predict(head, labels, probabilities, unreadable);
            match &head.kind {
                HeadKind::Topic => {
                    let areas = self.areas.as_ref();
                    classification.area =
                        areas.map(|areas| areas.answer(&head.areas, &prediction, probabilities));
                    classification.topic = Some(prediction);
                }
                HeadKind::Urgency => classification.urgency = Some(prediction),
                HeadKind::Facet(name) => classification.facets.push((name.clone(), prediction)),
            }
        }
        classification
    }

    /// Fills `workspace` with the text's features and returns the probabilities of all labels,
    /// head after head in the order of [`heads`](Self::heads).
    pub fn probabilities<'w>(&self, text: &str, workspace: &'w mut Workspace) -> &'w [f32] {
        self.add_sparse(text, workspace);
        let Workspace {
            sentence,
            vector: kept,
            logits,
            ..
        } = workspace;
        if let Some(expert) = &self.sentence {
            match expert.encoder.encode_one(text, sentence) {
                Ok(vector) => {
                    expert.add(vector, logits);
                    kept.extend_from_slice(vector);
                }
                // Weights are checked when an encoder is loaded; the n-grams answer alone.
                Err(error) => tracing::error!(%error, "a text got no sentence vector"),
            }
        }
        self.normalise(logits);
        logits
    }

    fn probabilities_with_vector<'w>(
        &self,
        text: &str,
        vector: &[f32],
        workspace: &'w mut Workspace,
    ) -> &'w [f32] {
        self.add_sparse(text, workspace);
        if let Some(expert) = &self.sentence {
            expert.add(vector, &mut workspace.logits);
            workspace.vector.extend_from_slice(vector);
        }
        self.normalise(&mut workspace.logits);
        &workspace.logits
    }

    /// Sets the logits to the heads' constants and what the text's n-grams add.
    fn add_sparse(&self, text: &str, workspace: &mut Workspace) {
        self.vectorizer.encode(text, &mut workspace.encoding);
        let Workspace {
            encoding,
            vector,
            logits,
            ..
        } = workspace;
        vector.clear();
        logits.clear();
        logits.extend(self.heads.iter().flat_map(|head| &head.bias));
        let features = encoding.ids().iter().zip(&encoding.values);
        self.weights
            .add_rows(features.map(|(&id, &value)| (id, value)), logits);
    }

    /// Turns each head's logits into probabilities.
    fn normalise(&self, logits: &mut [f32]) {
        let mut rest = logits;
        for head in &self.heads {
            let (own, others) = rest.split_at_mut(head.labels.len());
            softmax(own);
            rest = others;
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::cancel::NEVER;
    use crate::classifier::{Decision, Head, Thresholds};
    use crate::features::{QuantizedMatrix, Vectorizer, VectorizerParams};

    fn classifier() -> Classifier {
        let texts = [
            "where is my late parcel",
            "refund for the broken lamp please",
        ];
        let vectorizer = Vectorizer::fit(&texts, VectorizerParams::default(), NEVER).unwrap();
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
            areas: Vec::new(),
            in_scope_from: None,
        };
        Classifier::new(
            vectorizer,
            QuantizedMatrix::quantize(weights.view()),
            None,
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
