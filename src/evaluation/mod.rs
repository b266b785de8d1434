//! How good predictions are.

pub mod answers;
pub mod labelled;
pub mod metrics;
pub mod run;

pub use answers::{Answer, HeadAnswers, Truth};
pub use labelled::{LabelledHead, LabelledTexts};
pub use metrics::HeadMetrics;
pub use run::{Evaluation, EvaluationError, evaluate};
