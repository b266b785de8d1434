//! A help desk with a policy of its own and four agents, for tests of what a policy can say.

use jiff::{SignedDuration, Timestamp};
use triage::routing::{Decision, DecisionInput, Policy, Roster, decide};
use triage::ticket::Urgency;

use crate::case::{classify, ticket};

/// Monday the 2nd of March 2026, 10:30 in Berlin.
pub(crate) const MORNING: &str = "2026-03-02T09:30:00Z";

/// The evening of the same day.
pub(crate) const EVENING: &str = "2026-03-02T20:30:00Z";

pub(crate) const ROSTER: &str = r#"
version: 1
shifts:
  early: {timezone: Europe/Berlin, hours: {mon-fri: "06:00-14:00"}}
  late: {timezone: Europe/Berlin, hours: {mon-fri: "14:00-22:00"}}
agents:
  - {id: ana, presence: available, capacity: 2, load: 0, skills: {tech: 4}, shift: early}
  - {id: bob, presence: available, capacity: 2, load: 2, skills: {tech: 3}}
  - {id: cho, presence: away, capacity: 2, load: 0, skills: {tech: 2}, queues: [desk]}
  - {id: dan, presence: available, capacity: 2, load: 0, skills: {tech: 1}, shift: late}
"#;

/// A ticket of topic `a/b` to be varied.
pub(crate) struct Desk {
    pub(crate) policy: Policy,
    pub(crate) roster: Option<Roster>,
    pub(crate) now: Timestamp,
    pub(crate) waited: SignedDuration,
    pub(crate) urgency: Urgency,
    pub(crate) tier: &'static str,
    pub(crate) automate: bool,
}

impl Desk {
    /// `rest` follows the queues and calendars.
    pub(crate) fn new(rest: &str) -> Self {
        let policy = format!(
            "version: 1\nskills: [tech]\ncalendars: {{day: {{timezone: Europe/Berlin, hours: {{mon-fri: \
             \"08:00-18:00\"}}}}}}\n{rest}\n"
        );
        Self {
            policy: Policy::parse(&policy, "p.yaml").unwrap_or_else(|errors| panic!("{errors}")),
            roster: Some(Roster::parse(ROSTER, "r.yaml").unwrap()),
            now: MORNING.parse().unwrap(),
            waited: SignedDuration::ZERO,
            urgency: Urgency::Normal,
            tier: "",
            automate: true,
        }
    }

    /// One rule for all tickets with `fields`, in flow style.
    pub(crate) fn with_rule(fields: &str) -> Self {
        Self::new(&format!(
            "queues: {{desk: {{}}, rest: {{}}}}\nrules: [{{id: r, when: 'true', {fields}}}]\ndefault: {{queue: rest}}"
        ))
    }

    pub(crate) fn decide(&self) -> Decision {
        self.decide_later(SignedDuration::ZERO)
    }

    /// What is decided so much later.
    pub(crate) fn decide_later(&self, later: SignedDuration) -> Decision {
        let mut ticket = ticket();
        for (name, value) in [
            ("renewal", "2026-03-02T11:30:00Z"),
            ("patience", "25m"),
            ("zone", "Europe/Berlin"),
        ] {
            ticket.attributes.insert(name.to_owned(), value.to_owned());
        }
        ticket.customer.tier = self.tier.to_owned();
        let mut classification = classify("a/b", self.urgency);
        if let Some(topic) = &mut classification.topic {
            topic.automate = self.automate;
        }
        decide(&DecisionInput {
            ticket: &ticket,
            classification: &classification,
            roster: self.roster.as_ref(),
            policy: &self.policy,
            now: self.now.checked_add(later).unwrap(),
            waited: self.waited.checked_add(later).unwrap(),
            deciding_words: &["charged twice".to_owned(), "refund".to_owned()],
        })
    }

    pub(crate) fn after(&mut self, minutes: i64) -> Decision {
        self.waited = SignedDuration::from_mins(minutes);
        self.decide()
    }
}
