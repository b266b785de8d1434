//! From texts to labels with calibrated probabilities: the experts, how they are pooled and folded
//! into one matrix, and the classifier that serves it.

pub mod area;
mod check;
pub mod classification;
pub mod cost_table;
pub mod discriminant;
pub mod explanation;
pub mod head;
pub mod kernel;
pub mod linear;
pub mod naive_bayes;
pub mod parts;
pub mod pool;
pub mod predict;
mod prediction;
mod ranking;
pub mod scope;
pub mod thresholds;

pub use area::{Area, AreaThreshold};
pub use check::ClassifierError;
pub use classification::{AbstainReason, Classification, LabelProbability, Prediction};
pub use cost_table::CostTable;
pub use explanation::{Evidence, Explainer, Explanation};
pub use head::{Decision, Head, HeadKind, Thresholds};
pub use kernel::KernelExpert;
pub use parts::{Classifier, SentenceExpert};
pub use predict::Workspace;
pub use ranking::Ranking;
pub use scope::OUT_OF_SCOPE;
