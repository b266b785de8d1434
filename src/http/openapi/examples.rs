//! Requests to show, by method; each is answered by a server with the sample model, policy and roster.

use std::collections::BTreeMap;

use serde_json::Value;

const EXAMPLES: &str = include_str!("examples.json");

/// The examples by the methods' names.
///
/// # Errors
/// If they are no JSON.
pub(super) fn all() -> Result<BTreeMap<String, Value>, serde_json::Error> {
    serde_json::from_str(EXAMPLES)
}
