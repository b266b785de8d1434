//! The reliability diagram: of the tickets that the model is so and so sure of, how many are right.

use crate::evaluation::HeadAnswers;
use crate::evaluation::calibration::{CALIBRATION_BINS, calibration_bins};
use crate::evaluation::counts::{share, to_f64};

use super::frame::{Frame, Plot, Px, QUARTERS};
use super::numbers::{count, interval, percent, whole_percent};

/// Height of the tallest bar of counts.
const BARS: f64 = 54.0;

/// The diagram and the table that says the same.
#[derive(Debug)]
pub(super) struct Reliability {
    pub(super) plot: Plot,
    pub(super) bins: Vec<Bin>,
    /// Foot of the bars of counts.
    pub(super) foot: Px,
    pub(super) bar_width: Px,
    /// What the largest bar stands for.
    pub(super) most: usize,
}

/// A bin with tickets in it.
#[derive(Debug, PartialEq)]
pub(super) struct Bin {
    pub(super) x: Px,
    pub(super) y: Px,
    /// The ends of the 95 % interval.
    pub(super) low: Px,
    pub(super) high: Px,
    pub(super) bar_x: Px,
    pub(super) bar_y: Px,
    pub(super) bar_height: Px,
    pub(super) range: String,
    pub(super) rows: usize,
    pub(super) said: String,
    pub(super) was: String,
    pub(super) title: String,
}

/// Draws the bins.
pub(super) fn reliability(head: &HeadAnswers) -> Reliability {
    let bins = calibration_bins(head);
    let most = bins.iter().map(|bin| bin.rows).max().unwrap_or(0);
    let frame = Frame {
        left: 60.0,
        top: 30.0,
        right: 374.0,
        bottom: 344.0,
        x: (0.0, 1.0),
        y: (0.0, 1.0),
    };
    let foot = frame.bottom + 46.0 + BARS;
    let width = (frame.right - frame.left) / to_f64(CALIBRATION_BINS);
    let drawn = bins.iter().enumerate().filter(|(_, bin)| bin.rows > 0);
    let bins = drawn
        .map(|(index, bin)| {
            let said = bin.confidence / to_f64(bin.rows);
            let was = share(bin.right, bin.rows);
            let (low, high) = interval(bin.right, bin.rows);
            let edge = |index: usize| whole_percent(share(index, CALIBRATION_BINS));
            let range = format!("{}\u{a0}–\u{a0}{}", edge(index), edge(index + 1));
            let height = BARS * share(bin.rows, most);
            Bin {
                x: frame.x(said),
                y: frame.y(was),
                low: frame.y(low),
                high: frame.y(high),
                bar_x: Px(frame.left + width * to_f64(index) + 1.0),
                bar_y: Px(foot - height),
                bar_height: Px(height),
                title: format!(
                    "{} tickets: said {}, right {}",
                    count(bin.rows),
                    percent(said),
                    percent(was)
                ),
                range,
                rows: bin.rows,
                said: percent(said),
                was: percent(was),
            }
        })
        .collect();
    Reliability {
        plot: Plot {
            frame,
            x_ticks: frame.x_ticks(&QUARTERS, whole_percent),
            y_ticks: frame.y_ticks(&QUARTERS, whole_percent),
            x_name: "how sure it was",
            y_name: "was right",
        },
        bins,
        foot: Px(foot),
        bar_width: Px(width - 2.0),
        most,
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::head;
    use super::*;

    #[test]
    fn a_bin_shows_what_was_said_and_what_was() {
        // Four tickets at 0.95, one of them wrong; one at 0.5.
        let head = head(&[
            (0, 0, 0.95),
            (0, 0, 0.95),
            (1, 1, 0.95),
            (1, 0, 0.95),
            (0, 0, 0.5),
        ]);
        let diagram = reliability(&head);
        let [half, sure] = &diagram.bins[..] else {
            panic!("two bins have tickets: {:?}", diagram.bins);
        };
        assert_eq!((half.rows, sure.rows, diagram.most), (1, 4, 4));
        assert_eq!(
            (sure.said.as_str(), sure.was.as_str()),
            ("95.0\u{a0}%", "75.0\u{a0}%")
        );
        assert_eq!(sure.y, diagram.plot.frame.y(0.75));
        assert_eq!(sure.range, "93\u{a0}%\u{a0}–\u{a0}100\u{a0}%");
        assert_eq!(sure.bar_height, Px(BARS));
        assert!(sure.high.0 < sure.y.0 && sure.y.0 < sure.low.0);
    }
}
