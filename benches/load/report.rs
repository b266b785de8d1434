//! What was found, as a line of a table and as JSON.

use std::path::Path;

use serde_json::json;

use super::calls::Found;
use super::process::Serving;
use super::{Mode, Options};

pub(crate) const HEADER: &str = "target   mode    in flight  conn.  tickets/s  failed  p50 µs  p99 µs  p99.9 µs  \
                                 server CPU µs/ticket  cores  answer bytes  RSS MiB";

/// One measurement, with its figures.
#[derive(Debug)]
pub(crate) struct Report {
    target: String,
    mode: String,
    in_flight: usize,
    connections: usize,
    pub(crate) tickets_per_second: f64,
    failed: u64,
    first_error: Option<String>,
    /// 50, 99 and 99.9 percent of the calls, in microseconds.
    latency_micros: [u64; 3],
    /// Of the server, in microseconds.
    processor_micros: Option<f64>,
    /// Processor cores that the server kept busy.
    cores: Option<f64>,
    answer_bytes: f64,
    resident_mib: Option<f64>,
    trouble: Option<serde_json::Value>,
}

impl Report {
    pub(crate) fn new(options: &Options, mode: Mode, tickets_a_call: usize, found: &Found) -> Self {
        let calls = found.answers.max(1) as f64;
        let tickets = calls * tickets_a_call as f64;
        let percentile = |share| found.latencies.value_at_quantile(share);
        Self {
            target: format!("{:?}", options.target).to_lowercase(),
            mode: format!("{mode:?}").to_lowercase(),
            in_flight: options.in_flight,
            connections: options.connections,
            tickets_per_second: tickets / found.seconds,
            failed: found.failed,
            first_error: found.first_error.clone(),
            latency_micros: [percentile(0.5), percentile(0.99), percentile(0.999)],
            processor_micros: found.processor_seconds.map(|own| own * 1e6 / tickets),
            cores: found.processor_seconds.map(|own| own / found.seconds),
            answer_bytes: found.bytes as f64 / calls,
            resident_mib: found.resident_kib.map(|kib| kib as f64 / 1024.0),
            trouble: found
                .trouble
                .as_ref()
                .map(|made| json!({"swaps": made.swaps, "jobs": made.jobs, "trained": made.trained, "failed": made.failed})),
        }
    }

    /// A line below [`HEADER`].
    pub(crate) fn line(&self) -> String {
        let [p50, p99, p999] = self.latency_micros;
        let number = |value: Option<f64>, digits: usize| {
            value.map_or("?".to_owned(), |value| format!("{value:.digits$}"))
        };
        let mut line = format!(
            "{:<8} {:<7} {:>9}  {:>5}  {:>9.0}  {:>6}  {:>6}  {:>6}  {:>8}  {:>20}  {:>5}  {:>12.0}  {:>7}",
            self.target,
            self.mode,
            self.in_flight,
            self.connections,
            self.tickets_per_second,
            self.failed,
            p50,
            p99,
            p999,
            number(self.processor_micros, 2),
            number(self.cores, 2),
            self.answer_bytes,
            number(self.resident_mib, 0),
        );
        if let Some(error) = &self.first_error {
            line.push_str(&format!("\n         the first that failed: {error}"));
        }
        if let Some(trouble) = &self.trouble {
            line.push_str(&format!("\n         meanwhile: {trouble}"));
        }
        line
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "target": self.target,
            "mode": self.mode,
            "in_flight": self.in_flight,
            "connections": self.connections,
            "tickets_per_second": self.tickets_per_second,
            "failed": self.failed,
            "first_error": self.first_error,
            "latency_micros": {
                "p50": self.latency_micros[0],
                "p99": self.latency_micros[1],
                "p999": self.latency_micros[2],
            },
            "server_processor_micros_per_ticket": self.processor_micros,
            "server_cores": self.cores,
            "answer_bytes": self.answer_bytes,
            "server_resident_mib": self.resident_mib,
            "trouble": self.trouble,
        })
    }
}

/// Writes all measurements as one JSON object.
pub(crate) fn write(path: &Path, reports: &[Report], serving: &Serving) {
    let runs: Vec<serde_json::Value> = reports.iter().map(Report::json).collect();
    let all = json!({
        "start_to_serving_ms": serving.started_in().map(|time| time.as_secs_f64() * 1e3),
        "idle_resident_mib": serving.idle_kib().map(|kib| kib as f64 / 1024.0),
        "runs": runs,
    });
    std::fs::write(path, format!("{all:#}\n")).unwrap();
}
