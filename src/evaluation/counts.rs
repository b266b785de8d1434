//! Shares of counts, as all measures take them.

/// `part` of `whole`; 0 of nothing.
pub(super) fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        to_f64(part) / to_f64(whole)
    }
}

/// A count as a number to calculate with.
#[allow(clippy::cast_precision_loss)] // row counts are far below 2^52
pub(super) fn to_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_nothing_is_nothing() {
        assert_eq!([share(1, 4), share(0, 4), share(0, 0)], [0.25, 0.0, 0.0]);
    }
}
