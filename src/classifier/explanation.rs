//! Why a label: its logit as a sum of parts.
//!
//! N-grams enter a logit linearly, so it is exactly the head's constant, the semantic expert's share and
//! what each word added. An n-gram's contribution is shared equally among
//! its places in the text, and at each place among the words it touches. A sentence vector belongs to
//! the text as a whole, so its share is one number.

use std::ops::Range;

use serde::Serialize;

use super::head::{Head, HeadKind};
use super::parts::Classifier;
use super::predict::Workspace;
use crate::text::mask::PersonalData;
use crate::text::{Token, TokenKind};

/// One word of the text, or one run of symbols, and what it spoke for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evidence {
    /// Byte range in the text that was classified.
    pub span: Range<usize>,
    /// What the word added to the label's logit; negative if it spoke against.
    pub contribution: f32,
}

/// The parts of one label's logit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The label.
    pub label: String,
    /// Its calibrated probability, 0 to 1.
    pub probability: f32,
    /// The head's constant for this label.
    pub bias: f32,
    /// What the semantic expert added; 0 for a model of n-grams alone.
    pub sentence: f32,
    /// All words and runs of symbols, in text order.
    pub words: Vec<Evidence>,
}

impl Explanation {
    /// What all words added.
    #[must_use]
    pub fn words_sum(&self) -> f32 {
        sum(self.words.iter().map(|word| f64::from(word.contribution)))
    }

    /// The label's logit: constant, semantic expert's share and words. The head's probabilities are the
    /// softmax of its labels' logits.
    #[must_use]
    pub fn logit(&self) -> f32 {
        sum([self.bias, self.sentence, self.words_sum()].map(f64::from))
    }
}

#[allow(clippy::cast_possible_truncation)] // a logit fits
fn sum(parts: impl IntoIterator<Item = f64>) -> f32 {
    parts.into_iter().sum::<f64>() as f32
}

/// Explains the answer to one text, label by label; the text is not encoded again.
#[derive(Debug)]
pub struct Explainer<'a> {
    classifier: &'a Classifier,
    workspace: &'a Workspace,
}

impl Classifier {
    /// Explains the answer that `workspace` holds: of the text that this classifier classified last with
    /// it, by [`classify`](Self::classify) or, with the sentence vector given, by
    /// [`classify_with_vector`](Self::classify_with_vector).
    #[must_use]
    pub fn explainer<'a>(&'a self, workspace: &'a Workspace) -> Explainer<'a> {
        Explainer {
            classifier: self,
            workspace,
        }
    }

    /// Whether the workspace's content can be this classifier's.
    fn fits(&self, workspace: &Workspace) -> bool {
        let rows = self.weights().rows();
        let mut ids = workspace.encoding.ids().iter();
        workspace.logits.len() == self.weights().columns() && ids.all(|&id| (id as usize) < rows)
    }

    /// A head and its first column among those of all heads.
    fn head_at(&self, kind: &HeadKind) -> Option<(&Head, usize)> {
        let mut offset = 0;
        for head in self.heads() {
            if head.kind == *kind {
                return Some((head, offset));
            }
            offset += head.labels.len();
        }
        None
    }
}

impl Explainer<'_> {
    /// The parts of a label's logit. `None` if the model lacks the head or the label, or has classified
    /// nothing with the workspace.
    #[must_use]
    pub fn explain(&self, kind: &HeadKind, label: &str) -> Option<Explanation> {
        if !self.classifier.fits(self.workspace) {
            return None;
        }
        let (head, offset) = self.classifier.head_at(kind)?;
        let index = head.labels.iter().position(|known| known == label)?;
        let column = offset + index;
        Some(Explanation {
            label: label.to_owned(),
            probability: *self.workspace.logits.get(column)?,
            bias: *head.bias.get(index)?,
            sentence: self.sentence_share(column),
            words: self.words(column),
        })
    }

    /// What a word of the text with this span is, if it was masked.
    #[must_use]
    pub fn personal_data(&self, span: &Range<usize>) -> Option<PersonalData> {
        self.workspace.encoding.tokens.personal_data(span)
    }

    /// The most probable label of the head apart from `label`; `None` if the model lacks the head.
    #[must_use]
    pub fn runner_up(&self, kind: &HeadKind, label: &str) -> Option<&str> {
        let (head, offset) = self.classifier.head_at(kind)?;
        let probabilities = self.workspace.logits.get(offset..)?;
        let others = head.labels.iter().zip(probabilities);
        let mut best: Option<(&str, f32)> = None;
        for (other, &probability) in others.filter(|(other, _)| *other != label) {
            if best.is_none_or(|(_, highest)| probability > highest) {
                best = Some((other, probability));
            }
        }
        best.map(|(other, _)| other)
    }

    /// What the semantic expert added to the logit of a column.
    fn sentence_share(&self, column: usize) -> f32 {
        let expert = self.classifier.sentence();
        sum(expert.map(|expert| expert.share(&self.workspace.vector, column)))
    }

    /// What each word added to the logit of a column.
    fn words(&self, column: usize) -> Vec<Evidence> {
        let encoding = &self.workspace.encoding;
        let tokens = encoding.tokens.tokens();
        let mut contributions = vec![0.0_f64; tokens.len()];
        let weights = self.classifier.weights();
        let features = encoding.ids().iter().zip(&encoding.values);
        // What each feature adds at each of its places.
        let shares: Vec<f64> = features
            .zip(encoding.counts())
            .map(|((&id, &value), &count)| {
                f64::from(value) * f64::from(weights.get(id, column)) / f64::from(count)
            })
            .collect();
        for occurrence in &encoding.occurrences {
            let share = shares[occurrence.feature as usize];
            let touched = occurrence.first_token as usize..occurrence.last_token as usize + 1;
            share_out(share, &tokens[touched.clone()], &mut contributions[touched]);
        }
        #[allow(clippy::cast_possible_truncation)] // a part of a logit fits
        tokens
            .iter()
            .zip(contributions)
            .map(|(token, contribution)| Evidence {
                span: token.span.clone(),
                contribution: contribution as f32,
            })
            .collect()
    }
}

/// Adds equal parts of `share` to the words among `tokens`; to the symbols only where there is no word.
fn share_out(share: f64, tokens: &[Token], contributions: &mut [f64]) {
    let is_word = |token: &Token| token.kind == TokenKind::Word;
    let words = tokens.iter().filter(|token| is_word(token)).count();
    let parts = if words == 0 { tokens.len() } else { words };
    #[allow(clippy::cast_precision_loss)] // counts inside one text are small
    let part = share / parts as f64;
    for (token, contribution) in tokens.iter().zip(contributions) {
        if words == 0 || is_word(token) {
            *contribution += part;
        }
    }
}

#[cfg(test)]
#[path = "explanation_tests.rs"]
mod tests;
