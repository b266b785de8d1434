//! Metrics as Prometheus reads them.

use std::collections::{BTreeMap, BTreeSet};

use http::header::CONTENT_TYPE;

use crate::calling::Both;
use crate::running::within_deadline;

/// One reading of `/metrics`.
#[derive(Debug)]
pub(crate) struct Scrape {
    /// The kind of each family, by name.
    pub(crate) families: BTreeMap<String, String>,
    samples: Vec<Sample>,
}

/// One line of it.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
}

impl Scrape {
    /// Reads the metrics of a server.
    pub(crate) async fn of(server: &Both) -> Self {
        let answer = server.get("/metrics").await;
        assert_eq!(answer.status(), 200);
        let media_type = answer.headers()[CONTENT_TYPE].to_str().unwrap();
        assert!(
            media_type.starts_with("text/plain; version=0.0.4"),
            "{media_type}"
        );
        Self::parse(std::str::from_utf8(answer.body()).unwrap())
    }

    /// Reads the metrics of a server until they are as they should be.
    pub(crate) async fn once(server: &Both, is_so: impl Fn(&Self) -> bool) -> Self {
        within_deadline(async {
            loop {
                let scrape = Self::of(server).await;
                if is_so(&scrape) {
                    return scrape;
                }
            }
        })
        .await
    }

    fn parse(text: &str) -> Self {
        let mut families = BTreeMap::new();
        let mut samples = Vec::new();
        let mut helped = BTreeSet::new();
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, help) = help.split_once(' ').unwrap();
                assert!(help.ends_with('.'), "{line}");
                assert!(helped.insert(name), "{name} is there twice");
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').unwrap();
                assert!(helped.contains(name), "{name} has no help");
                families.insert(name.to_owned(), kind.to_owned());
            } else {
                samples.push(Sample::parse(line));
            }
        }
        Self { families, samples }
    }

    /// The samples of this name whose labels are these and perhaps more.
    pub(crate) fn all<'a>(
        &'a self,
        name: &'a str,
        labels: &'a [(&str, &str)],
    ) -> impl Iterator<Item = &'a Sample> {
        let fits = move |sample: &&Sample| {
            let is = |(label, value): &(&str, &str)| {
                sample.labels.get(*label).is_some_and(|is| is == value)
            };
            sample.name == name && labels.iter().all(is)
        };
        self.samples.iter().filter(fits)
    }

    /// The sum of the samples of this name whose labels are these and perhaps more; 0 if there is none.
    pub(crate) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.all(name, labels).map(|sample| sample.value).sum()
    }

    /// Whether the family that samples of this name belong to is there.
    pub(crate) fn knows(&self, name: &str) -> bool {
        let parts = ["_bucket", "_sum", "_count"];
        let of_histogram = |part: &&str| {
            let family = name.strip_suffix(*part);
            family.is_some_and(|family| {
                self.families
                    .get(family)
                    .is_some_and(|kind| kind == "histogram")
            })
        };
        self.families.contains_key(name) || parts.iter().any(of_histogram)
    }
}

impl Sample {
    fn parse(line: &str) -> Self {
        let (named, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = match named.split_once('{') {
            Some((name, labels)) => (name, labels.strip_suffix('}').unwrap()),
            None => (named, ""),
        };
        // No value of ours holds a comma or a quote.
        let labels = labels.split(',').filter(|label| !label.is_empty());
        let label = |label: &str| {
            let (label, value) = label.split_once('=').unwrap();
            (label.to_owned(), value.trim_matches('"').to_owned())
        };
        Self {
            name: name.to_owned(),
            labels: labels.map(label).collect(),
            value: value.parse().unwrap(),
        }
    }
}
