//! The page as a whole: what must be on it, and what must never be.

use super::sample::head;
use super::*;
use crate::classifier::HeadKind;

const THRESHOLDS: [Thresholds; 3] = [
    Thresholds {
        suggest_at: 0.5,
        automate_at: Some(0.9),
    },
    Thresholds {
        suggest_at: 0.6,
        automate_at: Some(0.8),
    },
    Thresholds {
        suggest_at: 0.7,
        automate_at: None,
    },
];

fn answers() -> HeadAnswers {
    head(&[
        (0, 0, 0.95),
        (0, 0, 0.9),
        (1, 1, 0.85),
        (1, 0, 0.92),
        (2, 2, 0.7),
        (2, 1, 0.6),
    ])
}

fn curve() -> LearningCurve {
    let point = |share, rows, accuracy| LearningPoint {
        share,
        rows,
        accuracy: vec![accuracy],
    };
    LearningCurve {
        heads: vec!["topic".to_owned()],
        held_out: vec![100],
        points: vec![
            point(0.1, 40, None),
            point(0.5, 200, Some(0.7)),
            point(1.0, 400, Some(0.8)),
        ],
    }
}

fn render(heads: &[HeadAnswers], names: &[String], basis: Basis, file: &str) -> String {
    let metrics: Vec<HeadMetrics> = heads.iter().map(HeadMetrics::new).collect();
    let files = [ReportFile {
        name: file.to_owned(),
        rows: 6,
        sha256: "0123abcd".to_owned(),
    }];
    let curve = curve();
    page(&ReportInput {
        version: "5eed",
        basis,
        files: &files,
        rows: 6,
        row_names: names,
        heads: heads
            .iter()
            .zip(&metrics)
            .map(|(answers, metrics)| HeadInput {
                answers,
                metrics,
                thresholds: &THRESHOLDS,
            })
            .collect(),
        target_precision: 0.95,
        out_of_scope: None,
        learning_curve: Some(&curve),
    })
    .unwrap()
}

fn names() -> Vec<String> {
    (0..6).map(|row| format!("T-{row}")).collect()
}

fn two_heads() -> String {
    let mut urgency = answers();
    urgency.kind = HeadKind::Urgency;
    let folds = Basis::OutOfFold { folds: 5 };
    render(&[answers(), urgency], &names(), folds, "tickets.csv")
}

#[test]
fn the_page_has_all_of_its_parts() {
    let html = two_heads();
    for part in [
        "<!DOCTYPE html>",
        "<code>5eed</code>",
        "out of fold",
        "tickets.csv",
        "0123abcd",
        "Precision when automated",
        "Top level missed",
        "Confusion matrix of topic",
        "Reliability diagram of urgency",
        "Precision against coverage of a/x. Automated from 0.900: 3\u{a0}tickets, 66.7\u{a0}% right.",
        "suggest only",
        "Would more tickets help?",
        "Area in place of the topic",
        "<dt>Area</dt>",
        "measured on",
        "<code>T-3</code>",
    ] {
        assert!(html.contains(part), "no {part:?}");
    }
    assert_eq!(html.matches("<svg class=\"heat-cells\"").count(), 2);
    // Where there were no such texts, nothing is said of them.
    assert!(!html.contains("out of scope") && !html.contains("Out of scope"));
}

#[test]
fn the_page_asks_nothing_of_the_network() {
    let html = two_heads().to_lowercase();
    for forbidden in [
        "http://",
        "https://",
        "src=",
        "srcset",
        "@import",
        "url(",
        "<link",
        "<iframe",
        "<img",
        "fetch(",
        "xmlhttprequest",
        "import(",
        "//cdn",
    ] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    assert!(html.contains("content-security-policy\" content=\"default-src 'none';"));
    // All links lead to places on the page itself.
    assert_eq!(
        html.matches("href=").count(),
        html.matches("href=\"#").count()
    );
}

#[test]
fn the_same_answers_give_the_same_bytes() {
    assert_eq!(two_heads(), two_heads());
}

#[test]
fn nothing_from_the_data_becomes_markup() {
    const EVIL: &str = "<script>alert(\"1\")</script>'&";
    let mut head = answers();
    head.kind = HeadKind::Facet(EVIL.to_owned());
    head.labels = vec![format!("{EVIL}/a"), format!("{EVIL}/b"), format!("x{EVIL}")];
    head.answers[0].truth = crate::evaluation::Truth::Unknown(format!("new{EVIL}"));
    let names: Vec<String> = (0..6).map(|row| format!("{EVIL}{row}")).collect();
    for basis in [
        Basis::HeldOut,
        Basis::TrainedOn {
            file: EVIL.to_owned(),
        },
    ] {
        let html = render(std::slice::from_ref(&head), &names, basis, EVIL);
        assert_eq!(html.matches("<script").count(), 1, "only the page's own");
        assert_eq!(html.matches("</script").count(), 1);
        assert!(!html.contains("alert(\""));
        assert!(
            html.contains("&#60;script&#62;alert(&#34;1&#34;)"),
            "and still to be read"
        );
    }
}

#[test]
fn every_tag_that_opens_closes() {
    let html = two_heads();
    let html = html.split("<script>").next().unwrap_or_default();
    let (_, body) = html.split_once("<body>").unwrap();
    for tag in [
        "section", "div", "table", "tbody", "tr", "td", "th", "svg", "g", "text", "title",
        "figure", "details", "ul", "li", "p", "span", "text", "tspan", "dl", "dd",
    ] {
        let open =
            body.matches(&format!("<{tag}>")).count() + body.matches(&format!("<{tag} ")).count();
        assert_eq!(open, body.matches(&format!("</{tag}>")).count(), "{tag}");
    }
    let mut ids: Vec<&str> = body
        .split(" id=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "ids are unique");
}

#[test]
fn a_page_of_hundreds_of_labels_stays_small() {
    let labels = 150;
    let rows = 3_000;
    let mut probabilities = ndarray::Array2::zeros((rows, labels));
    let answers = (0..rows).map(|row| {
        let truth = row % labels;
        let chosen = if row % 7 == 0 {
            (truth + row) % labels
        } else {
            truth
        };
        probabilities[[row, chosen]] = 0.9;
        crate::evaluation::Answer {
            row,
            truth: crate::evaluation::Truth::Known(truth),
            chosen,
            made: true,
            automated: row % 2 == 0,
            area_fallback: false,
        }
    });
    let head = HeadAnswers {
        kind: HeadKind::Topic,
        labels: (0..labels)
            .map(|label| format!("area {}/label {label:03}", label / 10))
            .collect(),
        answers: answers.collect(),
        probabilities,
    };
    let metrics = HeadMetrics::new(&head);
    let html = page(&ReportInput {
        version: "5eed",
        basis: Basis::HeldOut,
        files: &[],
        rows,
        row_names: &[],
        heads: vec![HeadInput {
            answers: &head,
            metrics: &metrics,
            thresholds: &vec![THRESHOLDS[0]; labels],
        }],
        target_precision: 0.95,
        out_of_scope: Some(OutOfScope {
            rows: 1_000,
            auroc: 0.9512,
            rejected: 0.66,
        }),
        learning_curve: None,
    })
    .unwrap();
    assert!(html.len() < 1_500_000, "{}", html.len());
    assert!(html.contains("126\u{a0}further labels"));
    for part in [
        "<h3>Texts out of scope</h3>",
        "<p class=\"big\">66.0\u{a0}%</p>",
        "of 1,000\u{a0}texts that belong to no topic",
        "AUROC 0.951:",
        "<dt>Out of scope</dt>",
    ] {
        assert!(html.contains(part), "no {part:?}");
    }
    assert!(!html.contains("Would more tickets help?"));
}
