//! Checks of the texts: empty ones, ones that occur again, and ones that stand under two labels.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::{locations, plural};
use crate::dataset::error::shorten;
use crate::dataset::{Dataset, Finding, Severity};

/// How many pairs of contradicting labels a message names.
const NAMED_PAIRS: usize = 3;

/// How many labels of one text are paired with each other: the pairs grow with their square.
const PAIRED_LABELS: usize = 20;

/// Says what is wrong with the texts, and with the labels that they have for some heads.
pub(super) fn check(dataset: &Dataset, heads: &[usize]) -> Vec<Finding> {
    let groups = same_texts(dataset);
    let mut findings = Vec::new();
    findings.extend(empty(dataset));
    findings.extend(repeated(dataset, &groups));
    for &head in heads {
        findings.extend(contradicting(dataset, head, &groups));
    }
    findings
}

fn empty(dataset: &Dataset) -> Option<Finding> {
    let rows: Vec<usize> = (0..dataset.examples.len())
        .filter(|&row| dataset.examples[row].text.is_empty())
        .collect();
    if rows.is_empty() {
        return None;
    }
    let message = format!("{} without a text: not used", plural(rows.len(), "row"));
    Some(Finding::new(Severity::Warning, message).at(locations(dataset, rows)))
}

/// Rows whose texts are the same but for case and white space: two or more each, in order.
fn same_texts(dataset: &Dataset) -> Vec<Vec<usize>> {
    let mut normalised = String::new();
    let mut digests: Vec<([u8; 16], usize)> = Vec::with_capacity(dataset.examples.len());
    for (row, example) in dataset.examples.iter().enumerate() {
        if !example.text.is_empty() {
            normalise(&example.text, &mut normalised);
            digests.push((digest(&normalised), row));
        }
    }
    digests.sort_unstable();
    let mut groups: Vec<Vec<usize>> = digests
        .chunk_by(|(left, _), (right, _)| left == right)
        .filter(|group| group.len() > 1)
        .map(|group| group.iter().map(|&(_, row)| row).collect())
        .collect();
    groups.sort_unstable();
    groups
}

/// Half a SHA-256: equal texts have equal digests, and in practice only they do, so the
/// normalised texts need not be kept.
fn digest(text: &str) -> [u8; 16] {
    let mut half = [0; 16];
    let whole = Sha256::digest(text.as_bytes());
    half.copy_from_slice(&whole[..16]);
    half
}

/// Lower case, white space around removed and any inside made one space.
fn normalise(text: &str, into: &mut String) {
    into.clear();
    for word in text.split_whitespace() {
        if !into.is_empty() {
            into.push(' ');
        }
        for character in word.chars() {
            match character.is_ascii() {
                true => into.push(character.to_ascii_lowercase()),
                false => into.extend(character.to_lowercase()),
            }
        }
    }
}

fn repeated(dataset: &Dataset, groups: &[Vec<usize>]) -> Vec<Finding> {
    let text = |row: usize| dataset.examples[row].text.as_str();
    let mut exact = Vec::new();
    let mut nearly = Vec::new();
    for group in groups {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for &row in group {
            let is_first = seen.is_empty();
            match seen.insert(text(row)) {
                _ if is_first => {}
                true => nearly.push(row),
                false => exact.push(row),
            }
        }
    }
    let mut findings = Vec::new();
    for (rows, likeness) in [
        (exact, "of an earlier row"),
        (nearly, "of an earlier row but for case and white space"),
    ] {
        if !rows.is_empty() {
            let message = format!(
                "{} the text {likeness}: duplicates make a model look better than it is",
                match rows.len() {
                    1 => "1 row has".to_owned(),
                    count => format!("{count} rows have"),
                }
            );
            let places = locations(dataset, rows);
            findings.push(Finding::new(Severity::Warning, message).at(places));
        }
    }
    findings
}

/// Texts that have two labels or more of a head.
#[derive(Debug, Default)]
struct Contradictions<'d> {
    texts: usize,
    /// The first row of each label of each of these texts.
    rows: Vec<usize>,
    /// How many of these texts have both labels, among the first [`PAIRED_LABELS`] by name of each
    /// text.
    pairs: BTreeMap<(&'d str, &'d str), usize>,
}

fn contradictions<'d>(
    dataset: &'d Dataset,
    head: usize,
    groups: &[Vec<usize>],
) -> Contradictions<'d> {
    let mut found = Contradictions::default();
    for group in groups {
        let mut first_row: BTreeMap<&str, usize> = BTreeMap::new();
        for &row in group {
            if let Some(label) = dataset.examples[row].label(head) {
                first_row.entry(label).or_insert(row);
            }
        }
        if first_row.len() < 2 {
            continue;
        }
        found.texts += 1;
        found.rows.extend(first_row.values().copied());
        let labels: Vec<&str> = first_row.into_keys().take(PAIRED_LABELS).collect();
        for (index, left) in labels.iter().enumerate() {
            for right in &labels[index + 1..] {
                *found.pairs.entry((left, right)).or_default() += 1;
            }
        }
    }
    found
}

/// At least one label of such a text is wrong, or all are right and the head is asked to choose.
fn contradicting(dataset: &Dataset, head: usize, groups: &[Vec<usize>]) -> Option<Finding> {
    let Contradictions { texts, rows, pairs } = contradictions(dataset, head, groups);
    if texts == 0 {
        return None;
    }
    let mut pairs: Vec<((&str, &str), usize)> = pairs.into_iter().collect();
    pairs.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    let named: Vec<String> = pairs
        .iter()
        .take(NAMED_PAIRS)
        .map(|((left, right), count)| {
            format!("'{}' and '{}' ({count})", shorten(left), shorten(right))
        })
        .collect();
    let most = if pairs.len() > NAMED_PAIRS {
        "most often "
    } else {
        ""
    };
    let message = format!(
        "{} under more than one label of {}: {most}{}; decide for one",
        plural(texts, "text"),
        dataset.heads[head],
        named.join(", "),
    );
    Some(Finding::new(Severity::Warning, message).at(locations(dataset, rows)))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::dataset::{Example, Source};

    /// A data set of one head, topic; an empty label is none, rows start on line 2.
    pub(in crate::dataset::check) fn dataset(rows: &[(&str, &str)]) -> Dataset {
        Dataset {
            examples: rows
                .iter()
                .zip(2..)
                .map(|(&(text, label), line)| Example {
                    file: 0,
                    line,
                    id: None,
                    text: text.into(),
                    labels: vec![Some(label.to_owned()).filter(|label| !label.is_empty())],
                })
                .collect(),
            heads: vec!["topic".into()],
            sources: vec![Source {
                path: "a.csv".into(),
                sha256: String::new(),
                rows: rows.len(),
            }],
        }
    }

    fn messages(rows: &[(&str, &str)]) -> Vec<String> {
        check(&dataset(rows), &[0])
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn different_texts_are_no_finding() {
        assert!(messages(&[("where is it", "a"), ("where was it", "b")]).is_empty());
    }

    #[test]
    fn empty_texts_are_counted_and_shown() {
        let found = messages(&[("", "a"), ("x", "a"), ("", "b")]);
        assert_eq!(
            found,
            ["warning: 2 rows without a text: not used (a.csv:2, a.csv:4)"]
        );
    }

    #[test]
    fn exact_and_near_duplicates_are_told_apart() {
        let found = messages(&[
            ("Where is it", "a"),
            ("Where is it", "a"),
            ("where  is\nIT", "a"),
        ]);
        assert_eq!(found.len(), 2, "{found:#?}");
        assert!(found[0].starts_with("warning: 1 row has the text of an earlier row: "));
        assert!(found[0].ends_with("(a.csv:3)"));
        assert!(found[1].contains("but for case and white space"));
        assert!(found[1].ends_with("(a.csv:4)"));
    }

    #[test]
    fn pairs_of_one_text_under_many_labels_stay_few() {
        let labels: Vec<String> = (0..500).map(|n| format!("{n:03}")).collect();
        let rows: Vec<(&str, &str)> = labels
            .iter()
            .flat_map(|label| [("same", label.as_str()), ("same", label.as_str())])
            .collect();
        let dataset = dataset(&rows);
        let found = contradictions(&dataset, 0, &same_texts(&dataset));
        assert_eq!((found.texts, found.rows.len()), (1, 500));
        assert_eq!(found.pairs.len(), 20 * 19 / 2);
        assert_eq!(
            messages(&rows)[1],
            "warning: 1 text under more than one label of topic: most often '000' and '001' (1), \
             '000' and '002' (1), '000' and '003' (1); decide for one (a.csv:2, a.csv:4, a.csv:6, \
             a.csv:8, a.csv:10 and 495 more)"
        );
    }

    #[test]
    fn labels_of_contradicting_texts_are_shortened() {
        let long = "long ".repeat(100);
        let found = messages(&[("same", &long), ("same", "b")]);
        assert!(found[1].contains("'b' and 'long "), "{found:#?}");
        assert!(found[1].contains("…' (1); "), "{found:#?}");
    }

    #[test]
    fn one_text_under_two_labels_is_found() {
        let found = messages(&[("Größe?", "size"), ("GRÖSSE?", "a"), ("größe?", "colour")]);
        assert!(
            found[1].starts_with(
                "warning: 1 text under more than one label of topic: 'colour' and 'size' (1); "
            ),
            "{found:#?}"
        );
        assert!(found[1].ends_with("(a.csv:2, a.csv:4)"));
    }
}
