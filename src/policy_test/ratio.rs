//! A share as an exact fraction, so that a bar of 0.95 is met by 19 of 20 and never missed by a rounding error.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A share between 0 and 1.
#[derive(Debug, Clone, Copy)]
pub struct Ratio {
    part: u64,
    whole: u64,
}

/// What is no share.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no share from 0 to 1: give one such as 1, 0.95, 37/40 or 95%")]
pub struct ParseRatioError(String);

impl Ratio {
    /// `part` of `whole`; all of nothing is 1.
    #[must_use]
    pub const fn new(part: u64, whole: u64) -> Self {
        match whole {
            0 => Self { part: 1, whole: 1 },
            _ => Self { part, whole },
        }
    }

    /// Part and whole.
    #[must_use]
    pub const fn parts(self) -> (u64, u64) {
        (self.part, self.whole)
    }

    /// The share as a float, for showing it.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn to_f64(self) -> f64 {
        self.part as f64 / self.whole as f64
    }
}

impl Ord for Ratio {
    fn cmp(&self, other: &Self) -> Ordering {
        let left = u128::from(self.part) * u128::from(other.whole);
        let right = u128::from(other.part) * u128::from(self.whole);
        left.cmp(&right)
    }
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ratio {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ratio {}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.part, self.whole)
    }
}

impl FromStr for Ratio {
    type Err = ParseRatioError;

    fn from_str(text: &str) -> Result<Self, ParseRatioError> {
        let refused = || ParseRatioError(text.to_owned());
        let parsed = match (text.split_once('/'), text.strip_suffix('%')) {
            (Some((part, whole)), _) => whole_number(part)
                .zip(whole_number(whole))
                .filter(|&(_, whole)| whole > 0),
            (None, Some(percent)) => decimal(percent.trim_end())
                .and_then(|(part, whole)| Some((part, whole.checked_mul(100)?))),
            (None, None) => decimal(text),
        };
        let (part, whole) = parsed
            .filter(|(part, whole)| part <= whole)
            .ok_or_else(refused)?;
        Ok(Self { part, whole })
    }
}

/// A number without sign and exponent as a fraction.
fn decimal(text: &str) -> Option<(u64, u64)> {
    let (whole, digits) = text.split_once('.').unwrap_or((text, ""));
    if text.contains('.') && digits.is_empty() {
        return None;
    }
    let scale = 10_u64.checked_pow(u32::try_from(digits.len()).ok()?)?;
    let fraction = if digits.is_empty() {
        0
    } else {
        whole_number(digits)?
    };
    let part = whole_number(whole)?
        .checked_mul(scale)?
        .checked_add(fraction)?;
    Some((part, scale))
}

fn whole_number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_compared_without_rounding() {
        let bar = |text: &str| text.parse::<Ratio>().unwrap();
        assert!(Ratio::new(19, 20) >= bar("0.95"));
        assert!(Ratio::new(37, 40) >= bar("37/40"));
        assert!(Ratio::new(36, 40) < bar("37/40"));
        assert_eq!(bar("92.5%"), bar("37/40"));
        assert_eq!(bar("2 %"), bar("0.02"));
        // As floats both are 0.3333333333333333.
        assert!(Ratio::new(1, 3) > bar("0.3333333333333333"));
        assert!(Ratio::new(u64::MAX - 1, u64::MAX) < bar("1"));
        assert_eq!(Ratio::new(0, 0), bar("1.0"));
    }

    #[test]
    fn what_is_no_share_is_refused() {
        for wrong in [
            "", "1.1", "2", "-0.5", "1/0", "3/2", "1e-1", "0.", ".5", "a", "101%", "1/2/3", "+1",
            "NaN", "%",
        ] {
            assert!(wrong.parse::<Ratio>().is_err(), "{wrong}");
        }
    }
}
