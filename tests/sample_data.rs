//! The sample help desk's files are what their README says, and the shipped model is what a fit
//! makes of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

const COLUMNS: &str = "id,channel,subject,body,topic,urgency,sentiment";
const CHANNELS: &str = "email chat web_form phone social sms app_review";
const SENTIMENTS: &str = "negative neutral positive";
const TRAINING: &str = "training-data/tickets.csv";
const TEST: &str = "training-data/test.csv";
/// Each level's least and greatest share in percent.
const URGENCY_PERCENT: [(&str, f64, f64); 4] = [
    ("urgent", 7.0, 14.0),
    ("high", 19.0, 31.0),
    ("normal", 38.0, 52.0),
    ("low", 14.0, 26.0),
];

type Ticket = BTreeMap<String, String>;

fn repository(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> Vec<Ticket> {
    let mut reader = csv::Reader::from_path(repository(name)).unwrap();
    let columns: Vec<String> = reader.headers().unwrap().iter().map(Into::into).collect();
    assert_eq!(columns.join(","), COLUMNS, "{name}");
    reader
        .records()
        .map(|record| {
            let record = record.unwrap();
            columns
                .iter()
                .cloned()
                .zip(record.iter().map(Into::into))
                .collect()
        })
        .collect()
}

/// The topics that the README defines, one a line of a table.
fn topics() -> BTreeSet<String> {
    let guide = fs::read_to_string(repository("training-data/README.md")).unwrap();
    let is_topic = |name: &&str| {
        name.split_once('/').is_some_and(|(area, topic)| {
            let word = |part: &str| part.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            word(area) && word(topic)
        })
    };
    guide
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(name, _)| name)
        .filter(is_topic)
        .map(str::to_owned)
        .collect()
}

fn counts<'t>(tickets: &'t [Ticket], column: &str) -> BTreeMap<&'t str, usize> {
    tickets.iter().fold(BTreeMap::new(), |mut counts, ticket| {
        *counts.entry(ticket[column].as_str()).or_default() += 1;
        counts
    })
}

fn words(ticket: &Ticket) -> Vec<&str> {
    ["subject", "body"]
        .iter()
        .flat_map(|column| ticket[*column].split_whitespace())
        .collect()
}

#[test]
fn there_are_enough_tickets_of_every_topic() {
    let topics = topics();
    assert_eq!(topics.len(), 26, "{topics:#?}");
    let tickets = read(TRAINING);
    assert!(tickets.len() >= 2_600, "{} rows", tickets.len());
    let test = read(TEST);
    assert!(test.len() >= 400, "{} rows", test.len());
    for (of, least) in [(&tickets, 100), (&test, 10)] {
        let counts = counts(of, "topic");
        assert!(counts.keys().copied().eq(topics.iter().map(String::as_str)));
        let few: Vec<_> = counts.iter().filter(|(_, count)| **count < least).collect();
        assert!(few.is_empty(), "fewer than {least}: {few:?}");
    }
}

#[test]
fn every_field_holds_what_the_schema_allows() {
    let mut ids = BTreeSet::new();
    for (name, prefix) in [(TRAINING, 'T'), (TEST, 'X')] {
        for ticket in read(name) {
            let id = &ticket["id"];
            assert!(id.starts_with(prefix), "{name}: {id}");
            assert!(ids.insert(id.clone()), "{name}: {id} again");
            for (column, allowed) in [("channel", CHANNELS), ("sentiment", SENTIMENTS)] {
                let value = &ticket[column];
                let known = allowed.split(' ').any(|word| word == value);
                assert!(known, "{name}: {id}: {column} '{value}'");
            }
            assert!(!ticket["body"].trim().is_empty(), "{name}: {id}: no body");
            let words = words(&ticket).len();
            assert!((3..=250).contains(&words), "{name}: {id}: {words} words");
        }
    }
}

#[test]
fn urgency_is_spread_as_the_guide_says() {
    for name in [TRAINING, TEST] {
        let tickets = read(name);
        let counts = counts(&tickets, "urgency");
        let levels: BTreeSet<&str> = URGENCY_PERCENT.iter().map(|level| level.0).collect();
        assert!(counts.keys().copied().eq(levels), "{name}: {counts:?}");
        for (level, least, most) in URGENCY_PERCENT {
            #[allow(clippy::cast_precision_loss)] // thousands of rows
            let percent = 100.0 * counts[level] as f64 / tickets.len() as f64;
            assert!(
                (least..=most).contains(&percent),
                "{name}: {level} {percent:.1} %"
            );
        }
    }
}

#[test]
fn no_two_tickets_share_more_than_half_of_their_word_trigrams() {
    let tickets: Vec<Ticket> = [TRAINING, TEST].into_iter().flat_map(read).collect();
    let texts: Vec<String> = tickets
        .iter()
        .map(|ticket| words(ticket).join(" ").to_lowercase())
        .collect();
    let trigrams: Vec<BTreeSet<[&str; 3]>> = texts.iter().map(|text| trigrams(text)).collect();
    // Tickets by trigram, so that only those that share one are compared.
    let mut holders: HashMap<[&str; 3], Vec<usize>> = HashMap::new();
    let mut shared: HashMap<(usize, usize), usize> = HashMap::new();
    for (ticket, own) in trigrams.iter().enumerate() {
        for trigram in own {
            let earlier = holders.entry(*trigram).or_default();
            for &other in earlier.iter() {
                *shared.entry((other, ticket)).or_default() += 1;
            }
            earlier.push(ticket);
        }
    }
    assert!(
        shared.len() > tickets.len(),
        "hardly any trigram occurs twice"
    );
    let mut alike: Vec<String> = shared
        .into_iter()
        .filter(|&((a, b), count)| 2 * count > trigrams[a].len().min(trigrams[b].len()))
        .map(|((a, b), _)| format!("{} and {}", tickets[a]["id"], tickets[b]["id"]))
        .collect();
    alike.sort();
    assert!(alike.is_empty(), "{}", alike.join("\n"));
}

fn trigrams(text: &str) -> BTreeSet<[&str; 3]> {
    let words: Vec<&str> = text
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    words
        .windows(3)
        .map(|three| [three[0], three[1], three[2]])
        .collect()
}

fn train(arguments: &str) -> (String, String) {
    let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_triage-train"))
        .current_dir(repository(""))
        .args(arguments.split_whitespace())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (answer, messages) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success(), "{arguments}: {messages}");
    (answer, messages)
}

fn active_version() -> String {
    let pointer = fs::read_to_string(repository("models/active")).unwrap();
    pointer.lines().next().unwrap().to_owned()
}

#[test]
fn a_fit_on_the_sample_data_rebuilds_the_shipped_model_byte_for_byte() {
    let models = tempfile::tempdir().unwrap();
    train(&format!(
        "fit --data {TRAINING} --facet sentiment=sentiment --models {}",
        models.path().display()
    ));
    let built: Vec<PathBuf> = fs::read_dir(models.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(built.len(), 1, "{built:?}");
    let shipped = repository("models").join(active_version());
    let manifest = |folder: &Path| -> Value {
        serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap()
    };
    let (new, old) = (manifest(&built[0]), manifest(&shipped));
    for what in ["data", "params", "heads", "files"] {
        assert!(
            new[what] == old[what],
            "{what} of a new model and of {} differ: train it again as {TRAINING}'s README says\n\
             new: {:#}\nshipped: {:#}",
            shipped.display(),
            new[what],
            old[what],
        );
    }
    let names = |folder: &Path| -> BTreeSet<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    assert_eq!(names(&built[0]), names(&shipped));
    for name in names(&shipped) {
        let same =
            fs::read(built[0].join(&name)).unwrap() == fs::read(shipped.join(&name)).unwrap();
        assert!(same, "{name} differs");
    }
    assert_eq!(built[0].file_name(), shipped.file_name());
}

#[test]
fn the_shipped_model_knows_tickets_that_it_has_not_seen() {
    let (answer, messages) = train(&format!(
        "evaluate --models models --data {TEST} --facet sentiment=sentiment --json"
    ));
    assert_eq!(messages, "", "it was trained on the test file");
    let report: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(report["version"], active_version());
    assert_eq!(report["rows"], read(TEST).len());
    let heads = &report["heads"];
    // Well under what it reaches: a model that fell apart is to be noticed, not a worse split.
    for (head, least) in [("topic", 0.85), ("urgency", 0.7), ("sentiment", 0.75)] {
        let accuracy = heads[head]["accuracy"].as_f64().unwrap();
        assert!(accuracy >= least, "{head}: {accuracy}");
    }
    assert!(
        heads["urgency"]["quadratic_weighted_kappa"]
            .as_f64()
            .unwrap()
            > 0.7
    );
}
