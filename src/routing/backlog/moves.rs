//! Room made by moving tickets: where all agents whom a ticket could go to are full, one of their tickets may go to
//! another agent, whose ticket in turn goes to a third, up to somebody who has room.
//!
//! This is the augmenting path of a bipartite matching with capacities (Ford and Fulkerson 1956), looked for breadth
//! first over agents. Tickets of one group are alike to it, so it looks at groups in place of tickets. A search that
//! finds no room has seen agents and groups from which no room can be reached, and never will be: agents only fill
//! up, and no path leads out of them. They are left out of all later searches, so every group fails once at most.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::groups::Groups;

/// Most members of groups that all searches of a backlog together look at; after that no more room is made.
const MAX_STEPS: usize = 50_000_000;

/// The tickets that could be moved.
#[derive(Debug)]
pub(super) struct Holdings {
    /// By agent, the tickets held of each group.
    held: Vec<BTreeMap<usize, Vec<usize>>>,
    /// By agent, whether it is known that no room can be reached from here.
    closed: Vec<bool>,
    steps: usize,
}

/// What has to be done to make room.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Moves {
    /// Each ticket that moves, the agent whom it goes to, and its group.
    pub(super) moved: Vec<(usize, usize, usize)>,
    /// The agent who has room and holds one ticket more in the end.
    pub(super) free: usize,
    /// The agent for whom room is made.
    pub(super) receives: usize,
}

/// How an agent was come to: from another, by tickets of a group.
type CameBy = Option<(usize, usize)>;

/// A search for room, breadth first.
struct Search {
    /// Every agent reached.
    came_by: BTreeMap<usize, CameBy>,
    /// Every group whose members were reached.
    groups: BTreeSet<usize>,
    /// Agents reached and not looked at yet.
    next: VecDeque<usize>,
}

impl Search {
    /// Reaches the members of a group from an agent; returns how many it looked at.
    fn reach(&mut self, group: usize, from: CameBy, groups: &Groups<'_>, closed: &[bool]) -> usize {
        let members = &groups.get(group).members;
        for agent in members.iter().map(|member| member.agent) {
            if !closed[agent]
                && let Entry::Vacant(vacant) = self.came_by.entry(agent)
            {
                vacant.insert(from);
                self.next.push_back(agent);
            }
        }
        members.len()
    }
}

impl Holdings {
    pub(super) fn new(agents: usize) -> Self {
        Self {
            held: vec![BTreeMap::new(); agents],
            closed: vec![false; agents],
            steps: 0,
        }
    }

    /// Notes that an agent holds a ticket of a group.
    pub(super) fn hold(&mut self, ticket: usize, agent: usize, group: usize) {
        self.held[agent].entry(group).or_default().push(ticket);
    }

    /// Makes room with one of the members of a group, by as few moves as can be; `None` where none can be made.
    pub(super) fn make_room(
        &mut self,
        group: usize,
        groups: &mut Groups<'_>,
        has_room: impl Fn(usize) -> bool,
    ) -> Option<Moves> {
        if groups.get(group).closed || self.steps > MAX_STEPS {
            return None;
        }
        let mut search = Search {
            came_by: BTreeMap::new(),
            groups: BTreeSet::from([group]),
            next: VecDeque::new(),
        };
        self.steps += search.reach(group, None, groups, &self.closed);
        while let Some(agent) = search.next.pop_front() {
            if has_room(agent) {
                return Some(self.follow(agent, &search.came_by));
            }
            for &group in self.held[agent].keys() {
                if search.groups.insert(group) {
                    self.steps += search.reach(group, Some((agent, group)), groups, &self.closed);
                }
            }
        }
        for group in search.groups {
            groups.get_mut(group).closed = true;
        }
        for agent in search.came_by.into_keys() {
            self.closed[agent] = true;
        }
        None
    }

    /// Moves tickets along the path that ends with `free`, each time the one that was given out last.
    fn follow(&mut self, free: usize, came_by: &BTreeMap<usize, CameBy>) -> Moves {
        let mut moved = Vec::new();
        let mut to = free;
        while let Some(&Some((from, group))) = came_by.get(&to) {
            let tickets = self.held[from].get_mut(&group);
            if let Some(ticket) = tickets.and_then(Vec::pop) {
                self.hold(ticket, to, group);
                moved.push((ticket, to, group));
            }
            if self.held[from].get(&group).is_some_and(Vec::is_empty) {
                self.held[from].remove(&group);
            }
            to = from;
        }
        Moves {
            moved,
            free,
            receives: to,
        }
    }
}
