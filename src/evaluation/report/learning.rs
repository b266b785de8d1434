//! The learning curve: how accuracy grew with the number of tickets. Draws what a fit has measured.

use serde::Serialize;

use crate::evaluation::counts::to_f64;

use super::frame::{Frame, Plot, Px, Tick, floor_of, share_steps};
use super::numbers::{count, interval, percent, share_of, shortened, whole_percent};

/// Accuracy on the same tickets after learning from more and more others.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LearningCurve {
    /// The heads' names.
    pub heads: Vec<String>,
    /// Tickets held out that accuracy is measured on, one number a head.
    pub held_out: Vec<usize>,
    /// From few rows to all that were not held out.
    pub points: Vec<LearningPoint>,
}

/// What was reached with so many rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LearningPoint {
    /// Share of the rows that were not held out, 0 to 1.
    pub share: f64,
    /// Rows learned from.
    pub rows: usize,
    /// Accuracy of each head; `None` where so few rows hold fewer than two labels that can be
    /// learned.
    pub accuracy: Vec<Option<f64>>,
}

/// The chart and the table that says the same.
#[derive(Debug)]
pub(super) struct LearningChart {
    pub(super) plot: Plot,
    pub(super) heads: Vec<HeadLine>,
    pub(super) lines: Vec<PointLine>,
}

/// A head's line.
#[derive(Debug)]
pub(super) struct HeadLine {
    pub(super) name: String,
    /// The name as far as there is room for it.
    pub(super) short: String,
    /// Which of the line styles it has.
    pub(super) style: usize,
    pub(super) path: String,
    pub(super) dots: Vec<(Px, Px, String)>,
    /// Where its name stands.
    pub(super) label_y: Px,
    pub(super) held_out: usize,
    /// What the last step brought.
    pub(super) sentence: String,
}

/// A line of the table.
#[derive(Debug, PartialEq)]
pub(super) struct PointLine {
    pub(super) share: String,
    pub(super) rows: usize,
    pub(super) accuracy: Vec<String>,
}

/// Number of styles that lines can have.
const STYLES: usize = 6;
/// Most characters of a name beside its line.
const NAME_CHARACTERS: usize = 13;
/// Space between the names of two lines.
const NAME_HEIGHT: f64 = 16.0;

/// Draws the curve; `None` if nothing was measured.
pub(super) fn learning_chart(curve: &LearningCurve) -> Option<LearningChart> {
    let last = curve.points.last()?;
    let accuracies = curve
        .points
        .iter()
        .flat_map(|p| p.accuracy.iter().flatten());
    let lowest = accuracies.copied().fold(1.0, f64::min);
    let rows: Vec<f64> = curve.points.iter().map(|p| to_f64(p.rows)).collect();
    let floor = floor_of(lowest);
    let frame = Frame {
        left: 60.0,
        top: 30.0,
        right: 520.0,
        bottom: 280.0,
        x: (0.0, to_f64(last.rows)),
        y: (floor, 1.0),
    };
    let mut heads: Vec<HeadLine> = curve
        .heads
        .iter()
        .enumerate()
        .map(|(index, name)| head_line(curve, index, name, frame))
        .collect();
    spread(&mut heads, frame);
    Some(LearningChart {
        plot: Plot {
            frame,
            x_ticks: spaced(frame.x_ticks(&rows, |rows| count(share_of(rows, 1)))),
            y_ticks: frame.y_ticks(&share_steps(floor), whole_percent),
            x_name: "tickets learned from",
            y_name: "accuracy",
        },
        heads,
        lines: curve
            .points
            .iter()
            .map(|point| PointLine {
                share: whole_percent(point.share),
                rows: point.rows,
                accuracy: point
                    .accuracy
                    .iter()
                    .map(|value| value.map_or_else(|| "–".to_owned(), percent))
                    .collect(),
            })
            .collect(),
    })
}

fn head_line(curve: &LearningCurve, index: usize, name: &str, frame: Frame) -> HeadLine {
    let points: Vec<(usize, f64)> = curve
        .points
        .iter()
        .filter_map(|point| Some((point.rows, (*point.accuracy.get(index)?)?)))
        .collect();
    let place = |&(rows, accuracy): &(usize, f64)| (to_f64(rows), accuracy);
    let held_out = curve.held_out.get(index).copied().unwrap_or(0);
    HeadLine {
        name: name.to_owned(),
        short: shortened(name, NAME_CHARACTERS),
        style: index % STYLES + 1,
        path: frame.line(points.iter().map(place)),
        dots: points
            .iter()
            .map(|&(rows, accuracy)| {
                let title = format!("{name}: {} from {} rows", percent(accuracy), count(rows));
                (frame.x(to_f64(rows)), frame.y(accuracy), title)
            })
            .collect(),
        label_y: points
            .last()
            .map_or(Px(frame.bottom), |&(_, last)| frame.y(last)),
        held_out,
        sentence: sentence(&points, held_out),
    }
}

/// Whether the last step brought more than chance may have.
fn sentence(points: &[(usize, f64)], held_out: usize) -> String {
    let [.., (before, from), (all, to)] = points else {
        return "too few rows to tell".to_owned();
    };
    let right = share_of(*to, held_out);
    let (low, high) = interval(right, held_out);
    let margin = (high - low) / 2.0;
    let gain = to - from;
    let tells = if gain > margin {
        "more tickets would likely help"
    } else if gain > margin / 3.0 {
        "more tickets may still help a little"
    } else {
        "more tickets of the same kind would hardly help"
    };
    format!(
        "{:+.1} points from {} to {} rows (each value is uncertain by ±{:.1} points): {tells}",
        gain * 100.0,
        count(*before),
        count(*all),
        margin * 100.0
    )
}

/// Moves names apart that would stand on each other.
fn spread(heads: &mut [HeadLine], frame: Frame) {
    let mut order: Vec<usize> = (0..heads.len()).collect();
    order.sort_by(|&a, &b| heads[b].label_y.0.total_cmp(&heads[a].label_y.0));
    let mut below = frame.bottom + NAME_HEIGHT;
    for index in order {
        let own = &mut heads[index].label_y;
        own.0 = own.0.min(below - NAME_HEIGHT);
        below = own.0;
    }
}

/// Leaves out the labels of marks that are too close to the mark before them.
fn spaced(mut ticks: Vec<Tick>) -> Vec<Tick> {
    const LEAST: f64 = 40.0;
    let mut from_right = f64::INFINITY;
    for tick in ticks.iter_mut().rev() {
        if from_right - tick.at.0 < LEAST {
            tick.label.clear();
        } else {
            from_right = tick.at.0;
        }
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve() -> LearningCurve {
        let point = |share, rows, topic, mood| LearningPoint {
            share,
            rows,
            accuracy: vec![Some(topic), mood],
        };
        LearningCurve {
            heads: vec!["topic".to_owned(), "mood".to_owned()],
            held_out: vec![1000, 1000],
            points: vec![
                point(0.1, 400, 0.62, None),
                point(0.5, 2000, 0.8, Some(0.89)),
                point(1.0, 4000, 0.9, Some(0.89)),
            ],
        }
    }

    #[test]
    fn lines_begin_where_a_head_can_be_learned() {
        let chart = learning_chart(&curve()).unwrap();
        assert_eq!(chart.plot.frame.y.0, 0.6);
        assert_eq!(chart.heads[0].dots.len(), 3);
        assert_eq!(chart.heads[1].dots.len(), 2);
        assert_eq!(chart.heads[0].dots[1].0, chart.plot.frame.x(2000.0));
        assert_eq!(chart.lines[0].accuracy, ["62.0\u{a0}%", "–"]);
        let (topic, mood) = (chart.heads[0].label_y.0, chart.heads[1].label_y.0);
        assert!((topic - mood).abs() >= NAME_HEIGHT, "{topic} {mood}");
    }

    #[test]
    fn the_sentence_says_whether_more_rows_help() {
        let chart = learning_chart(&curve()).unwrap();
        assert_eq!(
            chart.heads[0].sentence,
            "+10.0 points from 2,000 to 4,000 rows (each value is uncertain by ±1.9 points): \
             more tickets would likely help"
        );
        assert!(chart.heads[1].sentence.ends_with("would hardly help"));
        assert_eq!(sentence(&[(1, 0.5)], 10), "too few rows to tell");
    }
}
