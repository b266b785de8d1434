//! The order of eligible agents: first those with more of the preferred skills, then the step's `order_by` one
//! after the other, last a hash of ticket and agent, so that a tie falls the same way on every machine but not
//! on the same agent for every ticket.

use std::cell::OnceCell;
use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

use super::roster::Agent;

/// A measure by which eligible agents are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum OrderBy {
    /// Highest sum of levels in the required skills first; without any, in the preferred ones.
    Proficiency,
    /// Lowest such sum first, so that experts stay free for what only they can do.
    LowestSufficient,
    /// Smallest share of the capacity in use first.
    LeastLoaded,
    /// Longest without work first; unknown comes last.
    LongestIdle,
    /// In turn: who was given a ticket the longest ago comes first, who never was before all. The turn is in the
    /// roster, so a decision keeps no state.
    RoundRobin,
}

impl OrderBy {
    /// All values.
    pub(super) const ALL: &[Self] = &[
        Self::Proficiency,
        Self::LowestSufficient,
        Self::LeastLoaded,
        Self::LongestIdle,
        Self::RoundRobin,
    ];

    /// The order of a step that names none.
    pub(super) const DEFAULT: &[Self] = &[Self::LeastLoaded, Self::LongestIdle];

    /// The name used in files.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Proficiency => "proficiency",
            Self::LowestSufficient => "lowest_sufficient",
            Self::LeastLoaded => "least_loaded",
            Self::LongestIdle => "longest_idle",
            Self::RoundRobin => "round_robin",
        }
    }
}

/// What agents are ranked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ranking<'a> {
    pub(super) ticket_id: &'a str,
    pub(super) required: &'a BTreeMap<String, u8>,
    pub(super) preferred: &'a BTreeMap<String, u8>,
    pub(super) order_by: &'a [OrderBy],
}

/// What an agent's skills are worth to a ticket; does not change while tickets are given out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Worth {
    /// How many of the preferred skills are held at their level.
    preferred_held: usize,
    /// Sum of the levels in the required skills; without any, in the preferred ones.
    proficiency: u32,
}

impl Worth {
    /// What the skills of `agent` are worth.
    pub(super) fn of(agent: &Agent, ranking: Ranking<'_>) -> Self {
        let held = |(skill, level): &(&String, &u8)| {
            agent.skills.get(*skill).is_some_and(|held| held >= *level)
        };
        Self {
            preferred_held: ranking.preferred.iter().filter(held).count(),
            proficiency: proficiency(agent, ranking),
        }
    }
}

/// Sorts `agents`, the best first; their order before does not matter as long as their ids differ.
pub(super) fn rank(agents: &mut [&Agent], ranking: Ranking<'_>) {
    agents.sort_by_cached_key(|agent| Standing::new(agent, Worth::of(agent, ranking), ranking));
}

fn proficiency(agent: &Agent, ranking: Ranking<'_>) -> u32 {
    let counted = if ranking.required.is_empty() {
        ranking.preferred
    } else {
        ranking.required
    };
    let levels = counted.keys().filter_map(|skill| agent.skills.get(skill));
    levels.map(|&level| u32::from(level)).sum()
}

/// An agent among those that are ranked for one ticket; the best is the least.
pub(super) struct Standing<'a> {
    ranking: Ranking<'a>,
    worth: Worth,
    agent: &'a Agent,
    /// Found out when it is first needed: most agents differ by something else.
    tie: OnceCell<u64>,
}

impl<'a> Standing<'a> {
    /// An agent whose skills are worth `worth` to the ticket.
    pub(super) fn new(agent: &'a Agent, worth: Worth, ranking: Ranking<'a>) -> Self {
        Self {
            ranking,
            worth,
            agent,
            tie: OnceCell::new(),
        }
    }

    fn tie(&self) -> u64 {
        *self
            .tie
            .get_or_init(|| hash(self.ranking.ticket_id, &self.agent.id))
    }
}

impl Ord for Standing<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let (worth, others) = (self.worth, other.worth);
        let mut order = Reverse(worth.preferred_held).cmp(&Reverse(others.preferred_held));
        for by in self.ranking.order_by {
            order = order.then_with(|| match by {
                OrderBy::Proficiency => others.proficiency.cmp(&worth.proficiency),
                OrderBy::LowestSufficient => worth.proficiency.cmp(&others.proficiency),
                OrderBy::LeastLoaded => compare_load(self.agent, other.agent),
                OrderBy::LongestIdle => {
                    let idle = |agent: &Agent| (agent.idle_since.is_none(), agent.idle_since);
                    idle(self.agent).cmp(&idle(other.agent))
                }
                // No time at all orders before every time.
                OrderBy::RoundRobin => self
                    .agent
                    .last_assigned_at
                    .cmp(&other.agent.last_assigned_at),
            });
        }
        order
            .then_with(|| self.tie().cmp(&other.tie()))
            .then_with(|| self.agent.id.cmp(&other.agent.id))
    }
}

impl PartialOrd for Standing<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Standing<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Standing<'_> {}

/// Compares load / capacity without dividing.
fn compare_load(a: &Agent, b: &Agent) -> Ordering {
    let left = u64::from(a.load) * u64::from(b.capacity);
    let right = u64::from(b.load) * u64::from(a.capacity);
    left.cmp(&right)
}

/// FNV-1a, 64 bits (Fowler, Noll and Vo), of both ids with a byte between that no UTF-8 text has, then mixed as
/// in `SplitMix64` (Steele et al. 2014), because agents' ids often differ in the last character alone.
fn hash(ticket_id: &str, agent_id: &str) -> u64 {
    let bytes = ticket_id.bytes().chain([0xff]).chain(agent_id.bytes());
    let mut mixed = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::super::roster::Presence;
    use super::*;

    fn agent(id: &str, level: u8, load: u32, idle_since: Option<&str>) -> Agent {
        Agent {
            id: id.into(),
            name: String::new(),
            skills: BTreeMap::from([("tech".to_owned(), level)]),
            queues: None,
            presence: Presence::Available,
            on_leave: false,
            capacity: 10,
            load,
            idle_since: idle_since.map(|time| time.parse().unwrap()),
            last_assigned_at: None,
            shift: None,
        }
    }

    fn order(agents: &[Agent], order_by: &[OrderBy], preferred: &[(&str, u8)]) -> Vec<String> {
        let mut ranked: Vec<&Agent> = agents.iter().collect();
        rank(
            &mut ranked,
            Ranking {
                ticket_id: "T-1",
                required: &BTreeMap::from([("tech".to_owned(), 1)]),
                preferred: &preferred
                    .iter()
                    .map(|&(skill, level)| (skill.to_owned(), level))
                    .collect(),
                order_by,
            },
        );
        ranked.into_iter().map(|agent| agent.id.clone()).collect()
    }

    #[test]
    fn each_measure_orders_by_its_own_and_the_next_breaks_ties() {
        let agents = [
            agent("a", 3, 5, Some("2026-01-01T10:00:00Z")),
            agent("b", 5, 7, Some("2026-01-01T09:00:00Z")),
            agent("c", 3, 1, None),
        ];
        use OrderBy::{LeastLoaded, LongestIdle, LowestSufficient, Proficiency};
        assert_eq!(
            order(&agents, &[Proficiency, LeastLoaded], &[]),
            ["b", "c", "a"]
        );
        assert_eq!(
            order(&agents, &[LowestSufficient, LongestIdle], &[]),
            ["a", "c", "b"]
        );
        assert_eq!(order(&agents, &[LeastLoaded], &[]), ["c", "a", "b"]);
        assert_eq!(order(&agents, &[LongestIdle], &[]), ["b", "a", "c"]);
    }

    #[test]
    fn round_robin_gives_everybody_a_turn_before_anybody_has_a_second() {
        let mut agents = ["a", "b", "c"].map(|id| agent(id, 3, 0, None));
        let mut chosen = Vec::new();
        for turn in 0..9 {
            let ids = order(&agents, &[OrderBy::RoundRobin], &[]);
            let first = agents.iter_mut().find(|agent| agent.id == ids[0]).unwrap();
            first.last_assigned_at = Some(jiff::Timestamp::from_second(turn).unwrap());
            chosen.push(ids[0].clone());
        }
        for round in chosen.chunks(3) {
            assert_eq!(round, &chosen[..3], "the same turn in every round");
            let different: std::collections::BTreeSet<_> = round.iter().collect();
            assert_eq!(different.len(), 3);
        }
    }

    #[test]
    fn load_is_a_share_of_the_capacity() {
        let small = Agent {
            capacity: 2,
            ..agent("small", 3, 1, None)
        };
        let large = agent("large", 3, 4, None);
        assert_eq!(
            order(&[small, large], &[OrderBy::LeastLoaded], &[]),
            ["large", "small"]
        );
    }

    #[test]
    fn preferred_skills_come_before_the_order() {
        let mut linguist = agent("linguist", 1, 9, None);
        linguist.skills.insert("lang_de".into(), 2);
        let expert = agent("expert", 5, 0, None);
        let by = [OrderBy::Proficiency];
        assert_eq!(
            order(&[expert, linguist], &by, &[("lang_de", 1)]),
            ["linguist", "expert"]
        );
    }

    #[test]
    fn ties_fall_on_different_agents_for_different_tickets() {
        let mut first = std::collections::BTreeMap::new();
        for ticket in 0..300 {
            let ticket = format!("T-{ticket}");
            let winner = ["agent-1", "agent-2", "agent-3"]
                .into_iter()
                .min_by_key(|id| hash(&ticket, id));
            *first.entry(winner).or_insert(0) += 1;
        }
        assert!(first.values().all(|&count| count > 60), "{first:?}");
    }
}
