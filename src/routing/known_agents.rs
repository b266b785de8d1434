//! Holds the agents that a policy names against those of a roster: a rule that waits for somebody who is not there can
//! never be what was meant.

use super::condition::{Alone, LabelUseKind, Subject};
use super::fault::Faults;
use super::mention::{Mention, Mentioned};
use super::policy::Policy;

impl Policy {
    /// Notes every agent that is named and is none of `agents`, the ids of `roster`, and every test of the last agent
    /// that none of them can meet; the policy may be a part of one that is wrong.
    pub(super) fn hold_against_agents(&self, roster: &str, agents: &[&str], faults: &mut Faults) {
        for (position, id) in self.named_agents() {
            if !agents.contains(&id) {
                let advice = faults.advice(id, agents.iter().copied());
                let told = format!("names the agent '{id}', who is not in {roster}: {advice}");
                faults.add_in(&self.origin, position, told);
            }
        }
        for Mention {
            position,
            who,
            what,
        } in &self.mentions
        {
            if let Mentioned::Label(LabelUseKind::Alone(alone)) = what
                && alone.subject == Subject::LastAgent
                && let Some(told) = self.idle_of_last_agent(alone, roster, agents, faults)
            {
                faults.add_in(&self.origin, *position, format!("{who} {told}"));
            }
        }
    }

    /// Why nothing depends on a test of the last agent, if so.
    fn idle_of_last_agent(
        &self,
        alone: &Alone,
        roster: &str,
        agents: &[&str],
        faults: &mut Faults,
    ) -> Option<String> {
        // A ticket may have no last agent.
        let ids = agents.iter().copied().chain([""]);
        let idle = alone.idle(ids, &self.vocabulary.patterns)?;
        let advice = faults.advice(idle.words.first()?, agents.iter().copied());
        Some(match &idle.does {
            Some(does) => format!(
                "asks whether the last agent's id {does}, and that of nobody in {roster} does: {advice}"
            ),
            None if idle.of_all => {
                format!("asks of the last agent what is true of everybody in {roster}: {advice}")
            }
            None => {
                format!("asks of the last agent what is true of nobody in {roster}: {advice}")
            }
        })
    }
}
