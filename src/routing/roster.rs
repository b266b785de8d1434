//! The agents and what is known of them at one moment: skills, presence, load. A snapshot, read whole and never
//! changed; who may take a ticket is decided elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

use super::calendar::{Calendar, Calendars};
use super::document::{self, Node};
use super::fault::{Faults, Position, RosterErrors, Section};
use super::fields::check_name;
use super::policy::Policy;
use super::roster_file::read_agents;

/// Largest roster file, in bytes.
pub const MAX_ROSTER_BYTES: usize = 4 << 20;

/// Most agents of a roster.
pub const MAX_AGENTS: usize = 10_000;

/// Highest level of a skill.
pub const MAX_PROFICIENCY: u8 = 5;

/// Most tickets an agent may hold at a time.
pub const MAX_CAPACITY: u32 = 10_000;

/// Whether an agent is there to take tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Takes new tickets.
    Available,
    /// There, and taking no new tickets.
    Busy,
    /// Signed in and not there.
    Away,
    /// Signed out.
    Offline,
}

impl Presence {
    /// All values.
    pub const ALL: &[Self] = &[Self::Available, Self::Busy, Self::Away, Self::Offline];

    /// The name used in files, answers and messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Busy => "busy",
            Self::Away => "away",
            Self::Offline => "offline",
        }
    }
}

/// Somebody who answers tickets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Agent {
    /// The help desk's id of the agent, unique within a roster.
    pub id: String,
    /// A name to show; may be empty.
    pub name: String,
    /// Proficiency by skill, 1 to 5; languages are skills too.
    pub skills: BTreeMap<String, u8>,
    /// The queues served; `None` serves all.
    pub queues: Option<BTreeSet<String>>,
    /// Whether there to take tickets.
    pub presence: Presence,
    /// Away for days, whatever the presence says.
    pub on_leave: bool,
    /// How many tickets may be held at a time.
    pub capacity: u32,
    /// How many tickets are held now; may exceed the capacity.
    pub load: u32,
    /// Since when there has been nothing to do, where known.
    pub idle_since: Option<Timestamp>,
    /// When a ticket was assigned last, where known; whoever assigns several must give them different times.
    pub last_assigned_at: Option<Timestamp>,
    /// The hours in which tickets are taken; `None` takes them at all hours.
    #[serde(serialize_with = "serialize_shift")]
    pub shift: Option<Arc<Calendar>>,
}

fn serialize_shift<S: Serializer>(
    shift: &Option<Arc<Calendar>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    shift.as_deref().serialize(serializer)
}

/// A checked snapshot of all agents, in ascending order of their ids.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Roster {
    origin: String,
    agents: Vec<Agent>,
    positions: BTreeMap<String, Position>,
    /// The shifts that were declared, whether an agent has them or not.
    shifts: Calendars,
    /// Whether there are agents whose ids could not be read.
    has_unread: bool,
}

impl Roster {
    /// A roster of `agents`, in any order; `origin` names where they come from in messages.
    ///
    /// # Errors
    ///
    /// Every id that is empty or given twice, every proficiency outside 1 to 5, too many agents.
    pub fn new(agents: Vec<Agent>, origin: &str) -> Result<Self, RosterErrors> {
        let mut faults = Faults::default();
        if agents.len() > MAX_AGENTS {
            faults.add_unplaced(format!(
                "{} agents are more than the {MAX_AGENTS} allowed",
                agents.len()
            ));
        }
        let mut seen = BTreeSet::new();
        for agent in &agents {
            if let Err(message) = check_name(&agent.id, "an agent's id") {
                faults.add_unplaced(message);
            }
            if !seen.insert(agent.id.as_str()) {
                faults.add_unplaced(format!("agent '{}' is given twice: keep one", agent.id));
            }
            for (skill, level) in &agent.skills {
                if !(1..=MAX_PROFICIENCY).contains(level) {
                    faults.add_unplaced(format!(
                        "agent '{}': proficiency in '{skill}' must be 1 to {MAX_PROFICIENCY}, not {level}",
                        agent.id
                    ));
                }
            }
        }
        faults.into_result(origin)?;
        let shifts = agents.iter().filter_map(|agent| agent.shift.as_ref());
        let shifts = shifts
            .map(|shift| (shift.name().to_owned(), Arc::clone(shift)))
            .collect();
        Ok(Self::sorted(agents, BTreeMap::new(), shifts, origin))
    }

    /// The roster with these shifts declared besides its own; one of the same name takes the place of its own, but
    /// not for the agents who have that already.
    #[must_use]
    pub fn with_shifts(mut self, shifts: impl IntoIterator<Item = Arc<Calendar>>) -> Self {
        let named = shifts.into_iter();
        self.shifts
            .extend(named.map(|shift| (shift.name().to_owned(), shift)));
        self
    }

    /// The shifts that are declared, in ascending order of their names.
    pub fn shifts(&self) -> impl Iterator<Item = &Arc<Calendar>> + Clone {
        self.shifts.values()
    }

    /// Reads the YAML `text` of a roster; `origin` names it in messages.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, each with line and column.
    pub fn parse(text: &str, origin: &str) -> Result<Self, RosterErrors> {
        let document = document::parse(text, origin, MAX_ROSTER_BYTES)?;
        let mut faults = Faults::default();
        let (agents, positions, shifts) = read_agents(&document, &mut faults);
        faults.into_result(origin)?;
        Ok(Self::sorted(agents, positions, shifts, origin))
    }

    /// Reads a roster that stands within another file; `None` where anything is wrong with it.
    pub(crate) fn read(node: &Node, origin: &str, faults: &mut Faults) -> Option<Self> {
        let before = faults.count();
        let (agents, positions, shifts) = read_agents(node, faults);
        (faults.count() == before).then(|| Self::sorted(agents, positions, shifts, origin))
    }

    /// Reads a roster file.
    ///
    /// # Errors
    ///
    /// It cannot be read, or anything is wrong with it.
    pub fn load(path: &Path) -> Result<Self, RosterErrors> {
        let origin = path.display().to_string();
        let text = document::read(path, MAX_ROSTER_BYTES)?;
        Self::parse(&text, &origin)
    }

    /// Reads as much of a roster file as can be read, and all that is wrong with it: the former is only for holding a
    /// policy against it, so that everything is told at once.
    #[must_use]
    pub fn load_partly(path: &Path) -> (Option<Self>, Option<RosterErrors>) {
        let origin = path.display().to_string();
        let document = document::read(path, MAX_ROSTER_BYTES)
            .and_then(|text| document::parse(&text, &origin, MAX_ROSTER_BYTES));
        let document = match document {
            Ok(document) => document,
            Err(errors) => return (None, Some(errors.into())),
        };
        let mut faults = Faults::default();
        let (agents, positions, shifts) = read_agents(&document, &mut faults);
        let roster = Self {
            has_unread: !faults.has_read(Section::Agents),
            ..Self::sorted(agents, positions, shifts, &origin)
        };
        let errors = faults.into_result(&origin).err();
        (Some(roster), errors.map(RosterErrors::from))
    }

    /// The agents, in ascending order of their ids.
    #[must_use]
    pub fn agents(&self) -> &[Agent] {
        &self.agents
    }

    /// The agent with this id.
    #[must_use]
    pub fn agent(&self, id: &str) -> Option<&Agent> {
        self.agents.get(self.index_of(id)?)
    }

    /// The place of the agent with this id in [`agents`](Self::agents).
    pub(super) fn index_of(&self, id: &str) -> Option<usize> {
        let found = self
            .agents
            .binary_search_by(|agent| agent.id.as_str().cmp(id));
        found.ok()
    }

    /// The agents, to count tickets that they were given; their ids must stay as they are.
    pub(super) fn agents_mut(&mut self) -> &mut [Agent] {
        &mut self.agents
    }

    /// Checks that every skill and queue of the agents is declared by `policy`, and that every agent whom `policy`
    /// names is on the roster.
    ///
    /// # Errors
    ///
    /// Every one that is not, with its place and the nearest name.
    pub fn check_against(&self, policy: &Policy) -> Result<(), RosterErrors> {
        self.check_beside(policy, Faults::default())
    }

    /// Checks as [`check_against`](Self::check_against) does; the policy may be a part of one that is wrong, whose
    /// unread sections `faults` knows.
    pub(super) fn check_beside(
        &self,
        policy: &Policy,
        mut faults: Faults,
    ) -> Result<(), RosterErrors> {
        for agent in &self.agents {
            let (id, at) = (&agent.id, self.positions.get(&agent.id).copied());
            for skill in agent.skills.keys().filter(|skill| !policy.has_skill(skill)) {
                let what = format!("agent '{id}' has the unknown skill");
                faults.add_undeclared(Section::Skills, at, &what, skill, policy.skills());
            }
            let queues = agent.queues.iter().flatten();
            for queue in queues.filter(|queue| !policy.has_queue(queue)) {
                let what = format!("agent '{id}' serves the unknown queue");
                faults.add_undeclared(Section::Queues, at, &what, queue, policy.queues());
            }
        }
        if !self.has_unread {
            let ids: Vec<&str> = self.agents.iter().map(|agent| agent.id.as_str()).collect();
            policy.hold_against_agents(&self.origin, &ids, &mut faults);
        }
        Ok(faults.into_result(&self.origin)?)
    }

    fn sorted(
        mut agents: Vec<Agent>,
        positions: BTreeMap<String, Position>,
        shifts: Calendars,
        origin: &str,
    ) -> Self {
        agents.sort_by(|a, b| a.id.cmp(&b.id));
        Self {
            origin: origin.to_owned(),
            agents,
            positions,
            shifts,
            has_unread: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_are_read_and_sorted() {
        let roster = Roster::parse(
            "version: 1\nagents:\n  - {id: zoe, presence: busy, capacity: 4, load: 1}\n  - id: ana\n    \
             name: Ana\n    presence: available\n    capacity: 2\n    skills: {billing: 3}\n    \
             queues: [billing]\n    idle_since: 2026-03-02T09:30:00Z\n",
            "r.yaml",
        )
        .unwrap();
        let ids: Vec<_> = roster
            .agents()
            .iter()
            .map(|agent| agent.id.as_str())
            .collect();
        assert_eq!(ids, ["ana", "zoe"]);
        assert_eq!(roster.agent("ana").unwrap().skills["billing"], 3);
        assert_eq!(roster.agent("zoe").unwrap().queues, None);
        assert_eq!(roster.agent("bob"), None);
    }
}
