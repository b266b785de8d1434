//! A head's labels by probability, put in order only as far as somebody asks.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::classification::LabelProbability;

/// Labels with their probabilities.
#[derive(Debug, Clone, Default)]
pub struct Ranking {
    /// Shared with the model: a ticket's answer copies no label that nobody reads.
    labels: Arc<[String]>,
    /// One a label.
    probabilities: Vec<f32>,
}

impl Ranking {
    /// The labels of a head, in its order, with one probability each.
    pub(super) fn new(labels: &Arc<[String]>, probabilities: &[f32]) -> Self {
        Self {
            labels: Arc::clone(labels),
            probabilities: probabilities.to_vec(),
        }
    }

    /// Number of labels.
    #[must_use]
    pub fn len(&self) -> usize {
        self.probabilities.len().min(self.labels.len())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The most probable labels, at most `count`, the most probable first; of equals the one that comes first in the
    /// head.
    #[must_use]
    pub fn top(&self, count: usize) -> Vec<(&str, f32)> {
        let mut keys: Vec<u64> = (0..).zip(&self.probabilities).map(key).collect();
        keys.truncate(self.len());
        if count < keys.len() {
            keys.select_nth_unstable(count);
            keys.truncate(count);
        }
        keys.sort_unstable();
        #[allow(clippy::cast_possible_truncation)] // the lower half is the index
        let indices = keys.into_iter().map(|key| key as u32 as usize);
        indices
            .map(|index| (self.labels[index].as_str(), self.probabilities[index]))
            .collect()
    }
}

/// A number that is the smaller, the larger the probability (by [`f32::total_cmp`]), and of equals the smaller, the
/// smaller the index: numbers are put in order faster than labels.
fn key((index, probability): (u32, &f32)) -> u64 {
    let bits = probability.to_bits();
    let ascending = if bits >> 31 == 0 {
        bits | 1 << 31
    } else {
        !bits
    };
    u64::from(!ascending) << 32 | u64::from(index)
}

impl PartialEq for Ranking {
    fn eq(&self, other: &Self) -> bool {
        self.top(usize::MAX) == other.top(usize::MAX)
    }
}

impl FromIterator<LabelProbability> for Ranking {
    fn from_iter<I: IntoIterator<Item = LabelProbability>>(pairs: I) -> Self {
        let pairs = pairs.into_iter().map(|one| (one.label, one.probability));
        let (labels, probabilities): (Vec<String>, Vec<f32>) = pairs.unzip();
        Self {
            labels: labels.into(),
            probabilities,
        }
    }
}

impl Serialize for Ranking {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ranked = self.top(usize::MAX).into_iter();
        serializer.collect_seq(ranked.map(|(label, probability)| LabelProbability {
            label: label.to_owned(),
            probability,
        }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ranking(pairs: &[(&str, f32)]) -> Ranking {
        let pairs = pairs.iter().map(|&(label, probability)| LabelProbability {
            label: label.to_owned(),
            probability,
        });
        pairs.collect()
    }

    #[test]
    fn the_most_probable_come_first_and_equals_as_in_the_head() {
        let ranking = ranking(&[("a", 0.1), ("b", 0.3), ("c", 0.3), ("d", 0.25), ("e", 0.05)]);
        let labels = |count| {
            ranking
                .top(count)
                .into_iter()
                .map(|(label, _)| label)
                .collect::<String>()
        };
        assert_eq!(labels(0), "");
        assert_eq!(labels(1), "b");
        assert_eq!(labels(3), "bcd");
        assert_eq!(labels(5), "bcdae");
        assert_eq!(labels(99), "bcdae");
        assert_eq!(ranking.len(), 5);
    }

    #[test]
    fn two_that_rank_alike_are_equal_and_written_in_order() {
        let one = ranking(&[("a", 0.25), ("b", 0.75)]);
        assert_eq!(one, ranking(&[("b", 0.75), ("a", 0.25)]));
        assert_ne!(one, ranking(&[("a", 0.75), ("b", 0.25)]));
        assert_eq!(
            serde_json::to_string(&one).unwrap(),
            r#"[{"label":"b","probability":0.75},{"label":"a","probability":0.25}]"#
        );
    }

    proptest! {
        #[test]
        fn any_numbers_are_put_in_their_total_order(
            probabilities in proptest::collection::vec(
                prop_oneof![0.0_f32..1.0, any::<f32>(), Just(0.0), Just(-0.0), Just(f32::NAN)],
                0..30,
            ),
            count in 0_usize..40,
        ) {
            let pairs = probabilities.iter().enumerate();
            let mut expected: Vec<(usize, f32)> = pairs.map(|(index, &p)| (index, p)).collect();
            expected.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            expected.truncate(count);
            let label = |index: usize| index.to_string();
            let pairs = probabilities.iter().enumerate();
            let ranking: Ranking = pairs
                .map(|(index, &probability)| LabelProbability { label: label(index), probability })
                .collect();
            let top: Vec<(String, u32)> = ranking
                .top(count)
                .into_iter()
                .map(|(label, probability)| (label.to_owned(), probability.to_bits()))
                .collect();
            let expected: Vec<(String, u32)> = expected
                .into_iter()
                .map(|(index, probability)| (label(index), probability.to_bits()))
                .collect();
            prop_assert_eq!(top, expected);
        }
    }
}
