//! The confusion matrix: how many tickets of each label were given each label. Counts; draws nothing.

use std::collections::BTreeMap;

use crate::evaluation::counts::share;
use crate::evaluation::{HeadAnswers, Truth};

/// Counts by true label (rows) and label chosen (columns).
#[derive(Debug, PartialEq)]
pub(super) struct Matrix {
    /// The true labels: those of the model in its order, then those it does not know.
    pub(super) truths: Vec<String>,
    /// The labels of the model; the first of `truths`.
    pub(super) labels: usize,
    /// Tickets of each true label.
    pub(super) totals: Vec<usize>,
    /// The counts that are not 0.
    pub(super) counts: BTreeMap<(usize, usize), usize>,
}

impl Matrix {
    pub(super) fn new(head: &HeadAnswers) -> Self {
        let mut truths = head.labels.clone();
        let unknown: BTreeMap<&str, ()> = head
            .answers
            .iter()
            .filter_map(|answer| match &answer.truth {
                Truth::Unknown(label) => Some((label.as_str(), ())),
                Truth::Known(_) => None,
            })
            .collect();
        truths.extend(unknown.keys().map(|&label| label.to_owned()));
        let labels = head.labels.len();
        let row_of: BTreeMap<&str, usize> = unknown
            .into_keys()
            .enumerate()
            .map(|(index, label)| (label, labels + index))
            .collect();
        let mut totals = vec![0; truths.len()];
        let mut counts = BTreeMap::new();
        for answer in &head.answers {
            let row = match &answer.truth {
                Truth::Known(index) => *index,
                Truth::Unknown(label) => row_of.get(label.as_str()).copied().unwrap_or(labels),
            };
            totals[row] += 1;
            *counts.entry((row, answer.chosen)).or_default() += 1;
        }
        Self {
            truths,
            labels,
            totals,
            counts,
        }
    }

    /// How many tickets of `truth` were given the label `chosen`.
    pub(super) fn count(&self, truth: usize, chosen: usize) -> usize {
        self.counts.get(&(truth, chosen)).copied().unwrap_or(0)
    }

    /// The same as a share of the tickets of `truth`.
    pub(super) fn share(&self, truth: usize, chosen: usize) -> f64 {
        share(self.count(truth, chosen), self.totals[truth])
    }

    /// What else the tickets of `truth` were given, most frequent first.
    pub(super) fn taken_for(&self, truth: usize) -> Vec<(usize, usize)> {
        let mut others: Vec<(usize, usize)> = self
            .counts
            .range((truth, 0)..=(truth, usize::MAX))
            .filter(|((_, chosen), _)| *chosen != truth)
            .map(|((_, chosen), &count)| (*chosen, count))
            .collect();
        others.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        others
    }
}

/// The part of a topic before its first `/`: what its neighbours have in common with it.
pub(super) fn area(label: &str) -> Option<&str> {
    label.split_once('/').map(|(area, _)| area)
}

/// Where in `labels` an area begins; nothing where no two labels share one.
pub(super) fn area_starts(labels: &[String]) -> Vec<usize> {
    let shared = labels
        .windows(2)
        .any(|pair| area(&pair[0]).is_some() && area(&pair[0]) == area(&pair[1]));
    if !shared {
        return Vec::new();
    }
    (1..labels.len())
        .filter(|&index| {
            let own = area(&labels[index]);
            own.is_none() || own != area(&labels[index - 1])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::head;
    use super::*;

    #[test]
    fn rows_are_shares_of_their_own_tickets() {
        let head = head(&[
            (0, 0, 0.9),
            (0, 0, 0.9),
            (0, 1, 0.9),
            (0, 2, 0.9),
            (1, 1, 0.9),
        ]);
        let matrix = Matrix::new(&head);
        assert_eq!(matrix.totals, [4, 1, 0]);
        assert!((matrix.share(0, 0) - 0.5).abs() < 1e-12);
        assert!((matrix.share(0, 2) - 0.25).abs() < 1e-12);
        assert_eq!(matrix.share(2, 2), 0.0, "no tickets, no share");
        assert_eq!(matrix.taken_for(0), [(1, 1), (2, 1)]);
        assert!(matrix.taken_for(1).is_empty());
    }

    #[test]
    fn labels_that_the_model_does_not_know_have_rows_of_their_own() {
        let mut head = head(&[(0, 0, 0.9), (1, 1, 0.9), (1, 1, 0.9)]);
        head.answers[1].truth = Truth::Unknown("z".to_owned());
        head.answers[2].truth = Truth::Unknown("c".to_owned());
        let matrix = Matrix::new(&head);
        assert_eq!(matrix.truths, ["a/x", "a/y", "b", "c", "z"]);
        assert_eq!((matrix.labels, matrix.totals[3]), (3, 1));
        assert_eq!(matrix.count(4, 1), 1);
    }

    #[test]
    fn areas_begin_where_the_first_part_changes() {
        let labels = |list: &[&str]| list.iter().map(|&l| l.to_owned()).collect::<Vec<_>>();
        assert_eq!(
            area_starts(&labels(&["a/x", "a/y", "b/x", "c", "d"])),
            [2, 3, 4]
        );
        assert!(area_starts(&labels(&["a/x", "b/x"])).is_empty());
        assert!(area_starts(&labels(&["low", "high"])).is_empty());
    }
}
