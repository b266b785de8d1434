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
            let touched: Vec<usize> = (ngram.first_token..=ngram.last_token)
                .map(|index| index as usize)
                .collect();
            let words = touched
                .iter()
                .filter(|&&index| tokens[index].kind == TokenKind::Word)
                .count();
            // Symbols inside a chunk carry no share of their own unless there is nothing else.
            let takes_part = |index: usize| words == 0 || tokens[index].kind == TokenKind::Word;
            let parts = if words == 0 { touched.len() } else { words };
            for index in touched.into_iter().filter(|&index| takes_part(index)) {
                #[allow(clippy::cast_precision_loss)] // counts inside one text are small
                {
                    contributions[index] += share / parts as f32;
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
