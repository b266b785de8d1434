//! Classifies help-desk tickets by topic and urgency and decides who should get them.

pub mod classifier;
pub mod cli;
pub mod dataset;
pub mod features;
pub mod routing;
pub mod text;
pub mod ticket;
pub mod evaluation;
pub mod training;
pub mod model;
