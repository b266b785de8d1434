//! The search for mislabelled rows on the sample help desk: of labels flipped at random, most stand
//! in the first tenth of the ranking.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fastrand::Rng;
use triage::classifier::HeadKind;
use triage::dataset::{Columns, Dataset, TOPIC};
use triage::evaluation::{LabelIssues, LabelledHead, LabelledTexts};
use triage::training::{FitParams, Sentences, TrainingData, Unobserved, cross_validate};

/// Every third ticket of each topic is enough, and three folds: the whole file with five finds more.
const EVERY: usize = 3;
const FOLDS: usize = 3;

/// Tickets with their topics, some of which have been flipped.
struct Flipped {
    data: LabelledTexts,
    rows: BTreeSet<usize>,
    /// The right topics.
    topics: Vec<String>,
}

/// Every third ticket, one in twenty of them with another topic, any with the same probability.
fn flipped(seed: u64) -> Flipped {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("training-data/tickets.csv");
    let (dataset, _) = Dataset::read(&[file], None, &Columns::default()).unwrap();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut texts = Vec::new();
    let mut topics: Vec<String> = Vec::new();
    for (example, topic) in dataset.examples.iter().zip(dataset.labels(TOPIC)) {
        let topic = topic.unwrap();
        let count = seen.entry(topic).or_default();
        if count.is_multiple_of(EVERY) {
            texts.push(example.text.clone());
            topics.push(topic.to_owned());
        }
        *count += 1;
    }
    let all: Vec<&str> = seen.into_keys().collect();
    let mut random = Rng::with_seed(seed);
    let rows = random.choose_multiple(0..topics.len(), topics.len() / 20);
    let mut labels: Vec<Option<String>> = topics.iter().cloned().map(Some).collect();
    for &row in &rows {
        while labels[row].as_ref() == Some(&topics[row]) {
            labels[row] = Some(all[random.usize(..all.len())].to_owned());
        }
    }
    let kind = HeadKind::Topic;
    Flipped {
        data: LabelledTexts {
            texts,
            heads: vec![LabelledHead { kind, labels }],
        },
        rows: rows.into_iter().collect(),
        topics,
    }
}

#[test]
fn seven_in_ten_flipped_topics_stand_in_the_first_tenth() {
    let params = FitParams {
        folds: FOLDS,
        ..FitParams::default()
    };
    for seed in [1, 2] {
        let flipped = flipped(seed);
        let training = TrainingData {
            labelled: &flipped.data,
            sentences: &Sentences::None,
        };
        let answers = cross_validate(training, &params, &Unobserved).unwrap();
        let head = &answers[0];
        let issues = LabelIssues::new(head);
        assert_eq!(issues.ranking.len(), flipped.data.texts.len());
        let first = &issues.ranking[..issues.ranking.len() / 10];
        let found: Vec<_> = first
            .iter()
            .filter(|row| flipped.rows.contains(&row.row))
            .collect();
        assert!(
            10 * found.len() >= 7 * flipped.rows.len(),
            "seed {seed}: {} of {} flips",
            found.len(),
            flipped.rows.len()
        );
        let right = found
            .iter()
            .filter(|row| head.labels[row.suggested] == flipped.topics[row.row])
            .count();
        assert!(
            2 * right > found.len(),
            "seed {seed}: {right} of {} suggestions are right",
            found.len()
        );
    }
}
