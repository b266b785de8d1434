//! Who may take a ticket: an allowlist. An agent is eligible only if everything asked for is there; each other
//! one is rejected with the first thing that is not, the most lasting first.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::roster::{Agent, Presence};

/// What one ticket takes of an agent's capacity.
pub(super) const TICKET_COST: u32 = 1;

/// Why an agent cannot take a ticket, from the most lasting reason to the most passing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, thiserror::Error)]
#[serde(tag = "reason", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RejectReason {
    /// Named as the preferred agent and not on the roster.
    #[error("is not on the roster")]
    NotOnRoster,
    /// Does not serve the queue.
    #[error("does not serve the queue '{queue}'")]
    NotInQueue {
        /// The queue.
        queue: String,
    },
    /// Does not have a required skill.
    #[error("lacks the skill '{skill}' (level {required} is required)")]
    MissingSkill {
        /// The skill.
        skill: String,
        /// The level required, 1 to 5.
        required: u8,
    },
    /// Has a required skill at too low a level.
    #[error("has the skill '{skill}' at level {level} (level {required} is required)")]
    LowSkill {
        /// The skill.
        skill: String,
        /// The level required, 1 to 5.
        required: u8,
        /// The agent's level, 1 to 5.
        level: u8,
    },
    /// Away for days.
    #[error("is on leave")]
    OnLeave,
    /// Out of working hours.
    #[error("is off shift ('{shift}')")]
    OffShift {
        /// The shift.
        shift: String,
    },
    /// Not taking tickets now.
    #[error("is {}", presence.as_str())]
    NotAvailable {
        /// The agent's presence.
        presence: Presence,
    },
    /// One more ticket would exceed the capacity.
    #[error("holds {load} of {capacity} tickets")]
    Full {
        /// Tickets held.
        load: u32,
        /// Tickets that may be held.
        capacity: u32,
    },
}

impl RejectReason {
    /// Whether the reason can pass while a ticket waits: presence and load change in minutes, while skills,
    /// queues and leave do not.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::OffShift { .. } | Self::NotAvailable { .. } => true,
            Self::Full { capacity, .. } => *capacity >= TICKET_COST,
            Self::NotOnRoster
            | Self::NotInQueue { .. }
            | Self::MissingSkill { .. }
            | Self::LowSkill { .. }
            | Self::OnLeave => false,
        }
    }
}

/// What stands in an agent's way although the agent has all that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lack {
    OnLeave,
    OffShift,
    Busy,
    Away,
    Offline,
    Full,
}

impl Lack {
    /// All values.
    pub(super) const ALL: &[Self] = &[
        Self::OnLeave,
        Self::OffShift,
        Self::Busy,
        Self::Away,
        Self::Offline,
        Self::Full,
    ];

    /// The name used in files.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::OnLeave => "on_leave",
            Self::OffShift => "off_shift",
            Self::Busy => "busy",
            Self::Away => "away",
            Self::Offline => "offline",
            Self::Full => "full",
        }
    }
}

/// What a ticket asks of an agent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Demand<'a> {
    /// The queue that must be served; `None` where any agent will do.
    pub(super) queue: Option<&'a str>,
    /// The level needed of each skill.
    pub(super) required: &'a BTreeMap<String, u8>,
}

/// Whether `agent` may take a ticket at `now`.
///
/// # Errors
///
/// The reason why not.
pub(super) fn check_eligible(
    agent: &Agent,
    demand: Demand<'_>,
    now: Timestamp,
) -> Result<(), RejectReason> {
    check_although(agent, demand, now, &[])
}

/// Whether `agent` may take a ticket at `now` if what is in `overlooked` is no hindrance.
///
/// # Errors
///
/// The reason why not.
pub(super) fn check_although(
    agent: &Agent,
    demand: Demand<'_>,
    now: Timestamp,
    overlooked: &[Lack],
) -> Result<(), RejectReason> {
    check_lasting(agent, demand, overlooked)?;
    if let Some(shift) = &agent.shift
        && !shift.is_open(now)
        && !overlooked.contains(&Lack::OffShift)
    {
        return Err(RejectReason::OffShift {
            shift: shift.name().to_owned(),
        });
    }
    let absence = match agent.presence {
        Presence::Available => None,
        Presence::Busy => Some(Lack::Busy),
        Presence::Away => Some(Lack::Away),
        Presence::Offline => Some(Lack::Offline),
    };
    if absence.is_some_and(|lack| !overlooked.contains(&lack)) {
        let presence = agent.presence;
        return Err(RejectReason::NotAvailable { presence });
    }
    let is_full = agent.load.saturating_add(TICKET_COST) > agent.capacity;
    if is_full && !overlooked.contains(&Lack::Full) {
        return Err(full(agent));
    }
    Ok(())
}

/// Whether `agent` could take a ticket if only the agent were there and had time.
pub(super) fn could_take(agent: &Agent, demand: Demand<'_>) -> bool {
    check_lasting(agent, demand, &[]).is_ok()
}

/// Whether nothing stands in the way that does not pass while a ticket waits.
fn check_lasting(
    agent: &Agent,
    demand: Demand<'_>,
    overlooked: &[Lack],
) -> Result<(), RejectReason> {
    if let (Some(queue), Some(served)) = (demand.queue, &agent.queues)
        && !served.contains(queue)
    {
        return Err(RejectReason::NotInQueue {
            queue: queue.to_owned(),
        });
    }
    for (skill, &required) in demand.required {
        match agent.skills.get(skill) {
            None => {
                return Err(RejectReason::MissingSkill {
                    skill: skill.clone(),
                    required,
                });
            }
            Some(&level) if level < required => {
                return Err(RejectReason::LowSkill {
                    skill: skill.clone(),
                    required,
                    level,
                });
            }
            Some(_) => {}
        }
    }
    if agent.on_leave && !overlooked.contains(&Lack::OnLeave) {
        return Err(RejectReason::OnLeave);
    }
    // Somebody without any capacity is never asked, not even as the last resort.
    if agent.capacity < TICKET_COST {
        return Err(full(agent));
    }
    Ok(())
}

const fn full(agent: &Agent) -> RejectReason {
    RejectReason::Full {
        load: agent.load,
        capacity: agent.capacity,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent() -> Agent {
        Agent {
            id: "ana".into(),
            name: String::new(),
            skills: BTreeMap::from([("billing".to_owned(), 3)]),
            queues: Some(["billing".to_owned()].into()),
            presence: Presence::Available,
            on_leave: false,
            capacity: 2,
            load: 1,
            idle_since: None,
            last_assigned_at: None,
            shift: None,
        }
    }

    fn check(agent: &Agent, queue: &str, required: &[(&str, u8)]) -> Result<(), RejectReason> {
        let required = required
            .iter()
            .map(|&(skill, level)| (skill.to_owned(), level))
            .collect();
        check_eligible(
            agent,
            Demand {
                queue: Some(queue),
                required: &required,
            },
            Timestamp::UNIX_EPOCH,
        )
    }

    #[test]
    fn an_agent_with_everything_asked_for_is_eligible() {
        assert_eq!(check(&agent(), "billing", &[("billing", 3)]), Ok(()));
        let anywhere = Agent {
            queues: None,
            ..agent()
        };
        assert_eq!(check(&anywhere, "general", &[]), Ok(()));
    }

    #[test]
    fn each_lack_is_a_reason() {
        let reason =
            |agent: Agent, queue: &str, required| check(&agent, queue, required).unwrap_err();
        assert_eq!(
            reason(agent(), "general", &[]),
            RejectReason::NotInQueue {
                queue: "general".into()
            }
        );
        assert_eq!(
            reason(agent(), "billing", &[("tech", 1)]),
            RejectReason::MissingSkill {
                skill: "tech".into(),
                required: 1
            }
        );
        assert_eq!(
            reason(agent(), "billing", &[("billing", 4)]),
            RejectReason::LowSkill {
                skill: "billing".into(),
                required: 4,
                level: 3
            }
        );
        let away = Agent {
            on_leave: true,
            ..agent()
        };
        assert_eq!(reason(away, "billing", &[]), RejectReason::OnLeave);
        for presence in [Presence::Busy, Presence::Away, Presence::Offline] {
            let agent = Agent {
                presence,
                ..agent()
            };
            assert_eq!(
                reason(agent, "billing", &[]),
                RejectReason::NotAvailable { presence }
            );
        }
        let full = Agent { load: 2, ..agent() };
        assert_eq!(
            reason(full, "billing", &[]),
            RejectReason::Full {
                load: 2,
                capacity: 2
            }
        );
    }

    #[test]
    fn presence_and_load_pass_while_skills_and_leave_do_not() {
        let required = BTreeMap::new();
        let demand = Demand {
            queue: None,
            required: &required,
        };
        assert!(could_take(
            &Agent {
                presence: Presence::Offline,
                ..agent()
            },
            demand
        ));
        assert!(could_take(&Agent { load: 9, ..agent() }, demand));
        assert!(!could_take(
            &Agent {
                on_leave: true,
                ..agent()
            },
            demand
        ));
        assert!(!could_take(
            &Agent {
                capacity: 0,
                load: 0,
                ..agent()
            },
            demand
        ));
        assert!(!could_take(
            &Agent {
                capacity: 0,
                load: 0,
                presence: Presence::Offline,
                ..agent()
            },
            demand
        ));
    }
}
