//! The table of labels: how good each is, and whether it may be handled without a person.

use crate::classifier::Thresholds;
use crate::evaluation::counts::share;
use crate::evaluation::{HeadAnswers, HeadMetrics};

use super::numbers::{chance_of_at_most, percent};

/// One label.
#[derive(Debug, PartialEq)]
pub(super) struct LabelLine {
    pub(super) label: String,
    /// Index among the labels of the head; `None` if the model does not know the label.
    pub(super) index: Option<usize>,
    pub(super) rows: usize,
    pub(super) predicted: usize,
    pub(super) precision: Cell,
    pub(super) recall: Cell,
    pub(super) f1: Cell,
    pub(super) coverage: Cell,
    pub(super) suggest_at: Cell,
    pub(super) automate_at: Cell,
    pub(super) automated: usize,
    pub(super) precision_automated: Cell,
    pub(super) verdict: Verdict,
    pub(super) bar: Bar,
}

impl LabelLine {
    /// The measures in the order of the table's last columns.
    pub(super) fn cells(&self) -> [&Cell; 7] {
        [
            &self.precision_automated,
            &self.precision,
            &self.recall,
            &self.f1,
            &self.coverage,
            &self.suggest_at,
            &self.automate_at,
        ]
    }
}

/// What may be done with a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Sure answers need no person.
    Automate,
    /// They would need none, but were right less often than was asked, hardly by chance.
    FellShort,
    /// A person decides, always.
    SuggestOnly,
    /// The model never gives this label.
    Unknown,
}

impl Verdict {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Automate => "automate",
            Self::FellShort => "fell short",
            Self::SuggestOnly => "suggest only",
            Self::Unknown => "not in the model",
        }
    }

    /// Where labels with this verdict stand in the table.
    fn rank(self) -> usize {
        match self {
            Self::Automate | Self::FellShort => 0,
            Self::SuggestOnly => 1,
            Self::Unknown => 2,
        }
    }

    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Automate => "yes",
            Self::FellShort => "short",
            Self::SuggestOnly => "no",
            Self::Unknown => "none",
        }
    }
}

/// A number as it is read and as it is sorted; both empty if there is none.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) value: String,
}

impl Cell {
    fn share(value: f64) -> Self {
        Self {
            text: percent(value),
            value: format!("{value:.6}"),
        }
    }

    fn threshold(value: f32) -> Self {
        Self {
            text: format!("{value:.3}"),
            value: format!("{value:.6}"),
        }
    }
}

/// The tickets for which the label was chosen, as parts of a hundred.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Bar {
    pub(super) automated_right: String,
    pub(super) automated_wrong: String,
    pub(super) suggested: String,
    pub(super) abstained: String,
    pub(super) text: String,
}

/// All labels: what is automated most comes first.
pub(super) fn label_lines(
    head: &HeadAnswers,
    metrics: &HeadMetrics,
    thresholds: &[Thresholds],
    target: f64,
) -> Vec<LabelLine> {
    let known = head.labels.iter().zip(thresholds).enumerate();
    let mut lines: Vec<LabelLine> = known
        .map(|(index, (label, own))| known_line(head, metrics, index, label, *own, target))
        .collect();
    let unknown = metrics.labels.iter();
    lines.extend(
        unknown
            .filter(|(label, _)| !head.labels.contains(label))
            .map(|(label, own)| LabelLine {
                label: label.clone(),
                index: None,
                rows: own.rows,
                predicted: 0,
                precision: Cell::default(),
                recall: Cell::share(0.0),
                f1: Cell::share(0.0),
                coverage: Cell::default(),
                suggest_at: Cell::default(),
                automate_at: Cell::default(),
                automated: 0,
                precision_automated: Cell::default(),
                verdict: Verdict::Unknown,
                bar: Bar::default(),
            }),
    );
    let rank = |line: &LabelLine| (line.verdict.rank(), usize::MAX - line.automated);
    lines.sort_by(|a, b| {
        let by_rows = b.rows.cmp(&a.rows).then_with(|| a.label.cmp(&b.label));
        rank(a).cmp(&rank(b)).then(by_rows)
    });
    lines
}

fn known_line(
    head: &HeadAnswers,
    metrics: &HeadMetrics,
    index: usize,
    label: &str,
    own: Thresholds,
    target: f64,
) -> LabelLine {
    let measures = metrics.labels.get(label).cloned().unwrap_or_default();
    let (mut made, mut automated, mut right) = (0, 0, 0);
    for answer in head.answers.iter().filter(|answer| answer.chosen == index) {
        made += usize::from(answer.made);
        automated += usize::from(answer.automated);
        right += usize::from(answer.automated && answer.right());
    }
    let predicted = measures.predicted;
    let if_any = |of: usize, cell: Cell| if of > 0 { cell } else { Cell::default() };
    LabelLine {
        label: label.to_owned(),
        index: Some(index),
        rows: measures.rows,
        predicted,
        precision: if_any(predicted, Cell::share(measures.precision)),
        recall: if_any(measures.rows, Cell::share(measures.recall)),
        f1: if_any(predicted + measures.rows, Cell::share(measures.f1)),
        coverage: if_any(predicted, Cell::share(share(made, predicted))),
        suggest_at: Cell::threshold(own.suggest_at),
        automate_at: own.automate_at.map(Cell::threshold).unwrap_or_default(),
        automated,
        precision_automated: if_any(automated, Cell::share(share(right, automated))),
        verdict: match own.automate_at {
            Some(_) if fell_short(right, automated, target) => Verdict::FellShort,
            Some(_) => Verdict::Automate,
            None => Verdict::SuggestOnly,
        },
        bar: bar(predicted, made.max(automated), automated, right),
    }
}

/// Whether so few right answers would come about by chance less than once in a hundred times, if the
/// label had the precision asked for.
fn fell_short(right: usize, automated: usize, target: f64) -> bool {
    target > 0.0 && target < 1.0 && chance_of_at_most(right, automated, target) < 0.01
}

fn bar(predicted: usize, made: usize, automated: usize, right: usize) -> Bar {
    let parts = |count: usize| format!("{:.2}", share(count, predicted) * 100.0);
    Bar {
        automated_right: parts(right),
        automated_wrong: parts(automated - right),
        suggested: parts(made - automated),
        abstained: parts(predicted - made),
        text: format!(
            "{automated} automated ({} of them wrong), {} suggested, {} abstained",
            automated - right,
            made - automated,
            predicted - made
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::head;
    use super::*;
    use crate::evaluation::Truth;

    const REACHED: Thresholds = Thresholds {
        suggest_at: 0.7,
        automate_at: Some(0.9),
    };
    const OUT_OF_REACH: Thresholds = Thresholds {
        suggest_at: 0.7,
        automate_at: None,
    };

    #[test]
    fn the_most_automated_label_comes_first_and_unknown_ones_last() {
        let mut head = head(&[
            (0, 0, 0.8),
            (1, 1, 0.95),
            (1, 1, 0.92),
            (0, 1, 0.91),
            (2, 1, 0.5),
            (2, 2, 0.9),
        ]);
        head.answers[5].automated = false;
        head.answers[4].truth = Truth::Unknown("new".to_owned());
        let metrics = HeadMetrics::new(&head);
        let lines = label_lines(&head, &metrics, &[REACHED, REACHED, OUT_OF_REACH], 0.95);
        let order: Vec<(&str, &str)> = lines
            .iter()
            .map(|line| (line.label.as_str(), line.verdict.text()))
            .collect();
        assert_eq!(
            order,
            [
                ("a/y", "automate"),
                ("a/x", "automate"),
                ("b", "suggest only"),
                ("new", "not in the model"),
            ]
        );
        let first = &lines[0];
        assert_eq!((first.rows, first.predicted, first.automated), (2, 4, 3));
        assert_eq!(first.precision_automated.text, "66.7\u{a0}%");
        assert_eq!(first.coverage.text, "75.0\u{a0}%");
        assert_eq!(
            first.bar.text,
            "3 automated (1 of them wrong), 0 suggested, 1 abstained"
        );
        assert_eq!(
            (
                first.bar.automated_right.as_str(),
                first.bar.abstained.as_str()
            ),
            ("50.00", "25.00")
        );
        assert_eq!(
            lines[1].precision_automated,
            Cell::default(),
            "none was sure enough"
        );
    }

    #[test]
    fn more_than_chance_makes_a_label_fall_short() {
        let verdict = |right: usize, wrong: usize| {
            let mut rows = vec![(0, 0, 0.95); right];
            rows.extend(vec![(1, 0, 0.95); wrong]);
            let head = head(&rows);
            let metrics = HeadMetrics::new(&head);
            let lines = label_lines(&head, &metrics, &[REACHED; 3], 0.95);
            let own = lines.iter().find(|line| line.index == Some(0)).unwrap();
            own.verdict
        };
        assert_eq!(verdict(17, 2), Verdict::Automate, "89 % of few tickets");
        assert_eq!(verdict(170, 20), Verdict::FellShort);
        assert_eq!(verdict(190, 5), Verdict::Automate);
    }
}
