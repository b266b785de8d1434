//! The order in which waiting tickets are given out: by priority, then by when the first answer is due, then by age.
//!
//! A ticket that is late gains a point of priority for each hour, up to 100. So nothing starves: 100 hours after it
//! was due at the latest it stands at 100, and from then on only a ticket that was due before it, and stands at 100
//! too, can come first. A ticket that arrives later than that time is due later itself; so those that can ever
//! overtake are a number that no longer grows, and each that is given out makes them fewer.

use std::cmp::{Ordering, Reverse};

use jiff::{SignedDuration, Timestamp};

use crate::routing::draft::Draft;

/// How many hours a ticket must be late to gain a point of priority.
pub const HOURS_PER_POINT: i64 = 1;

/// When a ticket without a target counts as due: so long after it arrived.
pub const GRACE_WITHOUT_TARGET: SignedDuration = SignedDuration::from_hours(24);

/// Highest priority.
const MAX_PRIORITY: i64 = 100;

/// Where a ticket stands in the order; the first is the least.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Standing<'a> {
    aged_priority: u8,
    due: Timestamp,
    waited: SignedDuration,
    ticket_id: &'a str,
}

impl<'a> Standing<'a> {
    pub(super) fn of(draft: &Draft<'a>) -> Self {
        let now = draft.input.now;
        let arrived = now.checked_sub(draft.waited).unwrap_or(Timestamp::MIN);
        let due = draft.decision.first_response_due.unwrap_or_else(|| {
            arrived
                .checked_add(GRACE_WITHOUT_TARGET)
                .unwrap_or(Timestamp::MAX)
        });
        Self {
            aged_priority: aged(draft.decision.priority, now.duration_since(due)),
            due,
            waited: draft.waited,
            ticket_id: &draft.input.ticket.id,
        }
    }

    /// The priority with what the ticket gained by being late.
    pub(super) const fn aged_priority(&self) -> u8 {
        self.aged_priority
    }
}

fn aged(priority: u8, late: SignedDuration) -> u8 {
    let points = late.as_hours().max(0) / HOURS_PER_POINT;
    let aged = i64::from(priority).saturating_add(points).min(MAX_PRIORITY);
    u8::try_from(aged).unwrap_or(priority).max(priority)
}

impl Ord for Standing<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |one: &Self| (Reverse(one.aged_priority), one.due, Reverse(one.waited));
        key(self)
            .cmp(&key(other))
            .then_with(|| self.ticket_id.cmp(other.ticket_id))
    }
}

impl PartialOrd for Standing<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_ticket_gains_a_point_an_hour_up_to_the_highest_priority() {
        let late = SignedDuration::from_mins;
        assert_eq!(aged(50, late(-600)), 50);
        assert_eq!(aged(50, late(59)), 50);
        assert_eq!(aged(50, late(60)), 51);
        assert_eq!(aged(50, late(49 * 60)), 99);
        assert_eq!(aged(0, late(100 * 60)), 100);
        assert_eq!(aged(90, SignedDuration::MAX), 100);
    }

    fn standing(aged_priority: u8, due: i64, waited: i64, ticket_id: &str) -> Standing<'_> {
        Standing {
            aged_priority,
            due: Timestamp::from_second(due).unwrap(),
            waited: SignedDuration::from_secs(waited),
            ticket_id,
        }
    }

    #[test]
    fn priority_comes_before_due_time_and_due_time_before_age() {
        let in_order = [
            standing(90, 500, 0, "a"),
            standing(50, 100, 0, "b"),
            standing(50, 300, 20, "d"),
            standing(50, 300, 10, "c"),
            standing(50, 300, 10, "e"),
        ];
        assert!(in_order.is_sorted());
        assert!(in_order.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
