//! How good predictions are.

pub mod answers;
pub mod area;
pub mod calibration;
pub mod compare;
mod counts;
pub mod label_issues;
pub mod labelled;
pub mod metrics;
pub mod ordered;
pub mod out_of_scope;
pub mod paired;
pub mod report;
pub mod run;
#[cfg(test)]
mod sample;

pub use answers::{Answer, HeadAnswers, Truth};
pub use area::{AreaFallback, AreaMetrics};
pub use compare::{Change, CompareError, Comparison, Effect, HeadComparison, compare};
pub use label_issues::LabelIssues;
pub use labelled::{LabelledHead, LabelledTexts, rows_with_text};
pub use metrics::HeadMetrics;
pub use ordered::OrderedMetrics;
pub use out_of_scope::OutOfScope;
pub use run::{Evaluation, EvaluationError, evaluate};
