//! The check reports on a data set as it was read from a file.

use triage::dataset::{Columns, Dataset, Finding, Severity, check};

use crate::{read, written};

#[test]
fn the_check_reports_on_all_of_it() {
    let mut csv = String::from("text,topic,urgency\n");
    for row in 0..60 {
        csv.push_str(&format!("card {row},cards,low\nbill {row},billing,\n"));
    }
    csv.push_str("one,rare ,low\n,cards,low\nCARD  1,billing,\ncard 2,cards,\nx,Cards,\n");
    let (_folder, path) = written(csv, "a.csv");
    let (dataset, findings) = Dataset::read(&[path], None, &Columns::default()).unwrap();
    let mut report = check(&dataset);
    report.include(findings);
    assert_eq!(report.rows, 125);
    assert!(report.refused());
    let topic = &report.heads[0];
    assert_eq!((topic.head.as_str(), topic.rows), ("topic", 124));
    let counts: Vec<(&str, usize)> = topic
        .labels
        .iter()
        .map(|l| (l.label.as_str(), l.rows))
        .collect();
    assert_eq!(
        counts,
        [("billing", 61), ("cards", 61), ("Cards", 1), ("rare", 1)]
    );

    let severities: Vec<Severity> = report.findings.iter().map(|f| f.severity).collect();
    assert!(severities.is_sorted());
    let about = |part: &str| -> &Finding {
        let found = report.findings.iter().find(|f| f.message.contains(part));
        found.unwrap_or_else(|| panic!("no '{part}' in {:#?}", report.findings))
    };
    assert_eq!(about("fewer than 5 rows").severity, Severity::Error);
    assert!(
        about("fewer than 5 rows")
            .message
            .contains("'Cards' (1), 'rare' (1)")
    );
    assert!(
        about("urgency has only one label")
            .message
            .contains("'low'")
    );
    assert_eq!(about("without a text").locations.first[0].line, 123);
    assert_eq!(about("only in case or spaces").locations.first[0].line, 126);
    assert_eq!(
        about("but for case and white space").locations.first[0].line,
        124
    );
    assert_eq!(about("of an earlier row:").locations.first[0].line, 125);
    assert!(
        about("under more than one label of topic")
            .message
            .contains("'billing' and 'cards' (1)")
    );
    let unlabelled = about("without a label for urgency");
    assert_eq!(
        (unlabelled.locations.first.len(), unlabelled.locations.more),
        (5, 58)
    );
    assert_eq!(
        about("white space around them").locations.first[0].line,
        122
    );

    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["findings"][0]["severity"], "error");
    assert_eq!(json["heads"][0]["labels"][0]["rows"], 61);
}

#[test]
fn a_file_without_labels_is_read_but_not_learnt_from() {
    let (_folder, path) = written("text\nhello\n", "a.csv");
    let dataset = read(&path, &Columns::default());
    assert!(dataset.heads.is_empty());
    let report = check(&dataset);
    assert!(report.refused());
    assert!(report.findings[0].message.starts_with("no label column"));
}
