//! A share of all tickets.

use serde::Deserialize;

/// A share, above 0 and at most 1.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
pub struct Share(f64);

/// A number that is no share.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{0} is no share: give one above 0 and at most 1, such as 0.1 for every tenth")]
pub struct NoShare(pub f64);

// The number is never NaN.
impl Eq for Share {}

impl Share {
    /// Everything.
    pub const ALL: Self = Self(1.0);

    /// The share as a number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }

    /// Draws whether one of many belongs to the share.
    pub(super) fn draw(self) -> bool {
        self.0 >= 1.0 || fastrand::f64() < self.0
    }
}

impl TryFrom<f64> for Share {
    type Error = NoShare;

    fn try_from(share: f64) -> Result<Self, NoShare> {
        match share > 0.0 && share <= 1.0 {
            true => Ok(Self(share)),
            false => Err(NoShare(share)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_shares_are_taken() {
        for share in [f64::MIN_POSITIVE, 0.5, 1.0] {
            assert_eq!(Share::try_from(share).unwrap().get(), share);
        }
        for wrong in [0.0, -0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert!(Share::try_from(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn about_its_share_is_drawn() {
        assert!((0..1_000).all(|_| Share::ALL.draw()));
        let few = Share::try_from(1e-9).unwrap();
        assert!((0..1_000).all(|_| !few.draw()));
    }
}
