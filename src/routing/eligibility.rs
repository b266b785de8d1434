//! Who may take a ticket: an allowlist. An agent is eligible only if everything asked for is there; each other
//! one is rejected with the first thing that is not, the most lasting first.

use std::collections::BTreeMap;

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
            Self::NotAvailable { .. } => true,
            Self::Full { capacity, .. } => *capacity >= TICKET_COST,
            Self::NotOnRoster
            | Self::NotInQueue { .. }
            | Self::MissingSkill { .. }
            | Self::LowSkill { .. }
            | Self::OnLeave => false,
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

/// Whether `agent` may take a ticket now.
///
/// # Errors
///
/// The reason why not.
pub(super) fn check_eligible(agent: &Agent, demand: Demand<'_>) -> Result<(), RejectReason> {
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
    if agent.on_leave {
        return Err(RejectReason::OnLeave);
    }
    let full = RejectReason::Full {
        load: agent.load,
        capacity: agent.capacity,
    };
    if agent.capacity < TICKET_COST {
        return Err(full);
    }
    match agent.presence {
        Presence::Available => {}
        presence @ (Presence::Busy | Presence::Away | Presence::Offline) => {
            return Err(RejectReason::NotAvailable { presence });
        }
    }
    if agent.load.saturating_add(TICKET_COST) > agent.capacity {
        return Err(full);
    }
    Ok(())
}

/// Whether `agent` could take a ticket if only the agent were there and had time.
pub(super) fn could_take(agent: &Agent, demand: Demand<'_>) -> bool {
    match check_eligible(agent, demand) {
        Ok(()) => true,
        Err(reason) => reason.is_passing(),
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
