//! Who should get a ticket: a policy that people write, a roster of agents, and the decision that follows from
//! both. Sees of the classifier only its [`Classification`](crate::classifier::Classification).
//!
//! A file is read in three steps, each with its own module: text to a tree with places (`document`), tree to
//! typed fields (`fields`), fields to a checked [`Policy`] or [`Roster`] (`check`, `check_rule`, `roster_file`). A decision
//! ([`decide()`]) finds the rule, the part of it in force (`placement`) and the agents (`eligibility`, `rank`,
//! `assignment`).

mod assignment;
mod check;
mod check_rule;
mod condition;
mod decide;
mod decision;
mod document;
mod eligibility;
mod fault;
mod fields;
mod known_labels;
mod place;
mod placement;
mod policy;
mod rank;
mod roster;
mod roster_file;

pub use decide::{DecisionInput, MIN_DESTINATION_PROBABILITY, decide};
pub use decision::{
    Candidate, Decision, Destination, MAX_LISTED_AGENTS, Rejected, Stage, TraceEntry, TraceValue,
};
pub use eligibility::RejectReason;
pub use fault::{Fault, FileErrors, PolicyErrors, Position, RosterErrors};
pub use known_labels::KnownLabels;
pub use policy::{MAX_POLICY_BYTES, MAX_RULES, Policy};
pub use roster::{Agent, MAX_AGENTS, MAX_PROFICIENCY, MAX_ROSTER_BYTES, Presence, Roster};
