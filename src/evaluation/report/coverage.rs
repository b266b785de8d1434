//! The charts of precision against coverage: one of a head, and a small one of each label with its
//! thresholds marked. Draws what `curve` has counted.

use crate::classifier::Thresholds;
use crate::evaluation::counts::{share, to_f64};
use crate::evaluation::{HeadAnswers, HeadMetrics};

use super::curve::{CurvePoint, Outcome, curve, marks, outcomes_by_label, thinned};
use super::frame::{Frame, Plot, Px, QUARTERS, Tick, floor_of, share_steps};
use super::numbers::{counted, percent, whole_percent};

/// Points of the head's curve and of a label's.
const HEAD_POINTS: usize = 200;
const LABEL_POINTS: usize = 48;
/// Coverages that the head's table lists.
const LISTED: [f64; 7] = [0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1.0];
/// Answers before which a precision says too little to set the scale.
const SETTLED: usize = 20;

/// A point of operation in a chart.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mark {
    pub(super) x: Px,
    pub(super) y: Px,
    pub(super) text: String,
}

/// The chart of a head.
#[derive(Debug)]
pub(super) struct HeadCurve {
    pub(super) plot: Plot,
    pub(super) path: String,
    /// Where the precision asked of automated answers lies.
    pub(super) target: Tick,
    /// All predictions that were made.
    pub(super) made: Option<Mark>,
    /// All answers that may be acted on.
    pub(super) automated: Option<Mark>,
    /// Some points of the curve in words.
    pub(super) table: Vec<CurveLine>,
}

/// A point of the curve as a line of a table.
#[derive(Debug, PartialEq)]
pub(super) struct CurveLine {
    pub(super) coverage: String,
    pub(super) rows: usize,
    pub(super) confidence: String,
    pub(super) precision: String,
}

/// The chart of a label.
#[derive(Debug)]
pub(super) struct LabelCurve {
    pub(super) label: String,
    /// Rows for which it was chosen.
    pub(super) rows: usize,
    pub(super) path: String,
    pub(super) suggest: Option<Mark>,
    pub(super) automate: Option<Mark>,
    /// What the marks say, in words.
    pub(super) text: String,
}

/// The charts of all labels, on one scale.
#[derive(Debug)]
pub(super) struct LabelCurves {
    pub(super) frame: Frame,
    pub(super) y_ticks: Vec<Tick>,
    pub(super) target: Px,
    /// In the order of the head's labels.
    pub(super) charts: Vec<LabelCurve>,
}

/// Draws the head's own curve.
pub(super) fn head_curve(head: &HeadAnswers, metrics: &HeadMetrics, target: f64) -> HeadCurve {
    let whole = curve(outcomes_by_label(head).into_iter().flatten());
    let rows = head.answers.len();
    let frame = Frame {
        left: 60.0,
        top: 30.0,
        right: 600.0,
        bottom: 280.0,
        x: (0.0, 1.0),
        y: (floor_of(lowest(&whole).min(target)), 1.0),
    };
    let points = thinned(&whole, HEAD_POINTS);
    let mark = |of_all: f64, right: f64, what: &str| {
        (of_all > 0.0).then(|| Mark {
            x: frame.x(of_all),
            y: frame.y(right),
            text: format!(
                "{what}: {} of the tickets, {} of them right",
                percent(of_all),
                percent(right)
            ),
        })
    };
    HeadCurve {
        plot: Plot {
            frame,
            x_ticks: frame.x_ticks(&QUARTERS, whole_percent),
            y_ticks: frame.y_ticks(&share_steps(frame.y.0), whole_percent),
            x_name: "coverage: share of the tickets, surest first",
            y_name: "precision: share that was right",
        },
        path: frame.line(points.iter().map(|point| place(*point, rows))),
        target: Tick {
            at: frame.y(target),
            label: whole_percent(target),
        },
        made: mark(
            metrics.coverage,
            metrics.precision_when_made,
            "Predictions made",
        ),
        automated: mark(
            metrics.automated,
            metrics.precision_when_automated,
            "Automated",
        ),
        table: table(&whole, rows),
    }
}

fn table(whole: &[CurvePoint], rows: usize) -> Vec<CurveLine> {
    let line = |&listed: &f64| {
        let point = whole
            .iter()
            .find(|point| to_f64(point.rows) >= listed * to_f64(rows))?;
        Some(CurveLine {
            coverage: percent(share(point.rows, rows)),
            rows: point.rows,
            confidence: format!("{:.3}", point.confidence),
            precision: percent(point.precision()),
        })
    };
    let mut lines: Vec<CurveLine> = LISTED.iter().filter_map(line).collect();
    lines.dedup();
    lines
}

/// Draws a small curve of each label.
pub(super) fn label_curves(
    head: &HeadAnswers,
    thresholds: &[Thresholds],
    target: f64,
) -> LabelCurves {
    let by_label: Vec<Vec<CurvePoint>> = outcomes_by_label(head)
        .into_iter()
        .map(|outcomes: Vec<Outcome>| curve(outcomes))
        .collect();
    let lowest = by_label
        .iter()
        .filter(|whole| !whole.is_empty())
        .map(|whole| lowest(whole))
        .fold(target, f64::min);
    let frame = Frame {
        left: 38.0,
        top: 8.0,
        right: 212.0,
        bottom: 92.0,
        x: (0.0, 1.0),
        y: (floor_of(lowest), 1.0),
    };
    let charts = head
        .labels
        .iter()
        .zip(&by_label)
        .zip(thresholds)
        .map(|((label, whole), own)| label_curve(label, whole, *own, frame))
        .collect();
    LabelCurves {
        frame,
        y_ticks: frame.y_ticks(&[frame.y.0, (frame.y.0 + 1.0) / 2.0, 1.0], whole_percent),
        target: frame.y(target),
        charts,
    }
}

fn label_curve(label: &str, whole: &[CurvePoint], own: Thresholds, frame: Frame) -> LabelCurve {
    let rows = whole.last().map_or(0, |last| last.rows);
    let found = marks(whole, own);
    let points = thinned(whole, LABEL_POINTS);
    let mark = |point: CurvePoint, what: &str, from: f32| {
        let (x, y) = place(point, rows);
        Mark {
            x: frame.x(x),
            y: frame.y(y),
            text: format!(
                "{what} from {from:.3}: {}, {} right",
                counted(point.rows, "ticket"),
                percent(point.precision())
            ),
        }
    };
    let suggest = found
        .suggest
        .map(|point| mark(point, "Suggested", own.suggest_at));
    let automate = found
        .automate
        .zip(own.automate_at)
        .map(|(point, from)| mark(point, "Automated", from));
    let text = match (own.automate_at, &automate) {
        (Some(_), Some(mark)) => mark.text.clone(),
        (Some(from), None) => format!("Automated from {from:.3}: no ticket here is that sure"),
        (None, _) => "Suggest only: the target is out of reach".to_owned(),
    };
    LabelCurve {
        label: label.to_owned(),
        rows,
        // A single answer is a dot, not a line.
        path: frame.line(points.iter().map(|point| place(*point, rows))),
        suggest,
        automate,
        text,
    }
}

fn place(point: CurvePoint, rows: usize) -> (f64, f64) {
    (share(point.rows, rows), point.precision())
}

/// The lowest precision once enough answers are counted, or of all answers.
fn lowest(whole: &[CurvePoint]) -> f64 {
    let all = whole.last().map_or(1.0, |last| last.precision());
    whole
        .iter()
        .filter(|point| point.rows >= SETTLED)
        .map(|point| point.precision())
        .fold(all, f64::min)
}

#[cfg(test)]
mod tests {
    use super::super::sample::head;
    use super::*;

    #[test]
    fn the_table_gives_the_precision_of_the_most_confident_part() {
        // Ten answers, surest first; the last five are wrong.
        let outcomes = (0..10_u8).map(|i| (0.95 - f32::from(i) / 20.0, i < 5));
        let lines = table(&curve(outcomes), 10);
        assert_eq!(lines.len(), 6, "95 % and 100 % are the same ten rows");
        assert_eq!(lines[2].rows, 5);
        assert_eq!(lines[2].precision, "100.0\u{a0}%");
        assert_eq!(lines[5].precision, "50.0\u{a0}%");
    }

    #[test]
    fn each_label_has_its_thresholds_marked() {
        let head = head(&[(0, 0, 0.9), (0, 0, 0.8), (1, 0, 0.6), (1, 1, 0.9)]);
        let thresholds = [
            Thresholds {
                suggest_at: 0.5,
                automate_at: Some(0.75),
            },
            Thresholds {
                suggest_at: 0.5,
                automate_at: None,
            },
            Thresholds {
                suggest_at: 0.5,
                automate_at: Some(0.9),
            },
        ];
        let curves = label_curves(&head, &thresholds, 0.95);
        let [first, second, never] = &curves.charts[..] else {
            panic!("three labels");
        };
        assert_eq!(first.rows, 3);
        let mark = first.automate.as_ref().unwrap();
        assert_eq!(mark.x, curves.frame.x(2.0 / 3.0));
        assert_eq!(
            mark.text,
            "Automated from 0.750: 2\u{a0}tickets, 100.0\u{a0}% right"
        );
        assert_eq!(first.suggest.as_ref().unwrap().x, curves.frame.x(1.0));
        assert!(second.automate.is_none() && second.text.starts_with("Suggest only"));
        assert!(never.path.is_empty() && never.suggest.is_none());
    }
}
