//! The worst confusions with tickets to look at, by their ids: a ticket's text is never on the page.

use std::collections::BTreeMap;

use crate::evaluation::HeadAnswers;
use crate::evaluation::counts::share;

use super::numbers::percent;

/// Confusions listed, and tickets named for each.
const LISTED: usize = 15;
const EXAMPLES: usize = 4;

/// A true label and the one chosen in its place.
#[derive(Debug, PartialEq)]
pub(super) struct WorstConfusion {
    pub(super) truth: String,
    pub(super) chosen: String,
    pub(super) rows: usize,
    /// Of the tickets of the true label.
    pub(super) of_truth: String,
    /// How many of them would have been acted on without a person.
    pub(super) automated: usize,
    pub(super) examples: Vec<Example>,
}

/// A ticket that was taken for another label.
#[derive(Debug, PartialEq)]
pub(super) struct Example {
    /// The ticket's id, or its file and line.
    pub(super) name: String,
    /// How sure the model was of the label chosen.
    pub(super) confidence: String,
}

/// The most frequent confusions; the surest mistakes are named first.
pub(super) fn worst_confusions(head: &HeadAnswers, names: &[String]) -> Vec<WorstConfusion> {
    let mut totals: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong: BTreeMap<(&str, &str), Vec<(f32, usize)>> = BTreeMap::new();
    for (index, (answer, probabilities)) in head.iter().enumerate() {
        let truth = head.truth_of(answer);
        *totals.entry(truth).or_default() += 1;
        if !answer.right() {
            wrong
                .entry((truth, &head.labels[answer.chosen]))
                .or_default()
                .push((probabilities[answer.chosen], index));
        }
    }
    let mut wrong: Vec<_> = wrong.into_iter().collect();
    // Sorted by labels before, so equals stay in the labels' order.
    wrong.sort_by_key(|(_, own)| std::cmp::Reverse(own.len()));
    wrong.truncate(LISTED);
    wrong
        .into_iter()
        .map(|((truth, chosen), mut own)| {
            own.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            let automated = own
                .iter()
                .filter(|(_, index)| head.answers[*index].automated);
            WorstConfusion {
                truth: truth.to_owned(),
                chosen: chosen.to_owned(),
                rows: own.len(),
                of_truth: percent(share(own.len(), totals.get(truth).copied().unwrap_or(0))),
                automated: automated.count(),
                examples: own
                    .iter()
                    .take(EXAMPLES)
                    .filter_map(|&(confidence, index)| {
                        Some(Example {
                            name: names.get(head.answers[index].row)?.clone(),
                            confidence: percent(f64::from(confidence)),
                        })
                    })
                    .collect(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::head;
    use super::*;

    #[test]
    fn frequent_mistakes_come_first_and_name_their_surest_tickets() {
        let mut head = head(&[
            (1, 2, 0.9),
            (0, 1, 0.6),
            (0, 1, 0.95),
            (0, 0, 0.9),
            (0, 1, 0.7),
        ]);
        // Rows without a label for this head have no answer: ids go by row, not by answer.
        for answer in &mut head.answers {
            answer.row += 1;
        }
        let names: Vec<String> = (0..6).map(|row| format!("T{row}")).collect();
        let found = worst_confusions(&head, &names);
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].truth.as_str(), found[0].chosen.as_str()),
            ("a/x", "a/y")
        );
        assert_eq!((found[0].rows, found[0].automated), (3, 1));
        assert_eq!(found[0].of_truth, "75.0\u{a0}%");
        let named: Vec<&str> = found[0].examples.iter().map(|e| e.name.as_str()).collect();
        assert_eq!(named, ["T3", "T5", "T2"]);
    }
}
