//! Settings of the traces.

use http::Uri;
use serde::Deserialize;

use super::SettingsError;

/// The traces.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelemetrySettings {
    /// Where the collector takes OTLP over gRPC, such as `http://127.0.0.1:4317`; empty sends no traces.
    pub otlp_endpoint: String,
    /// The share of traces that begin here and are sent.
    pub sample_ratio: SampleRatio,
    /// The name of this service in traces.
    pub service_name: String,
}

/// A share, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
pub struct SampleRatio(f64);

/// A share is never "not a number".
impl Eq for SampleRatio {}

impl SampleRatio {
    /// The share, 0 to 1.
    #[must_use]
    pub fn share(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for SampleRatio {
    type Error = String;

    fn try_from(share: f64) -> Result<Self, String> {
        if (0.0..=1.0).contains(&share) {
            return Ok(Self(share));
        }
        Err(format!("{share} is not between 0 and 1"))
    }
}

impl TelemetrySettings {
    /// Whether traces are sent.
    #[must_use]
    pub fn sends_traces(&self) -> bool {
        !self.otlp_endpoint.is_empty()
    }

    pub(super) fn validate(&self) -> Result<(), SettingsError> {
        if self.service_name.is_empty() {
            return Err(SettingsError::Value {
                key: "telemetry.service_name",
                problem: "is empty: name the service, such as triage".to_owned(),
            });
        }
        let endpoint = &self.otlp_endpoint;
        let is_usable = |uri: Uri| uri.scheme_str() == Some("http") && uri.host().is_some();
        if self.sends_traces() && !endpoint.parse().is_ok_and(is_usable) {
            return Err(SettingsError::Value {
                key: "telemetry.otlp_endpoint",
                problem: format!(
                    "'{endpoint}' is no address of a collector: use one such as http://127.0.0.1:4317 (traces are \
                     sent without TLS, so to a collector beside the server)"
                ),
            });
        }
        Ok(())
    }
}
