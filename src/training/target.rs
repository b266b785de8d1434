//! What is to be learned of one head: its labels, and which row has which.

use super::FitParams;
use super::fit::FitError;
use crate::classifier::{Decision, HeadKind, OUT_OF_SCOPE};
use crate::dataset::REFUSED_BELOW_ROWS;
use crate::evaluation::LabelledHead;

/// The words of labels that are made of words.
fn names_of(labels: &[String]) -> Vec<(usize, String)> {
    labels
        .iter()
        .enumerate()
        .filter(|(_, label)| *label != OUT_OF_SCOPE)
        .map(|(index, label)| {
            let words: Vec<&str> = label
                .split(|c: char| !c.is_alphanumeric())
                .filter(|word| !word.is_empty())
                .collect();
            (index, words.join(" "))
        })
        .collect()
}

/// A head to be learned: its labels and each row's target.
#[derive(Debug)]
pub struct Target {
    pub(super) kind: HeadKind,
    pub(super) labels: Vec<String>,
    pub(super) rows: Vec<Option<usize>>,
    /// What the labels' names say, each with its label: one more text to learn the label from.
    names: Vec<(usize, String)>,
    /// How many names the heads before have.
    names_before: usize,
    pub(super) decision: Decision,
}

/// What the labels of all heads are called, head after head.
pub(super) fn label_names(heads: &[Target]) -> Vec<&str> {
    let names = heads.iter().flat_map(|head| &head.names);
    names.map(|(_, name)| name.as_str()).collect()
}

impl Target {
    /// What is to be learned of all heads.
    ///
    /// # Errors
    /// If a head has fewer than two labels, a label too few rows, or the costs do not fit its labels.
    pub(super) fn all(heads: &[LabelledHead], params: &FitParams) -> Result<Vec<Self>, FitError> {
        let mut targets: Vec<Self> = Vec::with_capacity(heads.len());
        for head in heads {
            let names_before = targets.iter().map(|target| target.names.len()).sum();
            targets.push(Self::new(head, params, names_before)?);
        }
        Ok(targets)
    }

    fn new(head: &LabelledHead, params: &FitParams, names_before: usize) -> Result<Self, FitError> {
        let labels = head.distinct();
        if labels.len() < 2 {
            return Err(FitError::OneLabel {
                head: head.kind.to_string(),
                label: labels.into_iter().next().unwrap_or_default(),
            });
        }
        let rows = head.indices(&labels);
        for (index, label) in labels.iter().enumerate() {
            let count = rows.iter().filter(|row| **row == Some(index)).count();
            if count < REFUSED_BELOW_ROWS {
                return Err(FitError::TooFewRows {
                    head: head.kind.to_string(),
                    label: label.clone(),
                    rows: count,
                });
            }
        }
        let decision = match head.kind {
            HeadKind::Urgency => Decision::LeastCost {
                costs: params.urgency_costs.of_labels(&labels)?,
            },
            HeadKind::Topic | HeadKind::Facet(_) => Decision::MostProbable,
        };
        Ok(Self {
            kind: head.kind.clone(),
            names: names_of(&labels),
            names_before,
            labels,
            rows,
            decision,
        })
    }

    /// As [`labelled`](Self::labelled), with the places and labels of the head's own names among those of
    /// [all heads](label_names), which stand below the rows.
    pub(super) fn labelled_and_named(&self, rows: &[usize]) -> (Vec<usize>, Vec<usize>) {
        let (mut kept, mut targets) = self.labelled(rows);
        let first = rows.len() + self.names_before;
        kept.extend(first..first + self.names.len());
        targets.extend(self.names.iter().map(|(label, _)| label));
        (kept, targets)
    }

    /// Which of `rows` have a label, by position in `rows`, and their labels.
    pub(super) fn labelled(&self, rows: &[usize]) -> (Vec<usize>, Vec<usize>) {
        rows.iter()
            .enumerate()
            .filter_map(|(position, &row)| self.rows[row].map(|label| (position, label)))
            .unzip()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classifier::HeadKind::Topic;

    fn head(labels: &[&str]) -> LabelledHead {
        LabelledHead {
            kind: Topic,
            labels: labels
                .iter()
                .map(|label| (!label.is_empty()).then(|| (*label).to_owned()))
                .collect(),
        }
    }

    #[test]
    fn a_label_is_called_by_its_words() {
        let labels = ["billing/late_fee", "card-lost", OUT_OF_SCOPE, "T-103"];
        let names = names_of(&labels.map(str::to_owned));
        let expected = [(0, "billing late fee"), (1, "card lost"), (3, "T 103")];
        assert_eq!(
            names,
            expected.map(|(label, name)| (label, name.to_owned()))
        );
    }

    #[test]
    fn names_stand_below_the_rows_head_after_head() {
        let rows = ["a", "b", "", "a", "b", "a", "b", "a", "b", "a", "b"];
        let heads = Target::all(&[head(&rows), head(&rows)], &FitParams::default()).unwrap();
        assert_eq!(label_names(&heads), ["a", "b", "a", "b"]);
        // Of the first four rows the third has no label.
        let (kept, targets) = heads[0].labelled_and_named(&[0, 1, 2, 3]);
        assert_eq!((kept, targets), (vec![0, 1, 3, 4, 5], vec![0, 1, 0, 0, 1]));
        let (kept, _) = heads[1].labelled_and_named(&[0, 1, 2, 3]);
        assert_eq!(kept, [0, 1, 3, 6, 7]);
    }
}
