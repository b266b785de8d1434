//! Checks of one head's labels: enough of them, enough rows for each, none written in two ways.

use std::collections::BTreeMap;

use super::{
    HeadReport, LISTED_LABELS, LabelCount, NAMED_LABELS, REFUSED_BELOW_ROWS, WARNED_BELOW_ROWS,
    and_more, locations, plural,
};
use crate::dataset::error::shorten;
use crate::dataset::{Dataset, Finding, Severity};

/// So many different values may stand in any few rows and still be labels.
const ALWAYS_LABELS: usize = 50;

/// Rows of each label that have a text, in order.
type RowsByLabel<'d> = BTreeMap<&'d str, Vec<usize>>;

/// Counts the labels of the head at this index, and says what is wrong with them.
pub(super) fn check(dataset: &Dataset, head: usize) -> (HeadReport, Vec<Finding>) {
    let mut by_label = RowsByLabel::new();
    let mut unlabelled = Vec::new();
    for (row, example) in dataset.examples.iter().enumerate() {
        match example.label(head) {
            Some(label) if !example.text.is_empty() => by_label.entry(label).or_default().push(row),
            Some(_) => {}
            None => unlabelled.push(row),
        }
    }
    let name = dataset.heads[head].as_str();
    let rows = by_label.values().map(Vec::len).sum();
    if by_label.len() > ALWAYS_LABELS && by_label.len() > rows / 2 {
        return unlike_labels(name, rows, by_label.len());
    }
    let findings = [
        too_few_labels(dataset, name, &by_label),
        few_rows(dataset, name, &by_label, Severity::Error),
        few_rows(dataset, name, &by_label, Severity::Warning),
        written_in_two_ways(dataset, name, &by_label),
        without_label(dataset, name, unlabelled),
    ];
    (
        count(name, rows, &by_label),
        findings.into_iter().flatten().collect(),
    )
}

/// A column of texts or ids, most likely: none of its values goes into report or message.
fn unlike_labels(head: &str, rows: usize, values: usize) -> (HeadReport, Vec<Finding>) {
    let message = format!(
        "{head}: this column does not look like labels: {values} different values in {rows} rows; \
         name another one for it"
    );
    let report = HeadReport {
        head: head.to_owned(),
        rows,
        labels: Vec::new(),
        more_labels: values,
    };
    (report, vec![Finding::new(Severity::Error, message)])
}

fn count(head: &str, rows: usize, by_label: &RowsByLabel<'_>) -> HeadReport {
    let mut labels: Vec<LabelCount> = by_label
        .iter()
        .map(|(&label, rows)| LabelCount {
            label: label.to_owned(),
            rows: rows.len(),
        })
        .collect();
    // Stable, and the map is in order of names.
    labels.sort_by_key(|label| std::cmp::Reverse(label.rows));
    let more_labels = labels.len().saturating_sub(LISTED_LABELS);
    labels.truncate(LISTED_LABELS);
    HeadReport {
        head: head.to_owned(),
        rows,
        labels,
        more_labels,
    }
}

fn too_few_labels(dataset: &Dataset, head: &str, by_label: &RowsByLabel<'_>) -> Option<Finding> {
    let mut labels = by_label.iter();
    let message = match (labels.next(), labels.next()) {
        (Some(_), Some(_)) => return None,
        (None, _) => format!("no row has both a text and a label for {head}"),
        (Some((label, rows)), None) => {
            let message = format!(
                "{head} has only one label, '{}': there is nothing to tell apart",
                shorten(label)
            );
            let places = locations(dataset, rows.iter().copied().take(1));
            return Some(Finding::new(Severity::Error, message).at(places));
        }
    };
    Some(Finding::new(Severity::Error, message))
}

fn few_rows(
    dataset: &Dataset,
    head: &str,
    by_label: &RowsByLabel<'_>,
    severity: Severity,
) -> Option<Finding> {
    let (range, minimum, remedy) = match severity {
        Severity::Error => (
            0..REFUSED_BELOW_ROWS,
            REFUSED_BELOW_ROWS,
            "add rows, join labels or leave these rows out",
        ),
        Severity::Warning => (
            REFUSED_BELOW_ROWS..WARNED_BELOW_ROWS,
            WARNED_BELOW_ROWS,
            "what is learnt about them will be shaky",
        ),
    };
    let few: Vec<(&str, &[usize])> = by_label
        .iter()
        .filter(|(_, rows)| range.contains(&rows.len()))
        .map(|(&label, rows)| (label, rows.as_slice()))
        .collect();
    if few.is_empty() {
        return None;
    }
    let names: Vec<String> = few
        .iter()
        .take(NAMED_LABELS)
        .map(|(label, rows)| named(label, rows))
        .collect();
    let message = format!(
        "{} of {head} with fewer than {minimum} rows: {}{}; {remedy}",
        plural(few.len(), "label"),
        names.join(", "),
        and_more(few.len() - names.len()),
    );
    // All rows of what is refused, to be found and mended; the first of what is only weak.
    let shown = match severity {
        Severity::Error => usize::MAX,
        Severity::Warning => 1,
    };
    let rows = few
        .iter()
        .flat_map(|(_, rows)| rows.iter().copied().take(shown));
    Some(Finding::new(severity, message).at(locations(dataset, rows)))
}

fn written_in_two_ways(
    dataset: &Dataset,
    head: &str,
    by_label: &RowsByLabel<'_>,
) -> Option<Finding> {
    let mut spellings: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for label in by_label.keys() {
        let key: String = label.split_whitespace().collect();
        spellings.entry(key.to_lowercase()).or_default().push(label);
    }
    spellings.retain(|_, labels| labels.len() > 1);
    if spellings.is_empty() {
        return None;
    }
    let mut groups = Vec::new();
    let mut room = NAMED_LABELS;
    let mut unnamed = 0;
    let mut rows = Vec::new();
    for labels in spellings.values() {
        let described: Vec<String> = labels
            .iter()
            .take(room)
            .map(|label| named(label, &by_label[label]))
            .collect();
        room -= described.len();
        unnamed += labels.len() - described.len();
        if !described.is_empty() {
            groups.push(described.join(" and "));
        }
        // The rarest spelling is the one to look at.
        let rarest = labels.iter().min_by_key(|&label| by_label[label].len());
        rows.extend(
            rarest
                .into_iter()
                .flat_map(|label| by_label[label].iter().copied()),
        );
    }
    let message = format!(
        "labels of {head} that differ only in case or spaces: {}{}; write them in one way",
        groups.join("; "),
        and_more(unnamed),
    );
    Some(Finding::new(Severity::Warning, message).at(locations(dataset, rows)))
}

/// `'label' (3)`.
fn named(label: &str, rows: &[usize]) -> String {
    format!("'{}' ({})", shorten(label), rows.len())
}

fn without_label(dataset: &Dataset, head: &str, rows: Vec<usize>) -> Option<Finding> {
    if rows.is_empty() {
        return None;
    }
    let message = format!(
        "{} without a label for {head}: not used for it",
        plural(rows.len(), "row")
    );
    Some(Finding::new(Severity::Warning, message).at(locations(dataset, rows)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::check::texts::tests::dataset;

    fn messages(labels: &[(&str, usize)]) -> Vec<String> {
        let rows: Vec<(String, &str)> = labels
            .iter()
            .flat_map(|&(label, rows)| (0..rows).map(move |n| (format!("{label} {n}"), label)))
            .collect();
        let rows: Vec<(&str, &str)> = rows
            .iter()
            .map(|(text, label)| (text.as_str(), *label))
            .collect();
        check(&dataset(&rows), 0)
            .1
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn enough_rows_are_no_finding() {
        assert!(messages(&[("a", 50), ("b", 50)]).is_empty());
    }

    #[test]
    fn labels_with_few_rows_are_named() {
        let found = messages(&[("a", 50), ("b", 49), ("c", 5), ("d", 4)]);
        assert_eq!(found.len(), 2, "{found:#?}");
        assert!(found[0].starts_with("error: 1 label of topic with fewer than 5 rows: 'd' (4); "));
        assert!(found[0].ends_with("(a.csv:106, a.csv:107, a.csv:108, a.csv:109)"));
        assert!(found[1].starts_with(
            "warning: 2 labels of topic with fewer than 50 rows: 'b' (49), 'c' (5); "
        ));
    }

    #[test]
    fn one_label_teaches_nothing() {
        assert!(messages(&[("a", 60)])[0].contains("only one label, 'a'"));
        assert!(messages(&[("", 60)])[0].contains("no row has both a text and a label"));
    }

    #[test]
    fn spellings_are_compared_without_case_and_spaces() {
        let found = messages(&[("Log  in", 50), ("login", 51), ("other", 50)]);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(
            found[0].contains("'Log  in' (50) and 'login' (51)"),
            "{found:#?}"
        );
    }

    /// As many labels as asked for, each with so many rows.
    fn numbered(labels: usize, rows: usize) -> Vec<(String, usize)> {
        (0..labels)
            .map(|n| (format!("label {n:04} {}", "long ".repeat(20)), rows))
            .collect()
    }

    fn borrowed(labels: &[(String, usize)]) -> Vec<(&str, usize)> {
        labels.iter().map(|(l, rows)| (l.as_str(), *rows)).collect()
    }

    #[test]
    fn a_message_names_twenty_labels_each_shortened() {
        let found = messages(&borrowed(&numbered(60, 4)));
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].starts_with("error: 60 labels of topic with fewer than 5 rows: "));
        assert_eq!(found[0].matches("'label ").count(), 20);
        assert!(found[0].contains("…' (4) and 40 more; "), "{}", found[0]);

        let mut spellings = numbered(15, 50);
        let upper = numbered(15, 50).into_iter();
        spellings.extend(upper.map(|(label, rows)| (label.to_uppercase(), rows)));
        let found = messages(&borrowed(&spellings));
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(found[0].to_lowercase().matches("'label ").count(), 20);
        assert!(found[0].contains("…' (50) and 10 more; "), "{}", found[0]);

        let long = "long ".repeat(100);
        assert!(messages(&[(&long, 60)])[0].contains("…': there is"));
    }

    #[test]
    fn a_column_of_texts_is_one_error_without_a_value() {
        let labels = numbered(51, 1);
        let found = messages(&borrowed(&labels));
        assert_eq!(
            found,
            [
                "error: topic: this column does not look like labels: 51 different values in 51 \
                 rows; name another one for it"
            ]
        );
        let found = messages(&borrowed(&numbered(50, 1)));
        assert!(found[0].contains("with fewer than 5 rows"), "{found:#?}");
        let found = messages(&borrowed(&numbered(51, 2)));
        assert!(found[0].contains("with fewer than 5 rows"), "{found:#?}");
    }

    #[test]
    fn a_report_holds_a_thousand_labels_and_counts_the_rest() {
        let report = |labels: usize, rows: usize| {
            let labels = numbered(labels, rows);
            let texts: Vec<(&str, &str)> = labels
                .iter()
                .flat_map(|(label, rows)| std::iter::repeat_n(("x", label.as_str()), *rows))
                .collect();
            check(&dataset(&texts), 0).0
        };
        let many = report(1_003, 2);
        assert_eq!((many.labels.len(), many.more_labels), (1_000, 3));
        assert_eq!(many.rows, 2_006);
        let texts = report(100, 1);
        assert_eq!((texts.labels.len(), texts.more_labels), (0, 100));
        assert_eq!(texts.rows, 100);
    }

    #[test]
    fn rows_without_a_label_are_counted_and_shown() {
        let found = messages(&[("a", 50), ("b", 50), ("", 2)]);
        assert_eq!(
            found,
            ["warning: 2 rows without a label for topic: not used for it (a.csv:102, a.csv:103)"]
        );
    }
}
