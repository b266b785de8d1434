//! What is counted and how it is written.

use http::{HeaderMap, HeaderValue};

use super::*;
use crate::classifier::{AbstainReason, Classification, Prediction, Ranking};

const ROUTE: &str = "/triage.v1.TriageService/Route";

fn metrics() -> Metrics {
    Metrics::new([ROUTE]).unwrap()
}

/// The value of the sample with exactly this name and these labels; `None` if there is none.
fn value(metrics: &Metrics, sample: &str) -> Option<f64> {
    let text = metrics.encode().unwrap();
    text.lines()
        .find_map(|line| line.strip_prefix(sample)?.strip_prefix(' ')?.parse().ok())
}

fn code(code: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(
        "grpc-status".parse().unwrap(),
        HeaderValue::from_static(code),
    )])
}

#[test]
fn requests_are_counted_by_method_and_code() {
    let metrics = metrics();
    let total = |code: &str| {
        let sample = format!(
            "triage_requests_total{{code=\"{code}\",method=\"triage.v1.TriageService/Route\"}}"
        );
        value(&metrics, &sample)
    };
    assert_eq!(total("OK"), Some(0.0));
    for _ in 0..3 {
        let mut call = metrics.begin(ROUTE);
        call.read_code(&code("0"));
    }
    metrics.begin(ROUTE).read_code(&code("14"));
    metrics.begin(ROUTE).read_code(&code("99"));
    metrics.begin(ROUTE).ended();
    drop(metrics.begin(ROUTE));
    assert_eq!(total("OK"), Some(3.0));
    assert_eq!(total("UNAVAILABLE"), Some(1.0));
    assert_eq!(total("UNKNOWN"), Some(2.0));
    assert_eq!(total("CANCELLED"), Some(1.0));
    let timed = "triage_request_duration_seconds_count{method=\"triage.v1.TriageService/Route\"}";
    assert_eq!(value(&metrics, timed), Some(7.0));
}

#[test]
fn paths_that_the_protocol_lacks_are_counted_together() {
    let metrics = metrics();
    for path in ["/nonsense", "/triage.v1.TriageService/route", "*", ""] {
        metrics.begin(path).read_code(&code("12"));
    }
    let sample = "triage_requests_total{code=\"UNIMPLEMENTED\",method=\"unknown\"}";
    assert_eq!(value(&metrics, sample), Some(4.0));
    assert!(!metrics.encode().unwrap().contains("nonsense"));
}

#[test]
fn requests_in_flight_are_those_not_ended() {
    let metrics = metrics();
    let calls: Vec<Call> = (0..5).map(|_| metrics.begin(ROUTE)).collect();
    assert_eq!(value(&metrics, "triage_requests_in_flight"), Some(5.0));
    drop(calls);
    assert_eq!(value(&metrics, "triage_requests_in_flight"), Some(0.0));
}

fn prediction(label: &str, abstain_reason: Option<AbstainReason>, automate: bool) -> Prediction {
    Prediction {
        label: label.to_owned(),
        confidence: 0.97,
        margin: 0.9,
        ranked: Ranking::default(),
        automate,
        abstain_reason,
        raised: false,
        lowered: false,
    }
}

fn classified(
    topic: &str,
    urgency: &str,
    abstained: Option<AbstainReason>,
    automate: bool,
) -> Classification {
    Classification {
        topic: Some(prediction(topic, abstained, automate)),
        area: None,
        urgency: (!urgency.is_empty()).then(|| prediction(urgency, None, true)),
        facets: Vec::new(),
    }
}

#[test]
fn tickets_are_counted_by_topic_urgency_and_what_came_of_them() {
    let metrics = metrics();
    let counters = metrics.tickets(&["billing/refund".to_owned()]);
    let doubt = Some(AbstainReason::Ambiguous);
    for classification in [
        classified("billing/refund", "urgent", None, true),
        classified("billing/refund", "urgent", None, true),
        classified("billing/refund", "low", None, false),
        classified("billing/refund", "", doubt, false),
        classified("of/another/model", "low", None, true),
    ] {
        counters.count(Answered {
            classification: &classification,
            decision: None,
        });
    }
    let total = |urgency: &str, outcome: &str| {
        let sample = format!(
            "triage_tickets_total{{outcome=\"{outcome}\",topic=\"billing/refund\",urgency=\"{urgency}\"}}"
        );
        value(&metrics, &sample)
    };
    assert_eq!(total("urgent", "automated"), Some(2.0));
    assert_eq!(total("low", "suggested"), Some(1.0));
    assert_eq!(total("none", "to_person"), Some(1.0));
    assert_eq!(
        value(&metrics, "triage_abstentions_total{reason=\"AMBIGUOUS\"}"),
        Some(1.0)
    );
    assert_eq!(value(&metrics, "triage_topic_confidence_count"), Some(5.0));
    assert!(!metrics.encode().unwrap().contains("another"));
}

#[test]
fn each_reason_to_abstain_has_a_counter() {
    let metrics = metrics();
    let counters = metrics.tickets(&[]);
    for reason in AbstainReason::ALL {
        let classification = classified("x", "low", Some(reason), false);
        counters.count(Answered {
            classification: &classification,
            decision: None,
        });
        let sample = format!("triage_abstentions_total{{reason=\"{reason}\"}}");
        assert_eq!(value(&metrics, &sample), Some(1.0), "{reason}");
    }
}

#[test]
fn counters_of_the_same_topic_outlive_a_model() {
    let metrics = metrics();
    for _ in 0..2 {
        let counters = metrics.tickets(&["a/b".to_owned()]);
        counters.count(Answered {
            classification: &classified("a/b", "low", None, true),
            decision: None,
        });
    }
    let sample = "triage_tickets_total{outcome=\"automated\",topic=\"a/b\",urgency=\"low\"}";
    assert_eq!(value(&metrics, sample), Some(2.0));
}

#[test]
fn failures_of_reloads_are_seen_as_zero_before_the_first() {
    let metrics = metrics();
    let refused = "triage_reloads_total{kind=\"policy\",outcome=\"refused\"}";
    let last = "triage_last_reload_timestamp_seconds{kind=\"policy\"}";
    let successful = "triage_last_reload_successful{kind=\"policy\"}";
    assert_eq!(value(&metrics, refused), Some(0.0));
    assert_eq!(value(&metrics, successful), Some(1.0));
    metrics.reloaded(Reload::Policy, Outcome::Refused);
    assert_eq!(value(&metrics, successful), Some(0.0));
    assert_eq!(value(&metrics, refused), Some(1.0));
    assert_eq!(value(&metrics, last), Some(0.0));
    metrics.reloaded(Reload::Policy, Outcome::TakenOver);
    assert_eq!(value(&metrics, successful), Some(1.0));
    assert!(value(&metrics, last).unwrap() > 1.7e9);
}

#[test]
fn a_training_job_that_is_dropped_failed() {
    let metrics = metrics();
    let job = metrics.training_job();
    assert_eq!(value(&metrics, "triage_training_jobs_running"), Some(1.0));
    drop(job);
    metrics.training_job().end(JobEnd::Succeeded);
    assert_eq!(value(&metrics, "triage_training_jobs_running"), Some(0.0));
    let ended = |end: &str| format!("triage_training_jobs_total{{outcome=\"{end}\"}}");
    assert_eq!(value(&metrics, &ended("failed")), Some(1.0));
    assert_eq!(value(&metrics, &ended("succeeded")), Some(1.0));
}

#[test]
fn levels_are_those_of_the_moment() {
    let metrics = metrics();
    assert_eq!(value(&metrics, "triage_ready"), Some(0.0));
    let held = Arc::new(std::sync::atomic::AtomicUsize::new(1));
    let now = Arc::clone(&held);
    metrics.ask_levels(move || {
        let now = now.load(std::sync::atomic::Ordering::Relaxed);
        Some(Levels {
            model_version: format!("model{now}"),
            policy_version: "policy".to_owned(),
            encoder_queue: None,
            reservations: Level { now, most: 9 },
        })
    });
    assert_eq!(value(&metrics, "triage_ready"), Some(1.0));
    assert_eq!(value(&metrics, "triage_reservations_held"), Some(1.0));
    held.store(2, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(
        value(&metrics, "triage_model_info{version=\"model2\"}"),
        Some(1.0)
    );
    let before = "triage_model_info{version=\"model1\"}";
    assert_eq!(value(&metrics, before), None);
}

#[cfg(target_os = "linux")]
#[test]
fn the_process_tells_what_it_takes() {
    let metrics = metrics();
    for sample in [
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_start_time_seconds",
    ] {
        assert!(value(&metrics, sample).unwrap() > 0.0, "{sample}");
    }
    assert!(value(&metrics, "process_cpu_seconds_total").is_some());
}
