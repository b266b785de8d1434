//! What a policy would have made of the tickets of the past: how many in which queue and hour, how many without a
//! person, and which skills are in the shortest supply.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::classifier::Classification;
use crate::routing::{Agent, Decision, Roster};

/// The hours of a day.
const HOURS: usize = 24;

/// What a policy would have made of tickets.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Replay {
    /// Tickets decided.
    pub tickets: u64,
    /// Sent on or answered by itself: nobody needs to look at it first.
    pub automated: u64,
    /// Of those, answered by an article or a bot.
    pub answered: u64,
    /// Sent on as a suggestion: the topic is predicted, and not surely enough to go unseen.
    pub suggested: u64,
    /// Left to people, by the reason.
    pub left: BTreeMap<&'static str, u64>,
    /// Tickets without a time of arrival, which no hour counts.
    pub without_time: u64,
    /// Tickets of each queue, by its name.
    pub queues: BTreeMap<String, QueueLoad>,
    #[serde(skip)]
    demand: BTreeMap<String, SkillDemand>,
}

/// The tickets of one queue.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct QueueLoad {
    /// All of them.
    pub tickets: u64,
    /// By hour of the day of their arrival, 0 to 23; empty where no arrival is known.
    pub by_hour: Vec<u64>,
    /// The busiest clock hour.
    pub busiest: Option<HourLoad>,
    #[serde(skip)]
    hours: BTreeMap<Timestamp, u64>,
}

/// The tickets of one clock hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct HourLoad {
    /// When the hour begins.
    pub begins: Timestamp,
    /// How many tickets came in it.
    pub tickets: u64,
}

/// Tickets that required a skill, by the level required.
type SkillDemand = BTreeMap<u8, u64>;

/// A skill and those who hold it, at the level at which there are the most tickets for each place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShortSkill {
    /// The skill.
    pub skill: String,
    /// The level, 1 to 5.
    pub level: u8,
    /// Tickets that required it at that level or a higher one.
    pub tickets: u64,
    /// Agents who hold it at that level or a higher one and are not on leave.
    pub agents: usize,
    /// Tickets that these agents can hold at a time.
    pub capacity: u64,
    /// Tickets for each place; `None` where there is no place.
    pub tickets_per_place: Option<f64>,
}

impl Replay {
    /// Adds a ticket that came at `arrived`, what was said of it and what was decided. Hours are those of `zone`.
    pub fn note(
        &mut self,
        classification: &Classification,
        decision: &Decision,
        arrived: Option<Timestamp>,
        zone: &TimeZone,
    ) {
        self.tickets += 1;
        self.without_time += u64::from(arrived.is_none());
        let sure = classification
            .topic
            .as_ref()
            .is_some_and(|topic| topic.automate);
        match decision.abstain_reason {
            Some(reason) => *self.left.entry(reason.as_str()).or_default() += 1,
            None if answers_itself(decision) => {
                self.automated += 1;
                self.answered += 1;
            }
            None if sure => self.automated += 1,
            None => self.suggested += 1,
        }
        if answers_itself(decision) {
            return;
        }
        for (skill, &level) in &decision.required_skills {
            let demand = self.demand.entry(skill.clone()).or_default();
            *demand.entry(level).or_default() += 1;
        }
        let queue = self.queues.entry(decision.queue.clone()).or_default();
        queue.tickets += 1;
        if let Some(arrived) = arrived {
            queue.note(arrived, zone);
        }
    }

    /// Tickets left to people.
    #[must_use]
    pub fn left_to_people(&self) -> u64 {
        self.left.values().sum()
    }

    /// The skills that were required, each at the level at which it is shortest; those with the most tickets for each
    /// place first.
    #[must_use]
    pub fn short_skills(&self, roster: &Roster) -> Vec<ShortSkill> {
        let demand = self.demand.iter();
        let mut skills: Vec<ShortSkill> = demand
            .filter_map(|(skill, demand)| shortest(skill, demand, roster))
            .collect();
        skills.sort_by(|a, b| {
            let by_pressure = b.pressure().total_cmp(&a.pressure());
            by_pressure.then_with(|| a.skill.cmp(&b.skill))
        });
        skills
    }
}

/// A skill at the level at which there are the most tickets for each place, of equals the lowest level. Whoever has a
/// higher level takes tickets of the lower ones as well, so both are counted from the level on upwards.
fn shortest(skill: &str, demand: &SkillDemand, roster: &Roster) -> Option<ShortSkill> {
    let at_level = |&level: &u8| {
        let holds = |agent: &&Agent| {
            let held = agent.skills.get(skill);
            !agent.on_leave && held.is_some_and(|&held| held >= level)
        };
        let agents: Vec<&Agent> = roster.agents().iter().filter(holds).collect();
        let capacity: u64 = agents.iter().map(|agent| u64::from(agent.capacity)).sum();
        let tickets: u64 = demand.range(level..).map(|(_, count)| count).sum();
        #[allow(clippy::cast_precision_loss)]
        let per_place = (capacity > 0).then(|| tickets as f64 / capacity as f64);
        ShortSkill {
            skill: skill.to_owned(),
            level,
            tickets,
            agents: agents.len(),
            capacity,
            tickets_per_place: per_place,
        }
    };
    // The last of equals is taken, so from the highest level on downwards.
    let levels = demand.keys().rev().map(at_level);
    levels.max_by(|a, b| a.pressure().total_cmp(&b.pressure()))
}

impl ShortSkill {
    fn pressure(&self) -> f64 {
        self.tickets_per_place.unwrap_or(f64::INFINITY)
    }
}

const fn answers_itself(decision: &Decision) -> bool {
    decision.self_service_article.is_some() || decision.self_service_bot.is_some()
}

impl QueueLoad {
    fn note(&mut self, arrived: Timestamp, zone: &TimeZone) {
        let local = arrived.to_zoned(zone.clone());
        if self.by_hour.is_empty() {
            self.by_hour = vec![0; HOURS];
        }
        let hour = usize::try_from(local.hour()).ok();
        if let Some(count) = hour.and_then(|hour| self.by_hour.get_mut(hour)) {
            *count += 1;
        }
        let Ok(begins) = local.round(
            jiff::ZonedRound::new()
                .smallest(jiff::Unit::Hour)
                .mode(jiff::RoundMode::Trunc),
        ) else {
            return;
        };
        let begins = begins.timestamp();
        let count = self.hours.entry(begins).or_default();
        *count += 1;
        let tickets = *count;
        // Of hours that are equally busy, the earliest.
        let busier = self.busiest.is_none_or(|busiest| {
            tickets > busiest.tickets || (tickets == busiest.tickets && begins < busiest.begins)
        });
        if busier {
            self.busiest = Some(HourLoad { begins, tickets });
        }
    }
}
