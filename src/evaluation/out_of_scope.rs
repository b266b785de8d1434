//! How well a model tells texts that belong to none of its topics from those that do.

use serde::Serialize;

use super::answers::HeadAnswers;
use super::counts::{share, to_f64};
use crate::classifier::scope::scope;
use crate::classifier::{Classifier, HeadKind, OUT_OF_SCOPE, Workspace};

/// What texts out of scope showed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct OutOfScope {
    /// Texts out of scope that were classified.
    pub rows: usize,
    /// Area under the receiver operating characteristic: the chance that a ticket in scope has a more
    /// probable best topic than a text out of scope, equal ones counted half (Hanley and McNeil 1982).
    pub auroc: f64,
    /// Share of the texts for which no topic was predicted, at the thresholds in force.
    pub rejected: f64,
}

impl OutOfScope {
    /// Classifies `texts`, none of which belongs to a topic, and compares them with the answers to
    /// tickets that do; `None` without texts or without such answers.
    #[must_use]
    pub fn measure(
        classifier: &Classifier,
        in_scope: &[HeadAnswers],
        texts: &[String],
    ) -> Option<Self> {
        let topic = in_scope.iter().find(|head| head.kind == HeadKind::Topic)?;
        let inside: Vec<f32> = topic
            .iter()
            .filter(|(answer, _)| topic.truth_of(answer) != OUT_OF_SCOPE)
            .map(|(_, probabilities)| scope(&topic.labels, probabilities))
            .collect();
        if texts.is_empty() || inside.is_empty() {
            return None;
        }
        let mut workspace = Workspace::default();
        let mut rejected = 0;
        let mut outside = Vec::with_capacity(texts.len());
        for text in texts {
            let prediction = classifier.classify(text, &mut workspace).topic?;
            rejected += usize::from(!prediction.made_prediction());
            // Two are enough: at most one of them is the label for everything else.
            let ranked = prediction.ranked.top(2);
            let best = ranked.iter().find(|(label, _)| *label != OUT_OF_SCOPE);
            outside.push(best.map_or(0.0, |(_, probability)| *probability));
        }
        Some(Self {
            rows: texts.len(),
            auroc: auroc(&inside, &outside),
            rejected: share(rejected, texts.len()),
        })
    }
}

/// The chance that a score of `higher` exceeds one of `lower`, equal ones counted half.
fn auroc(higher: &[f32], lower: &[f32]) -> f64 {
    let mut sorted = lower.to_vec();
    sorted.sort_by(f32::total_cmp);
    let won: f64 = higher
        .iter()
        .map(|score| {
            let below = sorted.partition_point(|other| other < score);
            let not_above = sorted.partition_point(|other| other <= score);
            to_f64(below + not_above) / 2.0
        })
        .sum();
    won / to_f64(higher.len() * lower.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_the_share_of_pairs_in_the_right_order() {
        assert!((auroc(&[0.9, 0.4], &[0.5, 0.1]) - 0.75).abs() < 1e-12);
        assert!((auroc(&[0.5], &[0.5, 0.5]) - 0.5).abs() < 1e-12);
        assert!((auroc(&[0.8, 0.9], &[0.1]) - 1.0).abs() < 1e-12);
    }
}
