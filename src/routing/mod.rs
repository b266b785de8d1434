//! Who should get a ticket: a policy that people write, a roster of agents, and the decision that follows from
//! both. Sees of the classifier only its [`Classification`](crate::classifier::Classification).
//!
//! A file is read in three steps, each with its own module: text to a tree with places (`document`), tree to
//! typed fields (`fields`), fields to a checked [`Policy`] or [`Roster`] (`check`, `check_rule`, `check_step`, `check_cost`,
//! `roster_file`; `calendar`, `sla`, `priorities`, `note`, `last_resort` and `relax` read their own). A decision
//! ([`decide()`]) finds the rule, the part of it in force (`placement`), the agents (`eligibility`, `rank`,
//! `assignment`) and puts the answer together (`conclude`, `draft`). Many tickets at once are given out by `backlog`;
//! `reservation` keeps the places that calls have taken, which no decision knows of by itself.
//!
//! What a policy names that stands elsewhere is collected in `mention`, so that it is held against the labels of a model
//! (`known_labels`) and against a roster (`known_agents`) even where something else is wrong with it.
//!
//! Two parts decide nothing: `lint` finds what looks like a mistake in a policy, `inspect` tells what of a policy one
//! decision touched.

mod assignment;
mod backlog;
mod by_urgency;
mod calendar;
mod check;
mod check_cost;
mod check_rule;
mod check_step;
mod conclude;
mod condition;
mod decide;
mod decision;
pub(crate) mod document;
mod draft;
mod eligibility;
pub(crate) mod fault;
pub(crate) mod fields;
mod inspect;
mod known_agents;
mod known_labels;
mod last_resort;
mod lint;
mod mention;
mod note;
mod place;
mod placement;
mod policy;
mod priorities;
mod rank;
mod relax;
mod reservation;
mod roster;
mod roster_file;
mod schema;
mod sla;

pub use backlog::{
    Assigned, Backlog, BacklogError, GRACE_WITHOUT_TARGET, HOURS_PER_POINT, MAX_BACKLOG, Waiting,
    assign_backlog,
};
pub use calendar::Calendar;
pub(crate) use decide::decide_anew;
pub use decide::{DecisionInput, MIN_DESTINATION_PROBABILITY, decide};
pub use decision::{
    Candidate, Decision, Destination, MAX_LISTED_AGENTS, Rejected, Stage, StepTraceEntry,
    TraceEntry, TraceValue,
};
pub use eligibility::RejectReason;
pub use fault::{Fault, FileErrors, PolicyErrors, Position, RosterErrors, Unfit};
pub use inspect::{RuleOutline, RuleSeen, SkipSeen, StepOutline, TestOutline, TestSeen, inspect};
pub use known_labels::KnownLabels;
pub use lint::{Lint, LintKind};
pub use policy::{
    MAX_POLICY_BYTES, MAX_RULES, Policy, PolicyAgainst, read_policy_text,
    version_of as policy_version_of,
};
pub use reservation::{
    HoldError, Place, Reservation, ReservationLimits, Reservations, ReserveError,
};
pub use roster::{
    Agent, MAX_AGENTS, MAX_CAPACITY, MAX_PROFICIENCY, MAX_ROSTER_BYTES, Presence, Roster,
};
pub use schema::policy_schema;
