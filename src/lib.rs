//! Classifies help-desk tickets by topic and urgency and decides who should get them.

pub mod access;
pub mod arriving;
pub mod cancel;
pub mod checksum;
pub mod classifier;
pub mod cli;
pub mod dataset;
pub mod evaluation;
pub mod features;
pub mod grpc;
pub mod http;
pub mod jobs;
pub mod live;
pub mod metrics;
pub mod model;
pub mod policy_store;
pub mod policy_test;
pub mod routing;
pub mod server;
pub mod settings;
pub mod shadow;
pub mod telemetry;
pub mod text;
pub mod ticket;
pub mod training;
pub mod triage;
