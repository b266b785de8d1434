//! Tests of policies: cases in YAML beside a policy, their runs, what they cover of it; and what a policy would do
//! with many tickets (`diff`, `replay`). Decides with [`decide`](crate::routing::decide) as the server does, and
//! prints nothing.
//!
//! A file of cases is read (`file`, `read_case`, `read_ticket`, `read_expect`) into a [`Suite`] that cannot name
//! what does not exist; [`run()`] tries each [`Case`] and tells what was expected, what came and where the two part
//! (`parting`); [`Coverage`] adds up what the cases touched. `beside` finds the files that test one policy.

mod beside;
mod case;
mod coverage;
mod difference;
mod expect;
mod file;
mod history;
mod junit;
mod parting;
mod ratio;
mod read_agents;
mod read_case;
mod read_expect;
mod read_label;
mod read_ticket;
mod replay;
mod roster_change;
mod run;
mod tried;

pub use beside::{SentSuite, suites_beside};
pub use case::{Case, CaseStep, Said};
pub use coverage::{Coverage, CoverageKind, Missing};
pub use difference::{Changed, ChangedTicket, Difference, Moved, destination};
pub use expect::{Expectation, Mismatch, Moment, Wanted};
pub use file::{
    MAX_CASES, MAX_SUITE_BYTES, ModelNeed, Suite, SuiteError, SuiteSources, find_suites,
};
pub use history::{History, HistoryError, PastTicket};
pub use junit::{CoverageBar, to_junit};
pub use parting::tell_test;
pub use ratio::{ParseRatioError, Ratio};
pub use read_expect::EXPECTATIONS;
pub use replay::{HourLoad, QueueLoad, Replay, ShortSkill};
pub use roster_change::AgentChange;
pub use run::{CaseResult, StepResult, run};
pub use tried::{Classified, MissingModel, Model};
