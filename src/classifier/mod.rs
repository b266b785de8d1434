//! From texts to labels with calibrated probabilities: the experts, how they are pooled and folded
//! into one matrix, and the classifier that serves it.

pub mod classification;
pub mod evidence;
pub mod head;
pub mod linear;
pub mod naive_bayes;
pub mod pool;
pub mod predict;
pub mod thresholds;
pub mod weights;

pub use classification::{AbstainReason, Classification, LabelProbability, Prediction};
pub use evidence::Evidence;
pub use head::{Decision, Head, HeadKind, Thresholds};
pub use predict::{Classifier, ClassifierError, Workspace};
pub use weights::WeightMatrix;
