//! What the language of policies can say, each part by a policy of its own: working hours, targets, the table of
//! impact and urgency, steps that are skipped or relax, last resorts, turns.

use jiff::{SignedDuration, Timestamp};
use triage::routing::{Decision, RejectReason, Roster, Stage, TraceValue};
use triage::ticket::Urgency;

use crate::desk::{Desk, EVENING};

fn reason(decision: &Decision, agent: &str) -> String {
    let found = decision.rejected.iter().find(|one| one.agent_id == agent);
    found.map_or_else(String::new, |one| one.reason.to_string())
}

#[test]
fn a_rule_may_ask_for_working_hours() {
    let mut desk = Desk::new(
        "queues: {desk: {}, rest: {}}\nrules:\n  - {id: day, when: 'in_hours(\"day\")', otherwise: desk}\n\
         default: {queue: rest}",
    );
    assert_eq!(desk.decide().rule.as_ref(), "day");
    desk.now = EVENING.parse().unwrap();
    assert_eq!(desk.decide().rule.as_ref(), "default");
}

#[test]
fn an_agent_out_of_shift_is_rejected_with_the_reason() {
    let mut desk = Desk::with_rule("steps: [{queue: desk, order_by: [proficiency]}]");
    let decision = desk.decide();
    assert_eq!(decision.agent.as_deref(), Some("ana"));
    assert_eq!(reason(&decision, "dan"), "is off shift ('late')");
    desk.now = "2026-03-02T13:00:00Z".parse().unwrap();
    let decision = desk.decide();
    assert_eq!(decision.agent.as_deref(), Some("dan"));
    assert_eq!(reason(&decision, "ana"), "is off shift ('early')");
}

#[test]
fn due_times_follow_urgency_tier_and_calendar() {
    let mut desk = Desk::new(
        "queues: {rest: {}}\nsla: {calendar: day, urgent: {within: 15m, calendar: night}, normal: 8h, \
         resolution: {normal: 1d}, tiers: {vip: {normal: 1h}}}\ndefault: {queue: rest}"
            .replace("calendar: night", "calendar: day")
            .as_str(),
    );
    let due = |desk: &Desk| {
        let decision = desk.decide();
        let text = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
        (
            text(decision.first_response_due),
            text(decision.resolution_due),
        )
    };
    let morning = (
        "2026-03-03T07:30:00Z".to_owned(),
        "2026-03-03T09:30:00Z".to_owned(),
    );
    assert_eq!(due(&desk), morning);
    desk.tier = "vip";
    assert_eq!(due(&desk).0, "2026-03-02T10:30:00Z");
    desk.now = EVENING.parse().unwrap();
    desk.waited = SignedDuration::from_hours(11);
    assert_eq!(
        due(&desk).0,
        "2026-03-02T10:30:00Z",
        "counted from when it came in"
    );
    desk.urgency = Urgency::Low;
    assert_eq!(due(&desk), (String::new(), String::new()));
}

#[test]
fn priority_comes_from_the_rule_or_the_table_of_impact_and_urgency() {
    let table = "priorities: {normal: 40, impact: {from: customer.tier, levels: {vip: {normal: 60}, business: \
                 {urgent: 100, high: 95, normal: 80, low: 70}}}}\ndefault: {queue: rest}";
    let mut desk = Desk::new(&format!("queues: {{rest: {{}}}}\n{table}"));
    let found = |desk: &Desk| {
        let decision = desk.decide();
        (decision.priority, decision.impact)
    };
    assert_eq!(found(&desk), (40, None));
    desk.tier = "vip";
    assert_eq!(found(&desk), (60, Some("vip".to_owned())));
    desk.urgency = Urgency::High;
    assert_eq!(
        found(&desk),
        (70, Some("vip".to_owned())),
        "a cell left out is that of the urgency"
    );
    desk.tier = "business";
    assert_eq!(found(&desk).0, 95);
    desk.tier = "unheard of";
    assert_eq!(found(&desk), (70, None));
    let mut desk = Desk::new(&format!(
        "queues: {{rest: {{}}}}\nrules: [{{id: r, when: 'true', priority: 7, otherwise: rest}}]\n{table}"
    ));
    desk.tier = "business";
    assert_eq!(found(&desk), (7, None));
}

#[test]
fn a_step_is_skipped_where_its_condition_holds_and_takes_no_time() {
    let mut desk = Desk::with_rule(
        "steps: [{queue: desk, require: {tech: 3}, skip_if: 'customer.tier == \"vip\"', timeout: 10m}, \
         {queue: rest, timeout: 10m}], otherwise: desk",
    );
    assert_eq!(desk.decide().step, Some(1));
    desk.tier = "vip";
    let decision = desk.decide();
    assert_eq!((decision.step, decision.queue.as_str()), (Some(2), "rest"));
    let [entry] = decision.step_trace.as_slice() else {
        panic!("{:?}", decision.step_trace);
    };
    assert_eq!((entry.step, &entry.value), (1, &TraceValue::True));
    assert_eq!(entry.condition.as_ref(), "customer.tier == \"vip\"");
    assert_eq!(desk.after(10).stage, Stage::Otherwise);
    desk.tier = "";
    assert_eq!(
        desk.decide().step,
        Some(2),
        "the first step took ten minutes"
    );
}

#[test]
fn a_condition_to_skip_that_fails_skips_nothing() {
    let desk = Desk::with_rule(
        "steps: [{queue: desk, skip_if: 'ticket.attributes.spam == \"yes\"'}], otherwise: rest",
    );
    let decision = desk.decide();
    assert_eq!(decision.step, Some(1));
    assert!(matches!(decision.step_trace[0].value, TraceValue::Error(_)));
    assert!(!decision.requires_human);
}

#[test]
fn where_every_step_is_skipped_otherwise_is_in_force() {
    let decision =
        Desk::with_rule("steps: [{queue: desk, skip_if: 'true'}], otherwise: rest").decide();
    assert_eq!(
        (decision.stage, decision.queue.as_str()),
        (Stage::Otherwise, "rest")
    );
    assert_eq!(decision.abstain_reason, None, "nobody is missing");
}

#[test]
fn a_step_asks_for_less_as_the_ticket_waits() {
    let mut desk = Desk::with_rule(
        "steps: [{queue: desk, require: {tech: 5}, relax: {every: 10m, to: {tech: 2}}, timeout: 1h}, {queue: rest}]",
    );
    let level = |decision: &Decision| decision.required_skills.get("tech").copied();
    let decision = desk.decide();
    assert_eq!(
        level(&decision),
        Some(4),
        "nobody has level 5, so it takes no time"
    );
    assert_eq!(decision.step, Some(1));
    let next = decision.next_evaluation_at.unwrap();
    assert_eq!(next.to_string(), "2026-03-02T09:40:00Z");
    assert_eq!(level(&desk.after(10)), Some(3));
    assert_eq!(level(&desk.after(20)), Some(2));
    assert_eq!(
        level(&desk.after(49)),
        Some(2),
        "until the step's own time is over"
    );
    assert_eq!(desk.after(50).step, Some(2));
}

#[test]
fn the_last_resort_of_a_queue_chooses_whom_nothing_else_would() {
    let policy = |last: &str| {
        format!(
            "queues: {{desk: {{last_resort: {{{last}}}}}, rest: {{}}}}\nrules:\n  - id: r\n    when: 'true'\n    \
             steps: [{{queue: desk, require: {{tech: 2}}, timeout: 5m}}, {{queue: desk, require: {{tech: 2}}}}]\n\
             default: {{queue: rest}}"
        )
    };
    let mut desk = Desk::new(&policy("accept: [full, away]"));
    desk.now = EVENING.parse().unwrap();
    let early = desk.decide();
    assert_eq!(
        (early.agent, early.last_resort),
        (None, false),
        "the next step is waited for first"
    );
    let decision = desk.after(5);
    let found: Vec<_> = decision
        .candidates
        .iter()
        .map(|one| {
            (
                one.agent_id.as_str(),
                one.despite.as_ref().map(ToString::to_string),
            )
        })
        .collect();
    assert!(decision.last_resort);
    assert_eq!(
        found,
        [
            ("cho", Some("is away".to_owned())),
            ("bob", Some("holds 2 of 2 tickets".to_owned())),
        ]
    );
    assert_eq!(reason(&decision, "ana"), "is off shift ('early')");
    let Some(RejectReason::LowSkill { .. }) = decision
        .rejected
        .iter()
        .find(|one| one.agent_id == "dan")
        .map(|one| &one.reason)
    else {
        panic!("skills count to the last");
    };

    desk.policy = Desk::new(&policy("accept: [full, away], agents: [bob], after: 20m")).policy;
    let decision = desk.after(5);
    assert_eq!((decision.agent, decision.last_resort), (None, false));
    let next = decision.next_evaluation_at.unwrap();
    assert_eq!(next.to_string(), "2026-03-02T20:45:00Z");
    assert_eq!(desk.after(20).agent.as_deref(), Some("bob"));
    assert_eq!(desk.decide().candidates.len(), 1);
}

#[test]
fn somebody_eligible_comes_before_any_last_resort() {
    let desk = Desk::new(
        "queues: {desk: {last_resort: {accept: [full, away, busy, offline, off_shift, on_leave]}}}\n\
         default: {queue: desk}",
    );
    let decision = desk.decide();
    assert_eq!(
        (decision.agent.as_deref(), decision.last_resort),
        (Some("ana"), false)
    );
    assert_eq!(decision.candidates.len(), 1);
}

#[test]
fn round_robin_follows_the_last_assignments_of_the_roster() {
    let mut desk = Desk::with_rule("steps: [{queue: desk, order_by: [round_robin]}]");
    let roster = "version: 1\nagents:\n  \
                  - {id: a, presence: available, capacity: 9, last_assigned_at: 2026-03-02T09:02:00Z}\n  \
                  - {id: b, presence: available, capacity: 9, last_assigned_at: 2026-03-02T09:01:00Z}\n  \
                  - {id: c, presence: available, capacity: 9}\n";
    desk.roster = Some(Roster::parse(roster, "r.yaml").unwrap());
    let ids: Vec<_> = desk
        .decide()
        .candidates
        .into_iter()
        .map(|one| one.agent_id)
        .collect();
    assert_eq!(ids, ["c", "b", "a"]);
}
