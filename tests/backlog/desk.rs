//! A small help desk: its policy, and tickets and agents by few words.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use triage::classifier::{Classification, Prediction};
use triage::routing::{
    Agent, Assigned, Backlog, Policy, Presence, Roster, Waiting, assign_backlog,
};
use triage::ticket::{Ticket, Urgency};

pub(crate) const POLICY: &str = r#"
version: 1
skills: [tech, api, lang_de]
queues:
  tech: {overflow: rest}
  api: {}
  rest: {last_resort: {accept: [busy], after: 1h}}
languages: {de: lang_de}
sla: {urgent: 15m, high: 1h, normal: 8h}
rules:
  - id: asks-for-agent
    when: topic == "any/named"
    steps:
      - {preferred_agent: ticket.last_agent_id, timeout: 10m}
      - {queue: tech, order_by: [round_robin]}
  - id: api
    when: topic == "any/api"
    steps:
      - {queue: api, require: {api: 3}, prefer: {tech: 2}, order_by: [proficiency], timeout: 30m}
      - {queue: api, require: {api: 1}, order_by: [lowest_sufficient, longest_idle]}
  - id: help
    when: topic == "any/help"
    self_service: {article: kb/help}
    steps: [{queue: tech}]
  - id: tech
    when: topic == "any/tech"
    steps:
      - {queue: tech, require: {tech: 3}, relax: {every: 20m, to: {tech: 1}}, timeout: 1h}
    otherwise: rest
default: {queue: rest}
"#;

pub(crate) const TOPICS: [&str; 5] = ["any/named", "any/api", "any/help", "any/tech", "any/other"];

pub(crate) fn now() -> Timestamp {
    "2026-03-02T09:30:00Z".parse().unwrap()
}

pub(crate) fn policy() -> Policy {
    Policy::parse(POLICY, "policy").unwrap_or_else(|errors| panic!("{errors}"))
}

fn predict(label: &str) -> Prediction {
    Prediction::given(label, 0.9)
}

/// A ticket with all that is known of it.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) ticket: Ticket,
    pub(crate) classification: Classification,
    pub(crate) waited: SignedDuration,
    pub(crate) holder: Option<String>,
}

pub(crate) fn known(id: &str, topic: &str, urgency: Urgency, minutes: i64) -> Known {
    Known {
        ticket: Ticket {
            id: id.into(),
            body: "Please have a look at this.".into(),
            ..Ticket::default()
        },
        classification: Classification {
            topic: Some(predict(topic)),
            area: None,
            urgency: Some(predict(urgency.as_str())),
            facets: Vec::new(),
        },
        waited: SignedDuration::from_mins(minutes),
        holder: None,
    }
}

pub(crate) fn agent(id: &str, skills: &[(&str, u8)], capacity: u32, load: u32) -> Agent {
    Agent {
        id: id.into(),
        name: String::new(),
        skills: skills
            .iter()
            .map(|&(skill, level)| (skill.to_owned(), level))
            .collect::<BTreeMap<_, _>>(),
        queues: None,
        presence: Presence::Available,
        on_leave: false,
        capacity,
        load,
        idle_since: None,
        last_assigned_at: None,
        shift: None,
    }
}

pub(crate) fn roster(agents: &[Agent]) -> Roster {
    Roster::new(agents.to_vec(), "agents").unwrap_or_else(|errors| panic!("{errors}"))
}

pub(crate) fn waiting(tickets: &[Known]) -> Vec<Waiting<'_>> {
    let waiting = tickets.iter().map(|known| Waiting {
        ticket: &known.ticket,
        classification: &known.classification,
        waited: known.waited,
        deciding_words: &[],
        holder: known.holder.as_deref(),
    });
    waiting.collect()
}

pub(crate) fn give_out(tickets: &[Known], agents: &[Agent], policy: &Policy) -> Vec<Assigned> {
    assign_backlog(&Backlog {
        waiting: &waiting(tickets),
        roster: Some(&roster(agents)),
        policy,
        now: now(),
    })
    .unwrap()
}

/// Who got which ticket.
pub(crate) fn agents_of(assigned: &[Assigned]) -> Vec<Option<&str>> {
    let agents = assigned.iter().map(|one| one.decision.agent.as_deref());
    agents.collect()
}
