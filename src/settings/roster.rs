//! Settings of the roster.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::{SettingsError, within};
use crate::routing::ReservationLimits;

/// Longest time that places may be reserved for: a day.
const MAX_RESERVATION_TTL_MS: u64 = 86_400_000;
/// Most places that may be reserved at a time; each takes some hundred bytes.
const MAX_RESERVATIONS: u64 = 10_000_000;

/// The roster.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RosterSettings {
    /// The roster's file; empty for none.
    pub file: PathBuf,
    /// For how long a reserved place is held if nobody confirms or releases it, in milliseconds.
    pub reservation_ttl_ms: u64,
    /// How many places may be reserved at a time.
    pub max_reservations: usize,
}

impl RosterSettings {
    /// For how long places are held, and how many.
    #[must_use]
    pub fn reservations(&self) -> ReservationLimits {
        ReservationLimits {
            time_to_live: Duration::from_millis(self.reservation_ttl_ms),
            most: self.max_reservations,
        }
    }
}

impl RosterSettings {
    pub(super) fn validate(&self) -> Result<(), SettingsError> {
        within(
            "roster.reservation_ttl_ms",
            self.reservation_ttl_ms,
            1..=MAX_RESERVATION_TTL_MS,
        )?;
        within(
            "roster.max_reservations",
            self.max_reservations as u64,
            1..=MAX_RESERVATIONS,
        )
    }
}
