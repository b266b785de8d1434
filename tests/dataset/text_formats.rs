//! CSV, TSV and JSON are read the same way on every system and at every size.

use triage::dataset::{Columns, Dataset};

use crate::{columns, fixture, labels, lines, read, written};

#[test]
fn csv_is_read_with_quotes_line_breaks_and_usual_columns() {
    let dataset = read(
        &fixture("plain.csv"),
        &columns(&[], None, &[("mood", "mood")]),
    );
    assert_eq!(
        dataset.texts(),
        [
            "Card lost\nMy card is gone.\nPlease block it.",
            "He said \"hello\"",
            "Invoice\nWhere is it, please?"
        ]
    );
    assert_eq!(dataset.heads, ["topic", "urgency", "mood"]);
    assert_eq!(
        labels(&dataset),
        [
            "cards/lost urgent angry",
            "other low -",
            "billing/invoice normal calm"
        ]
    );
    assert_eq!(lines(&dataset), [2, 4, 5]);
    assert_eq!(dataset.examples[2].id.as_deref(), Some("3"));
    assert_eq!(dataset.labels("mood"), [Some("angry"), None, Some("calm")]);
    assert_eq!(dataset.labels("nothing"), [None, None, None]);
    assert_eq!(dataset.sources[0].rows, 3);
    assert_eq!(dataset.sources[0].sha256.len(), 64);
}

#[test]
fn tsv_is_read() {
    let dataset = read(&fixture("plain.tsv"), &Columns::default());
    assert_eq!(dataset.texts(), ["Where is my card?", "A tab\there"]);
    assert_eq!(labels(&dataset), ["cards", "other"]);
}

#[test]
fn json_lines_are_read() {
    let dataset = read(&fixture("plain.jsonl"), &Columns::default());
    assert_eq!(
        dataset.texts(),
        ["Where is my card?", "Thanks!", "Und größer?"]
    );
    assert_eq!(labels(&dataset), ["cards high", "- -", "7 low"]);
    assert_eq!(lines(&dataset), [1, 3, 4]);
    assert_eq!(dataset.examples[0].id.as_deref(), Some("1"));
}

#[test]
fn a_json_array_is_read() {
    let dataset = read(&fixture("array.json"), &Columns::default());
    assert_eq!(dataset.texts(), ["Where is my card?", "Thanks!"]);
    assert_eq!(dataset.heads, ["topic"]);
    assert_eq!(lines(&dataset), [2, 3]);
}

#[test]
fn a_mark_and_carriage_returns_make_no_difference() {
    let (_folder, path) = written(
        "\u{feff}text,topic\r\none,a\r\n\r\n\"two\r\nlines\",b\r\nthree,a",
        "a.csv",
    );
    let dataset = read(&path, &Columns::default());
    assert_eq!(dataset.texts(), ["one", "two\r\nlines", "three"]);
    assert_eq!(labels(&dataset), ["a", "b", "a"]);
    assert_eq!(lines(&dataset), [2, 4, 6]);
    let (_folder, path) = written(
        "\u{feff}{\"text\":\"one\"}\r\n{\"text\":\"two\"}",
        "a.jsonl",
    );
    assert_eq!(lines(&read(&path, &Columns::default())), [1, 2]);
}

#[test]
fn lines_stay_right_in_files_larger_than_any_buffer() {
    let mut csv = String::from("text,topic\n");
    let mut json = String::new();
    for row in 0..20_000 {
        csv.push_str(&format!("\"größe {row}\nnext\",a\n"));
        json.push_str(&format!("{{\"text\": \"größe {row}\"}}\n"));
    }
    let (_folder, path) = written(csv, "a.csv");
    let dataset = read(&path, &Columns::default());
    assert_eq!(dataset.examples.len(), 20_000);
    assert_eq!(dataset.examples[19_999].line, 40_000);
    let (_folder, path) = written(json, "a.jsonl");
    assert_eq!(
        read(&path, &Columns::default()).examples[19_999].line,
        20_000
    );
}

#[test]
fn files_are_joined_and_keep_the_heads_of_all() {
    let (_folder, urgency) = written("text,urgency\nhelp,high\n", "b.csv");
    let (dataset, findings) =
        Dataset::read(&[fixture("plain.tsv"), urgency], None, &Columns::default()).unwrap();
    assert_eq!(dataset.heads, ["topic", "urgency"]);
    assert_eq!(labels(&dataset), ["cards -", "other -", "- high"]);
    let files: Vec<usize> = dataset.examples.iter().map(|e| e.file).collect();
    assert_eq!(files, [0, 0, 1]);
    assert!(findings.is_empty());
    assert!(
        dataset
            .location(&dataset.examples[2])
            .to_string()
            .ends_with("b.csv:2")
    );
}

#[test]
fn text_columns_are_joined_in_the_order_given() {
    let dataset = read(
        &fixture("plain.csv"),
        &columns(&["body", "mood", "subject"], Some("mood"), &[]),
    );
    assert_eq!(dataset.texts()[2], "Where is it, please?\ncalm\nInvoice");
    assert_eq!(dataset.labels("topic")[2], Some("calm"));
}
