//! What counting costs: of a request, and of a ticket, by one thread and by two at once.
//!
//! `cargo bench --bench metrics`
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::sync::LazyLock;

use divan::{Bencher, black_box};
use http::{HeaderMap, HeaderName, HeaderValue};
use triage::classifier::{Classification, Prediction, Ranking};
use triage::metrics::{Answered, Metrics, TicketCounters};

const ROUTE: &str = "/triage.v1.TriageService/Route";

fn main() {
    LazyLock::force(&METRICS);
    divan::main();
}

/// As many methods as the protocol has, about.
static METRICS: LazyLock<Metrics> = LazyLock::new(|| {
    let others = (0..30).map(|number| format!("/triage.v1.TriageService/Other{number}"));
    Metrics::new(others.chain([ROUTE.to_owned()])).expect("metrics")
});

static TICKETS: LazyLock<TicketCounters> = LazyLock::new(|| {
    let topics: Vec<String> = (0..26)
        .map(|number| format!("billing/topic-{number}"))
        .collect();
    METRICS.tickets(&topics)
});

static TRAILERS: LazyLock<HeaderMap> = LazyLock::new(|| {
    let status = HeaderName::from_static("grpc-status");
    HeaderMap::from_iter([(status, HeaderValue::from_static("0"))])
});

fn prediction(label: &str) -> Prediction {
    Prediction {
        label: label.to_owned(),
        confidence: 0.97,
        margin: 0.9,
        ranked: Ranking::default(),
        automate: true,
        abstain_reason: None,
        raised: false,
        lowered: false,
    }
}

static CLASSIFICATION: LazyLock<Classification> = LazyLock::new(|| Classification {
    topic: Some(prediction("billing/topic-7")),
    area: None,
    urgency: Some(prediction("high")),
    facets: Vec::new(),
});

#[divan::bench(threads = [1, 2], sample_count = 1_000, sample_size = 1_000)]
fn a_request(bencher: Bencher<'_, '_>) {
    bencher.bench(|| {
        let mut call = METRICS.begin(black_box(ROUTE));
        call.read_code(&TRAILERS);
    });
}

#[divan::bench(threads = [1, 2], sample_count = 1_000, sample_size = 1_000)]
fn a_ticket(bencher: Bencher<'_, '_>) {
    bencher.bench(|| {
        TICKETS.count(Answered {
            classification: black_box(&CLASSIFICATION),
            decision: None,
        });
    });
}

/// What the request's own two readings of the clock cost, for comparison.
#[divan::bench(sample_count = 1_000, sample_size = 1_000)]
fn two_readings_of_the_clock() -> std::time::Duration {
    std::time::Instant::now().elapsed()
}

#[divan::bench]
fn encode() -> usize {
    METRICS.encode().expect("encoded").len()
}
