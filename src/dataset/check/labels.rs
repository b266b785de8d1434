//! Checks of one head's labels: enough of them, enough rows for each, none written in two ways.

use std::collections::BTreeMap;

use super::{HeadReport, LabelCount, REFUSED_BELOW_ROWS, WARNED_BELOW_ROWS, locations, plural};
use crate::dataset::{Dataset, Finding, Severity};

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
    let findings = [
        too_few_labels(dataset, name, &by_label),
        few_rows(dataset, name, &by_label, Severity::Error),
        few_rows(dataset, name, &by_label, Severity::Warning),
        written_in_two_ways(dataset, name, &by_label),
        without_label(dataset, name, unlabelled),
    ];
    (
        count(name, &by_label),
        findings.into_iter().flatten().collect(),
    )
}

fn count(head: &str, by_label: &RowsByLabel<'_>) -> HeadReport {
    let mut labels: Vec<LabelCount> = by_label
        .iter()
        .map(|(&label, rows)| LabelCount {
            label: label.to_owned(),
            rows: rows.len(),
        })
        .collect();
    // Stable, and the map is in order of names.
    labels.sort_by_key(|label| std::cmp::Reverse(label.rows));
    HeadReport {
        head: head.to_owned(),
        rows: labels.iter().map(|label| label.rows).sum(),
        labels,
    }
}

fn too_few_labels(dataset: &Dataset, head: &str, by_label: &RowsByLabel<'_>) -> Option<Finding> {
    let mut labels = by_label.iter();
    let message = match (labels.next(), labels.next()) {
        (Some(_), Some(_)) => return None,
        (None, _) => format!("no row has both a text and a label for {head}"),
        (Some((label, rows)), None) => {
            let message =
                format!("{head} has only one label, '{label}': there is nothing to tell apart");
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
        Severity::Warning | Severity::Info => (
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
        .map(|(label, rows)| format!("'{label}' ({})", rows.len()))
        .collect();
    let message = format!(
        "{} of {head} with fewer than {minimum} rows: {}; {remedy}",
        plural(few.len(), "label"),
        names.join(", "),
    );
    // All rows of what is refused, to be found and mended; the first of what is only weak.
    let shown = match severity {
        Severity::Error => usize::MAX,
        Severity::Warning | Severity::Info => 1,
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
    let mut rows = Vec::new();
    for labels in spellings.values() {
        let described: Vec<String> = labels
            .iter()
            .map(|label| format!("'{label}' ({})", by_label[label].len()))
            .collect();
        groups.push(described.join(" and "));
        // The rarest spelling is the one to look at.
        let rarest = labels.iter().min_by_key(|&label| by_label[label].len());
        rows.extend(
            rarest
                .into_iter()
                .flat_map(|label| by_label[label].iter().copied()),
        );
    }
    let message = format!(
        "labels of {head} that differ only in case or spaces: {}; write them in one way",
        groups.join("; ")
    );
    Some(Finding::new(Severity::Warning, message).at(locations(dataset, rows)))
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

    #[test]
    fn rows_without_a_label_are_counted_and_shown() {
        let found = messages(&[("a", 50), ("b", 50), ("", 2)]);
        assert_eq!(
            found,
            ["warning: 2 rows without a label for topic: not used for it (a.csv:102, a.csv:103)"]
        );
    }
}
