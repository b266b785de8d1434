//! The area of a chart: from values to places in the drawing, and back to nothing else.

use std::fmt;

/// A place in a drawing, written with at most one digit after the point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Px(pub(super) f64);

impl fmt::Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Adding zero turns -0 into 0.
        let rounded = (self.0 * 10.0).round() / 10.0 + 0.0;
        write!(f, "{rounded}")
    }
}

/// A mark on an axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    pub(super) at: Px,
    pub(super) label: String,
}

/// The edges of the plot and the values that they stand for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
    /// Values at the left and the right edge.
    pub(super) x: (f64, f64),
    /// Values at the lower and the upper edge.
    pub(super) y: (f64, f64),
}

impl Frame {
    /// Where `value` is from left to right; values beyond an edge are put on it.
    pub(super) fn x(&self, value: f64) -> Px {
        Px(self.left + (self.right - self.left) * part(value, self.x))
    }

    /// Where `value` is from top to bottom; values beyond an edge are put on it.
    pub(super) fn y(&self, value: f64) -> Px {
        Px(self.bottom - (self.bottom - self.top) * part(value, self.y))
    }

    /// A line through points, as the `d` of a path.
    pub(super) fn line(&self, points: impl IntoIterator<Item = (f64, f64)>) -> String {
        let mut path = String::new();
        for (x, y) in points {
            let step = if path.is_empty() { 'M' } else { 'L' };
            path.push_str(&format!("{step}{} {}", self.x(x), self.y(y)));
        }
        path
    }

    /// Marks from left to right.
    pub(super) fn x_ticks(&self, values: &[f64], label: impl Fn(f64) -> String) -> Vec<Tick> {
        let tick = |&value: &f64| Tick {
            at: self.x(value),
            label: label(value),
        };
        values.iter().map(tick).collect()
    }

    /// Marks from the bottom up.
    pub(super) fn y_ticks(&self, values: &[f64], label: impl Fn(f64) -> String) -> Vec<Tick> {
        let tick = |&value: &f64| Tick {
            at: self.y(value),
            label: label(value),
        };
        values.iter().map(tick).collect()
    }
}

/// A frame with the marks and the names of its axes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plot {
    pub(super) frame: Frame,
    pub(super) x_ticks: Vec<Tick>,
    pub(super) y_ticks: Vec<Tick>,
    pub(super) x_name: &'static str,
    pub(super) y_name: &'static str,
}

fn part(value: f64, (from, to): (f64, f64)) -> f64 {
    if to > from {
        ((value - from) / (to - from)).clamp(0.0, 1.0)
    } else {
        0.0
    }
}

/// The tenth below a share, at most 0.8, where an axis of shares begins.
pub(super) fn floor_of(share: f64) -> f64 {
    ((share * 10.0 + 1e-9).floor() / 10.0).clamp(0.0, 0.8)
}

/// Quarters, of an axis that shows all shares.
pub(super) const QUARTERS: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];

/// The shares from `floor` to 1 that an axis is marked at: quarters of a long axis, else tenths or,
/// on a short one, twentieths.
pub(super) fn share_steps(floor: f64) -> Vec<f64> {
    let step = match floor {
        floor if floor >= 0.79 => 0.05,
        floor if floor >= 0.49 => 0.1,
        floor if floor >= 0.19 => 0.2,
        _ => 0.25,
    };
    let mut steps = Vec::new();
    let mut next: f64 = 1.0;
    while next > floor - 1e-9 {
        steps.push(next);
        next -= step;
    }
    steps.reverse();
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Frame = Frame {
        left: 40.0,
        top: 10.0,
        right: 240.0,
        bottom: 110.0,
        x: (0.0, 1.0),
        y: (0.5, 1.0),
    };

    #[test]
    fn values_become_places() {
        assert_eq!(FRAME.x(0.5), Px(140.0));
        assert_eq!(FRAME.y(0.75), Px(60.0));
        // Below the lower edge: on it.
        assert_eq!(FRAME.y(0.1), Px(110.0));
        assert_eq!(FRAME.line([(0.0, 1.0), (1.0, 0.5)]), "M40 10L240 110");
    }

    #[test]
    fn places_have_one_digit_and_no_minus_zero() {
        assert_eq!(Px(12.345).to_string(), "12.3");
        assert_eq!(Px(-0.01).to_string(), "0");
        assert_eq!(Px(7.0).to_string(), "7");
    }

    #[test]
    fn an_axis_of_shares_begins_at_the_tenth_below() {
        assert_eq!(
            [0.95, 0.8, 0.55, 0.3, 0.05].map(floor_of),
            [0.8, 0.8, 0.5, 0.3, 0.0]
        );
    }

    #[test]
    fn an_axis_of_shares_ends_at_one() {
        assert_eq!(share_steps(0.0), [0.0, 0.25, 0.5, 0.75, 1.0]);
        assert_eq!(share_steps(0.8).len(), 5);
        assert_eq!(share_steps(0.5).len(), 6);
    }
}
