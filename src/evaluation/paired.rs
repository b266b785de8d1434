//! Two classifiers on the same rows: is one right more often than the other, or is that chance?
//!
//! Only the discordant rows, those that one of the two gets right, say anything about it.

use serde::Serialize;

use super::counts::to_f64;

/// Confidence level of the intervals.
pub const LEVEL: f64 = 0.95;
/// The standard normal distribution's quantile at 0.975: what two-sided intervals at [`LEVEL`] take.
const Z: f64 = 1.959_963_984_540_054;
/// Terms of a sum that are smaller than this share of it do not count.
const NEGLIGIBLE: f64 = 1e-18;

/// A confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// Its confidence level, 0 to 1.
    pub level: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The two-sided mid-p value of McNemar's test: how likely the discordant rows are to be shared out
/// as unevenly as this, or more so, if both were right equally often.
///
/// With n = `gained` + `lost`, k the smaller of both and X binomial with n trials of probability ½, it
/// is 2·P(X < k) + P(X = k), which is 1 where both are equal. The test is McNemar's (1947, Psychometrika
/// 12:153–157). Unlike its chi-squared form the mid-p form holds for few rows too, and unlike the exact
/// form it is hardly conservative (Fagerland, Lydersen and Laake 2013, BMC Medical Research Methodology
/// 13:91).
#[must_use]
pub fn mcnemar_mid_p(gained: usize, lost: usize) -> f64 {
    let discordant = to_f64(gained + lost);
    let smaller = gained.min(lost);
    let k = to_f64(smaller);
    // P(X = k), by way of logarithms since the binomial coefficient may not fit.
    let at = libm::exp(
        libm::lgamma(discordant + 1.0)
            - libm::lgamma(k + 1.0)
            - libm::lgamma(discordant - k + 1.0)
            - discordant * std::f64::consts::LN_2,
    );
    // P(X = i − 1) = P(X = i) · i / (n − i + 1)
    let mut below = 0.0;
    let mut term = at;
    for i in (1..=smaller).rev() {
        term *= to_f64(i) / (discordant - to_f64(i) + 1.0);
        below += term;
        if term <= below * NEGLIGIBLE {
            break;
        }
    }
    (2.0 * below + at).min(1.0)
}

/// A 95 % confidence interval of the difference of two shares of the same `rows`, of which `gained`
/// have what is counted on the second side only and `lost` on the first side only.
///
/// It is Wald's interval after one row was added to each kind of discordant rows (Bonett and Price
/// 2012, Journal of Educational and Behavioral Statistics 37:479–488), which Fagerland, Lydersen and
/// Laake (2014, Statistics in Medicine 33:2850–2875) recommend: its coverage stays near the level
/// where Wald's own falls short, with few rows or few discordant ones.
#[must_use]
pub fn difference_interval(gained: usize, lost: usize, rows: usize) -> Interval {
    let all = to_f64(rows) + 2.0;
    let gained = (to_f64(gained) + 1.0) / all;
    let lost = (to_f64(lost) + 1.0) / all;
    let difference = gained - lost;
    let variance = (gained + lost - difference * difference) / all;
    let half = Z * variance.max(0.0).sqrt();
    Interval {
        level: LEVEL,
        low: (difference - half).max(-1.0),
        high: (difference + half).min(1.0),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn close(left: f64, right: f64) {
        assert!((left - right).abs() < 1e-12, "{left} is not {right}");
    }

    #[test]
    fn mid_p_values_by_hand() {
        // 2 · (1 + 12) / 2^12 + 66 / 2^12
        close(mcnemar_mid_p(10, 2), 92.0 / 4096.0);
        close(mcnemar_mid_p(2, 10), 92.0 / 4096.0);
        // 1 / 2^5, half of the exact two-sided 2 / 2^5
        close(mcnemar_mid_p(5, 0), 1.0 / 32.0);
        // 2 · (1 + 8 + 28) / 2^8 + 56 / 2^8
        close(mcnemar_mid_p(3, 5), 130.0 / 256.0);
        close(mcnemar_mid_p(1, 0), 0.5);
        // Cavo et al. 2012, as worked by the authors' own program, the R package contingencytables
        assert!((mcnemar_mid_p(6, 16) - 0.034_690).abs() < 5e-7);
        // Nothing speaks for either side.
        close(mcnemar_mid_p(0, 0), 1.0);
        close(mcnemar_mid_p(7, 7), 1.0);
    }

    #[test]
    fn with_many_rows_the_value_is_that_of_the_normal_distribution() {
        // z = (5200 − 4800) / √10000 = 4: 2·(1 − Φ(4)) = 6.334e-5
        let p = mcnemar_mid_p(5_200, 4_800);
        assert!((p / 6.334e-5 - 1.0).abs() < 0.01, "{p}");
        // z = 1.96
        let p = mcnemar_mid_p(500_980, 499_020);
        assert!((p - 0.05).abs() < 1e-4, "{p}");
        assert!(mcnemar_mid_p(1_000_000, 0) >= 0.0);
    }

    #[test]
    fn an_interval_by_hand() {
        // (11 − 3) / 102 ± 1.96 · √((14/102 − (8/102)²) / 102)
        let interval = difference_interval(10, 2, 100);
        assert!((interval.low - 0.008_18).abs() < 1e-4, "{interval:?}");
        assert!((interval.high - 0.148_69).abs() < 1e-4, "{interval:?}");
        // Cavo et al. 2012 as above
        let interval = difference_interval(6, 16, 161);
        assert!((interval.low + 0.1195).abs() < 5e-5, "{interval:?}");
        assert!((interval.high + 0.0032).abs() < 5e-5, "{interval:?}");
    }

    #[test]
    fn intervals_cover_the_true_difference_as_often_as_they_say() {
        let mut random = fastrand::Rng::with_seed(7);
        for (rows, gain, loss) in [(30, 0.1, 0.1), (60, 0.2, 0.05), (400, 0.03, 0.01)] {
            let mut covered = 0;
            for _ in 0..4_000 {
                let (mut gained, mut lost) = (0, 0);
                for _ in 0..rows {
                    let drawn = random.f64();
                    gained += usize::from(drawn < gain);
                    lost += usize::from((gain..gain + loss).contains(&drawn));
                }
                let interval = difference_interval(gained, lost, rows);
                covered += usize::from((interval.low..=interval.high).contains(&(gain - loss)));
            }
            let share = to_f64(covered) / 4_000.0;
            assert!((0.935..0.985).contains(&share), "{rows} rows: {share}");
        }
    }

    proptest! {
        #[test]
        fn swapping_the_sides_mirrors_everything(
            gained in 0_usize..400, lost in 0_usize..400, rest in 0_usize..1_000,
        ) {
            let p = mcnemar_mid_p(gained, lost);
            prop_assert!((0.0..=1.0).contains(&p));
            prop_assert_eq!(p, mcnemar_mid_p(lost, gained));
            let rows = gained + lost + rest;
            let (one, other) = (
                difference_interval(gained, lost, rows),
                difference_interval(lost, gained, rows),
            );
            prop_assert!((one.low + other.high).abs() < 1e-12);
            prop_assert!((one.high + other.low).abs() < 1e-12);
            let difference = (to_f64(gained) - to_f64(lost)) / to_f64(rows.max(1));
            prop_assert!(one.low <= difference && difference <= one.high);
        }

        #[test]
        fn the_more_uneven_the_less_likely(lost in 0_usize..60, gained in 0_usize..60) {
            prop_assume!(gained >= lost);
            prop_assert!(mcnemar_mid_p(gained + 1, lost) <= mcnemar_mid_p(gained, lost) + 1e-12);
        }
    }
}
