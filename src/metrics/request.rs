//! Requests: how many by method and code, how long they took, how many are in flight.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use http::HeaderMap;
use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge};
use tonic::{Code, Status};

use super::MetricsError;
use super::family::Families;

/// Upper bounds of the time a request takes, in seconds.
const SECONDS: [f64; 16] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0,
];
/// What stands for all methods that the protocol lacks.
const UNKNOWN_METHOD: &str = "unknown";

/// The codes of gRPC, each at its number.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];
/// The place in [`CODES`] of what the caller broke off.
const CANCELLED: usize = 1;
/// The place in [`CODES`] of an answer without a code that is known.
const UNKNOWN: usize = 2;

/// All requests.
pub(super) struct Requests {
    methods: HashMap<Box<str>, Arc<Method>>,
    unknown: Arc<Method>,
}

/// The requests of one method.
struct Method {
    name: Box<str>,
    totals: IntCounterVec,
    by_code: [OnceLock<IntCounter>; CODES.len()],
    duration: Histogram,
    in_flight: IntGauge,
}

impl Requests {
    pub(super) fn new<M: AsRef<str>>(
        families: &Families,
        methods: impl IntoIterator<Item = M>,
    ) -> Result<Self, MetricsError> {
        let totals = families.labelled_counter(
            "triage_requests_total",
            "Requests that ended, by their gRPC code.",
            &["method", "code"],
        )?;
        let durations = families.labelled_histogram(
            "triage_request_duration_seconds",
            "From a request's headers to the end of its answer.",
            &SECONDS,
            &["method"],
        )?;
        let in_flight = families.gauge(
            "triage_requests_in_flight",
            "Requests that were begun and have not ended.",
        )?;
        let of = |name: &str| Arc::new(Method::new(name, &totals, &durations, &in_flight));
        Ok(Self {
            methods: methods
                .into_iter()
                .map(|path| {
                    let path = path.as_ref();
                    (path.into(), of(path.trim_start_matches('/')))
                })
                .collect(),
            unknown: of(UNKNOWN_METHOD),
        })
    }

    pub(super) fn begin(&self, path: &str) -> Call {
        let method = Arc::clone(self.methods.get(path).unwrap_or(&self.unknown));
        method.in_flight.inc();
        Call {
            method,
            begun: Instant::now(),
            code: None,
        }
    }
}

impl Requests {
    pub(super) fn refused(&self, begun: Instant, code: Code) {
        self.unknown.in_flight.inc();
        drop(Call {
            method: Arc::clone(&self.unknown),
            begun,
            code: usize::try_from(i32::from(code)).ok(),
        });
    }
}

impl Method {
    fn new(
        name: &str,
        totals: &IntCounterVec,
        durations: &HistogramVec,
        in_flight: &IntGauge,
    ) -> Self {
        let method = Self {
            name: name.into(),
            totals: totals.clone(),
            by_code: Default::default(),
            duration: durations.with_label_values(&[name]),
            in_flight: in_flight.clone(),
        };
        // A share of failures has its denominator from the first scrape on.
        method.ended_with(0);
        method
    }

    fn ended_with(&self, code: usize) -> Option<&IntCounter> {
        let made = |counter: &IntCounterVec| {
            counter.with_label_values(&[&self.name, CODES.get(code).copied().unwrap_or_default()])
        };
        Some(self.by_code.get(code)?.get_or_init(|| made(&self.totals)))
    }
}

/// A request that is being answered. Dropped without a code, it counts as cancelled: its caller is gone, or did not
/// wait for the end.
pub struct Call {
    method: Arc<Method>,
    begun: Instant,
    code: Option<usize>,
}

impl Call {
    /// Takes the code from an answer's headers or trailers, if it is there.
    pub fn read_code(&mut self, headers: &HeaderMap) {
        if let Some(code) = headers.get(Status::GRPC_STATUS) {
            self.code = Some(parse(code.as_bytes()));
        }
    }

    /// Says that the answer has come to its end; without a code, that is unknown.
    pub fn ended(&mut self) {
        self.code.get_or_insert(UNKNOWN);
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.method.in_flight.dec();
        let code = self.code.unwrap_or(CANCELLED);
        if let Some(total) = self.method.ended_with(code) {
            total.inc();
        }
        let seconds = self.begun.elapsed().as_secs_f64();
        self.method.duration.observe(seconds);
    }
}

fn parse(code: &[u8]) -> usize {
    let digits = std::str::from_utf8(code).ok();
    let number = digits.and_then(|digits| digits.parse().ok());
    number
        .filter(|number| *number < CODES.len())
        .unwrap_or(UNKNOWN)
}
