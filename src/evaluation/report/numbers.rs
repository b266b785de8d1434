//! How the page writes numbers: percentages, counts, and how sure a share is.

use std::borrow::Borrow;

use crate::evaluation::counts::{share, to_f64};

/// How many of `whole` a share is of.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // at most `whole`
pub(super) fn share_of(share: f64, whole: usize) -> usize {
    (share * to_f64(whole)).round() as usize
}

/// A share with one digit, such as `93.7 %`; the space does not break.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1}\u{a0}%", share * 100.0)
}

/// A share without digits after the point, such as `94 %`.
pub(super) fn whole_percent(share: f64) -> String {
    format!("{:.0}\u{a0}%", share * 100.0)
}

/// A count with a comma before each three digits, such as `12,345`.
pub(super) fn count(count: impl Borrow<usize>) -> String {
    let digits = count.borrow().to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with its noun, which takes an s unless there is one: `1 ticket`, `12 tickets`.
pub(super) fn counted(number: impl Borrow<usize>, noun: &str) -> String {
    let number = *number.borrow();
    let ending = if number == 1 { "" } else { "s" };
    format!("{}\u{a0}{noun}{ending}", count(number))
}

/// `text` cut to `most` characters, the last an ellipsis where something was cut.
pub(super) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(most.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// The parts of a label between which a line may end.
pub(super) fn parts(label: &str) -> Vec<&str> {
    label.split_inclusive(['/', '_', '-', '.']).collect()
}

/// The 95 % interval of a share (Wilson 1927); all that is possible where there are no rows.
pub(super) fn interval(part: usize, whole: usize) -> (f64, f64) {
    const Z: f64 = 1.96;
    if whole == 0 {
        return (0.0, 1.0);
    }
    let (p, n) = (share(part, whole), to_f64(whole));
    let centre = p + Z * Z / (2.0 * n);
    let margin = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    (
        ((centre - margin) / scale).max(0.0),
        ((centre + margin) / scale).min(1.0),
    )
}

/// How likely chance brings at most `part` of `whole` where each has probability `p`, 0 < p < 1.
pub(super) fn chance_of_at_most(part: usize, whole: usize, p: f64) -> f64 {
    let n = to_f64(whole);
    let term = |k: usize| {
        let k = to_f64(k);
        let ways = libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0);
        libm::exp(ways + k * libm::log(p) + (n - k) * libm::log(1.0 - p))
    };
    (0..=part.min(whole)).map(term).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_commas() {
        assert_eq!(
            [0, 999, 1000, 1_234_567].map(|number: usize| count(number)),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(counted(1_usize, "ticket"), "1\u{a0}ticket");
        assert_eq!(counted(1200_usize, "ticket"), "1,200\u{a0}tickets");
    }

    #[test]
    fn texts_are_cut_by_characters() {
        assert_eq!(shortened("größe", 5), "größe");
        assert_eq!(shortened("größer", 5), "größ…");
    }

    #[test]
    fn a_label_breaks_after_its_separators() {
        assert_eq!(parts("a/b_c"), ["a/", "b_", "c"]);
        assert_eq!(parts("low"), ["low"]);
    }

    #[test]
    fn chance_is_that_of_the_binomial_distribution() {
        // All but one of three at 0.95: 1 - 0.95³.
        assert!((chance_of_at_most(2, 3, 0.95) - 0.142_625).abs() < 1e-9);
        assert!((chance_of_at_most(5, 5, 0.95) - 1.0).abs() < 1e-9);
        assert!(chance_of_at_most(45_000, 50_000, 0.95) < 1e-9);
    }

    #[test]
    fn an_interval_holds_the_share_and_narrows_with_rows() {
        let (low, high) = interval(8, 10);
        assert!((low - 0.4902).abs() < 1e-3 && (high - 0.9433).abs() < 1e-3);
        let (closer_low, closer_high) = interval(800, 1000);
        assert!(closer_high - closer_low < high - low);
        assert_eq!(interval(0, 0), (0.0, 1.0));
    }
}
