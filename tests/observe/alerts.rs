//! The alerts and the dashboard ask for metrics that there are, and the guide tells of each of them.

use std::collections::BTreeSet;
use std::fs;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::calling::Both;
use crate::manifests::{text, yaml};
use crate::scrape::Scrape;
use crate::tickets::{SMOKE, classify, route};

/// A name of a metric with what is asked of its labels.
static SELECTOR: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b((?:triage|process)_[a-z_]+)(?:\{([^}]*)\})?").unwrap());
/// One condition on a label.
static MATCHER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"([a-z_]+)(=~|!~|!=|=)"([^"]*)""#).unwrap());
/// Labels that Prometheus adds.
const ADDED: [&str; 2] = ["instance", "job"];

/// A server of which everything was asked that metrics tell of from the first request on.
async fn scraped() -> Scrape {
    let both = Both::start().await;
    let mut client = both.server.client().await;
    client.route(route(SMOKE)).await.unwrap();
    client.classify(classify(SMOKE)).await.unwrap();
    Scrape::of(&both).await
}

fn alerts() -> Vec<Value> {
    let file = yaml("prometheus/alerts.yaml");
    let groups = file["groups"].as_array().unwrap();
    groups
        .iter()
        .flat_map(|group| group["rules"].as_array().unwrap())
        .cloned()
        .collect()
}

/// The queries of alerts and dashboard, each with where it stands.
fn queries() -> Vec<(String, String)> {
    let mut queries: Vec<(String, String)> = alerts()
        .iter()
        .map(|alert| {
            (
                alert["alert"].to_string(),
                alert["expr"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let dashboard: Value = serde_json::from_str(&text("grafana/triage.json")).unwrap();
    for panel in dashboard["panels"].as_array().unwrap() {
        let targets = panel["targets"].as_array().map(Vec::as_slice);
        for target in targets.unwrap_or_default() {
            queries.push((
                panel["title"].to_string(),
                target["expr"].as_str().unwrap().to_owned(),
            ));
        }
    }
    for annotation in dashboard["annotations"]["list"].as_array().unwrap() {
        let query = annotation["expr"].as_str().unwrap();
        queries.push((annotation["name"].to_string(), query.to_owned()));
    }
    queries
}

#[tokio::test(flavor = "multi_thread")]
async fn every_query_asks_for_metrics_labels_and_values_that_there_are() {
    let scrape = scraped().await;
    let queries = queries();
    assert!(queries.len() > 50, "{}", queries.len());
    for (place, query) in queries {
        let asked: Vec<_> = SELECTOR.captures_iter(&query).collect();
        assert!(
            !asked.is_empty() || query.starts_with("up{"),
            "{place}: {query}"
        );
        for selector in asked {
            let name = &selector[1];
            assert!(
                scrape.knows(name),
                "{place} asks for {name}, which is not there"
            );
            let matchers = selector.get(2).map_or("", |matchers| matchers.as_str());
            for matcher in MATCHER.captures_iter(matchers) {
                let (label, operator, value) = (&matcher[1], &matcher[2], &matcher[3]);
                if ADDED.contains(&label) {
                    continue;
                }
                let values: BTreeSet<&str> = scrape
                    .all(name, &[])
                    .filter_map(|sample| sample.labels.get(label))
                    .map(String::as_str)
                    .collect();
                assert!(!values.is_empty(), "{place}: {name} has no label {label}");
                // A code is there once a call has ended with it.
                if label != "code" && operator == "=~" {
                    let pattern = Regex::new(&format!("^(?:{value})$")).unwrap();
                    let fits = values
                        .iter()
                        .filter(|value| pattern.is_match(value))
                        .count();
                    let alternatives = value.matches('|').count() + 1;
                    assert!(fits >= alternatives, "{place}: {label} {value}: {values:?}");
                } else if label != "code" && operator == "=" {
                    assert!(
                        values.contains(value),
                        "{place}: {label} {value}: {values:?}"
                    );
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guide_tells_of_every_metric_and_of_none_that_is_not_there() {
    let scrape = scraped().await;
    let guide = fs::read_to_string("docs/operations.md").unwrap();
    for family in scrape.families.keys() {
        assert!(
            guide.contains(&format!("`{family}`")),
            "docs/operations.md does not tell of {family}"
        );
    }
    let named = Regex::new(r"`((?:triage|process)_[a-z_]+)`").unwrap();
    for name in named.captures_iter(&guide) {
        assert!(scrape.knows(&name[1]), "{} is not there", &name[1]);
    }
}

#[test]
fn every_alert_has_a_severity_and_first_steps_in_the_guide() {
    let guide = fs::read_to_string("docs/operations.md").unwrap();
    for alert in alerts() {
        let name = alert["alert"].as_str().unwrap();
        let severity = alert["labels"]["severity"].as_str().unwrap();
        assert!(["critical", "warning"].contains(&severity), "{name}");
        assert!(alert["annotations"]["summary"].is_string(), "{name}");
        let runbook = format!("docs/operations.md#{}", name.to_lowercase());
        assert_eq!(alert["annotations"]["runbook"], runbook);
        assert!(guide.contains(&format!("\n#### {name}\n")), "{name}");
    }
}

#[test]
fn the_panels_of_the_dashboard_do_not_overlap() {
    let dashboard: Value = serde_json::from_str(&text("grafana/triage.json")).unwrap();
    let mut taken = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        let at = |field: &str| panel["gridPos"][field].as_u64().unwrap();
        for x in at("x")..at("x") + at("w") {
            for y in at("y")..at("y") + at("h") {
                assert!(x < 24 && taken.insert((x, y)), "{}", panel["title"]);
            }
        }
    }
}
