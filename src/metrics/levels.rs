//! What is asked for when the metrics are read: versions, and how full queues and tables are.

use prometheus::{IntGauge, IntGaugeVec};

use super::MetricsError;
use super::family::Families;

/// How full something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// How much is in it.
    pub now: usize,
    /// How much may be.
    pub most: usize,
}

/// What a server answers with at this moment, and how full it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Levels {
    /// Version of the model.
    pub model_version: String,
    /// Version of the policy.
    pub policy_version: String,
    /// Texts that wait for the sentence encoder; `None` if the model needs no threads for it.
    pub encoder_queue: Option<Level>,
    /// Places reserved with agents.
    pub reservations: Level,
}

/// The gauges that show levels.
pub(super) struct LevelGauges {
    ready: IntGauge,
    model: IntGaugeVec,
    policy: IntGaugeVec,
    encoder_queue: IntGauge,
    encoder_queue_limit: IntGauge,
    reservations: IntGauge,
    reservations_limit: IntGauge,
}

impl LevelGauges {
    pub(super) fn new(families: &Families) -> Result<Self, MetricsError> {
        Ok(Self {
            ready: families.gauge(
                "triage_ready",
                "Whether model, policy and roster are loaded: 1 or 0.",
            )?,
            model: families.labelled_gauge(
                "triage_model_info",
                "Always 1; the label tells the version of the model that serves.",
                &["version"],
            )?,
            policy: families.labelled_gauge(
                "triage_policy_info",
                "Always 1; the label tells the version of the policy that decides.",
                &["version"],
            )?,
            encoder_queue: families.gauge(
                "triage_encoder_queue_depth",
                "Texts that wait for the sentence encoder.",
            )?,
            encoder_queue_limit: families.gauge(
                "triage_encoder_queue_limit",
                "Texts that may wait for the sentence encoder; 0 if the model needs no queue.",
            )?,
            reservations: families.gauge(
                "triage_reservations_held",
                "Places reserved with agents, neither confirmed nor released yet.",
            )?,
            reservations_limit: families.gauge(
                "triage_reservations_limit",
                "Places that may be reserved at a time.",
            )?,
        })
    }

    /// Shows these levels in place of those before.
    pub(super) fn show(&self, levels: Option<&Levels>) {
        self.model.reset();
        self.policy.reset();
        self.ready.set(levels.is_some().into());
        let Some(levels) = levels else {
            return;
        };
        let version = &[levels.model_version.as_str()];
        self.model.with_label_values(version).set(1);
        let version = &[levels.policy_version.as_str()];
        self.policy.with_label_values(version).set(1);
        let queue = levels.encoder_queue.unwrap_or(Level { now: 0, most: 0 });
        self.encoder_queue.set(number(queue.now));
        self.encoder_queue_limit.set(number(queue.most));
        self.reservations.set(number(levels.reservations.now));
        self.reservations_limit
            .set(number(levels.reservations.most));
    }
}

fn number(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
