//! What a trained model consists of, put together and checked. How it answers is in `predict`.

use std::sync::Arc;

use ndarray::Array2;

use super::area::Areas;
use super::check::{ClassifierError, check_head, check_sentence, check_weights};
use super::head::{Head, HeadKind};
use super::kernel::KernelExpert;
use crate::features::{QuantizedMatrix, SentenceEncoder, Vectorizer, add_all_rows};

/// A trained model ready to answer. Immutable; share it between threads.
#[derive(Debug, Clone, PartialEq)]
pub struct Classifier {
    pub(super) vectorizer: Vectorizer,
    pub(super) weights: QuantizedMatrix,
    pub(super) sentence: Option<SentenceExpert>,
    pub(super) heads: Vec<Head>,
    /// The labels of each head, as answers share them.
    pub(super) labels: Vec<Arc<[String]>>,
    /// Of the topics, if they are paths.
    pub(super) areas: Option<Areas>,
}

/// The part of the experts that sees a text's sentence vector.
#[derive(Debug, Clone, PartialEq)]
pub struct SentenceExpert {
    /// What gives texts their vectors.
    pub encoder: SentenceEncoder,
    /// Weights, `dimensions × labels` of all heads side by side.
    pub weights: Array2<f32>,
    /// The kernel expert, where there is one.
    pub kernel: Option<KernelExpert>,
}

impl SentenceExpert {
    /// What a text's vector adds to the logits, one a label.
    pub(super) fn add(&self, vector: &[f32], logits: &mut [f32]) {
        let weights = self.weights.as_slice().unwrap_or(&[]);
        add_all_rows(weights, logits.len(), vector, logits);
        if let Some(kernel) = &self.kernel {
            kernel.add(vector, logits);
        }
    }

    /// What a text's vector adds to the logit of one column; nothing for a text without one.
    pub(super) fn share(&self, vector: &[f32], column: usize) -> f64 {
        let weights = self.weights.column(column);
        let products = vector.iter().zip(weights);
        let linear: f64 = products
            .map(|(&value, &weight)| f64::from(value) * f64::from(weight))
            .sum();
        let kernel = self.kernel.as_ref().filter(|_| !vector.is_empty());
        linear + kernel.map_or(0.0, |kernel| kernel.share(vector, column))
    }
}

impl Classifier {
    /// Puts a model together.
    ///
    /// # Errors
    /// If the parts do not fit together, or numbers are so large that their sums may be none.
    pub fn new(
        vectorizer: Vectorizer,
        weights: QuantizedMatrix,
        sentence: Option<SentenceExpert>,
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
        check_weights(&weights)?;
        if let Some(expert) = &sentence {
            check_sentence(expert, labels)?;
        }
        let mut areas = None;
        for (index, head) in heads.iter().enumerate() {
            let own = Areas::new(&head.kind, &head.labels);
            check_head(head, own.as_ref())?;
            areas = areas.or(own);
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
            sentence,
            labels: heads
                .iter()
                .map(|head| head.labels.clone().into())
                .collect(),
            heads,
            areas,
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
    pub fn weights(&self) -> &QuantizedMatrix {
        &self.weights
    }

    /// The part that sees a text's sentence vector; `None` for a model of n-grams alone.
    #[must_use]
    pub fn sentence(&self) -> Option<&SentenceExpert> {
        self.sentence.as_ref()
    }

    /// What gives texts their sentence vectors; `None` for a model of n-grams alone.
    #[must_use]
    pub fn sentence_encoder(&self) -> Option<&SentenceEncoder> {
        self.sentence.as_ref().map(|expert| &expert.encoder)
    }

    /// The labels of a head; empty if the model lacks it.
    #[must_use]
    pub fn labels(&self, kind: &HeadKind) -> &[String] {
        self.heads
            .iter()
            .find(|head| head.kind == *kind)
            .map_or(&[], |head| &head.labels)
    }
}
