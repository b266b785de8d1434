//! Where a fit's sentence vectors come from, what a target precision may be, and texts out of scope.

use std::fs;

use serde_json::{Value, json};
use triage::classifier::{AbstainReason, Workspace};
use triage::model::Registry;

use crate::desk::{Desk, keys, number};
use crate::forge::header;
use crate::tickets::{Ticket, csv, tickets};
use crate::tiny_encoder::Tiny;

const FIT: &str = "fit --data tickets.csv --models models";
const OUTSIDE: &str = "evaluate --models models --data held_out.csv --out-of-scope";

fn manifest(desk: &Desk, version: &str) -> Value {
    serde_json::from_slice(&desk.read(&format!("models/{version}/manifest.json"))).unwrap()
}

/// Nothing was written: what is refused leaves no version behind.
#[track_caller]
fn no_version(desk: &Desk) {
    assert_eq!(desk.names("models"), Vec::<String>::new());
}

#[test]
fn without_an_embedding_a_model_is_of_n_grams_alone() {
    let desk = Desk::new();
    desk.write("held_out.csv", csv(&tickets(2)));
    let version = desk.fit("--embedding none --activate");
    let folder = format!("models/{version}");
    assert_eq!(
        desk.names(&folder),
        ["manifest.json", "weights.safetensors"]
    );
    let manifest = manifest(&desk, &version);
    assert!(manifest.get("sentence").is_none(), "{manifest:#}");
    assert_eq!(keys(&manifest["files"]), ["weights.safetensors"]);
    let weights = header(&desk.read(&format!("{folder}/weights.safetensors")));
    assert!(weights.get("sentence.weights").is_none(), "{weights:#}");
    let report = desk.run("evaluate --models models --data held_out.csv --json");
    assert!(number(&report.json()["heads"]["topic"]["accuracy"]) > 0.9);
    // It is not the model that a fit makes unless it is asked for this one.
    assert_ne!(desk.fit(""), version);
}

#[test]
fn a_table_that_was_distilled_goes_into_the_bundle_whole() {
    let desk = Desk::new();
    desk.distill();
    let version = desk.fit("--embedding table --activate");
    for name in ["embedding.safetensors", "tokenizer.json"] {
        let copy = desk.read(&format!("models/{version}/{name}"));
        assert!(copy == desk.read(&format!("table/{name}")), "{name}");
    }
    let manifest = manifest(&desk, &version);
    assert_eq!(
        manifest["sentence"],
        json!({"embedding": {"name": "small", "dimensions": 24}})
    );
    let weights = desk.read(&format!("models/{version}/weights.safetensors"));
    // Ten topics and four urgencies.
    assert_eq!(
        header(&weights)["sentence.weights"]["shape"],
        json!([24, 14])
    );
    // The same again is the same version; afterwards nobody needs the folder.
    assert_eq!(desk.fit("--embedding table"), version);
    fs::remove_dir_all(desk.path("table")).unwrap();
    desk.write("held_out.csv", csv(&tickets(2)));
    desk.run("evaluate --models models --data held_out.csv")
        .done();
    desk.run(&format!("{FIT} --embedding table"))
        .refused_with(&["table/embedding.safetensors: No such file"]);
}

#[test]
fn a_folder_that_holds_no_table_is_refused_by_the_file_that_is_missing() {
    let desk = Desk::new();
    fs::create_dir(desk.path("empty")).unwrap();
    fs::create_dir(desk.path("half")).unwrap();
    desk.distill();
    fs::copy(
        desk.path("table/embedding.safetensors"),
        desk.path("half/embedding.safetensors"),
    )
    .unwrap();
    for (folder, named) in [
        ("nowhere", "nowhere/embedding.safetensors: No such file"),
        ("empty", "empty/embedding.safetensors: No such file"),
        ("half", "half/tokenizer.json: No such file"),
        ("tickets.csv", "tickets.csv/embedding.safetensors: "),
    ] {
        desk.run(&format!("{FIT} --embedding {folder}"))
            .refused_with(&[named]);
    }
    // An encoder is no table.
    let encoder = Tiny::new().write();
    let encoder = encoder.path().to_str().unwrap();
    desk.run(&format!("{FIT} --embedding {encoder}"))
        .refused_with(&[&format!("{encoder}/embedding.safetensors: No such file")]);
    no_version(&desk);
}

#[test]
fn a_damaged_table_is_refused_by_its_file() {
    let desk = Desk::new();
    desk.distill();
    let advice = "name a folder written by 'triage-train distill'";
    for (name, cause) in [
        ("embedding.safetensors", "not a safetensors file"),
        ("tokenizer.json", "not a usable tokenizer"),
    ] {
        let file = format!("table/{name}");
        let whole = desk.read(&file);
        for content in [&whole[..0], &whole[..whole.len() / 2], b"{}", b"damaged"] {
            desk.write(&file, content);
            desk.run(&format!("{FIT} --embedding table"))
                .refused_with(&[&format!("error: {file}: {cause}"), advice]);
        }
        desk.write(&file, whole);
    }
    no_version(&desk);
}

#[test]
fn two_sources_of_sentence_vectors_are_a_usage_error() {
    let desk = Desk::new();
    for options in [
        "--embedding none --encoder e",
        "--embedding none --distill-with e",
        "--encoder e --distill-with e",
        "--unlabelled tickets.csv",
    ] {
        let run = desk.run(&format!("{FIT} {options}"));
        assert_eq!(run.code, Some(2), "{options}: {run:#?}");
        assert!(run.stderr.contains("--"), "{options}: {run:#?}");
    }
    no_version(&desk);
}

#[test]
fn a_table_is_not_distilled_over_what_is_there() {
    let desk = Desk::new();
    let encoder = Tiny::new().write();
    let encoder = encoder.path().to_str().unwrap();
    desk.run(&format!("distill --encoder {encoder} --out tickets.csv"))
        .refused_with(&["tickets.csv: it is there already"]);
    desk.run("distill --encoder nowhere --out table")
        .refused_with(&["nowhere/config.json"]);
    for options in ["--data nowhere.csv", "--dimensions 0", "--epochs -1"] {
        let run = desk.run(&format!(
            "distill --encoder {encoder} --out table {options}"
        ));
        assert_eq!(run.code, Some(2), "{options}: {run:#?}");
        assert!(run.stderr.starts_with("error: "), "{options}: {run:#?}");
    }
    assert_eq!(desk.names("."), ["tickets.csv"]);
}

#[test]
fn the_same_encoder_and_texts_give_the_same_table() {
    let desk = Desk::new();
    desk.distill();
    fs::rename(desk.path("table"), desk.path("first")).unwrap();
    desk.distill();
    assert!(desk.files("first") == desk.files("table"));
}

#[test]
fn a_target_precision_that_is_no_share_between_0_and_1_is_a_usage_error() {
    let desk = Desk::new();
    for share in [
        "0", "1", "-0.1", "1.5", "95", "95%", "NaN", "inf", "0,95", "half", "",
    ] {
        let run = desk.run(&format!("{FIT} --target-precision={share}"));
        assert_eq!(run.code, Some(2), "{share}: {run:#?}");
        assert!(
            run.stderr.contains("--target-precision") && run.stdout.is_empty(),
            "{share}: {run:#?}"
        );
        if !share.is_empty() {
            let advice = "give a share between 0 and 1, such as 0.95";
            assert!(run.stderr.contains(advice), "{share}: {run:#?}");
        }
    }
    no_version(&desk);
}

#[test]
fn a_higher_target_precision_predicts_no_more() {
    let desk = Desk::new();
    let automated = |share: &str| {
        let options = format!("--target-precision {share} --embedding none");
        let version = desk.fit(&options);
        let manifest = manifest(&desk, &version);
        let kept = &manifest["params"]["thresholds"]["target_precision"];
        assert_eq!(kept.to_string(), share);
        let heads = manifest["heads"].as_array().unwrap().clone();
        heads.into_iter().map(|head| head["thresholds"].clone())
    };
    for (low, high) in automated("0.5").zip(automated("0.99")) {
        let labels = low.as_array().unwrap().iter().zip(high.as_array().unwrap());
        for (low, high) in labels {
            assert!(number(&low["suggest_at"]) <= number(&high["suggest_at"]));
            if let Some(high) = high["automate_at"].as_f64() {
                assert!(number(&low["automate_at"]) <= high, "{low} {high}");
            }
        }
    }
}

/// Texts of none of the shop's topics, in words that its tickets do not have.
fn verses(seed: u64) -> Vec<Ticket> {
    let words = "moon river forest swallow winter candle lantern meadow violin harvest";
    let words: Vec<&str> = words.split(' ').collect();
    let mut verses = tickets(seed);
    verses.truncate(40);
    for (row, verse) in verses.iter_mut().enumerate() {
        let word = |step: usize| words[(row * step + row / 7 + step) % words.len()];
        verse.subject = word(3).to_owned();
        verse.body = (1..9).map(word).collect::<Vec<_>>().join(" ");
        verse.topic = "out_of_scope".to_owned();
        verse.urgency = String::new();
    }
    verses
}

/// A desk with an active model, held-out tickets, and `verses.csv`.
fn shop() -> Desk {
    let desk = Desk::new();
    desk.write("held_out.csv", csv(&tickets(2)));
    desk.write("verses.csv", csv(&verses(3)));
    desk.fit("--activate");
    desk
}

#[test]
fn texts_out_of_scope_are_measured_beside_the_tickets() {
    let desk = shop();
    let evaluation = desk.run("evaluate --models models --data held_out.csv --json");
    assert!(evaluation.json().get("out_of_scope").is_none());
    // An empty text is none.
    desk.write(
        "more.csv",
        "text\nhow high is the moon\n\"\"\nwinter is near\n",
    );
    for (files, rows) in [("verses.csv", 40), ("verses.csv more.csv", 42)] {
        let report = desk.run(&format!("{OUTSIDE} {files} --json")).json();
        let outside = &report["out_of_scope"];
        assert_eq!(keys(outside), ["rows", "auroc", "rejected"]);
        assert_eq!(outside["rows"], rows);
        let (auroc, rejected) = (number(&outside["auroc"]), number(&outside["rejected"]));
        assert!((0.9..=1.0).contains(&auroc), "{outside}");
        assert!((0.5..=1.0).contains(&rejected), "{outside}");
        // What is said of the tickets is what is said without.
        assert_eq!(report["heads"], evaluation.json()["heads"]);
    }
    let run = desk.run(&format!("{OUTSIDE} verses.csv"));
    let line = run.done().lines().find(|l| l.starts_with("out of scope: "));
    let line = line.unwrap_or_else(|| panic!("{run:#?}"));
    assert!(line.starts_with("out of scope: 40 texts, "), "{line}");
    assert!(
        line.contains(" rejected; ") && line.contains("AUROC of "),
        "{line}"
    );
}

#[test]
fn tickets_taken_for_texts_out_of_scope_are_told_apart_by_nothing() {
    let desk = shop();
    let report = desk.run(&format!("{OUTSIDE} held_out.csv --json")).json();
    let outside = &report["out_of_scope"];
    assert!((number(&outside["auroc"]) - 0.5).abs() < 1e-9, "{outside}");
    assert!(number(&outside["rejected"]) < 0.5, "{outside}");
}

#[test]
fn files_of_texts_out_of_scope_that_cannot_be_used_are_refused() {
    let desk = shop();
    desk.write("blank.csv", "text\n\"\"\n\" \"\n");
    desk.write("header.csv", "text\n");
    desk.write("labels.csv", "topic,urgency\nbilling/refund,low\n");
    for (file, cause) in [
        ("nowhere.csv", "nowhere.csv"),
        ("blank.csv", "no row has a text"),
        ("header.csv", "header.csv"),
        ("labels.csv", "labels.csv: "),
    ] {
        desk.run(&format!("{OUTSIDE} {file} --json"))
            .refused_with(&["--out-of-scope: ", cause]);
    }
    // There must be topics to compare with.
    let urgencies = csv(&tickets(1)).replace(",topic,", ",subject_matter,");
    desk.write("tickets.csv", urgencies);
    let version = desk.fit("");
    let run = desk.run(&format!("{OUTSIDE} verses.csv --version {version}"));
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{run:#?}");
    let cause = "error: --out-of-scope: the model, or the data, has no topics to compare with";
    assert!(run.stderr.contains(cause), "{run:#?}");
}

#[test]
fn rows_labelled_out_of_scope_teach_a_model_to_abstain() {
    let desk = Desk::new();
    let mut rows = tickets(1);
    rows.extend(verses(1));
    desk.write("tickets.csv", csv(&rows));
    desk.write("held_out.csv", csv(&tickets(2)));
    desk.write("verses.csv", csv(&verses(3)));
    let version = desk.fit("--activate");
    let topics = &manifest(&desk, &version)["heads"][0];
    assert!(
        topics["labels"]
            .as_array()
            .unwrap()
            .contains(&json!("out_of_scope"))
    );
    let bar = number(&topics["in_scope_from"]);
    assert!((0.0..=1.0).contains(&bar), "{bar}");

    let bundle = Registry::new(desk.path("models")).load(None).unwrap();
    let mut workspace = Workspace::default();
    let mut topic = |ticket: &Ticket| {
        let text = format!("{}\n{}", ticket.subject, ticket.body);
        let answer = bundle.classifier.classify(&text, &mut workspace);
        (answer.topic.unwrap(), answer.area.unwrap())
    };
    for verse in verses(3) {
        let (prediction, area) = topic(&verse);
        assert_eq!(
            prediction.abstain_reason,
            Some(AbstainReason::OutOfScope),
            "{verse:?}"
        );
        assert!(!prediction.made_prediction() && !prediction.automate);
        assert!(!area.fallback, "{verse:?}");
    }
    let held_out = tickets(2);
    let taken = held_out.iter().map(|ticket| topic(ticket).0);
    let lost = taken.filter(|p| p.abstain_reason == Some(AbstainReason::OutOfScope));
    let lost = lost.count();
    assert!(lost <= 12, "{lost} of {} tickets", held_out.len());

    let report = desk.run(&format!("{OUTSIDE} verses.csv --json")).json();
    assert_eq!(report["out_of_scope"]["rejected"], 1.0);
    assert!(number(&report["out_of_scope"]["auroc"]) > 0.95);
    // In an evaluation they are rows like others.
    let measured = desk.run("evaluate --models models --data verses.csv held_out.csv --json");
    let labels = &measured.json()["heads"]["topic"]["labels"];
    assert_eq!(labels["out_of_scope"]["rows"], 40);
}
