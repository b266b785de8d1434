//! How good predictions are.

pub mod metrics;
pub mod run;

pub use metrics::{HeadMetrics, Scored};
pub use run::{Evaluation, EvaluationError, evaluate};
