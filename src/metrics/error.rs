//! Why metrics cannot be set up or written.

/// Why metrics cannot be set up or written.
#[derive(Debug, thiserror::Error)]
#[error("metrics: {0}")]
pub struct MetricsError(#[from] prometheus::Error);
