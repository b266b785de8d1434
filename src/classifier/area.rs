//! Areas: topics are paths, `area/topic`, and where the topic is in doubt the area may still be sure.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::classification::{AbstainReason, Prediction};
use super::head::HeadKind;

/// From which probability on an area may be given in a topic's place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AreaThreshold {
    /// The area.
    pub label: String,
    /// Below this probability the area is not given in the topic's place, 0 to 1.
    pub suggest_at: f32,
}

/// The most probable area of a ticket.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Area {
    /// The area's name.
    pub label: String,
    /// Its probability, the sum of its topics' calibrated probabilities, 0 to 1.
    pub confidence: f32,
    /// Whether it stands in for a topic that is in doubt: the area is probable enough, the topic is
    /// not.
    pub fallback: bool,
}

/// The areas of a head's labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Areas {
    /// In alphabetical order.
    names: Vec<String>,
    /// For each label the index of its area.
    of_label: Vec<usize>,
}

/// The area of a topic: what stands before the first `/`. A topic that is no path is an area of its
/// own.
#[must_use]
pub fn area_of(topic: &str) -> &str {
    match topic.split_once('/') {
        Some((area, _)) => area,
        None => topic,
    }
}

impl Areas {
    /// The areas of a head's labels; `None` unless they are topics and one of them is a path.
    #[must_use]
    pub fn new(kind: &HeadKind, labels: &[String]) -> Option<Self> {
        if *kind != HeadKind::Topic || !labels.iter().any(|label| label.contains('/')) {
            return None;
        }
        let distinct: BTreeSet<&str> = labels.iter().map(|label| area_of(label)).collect();
        let names: Vec<String> = distinct.into_iter().map(str::to_owned).collect();
        let of_label = labels
            .iter()
            .filter_map(|label| names.iter().position(|name| name == area_of(label)))
            .collect();
        Some(Self { names, of_label })
    }

    /// The areas' names in alphabetical order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The index of the most probable area, the first of equals, and its probability: the sum of its
    /// labels' `probabilities`.
    #[must_use]
    pub fn most_probable(&self, probabilities: &[f32]) -> (usize, f32) {
        let mut best = (0, -1.0);
        for area in 0..self.names.len() {
            let own = self.of_label.iter().zip(probabilities);
            let sum: f32 = own.filter(|(of, _)| **of == area).map(|(_, p)| p).sum();
            if sum > best.1 {
                best = (area, sum);
            }
        }
        // Rounding may carry a sum beyond 1.
        (best.0, best.1.clamp(0.0, 1.0))
    }

    /// What is said of the area beside the topic's prediction; `thresholds` has one entry an area.
    #[must_use]
    pub fn answer(
        &self,
        thresholds: &[AreaThreshold],
        topic: &Prediction,
        probabilities: &[f32],
    ) -> Area {
        let (index, confidence) = self.most_probable(probabilities);
        let in_doubt = matches!(
            topic.abstain_reason,
            Some(AbstainReason::LowConfidence | AbstainReason::Ambiguous)
        );
        let enough = thresholds
            .get(index)
            .is_some_and(|own| confidence >= own.suggest_at);
        Area {
            label: self.names.get(index).cloned().unwrap_or_default(),
            confidence,
            fallback: in_doubt && enough,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classifier::Ranking;

    fn labels(labels: &[&str]) -> Vec<String> {
        labels.iter().map(|&label| label.to_owned()).collect()
    }

    /// `billing` has labels 1 and 2; `bill-me` is a name between.
    fn areas() -> Areas {
        let topics = labels(&[
            "account/login",
            "billing/a",
            "billing/b/c",
            "bill-me",
            "other",
        ]);
        Areas::new(&HeadKind::Topic, &topics).unwrap()
    }

    fn topic(abstain_reason: Option<AbstainReason>) -> Prediction {
        Prediction {
            label: "account/login".to_owned(),
            confidence: 0.4,
            margin: 0.1,
            ranked: Ranking::default(),
            automate: false,
            abstain_reason,
            raised: false,
            lowered: false,
        }
    }

    #[test]
    fn an_area_is_what_stands_before_the_first_slash() {
        for (topic, area) in [("a/b", "a"), ("a/b/c", "a"), ("a", "a"), ("a/", "a")] {
            assert_eq!(area_of(topic), area);
        }
    }

    #[test]
    fn an_area_is_as_probable_as_its_topics_together() {
        let areas = areas();
        assert_eq!(areas.names(), ["account", "bill-me", "billing", "other"]);
        let (best, confidence) = areas.most_probable(&[0.375, 0.25, 0.25, 0.0, 0.125]);
        assert_eq!((best, confidence), (2, 0.5));
        // The first of equals.
        assert_eq!(areas.most_probable(&[0.5, 0.25, 0.25, 0.0, 0.0]).0, 0);
        assert_eq!(areas.most_probable(&[0.0, 0.6, 0.6, 0.0, 0.0]).1, 1.0);
    }

    #[test]
    fn only_topics_that_are_paths_have_areas() {
        assert_eq!(Areas::new(&HeadKind::Topic, &labels(&["a", "b"])), None);
        let paths = labels(&["a/b", "c"]);
        assert_eq!(Areas::new(&HeadKind::Facet("x".to_owned()), &paths), None);
        assert!(Areas::new(&HeadKind::Topic, &paths).is_some());
    }

    #[test]
    fn the_area_stands_in_for_a_topic_in_doubt_if_it_is_probable_enough() {
        let areas = areas();
        let thresholds: Vec<AreaThreshold> = areas
            .names()
            .iter()
            .map(|label| AreaThreshold {
                label: label.clone(),
                suggest_at: 0.5,
            })
            .collect();
        let doubts = [
            (Some(AbstainReason::LowConfidence), true),
            (Some(AbstainReason::Ambiguous), true),
            (Some(AbstainReason::EmptyText), false),
            (Some(AbstainReason::OutOfScope), false),
            (None, false),
        ];
        for (reason, fallback) in doubts {
            let sure = [0.375, 0.25, 0.25, 0.0, 0.125];
            let area = areas.answer(&thresholds, &topic(reason), &sure);
            assert_eq!((area.label.as_str(), area.fallback), ("billing", fallback));
            let unsure = [0.375, 0.25, 0.2, 0.05, 0.125];
            let area = areas.answer(&thresholds, &topic(reason), &unsure);
            assert!(!area.fallback, "{area:?}");
        }
    }
}
