//! The agents and what is known of them at one moment: skills, presence, load. A snapshot, read whole and never
//! changed; who may take a ticket is decided elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::document::{self, Node};
use super::fault::{Faults, FileErrors, Position, RosterErrors, advice};
use super::fields::{self, Fields, check_name};
use super::policy::Policy;

/// Largest roster file, in bytes.
pub const MAX_ROSTER_BYTES: usize = 4 << 20;

/// Most agents of a roster.
pub const MAX_AGENTS: usize = 10_000;

/// Highest level of a skill.
pub const MAX_PROFICIENCY: u8 = 5;

/// Most tickets an agent may hold at a time.
const MAX_CAPACITY: u32 = 10_000;

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
}

/// A checked snapshot of all agents, in ascending order of their ids.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Roster {
    origin: String,
    agents: Vec<Agent>,
    positions: BTreeMap<String, Position>,
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
        Ok(Self::sorted(agents, BTreeMap::new(), origin))
    }

    /// Reads the YAML `text` of a roster; `origin` names it in messages.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, each with line and column.
    pub fn parse(text: &str, origin: &str) -> Result<Self, RosterErrors> {
        let document = document::parse(text, origin, MAX_ROSTER_BYTES)?;
        let mut faults = Faults::default();
        let mut agents = Vec::new();
        let mut positions = BTreeMap::new();
        if let Some(file) = Fields::open(&document, "a roster", &["version", "agents"], &mut faults) {
            file.require("version", &mut faults);
            file.integer("version", 1..=1_u8, &mut faults);
            let list = file.require("agents", &mut faults);
            let list = list.map_or(&[][..], |node| fields::items(node, "agents", &mut faults));
            if list.len() > MAX_AGENTS {
                let message = format!("{} agents are more than the {MAX_AGENTS} allowed", list.len());
                return Err(FileErrors::single(origin, Some(document.position), message));
            }
            for node in list {
                let Some(agent) = read_agent(node, &mut faults) else {
                    continue;
                };
                if let Some(earlier) = positions.insert(agent.id.clone(), node.position) {
                    let (id, line) = (&agent.id, earlier.line);
                    faults.add(
                        node.position,
                        format!("agent '{id}' is given twice, first in line {line}: keep one"),
                    );
                }
                agents.push(agent);
            }
        }
        faults.into_result(origin)?;
        Ok(Self::sorted(agents, positions, origin))
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

    /// The agents, in ascending order of their ids.
    #[must_use]
    pub fn agents(&self) -> &[Agent] {
        &self.agents
    }

    /// The agent with this id.
    #[must_use]
    pub fn agent(&self, id: &str) -> Option<&Agent> {
        let index = self.agents.binary_search_by(|agent| agent.id.as_str().cmp(id));
        self.agents.get(index.ok()?)
    }

    /// Checks that every skill and queue of the agents is declared by `policy`.
    ///
    /// # Errors
    ///
    /// Every one that is not, with the agent's place and the nearest name.
    pub fn check_against(&self, policy: &Policy) -> Result<(), RosterErrors> {
        let mut faults = Faults::default();
        for agent in &self.agents {
            let mut note = |message: String| match self.positions.get(&agent.id) {
                Some(&position) => faults.add(position, message),
                None => faults.add_unplaced(message),
            };
            for skill in agent.skills.keys().filter(|skill| !policy.has_skill(skill)) {
                let advice = advice(skill, policy.skills());
                note(format!("agent '{}' has the unknown skill '{skill}': {advice}", agent.id));
            }
            let queues = agent.queues.iter().flatten();
            for queue in queues.filter(|queue| !policy.has_queue(queue)) {
                let advice = advice(queue, policy.queues());
                note(format!("agent '{}' serves the unknown queue '{queue}': {advice}", agent.id));
            }
        }
        faults.into_result(&self.origin)
    }

    fn sorted(
        mut agents: Vec<Agent>,
        positions: BTreeMap<String, Position>,
        origin: &str,
    ) -> Self {
        agents.sort_by(|a, b| a.id.cmp(&b.id));
        Self {
            origin: origin.to_owned(),
            agents,
            positions,
        }
    }
}

const AGENT_FIELDS: &[&str] = &[
    "id", "name", "skills", "queues", "presence", "on_leave", "capacity", "load", "idle_since",
];

fn read_agent(node: &Node, faults: &mut Faults) -> Option<Agent> {
    let fields = Fields::open(node, "an agent", AGENT_FIELDS, faults)?;
    let id = fields.require("id", faults).and_then(|node| fields::name(node, "id", faults));
    let presence = fields
        .require("presence", faults)
        .and_then(|node| read_presence(node, faults));
    fields.require("capacity", faults);
    let capacity = fields.integer("capacity", 0..=MAX_CAPACITY, faults);
    let skills = fields
        .get("skills")
        .map(|node| read_levels(node, "skills", faults))
        .unwrap_or_default();
    let queues = fields.get("queues").map(|node| {
        fields::items(node, "queues", faults)
            .iter()
            .filter_map(|item| fields::name(item, "a queue", faults).map(str::to_owned))
            .collect()
    });
    let idle_since = fields.text("idle_since", faults).and_then(|text| {
        let parsed = text.parse::<Timestamp>().ok();
        if parsed.is_none() {
            let position = fields.get("idle_since").map_or(node.position, |node| node.position);
            faults.add(
                position,
                "idle_since must be a time with its offset, such as 2026-03-02T09:30:00Z",
            );
        }
        parsed
    });
    Some(Agent {
        name: fields.text("name", faults).unwrap_or_default().to_owned(),
        on_leave: fields.flag("on_leave", faults).unwrap_or(false),
        load: fields.integer("load", 0..=MAX_CAPACITY, faults).unwrap_or(0),
        id: id?.to_owned(),
        skills,
        queues,
        presence: presence?,
        capacity: capacity?,
        idle_since,
    })
}

fn read_presence(node: &Node, faults: &mut Faults) -> Option<Presence> {
    let word = fields::text(node, "presence", faults)?;
    let found = Presence::ALL.iter().find(|presence| presence.as_str() == word);
    if found.is_none() {
        let advice = advice(word, Presence::ALL.iter().map(|presence| presence.as_str()));
        faults.add(node.position, format!("unknown presence '{word}': {advice}"));
    }
    found.copied()
}

/// A mapping from skills to proficiency levels.
pub(super) fn read_levels(node: &Node, what: &str, faults: &mut Faults) -> BTreeMap<String, u8> {
    let mut levels = BTreeMap::new();
    for (key, value) in fields::entries(node, what, faults).unwrap_or_default() {
        let level = fields::integer(value, &format!("the level of '{}'", key.name), 1..=MAX_PROFICIENCY, faults);
        if let Some(level) = level {
            levels.insert(key.name.clone(), level);
        }
    }
    levels
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
        let ids: Vec<_> = roster.agents().iter().map(|agent| agent.id.as_str()).collect();
        assert_eq!(ids, ["ana", "zoe"]);
        assert_eq!(roster.agent("ana").unwrap().skills["billing"], 3);
        assert_eq!(roster.agent("zoe").unwrap().queues, None);
        assert_eq!(roster.agent("bob"), None);
    }

    #[test]
    fn every_error_of_a_roster_is_reported_with_its_place() {
        let errors = Roster::parse(
            "version: 1\nagents:\n  - {id: ana, presence: avaliable, capacity: 2}\n  \
             - {id: bob, presence: away, capacity: -1, skils: {}}\n  \
             - {id: cho, presence: away, capacity: 3, skills: {tech: 6}}\n  \
             - {id: cho, presence: away, capacity: 3, idle_since: noon}\n",
            "r.yaml",
        )
        .unwrap_err();
        assert_eq!(
            errors.to_string(),
            "r.yaml:3:25: unknown presence 'avaliable': did you mean 'available'?\n\
             r.yaml:4:40: capacity must be a whole number from 0 to 10000, not -1\n\
             r.yaml:4:44: unknown field 'skils' in an agent: did you mean 'skills'?\n\
             r.yaml:5:60: the level of 'tech' must be a whole number from 1 to 5, not 6\n\
             r.yaml:6:5: agent 'cho' is given twice, first in line 5: keep one\n\
             r.yaml:6:56: idle_since must be a time with its offset, such as 2026-03-02T09:30:00Z"
        );
    }
}
