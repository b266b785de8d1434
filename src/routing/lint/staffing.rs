//! Whether the roster has the people that a policy asks for. Presence and load do not count: they pass.

use std::collections::{BTreeMap, BTreeSet};

use super::{Lint, LintKind, lint as note};
use crate::routing::eligibility::{Demand, could_take};
use crate::routing::fault::{Fault, Position};
use crate::routing::policy::{Policy, Step};
use crate::routing::roster::{Agent, Roster};

/// Notes skills, steps and queues of `policy` that too few agents of `roster` could serve.
pub(super) fn lint(policy: &Policy, roster: &Roster, lints: &mut Vec<Lint>) {
    lint_skills(policy, roster, lints);
    for rule in &policy.rules {
        for (number, step) in (1..).zip(&rule.steps) {
            let required = least(step);
            if step.preferred_agent.is_some() || could_anyone(roster, step, required) {
                continue;
            }
            let each_is_held = required
                .iter()
                .all(|(skill, level)| holders(roster, skill, *level).next().is_some());
            if each_is_held {
                let message = format!(
                    "nobody on the roster could ever take step {number} of rule '{}': nobody in the queue \
                     '{}' has {}; it is always skipped",
                    rule.id,
                    step.destination,
                    levels(required)
                );
                lints.push(note(LintKind::StepNobodyTakes, step.position, message));
            }
        }
    }
    for (queue, position) in last_queues(policy) {
        let nothing = BTreeMap::new();
        let demand = Demand {
            queue: Some(queue),
            required: &nothing,
        };
        let agents = roster.agents();
        if !agents.iter().any(|agent| could_take(agent, demand)) {
            lints.push(Lint {
                kind: LintKind::QueueNobodyServes,
                fault: Fault {
                    position,
                    message: format!(
                        "nobody on the roster serves the queue '{queue}', where tickets end that nobody else \
                         took: give it an agent"
                    ),
                    file: None,
                },
            });
        }
    }
}

/// Where tickets end: the default and each rule's `otherwise`, each queue once, as far as they overflow.
fn last_queues(policy: &Policy) -> BTreeMap<&str, Option<Position>> {
    let rules = policy.rules.iter();
    let otherwise =
        rules.filter_map(|rule| Some((rule.otherwise.as_deref()?, Some(rule.position))));
    let starts = otherwise.chain([(policy.default_queue.as_str(), None)]);
    starts
        .filter_map(|(queue, position)| Some((policy.overflow_chain(queue).last()?, position)))
        .collect()
}

/// What the step asks for at last.
fn least(step: &Step) -> &BTreeMap<String, u8> {
    step.relaxed
        .last()
        .map_or(&step.required, |relaxed| &relaxed.required)
}

fn could_anyone(roster: &Roster, step: &Step, required: &BTreeMap<String, u8>) -> bool {
    let demand = Demand {
        queue: Some(&step.destination),
        required,
    };
    roster
        .agents()
        .iter()
        .any(|agent| could_take(agent, demand))
}

fn holders<'a>(roster: &'a Roster, skill: &'a str, level: u8) -> impl Iterator<Item = &'a Agent> {
    let agents = roster.agents().iter();
    agents.filter(move |agent| agent.skills.get(skill).is_some_and(|&held| held >= level))
}

/// Notes each skill that a step requires to the last and nobody holds, or one agent alone of those whom the step could
/// give a ticket, unless the rule goes on with less of it; at its first step with that lack.
fn lint_skills(policy: &Policy, roster: &Roster, lints: &mut Vec<Lint>) {
    let mut noted: BTreeSet<(LintKind, &str)> = BTreeSet::new();
    for rule in &policy.rules {
        for (number, step) in (1..).zip(&rule.steps) {
            let required = least(step);
            for (skill, &level) in required {
                let wanted = BTreeMap::from([(skill.clone(), level)]);
                let demand = Demand {
                    queue: step.names_queue.then_some(step.destination.as_str()),
                    required: &wanted,
                };
                let holding = || holders(roster, skill, level);
                let mut serving = holding().filter(|agent| could_take(agent, demand));
                // Who has it does not matter for long where a later step asks for less of it.
                let goes_on = rule.steps.iter().skip(number).any(|later| {
                    let asked = least(later).get(skill);
                    asked.is_none_or(|&asked| asked < level)
                });
                let (kind, who) = match (serving.next(), serving.next(), holding().count()) {
                    (_, _, 0) => (
                        LintKind::SkillNobodyHolds,
                        "nobody on the roster holds it".to_owned(),
                    ),
                    // Of the one agent whom it asks for there is no other.
                    _ if step.preferred_agent.is_some() => continue,
                    (Some(one), None, 1) => (
                        LintKind::SkillOneHolds,
                        format!(
                            "only '{}' holds it: when that agent is away, nobody does",
                            one.id
                        ),
                    ),
                    (Some(one), None, _) if !goes_on && could_anyone(roster, step, required) => (
                        LintKind::SkillOneHolds,
                        format!(
                            "only '{}' holds it of those who could take a ticket of the queue '{}': when that \
                             agent is away, nobody does",
                            one.id, step.destination
                        ),
                    ),
                    // That nobody could take the step is told of the step.
                    (None, _, _) | (Some(_), _, _) => continue,
                };
                if noted.insert((kind, skill)) {
                    let message = format!(
                        "step {number} of rule '{}' requires the skill '{skill}' at level {level} and {who}",
                        rule.id
                    );
                    lints.push(note(kind, step.position, message));
                }
            }
        }
    }
}

fn levels(required: &BTreeMap<String, u8>) -> String {
    if required.is_empty() {
        return "room for a ticket".to_owned();
    }
    let all: Vec<String> = required
        .iter()
        .map(|(skill, level)| format!("{skill} {level}"))
        .collect();
    all.join(" and ")
}

#[cfg(test)]
mod tests {
    use crate::routing::lint::{LintKind, PolicyAgainst};
    use crate::routing::policy::Policy;
    use crate::routing::roster::Roster;

    #[test]
    fn whoever_has_no_capacity_serves_no_queue() {
        let text = "version: 1\nqueues: {a: {}}\ndefault: {queue: a}\n";
        let policy = Policy::parse(text, "p").unwrap();
        for (capacity, warnings) in [(0, 1), (1, 0)] {
            let agent = format!("{{id: ana, presence: available, capacity: {capacity}}}");
            let roster = Roster::parse(&format!("version: 1\nagents: [{agent}]\n"), "r").unwrap();
            let against = PolicyAgainst {
                roster: Some(&roster),
                labels: None,
            };
            let found = policy.lint(text, against);
            let nobody = found
                .iter()
                .filter(|lint| lint.kind == LintKind::QueueNobodyServes);
            assert_eq!(nobody.count(), warnings, "{capacity}");
        }
    }

    #[test]
    fn only_those_whom_the_step_could_give_a_ticket_count_as_holders() {
        let told = [
            "step 1 of rule 'r' requires the skill 'tech' at level 2 and only 'ana' holds it of those who could take a \
             ticket of the queue 'a': when that agent is away, nobody does",
        ];
        assert_eq!(told_of("{queue: a, require: {tech: 2}}"), told);
        assert_eq!(told_of("{queue: a, require: {tech: 2}, timeout: 5m}"), told);
        assert_eq!(
            told_of(
                "{queue: a, require: {tech: 3}, relax: {every: 1m, to: {tech: 2}}, timeout: 5m}"
            ),
            told
        );
        let none: [&str; 0] = [];
        assert_eq!(
            told_of("{queue: a, require: {tech: 2}, timeout: 5m}, {queue: a, require: {tech: 1}}"),
            none,
            "the next step asks for less"
        );
        assert_eq!(
            told_of(
                "{queue: a, require: {tech: 2}, relax: {every: 1m, to: {tech: 1}}, timeout: 5m}"
            ),
            none,
            "dan could take it in the end"
        );
        assert_eq!(
            told_of(
                "{queue: a, preferred_agent: ticket.last_agent_id, require: {tech: 2}, timeout: 5m}"
            ),
            none,
            "one agent alone is asked for anyway"
        );
    }

    /// What is found of a rule with this step.
    fn told_of(step: &str) -> Vec<String> {
        let text = format!(
            "version: 1\nskills: [tech]\nqueues: {{a: {{}}, b: {{}}}}\nrules:\n  \
             - {{id: r, when: 'true', steps: [{step}], otherwise: b}}\ndefault: {{queue: b}}\n"
        );
        let policy = Policy::parse(&text, "p").unwrap_or_else(|errors| panic!("{errors}"));
        let roster = Roster::parse(
            "version: 1\nagents:\n  \
             - {id: ana, presence: offline, capacity: 2, skills: {tech: 5}, queues: [a]}\n  \
             - {id: bob, presence: available, capacity: 2, skills: {tech: 3}, queues: [b]}\n  \
             - {id: cho, presence: available, on_leave: true, capacity: 2, skills: {tech: 3}}\n  \
             - {id: dan, presence: available, capacity: 2, skills: {tech: 1}, queues: [a]}\n",
            "r",
        )
        .unwrap();
        let against = PolicyAgainst {
            roster: Some(&roster),
            labels: None,
        };
        let found = policy.lint(&text, against).into_iter();
        found.map(|lint| lint.fault.message).collect()
    }
}
