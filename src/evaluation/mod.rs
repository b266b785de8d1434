//! How good predictions are.

pub mod labelled;
pub mod metrics;
pub mod run;

pub use labelled::{LabelledHead, LabelledTexts};
pub use metrics::{HeadMetrics, Scored};
pub use run::{Evaluation, EvaluationError, evaluate};
