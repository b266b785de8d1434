//! How soon a ticket must be answered and solved: targets by urgency, for all customers and for those of a tier,
//! counted around the clock or in the working hours of a calendar.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

use super::by_urgency::{check_order, read_by_urgency};
use super::calendar::{Calendar, Calendars};
use super::document::{Node, NodeValue};
use super::fault::{Faults, Section};
use super::fields::{self, Fields};
use crate::ticket::Urgency;

/// The fields of `sla` besides the urgencies.
pub(super) const SLA_FIELDS: &[&str] = &["calendar", "resolution", "tiers"];

/// The fields of a tier's targets besides the urgencies.
pub(super) const TIER_FIELDS: &[&str] = &["calendar", "resolution"];

/// The fields of a target that is not a duration alone.
pub(super) const TARGET_FIELDS: &[&str] = &["within", "calendar"];

/// A target must be reached within so many weeks' hours of its calendar, so that looking for it ends.
const MAX_WEEKS: i32 = 52;

/// All targets of a policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sla {
    general: Targets,
    tiers: BTreeMap<String, Targets>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Targets {
    first_response: BTreeMap<Urgency, Target>,
    resolution: BTreeMap<Urgency, Target>,
}

/// How much time there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    span: SignedDuration,
    /// Counts only its hours.
    calendar: Option<Arc<Calendar>>,
}

impl Sla {
    /// The time to the first answer: the tier's own target, or else that of all customers.
    pub(super) fn first_response(&self, tier: &str, urgency: Urgency) -> Option<&Target> {
        self.find(tier, urgency, |targets| &targets.first_response)
    }

    /// The time until the ticket is solved: the tier's own target, or else that of all customers.
    pub(super) fn resolution(&self, tier: &str, urgency: Urgency) -> Option<&Target> {
        self.find(tier, urgency, |targets| &targets.resolution)
    }

    fn find(
        &self,
        tier: &str,
        urgency: Urgency,
        of: impl Fn(&Targets) -> &BTreeMap<Urgency, Target>,
    ) -> Option<&Target> {
        let own = self.tiers.get(tier).and_then(|tier| of(tier).get(&urgency));
        own.or_else(|| of(&self.general).get(&urgency))
    }
}

impl Target {
    /// When a ticket that has waited so long by `now` is due; `None` where that is beyond all time.
    pub(super) fn due(&self, now: Timestamp, waited: SignedDuration) -> Option<Timestamp> {
        match &self.calendar {
            None => now.checked_add(self.span.checked_sub(waited)?).ok(),
            Some(calendar) => {
                let arrived = now.checked_sub(waited).ok()?;
                calendar.after_open_time(arrived, self.span)
            }
        }
    }
}

/// Reads `sla`.
pub(super) fn read_sla(node: &Node, calendars: &Calendars, faults: &mut Faults) -> Sla {
    let reader = Reader { calendars };
    let general = reader.read_targets(node, "sla", SLA_FIELDS, None, faults);
    let mut tiers = BTreeMap::new();
    let entries = entry(node, "tiers").and_then(|node| fields::entries(node, "tiers", faults));
    for (key, value) in entries.unwrap_or_default() {
        let what = format!("sla of tier '{}'", key.name);
        let calendar = reader.default_calendar(node, &mut Faults::default());
        let mut targets = reader.read_targets(value, &what, TIER_FIELDS, calendar, faults);
        check_targets(&general, &mut targets, value, &what, faults);
        tiers.insert(key.name.clone(), targets);
    }
    Sla { general, tiers }
}

/// Notes targets of a tier, completed by those of all customers, that are the wrong way round.
fn check_targets(
    general: &Targets,
    tier: &mut Targets,
    node: &Node,
    what: &str,
    faults: &mut Faults,
) {
    let complete = |general: &BTreeMap<Urgency, Target>, own: &BTreeMap<Urgency, Target>| {
        let mut all = general.clone();
        all.extend(own.clone());
        all
    };
    if !tier.first_response.is_empty() {
        let all = complete(&general.first_response, &tier.first_response);
        check_target_order(&all, node, what, faults);
    }
    if !tier.resolution.is_empty() {
        let all = complete(&general.resolution, &tier.resolution);
        check_target_order(&all, node, &format!("resolution in {what}"), faults);
    }
}

fn check_target_order(
    targets: &BTreeMap<Urgency, Target>,
    node: &Node,
    what: &str,
    faults: &mut Faults,
) {
    let in_order = |sooner: &Target, later: &Target| {
        // An hour of one calendar may be more or less than an hour of another.
        sooner.calendar != later.calendar || sooner.span <= later.span
    };
    let pairs = targets.iter().map(|(&urgency, target)| (urgency, target));
    check_order(pairs, (node.position, what), in_order, faults);
}

/// The value of an entry of a mapping, if it is one and has it.
fn entry<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let NodeValue::Map(entries) = &node.value else {
        return None;
    };
    let found = entries.iter().find(|(key, _)| key.name == name);
    found
        .map(|(_, value)| value)
        .filter(|node| node.value != NodeValue::Null)
}

struct Reader<'a> {
    calendars: &'a Calendars,
}

impl Reader<'_> {
    fn read_targets(
        &self,
        node: &Node,
        what: &str,
        others: &[&'static str],
        inherited: Option<Arc<Calendar>>,
        faults: &mut Faults,
    ) -> Targets {
        let Some(entries) = fields::entries(node, what, faults) else {
            return Targets::default();
        };
        let calendar = self.default_calendar(node, faults).or(inherited);
        let read = |node: &Node, what: &str, faults: &mut Faults| {
            self.read_target(node, what, calendar.as_ref(), faults)
        };
        let first_response = read_by_urgency(&entries, others, what, faults, read);
        check_target_order(&first_response, node, what, faults);
        let mut resolution = BTreeMap::new();
        if let Some(node) = entry(node, "resolution") {
            let what = format!("resolution in {what}");
            let entries = fields::entries(node, &what, faults).unwrap_or_default();
            resolution = read_by_urgency(&entries, &[], &what, faults, read);
            check_target_order(&resolution, node, &what, faults);
        }
        Targets {
            first_response,
            resolution,
        }
    }

    fn default_calendar(&self, node: &Node, faults: &mut Faults) -> Option<Arc<Calendar>> {
        self.find_calendar(entry(node, "calendar")?, faults)
    }

    fn find_calendar(&self, node: &Node, faults: &mut Faults) -> Option<Arc<Calendar>> {
        let name = fields::text(node, "calendar", faults)?;
        let found = self.calendars.get(name).cloned();
        if found.is_none() {
            let declared = self.calendars.keys().map(String::as_str);
            let (section, at) = (Section::Calendars, node.position);
            faults.add_undeclared(section, at, "unknown calendar", name, declared);
        }
        found
    }

    /// A duration, or one with its own calendar.
    fn read_target(
        &self,
        node: &Node,
        what: &str,
        default: Option<&Arc<Calendar>>,
        faults: &mut Faults,
    ) -> Option<Target> {
        let NodeValue::Map(_) = &node.value else {
            return read_span(node, what, default.cloned(), faults);
        };
        let fields = Fields::open(node, "a target", TARGET_FIELDS, faults)?;
        let within = fields.require("within", faults);
        let calendar = match fields.get("calendar") {
            Some(node) => Some(self.find_calendar(node, faults)?),
            None => default.cloned(),
        };
        read_span(within?, what, calendar, faults)
    }
}

fn read_span(
    node: &Node,
    what: &str,
    calendar: Option<Arc<Calendar>>,
    faults: &mut Faults,
) -> Option<Target> {
    let span = fields::span(node, what, faults)?;
    let length = match &calendar {
        None => span.to_duration(SpanRelativeTo::days_are_24_hours()).ok(),
        Some(calendar) => working_time(span, calendar),
    };
    if length.is_none()
        && let Some(calendar) = &calendar
    {
        faults.add(
            node.position,
            format!(
                "{what} is more than {MAX_WEEKS} weeks have hours in the calendar '{}': shorten it",
                calendar.name()
            ),
        );
    }
    Some(Target {
        span: length?,
        calendar,
    })
}

/// A day of a target is the calendar's longest day, a week is its week; `None` for more than [`MAX_WEEKS`].
fn working_time(span: Span, calendar: &Calendar) -> Option<SignedDuration> {
    let week = calendar.week_length();
    let days = calendar.longest_day().checked_mul(span.get_days())?;
    let weeks = week.checked_mul(span.get_weeks())?;
    let rest = span.days(0).weeks(0);
    let rest = rest.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    let length = rest.checked_add(days)?.checked_add(weeks)?;
    (length <= week.checked_mul(MAX_WEEKS)?).then_some(length)
}

#[cfg(test)]
#[path = "sla_tests.rs"]
mod tests;
