//! What is counted, for Prometheus: requests, tickets, reloads, jobs, and what the process itself takes.
//!
//! Counting is lock-free (`benches/metrics.rs` times it): labels are made into handles when a method or a topic is
//! first seen, and a handle is an atomic number. What already has a place elsewhere, such as the length of a queue, is
//! not counted a second time but asked for when the metrics are read. No label comes from a ticket or from a caller:
//! methods are those of the protocol, topics those of the models served.

mod body;
mod error;
mod family;
mod layer;
mod levels;
mod reason;
mod request;
mod ticket;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use prometheus::process_collector::ProcessCollector;
use prometheus::{
    Gauge, GaugeVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry, TextEncoder,
};
use tonic::Code;

pub use body::CountedBody;
pub use error::MetricsError;
pub use layer::{CountRequests, CountingFuture, RequestLayer};
pub use levels::{Level, Levels};
pub use reason::{JobEnd, Outcome, Reload, Shadowed, Shed};
pub use request::Call;
pub use ticket::{Answered, TicketCounters};

use family::Families;
use levels::LevelGauges;
use request::Requests;
use ticket::Tickets;

/// What tells the levels of the moment; `None` while nothing is loaded.
type AskLevels = dyn Fn() -> Option<Levels> + Send + Sync;

/// All metrics of a server; clones count into the same.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    requests: Requests,
    shed: IntCounterVec,
    connections: IntGauge,
    tickets: Tickets,
    shadowed: IntCounterVec,
    reloads: IntCounterVec,
    last_reload: GaugeVec,
    last_reload_successful: IntGaugeVec,
    unlogged: IntCounter,
    log_lost: IntCounter,
    jobs_running: IntGauge,
    jobs_ended: IntCounterVec,
    certificate_expiry: Gauge,
    levels: LevelGauges,
    ask_levels: OnceLock<Box<AskLevels>>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// The format of [`encode`](Self::encode), for `content-type`.
    pub const CONTENT_TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";

    /// Nothing is counted yet. `methods` are all paths that requests may have, such as
    /// `/triage.v1.TriageService/Route`; others are counted together.
    ///
    /// # Errors
    /// If two metrics have the same name, which would be a mistake in this module.
    pub fn new<M: AsRef<str>>(methods: impl IntoIterator<Item = M>) -> Result<Self, MetricsError> {
        let families = Families::new();
        families
            .labelled_gauge(
                "triage_build_info",
                "Always 1; the label tells the program's version.",
                &["version"],
            )?
            .with_label_values(&[env!("CARGO_PKG_VERSION")])
            .set(1);
        let inner = Inner {
            requests: Requests::new(&families, methods)?,
            shed: families.labelled_counter(
                "triage_shed_requests_total",
                "Requests refused to protect the server or other callers.",
                &["reason"],
            )?,
            connections: families.gauge("triage_connections_open", "Connections open.")?,
            tickets: Tickets::new(&families)?,
            shadowed: families.labelled_counter(
                "triage_shadow_tickets_total",
                "Tickets that a candidate model was shown besides the model that serves.",
                &["result"],
            )?,
            reloads: families.labelled_counter(
                "triage_reloads_total",
                "Changes of model, policy, roster, certificates or keys that were found or asked for.",
                &["kind", "outcome"],
            )?,
            last_reload: families.labelled_float_gauge(
                "triage_last_reload_timestamp_seconds",
                "When each kind was last taken over, in seconds since 1970; 0 if not since the start.",
                &["kind"],
            )?,
            last_reload_successful: families.labelled_gauge(
                "triage_last_reload_successful",
                "Whether the last change of each kind was taken over: 1, or 0 if it was refused.",
                &["kind"],
            )?,
            unlogged: families.counter(
                "triage_call_log_lost_lines_total",
                "Admin calls whose line could not be written into the file of admin calls.",
            )?,
            log_lost: families.counter(
                "triage_log_lost_lines_total",
                "Lines of the log that were not read as fast as they came.",
            )?,
            jobs_running: families.gauge(
                "triage_training_jobs_running",
                "Training jobs that run at the moment.",
            )?,
            jobs_ended: families.labelled_counter(
                "triage_training_jobs_total",
                "Training jobs that ended.",
                &["outcome"],
            )?,
            certificate_expiry: families.float_gauge(
                "triage_tls_certificate_expiry_timestamp_seconds",
                "When the certificate in use ends, in seconds since 1970; 0 without TLS.",
            )?,
            levels: LevelGauges::new(&families)?,
            ask_levels: OnceLock::new(),
            registry: families.into_registry(),
        };
        inner
            .registry
            .register(Box::new(ProcessCollector::for_self()))?;
        let metrics = Self(Arc::new(inner));
        metrics.show_zeros();
        Ok(metrics)
    }

    /// Lets what is seldom counted be seen as zero before: the first failure is a rise from 0 then, not a new series,
    /// which no alert would notice.
    fn show_zeros(&self) {
        for kind in Reload::ALL {
            for outcome in Outcome::ALL {
                self.0
                    .reloads
                    .with_label_values(&[kind.as_str(), outcome.as_str()]);
            }
            self.0.last_reload.with_label_values(&[kind.as_str()]);
            self.0
                .last_reload_successful
                .with_label_values(&[kind.as_str()])
                .set(1);
        }
        for reason in Shed::ALL {
            self.0.shed.with_label_values(&[reason.as_str()]);
        }
        for end in JobEnd::ALL {
            self.0.jobs_ended.with_label_values(&[end.as_str()]);
        }
        for result in Shadowed::ALL {
            self.0.shadowed.with_label_values(&[result.as_str()]);
        }
    }

    /// All metrics in Prometheus' text format, as of now.
    ///
    /// # Errors
    /// If a metric cannot be written, which would be a mistake in this module.
    pub fn encode(&self) -> Result<String, MetricsError> {
        let levels = self.0.ask_levels.get().and_then(|ask| ask());
        self.0.levels.show(levels.as_ref());
        Ok(TextEncoder::new().encode_to_string(&self.0.registry.gather())?)
    }

    /// Says where the levels of the moment come from; the first call counts. `ask` is called whenever the metrics are
    /// read, must be quick, and must hold no clone of these metrics: neither would ever be dropped.
    pub fn ask_levels(&self, ask: impl Fn() -> Option<Levels> + Send + Sync + 'static) {
        // A second source would be a mistake of the caller that harms nobody.
        let _ = self.0.ask_levels.set(Box::new(ask));
    }

    /// A layer that counts and times every request that passes through it.
    #[must_use]
    pub fn requests(&self) -> RequestLayer {
        RequestLayer::new(self.clone())
    }

    /// Begins to count a request to this path; it ends when the answer is dropped.
    #[must_use]
    pub fn begin(&self, path: &str) -> Call {
        self.0.requests.begin(path)
    }

    /// Counts a request that was refused before it was a call of any method.
    pub fn refused(&self, begun: Instant, code: Code) {
        self.0.requests.refused(begun, code);
    }

    /// Counts a request that was refused to protect the server or other callers. It is counted as a request as well.
    pub fn shed(&self, reason: Shed) {
        self.0.shed.with_label_values(&[reason.as_str()]).inc();
    }

    /// Counts a connection as open until the value returned is dropped.
    #[must_use]
    pub fn connection(&self) -> OpenConnection {
        OpenConnection(Raised::new(&self.0.connections))
    }

    /// Counters of the tickets that a model with these topics answers. Make them when the model is loaded; models that
    /// have a topic in common count into the same.
    #[must_use]
    pub fn tickets(&self, topics: &[String]) -> TicketCounters {
        self.0.tickets.of_model(topics)
    }

    /// Counts a ticket that a candidate model was, or was not, shown besides the model that serves.
    pub fn shadowed(&self, result: Shadowed) {
        self.0.shadowed.with_label_values(&[result.as_str()]).inc();
    }

    /// Counts a change that was found or asked for while the server ran.
    pub fn reloaded(&self, kind: Reload, outcome: Outcome) {
        let labels = [kind.as_str(), outcome.as_str()];
        self.0.reloads.with_label_values(&labels).inc();
        let is_taken_over = outcome == Outcome::TakenOver;
        let kind = &[kind.as_str()];
        if is_taken_over {
            let last = self.0.last_reload.with_label_values(kind);
            last.set(seconds_since_1970(SystemTime::now()));
        }
        let successful = self.0.last_reload_successful.with_label_values(kind);
        successful.set(is_taken_over.into());
    }

    /// Tells that what is found of this kind is what is in force, so that nothing refused is left.
    pub fn in_force(&self, kind: Reload) {
        let successful = &self.0.last_reload_successful;
        successful.with_label_values(&[kind.as_str()]).set(1);
    }

    /// Counts lines of the log of admin calls that could not be written into its file.
    pub fn call_log_lost(&self, lines: usize) {
        self.0.unlogged.inc_by(lines as u64);
    }

    /// Counts lines of the log that nobody can read any more.
    pub fn log_lost(&self, lines: u64) {
        self.0.log_lost.inc_by(lines);
    }

    /// Counts a training job as running until it is [ended](RunningJob::end) or dropped, which is a failure.
    #[must_use]
    pub fn training_job(&self) -> RunningJob {
        RunningJob {
            metrics: self.clone(),
            end: JobEnd::Failed,
            _running: Raised::new(&self.0.jobs_running),
        }
    }

    /// Tells when the certificate in use ends.
    pub fn certificate_expires(&self, at: SystemTime) {
        self.0.certificate_expiry.set(seconds_since_1970(at));
    }
}

fn seconds_since_1970(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64())
}

/// A gauge that is one higher as long as this lives.
#[derive(Debug)]
struct Raised(IntGauge);

impl Raised {
    fn new(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Raised {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A connection that is counted as open.
#[derive(Debug)]
pub struct OpenConnection(#[allow(dead_code)] Raised); // counted by being there

/// A training job that is counted as running.
#[derive(Debug)]
pub struct RunningJob {
    metrics: Metrics,
    end: JobEnd,
    _running: Raised,
}

impl RunningJob {
    /// Counts the job as ended in this way.
    pub fn end(mut self, end: JobEnd) {
        self.end = end;
    }
}

impl Drop for RunningJob {
    fn drop(&mut self) {
        let ended = &self.metrics.0.jobs_ended;
        ended.with_label_values(&[self.end.as_str()]).inc();
    }
}
