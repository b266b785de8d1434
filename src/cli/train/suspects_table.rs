//! Rows that look mislabelled, and labels that overlap, as tables for a terminal.

use super::mislabelled::{HeadIssues, Mislabelled, Place};
use crate::cli::printable::without_steering;
use crate::cli::table::{percent, table};
use crate::dataset::{Dataset, URGENCY};

/// Longest excerpt of a text in characters.
const EXCERPT: usize = 60;
/// Most pairs of labels that are printed for a head; JSON has all.
const PAIRS: usize = 10;

/// Prints at most `limit` rows a head.
pub(super) fn print(found: &Mislabelled, dataset: &Dataset, limit: usize) {
    say!(
        "\nlabels against out-of-fold scores, learned in folds with the parameters of version {}",
        found.version
    );
    for head in &found.label_issues {
        print_issues(head, dataset, limit);
        print_overlaps(head);
    }
}

fn print_issues(head: &HeadIssues, dataset: &Dataset, limit: usize) {
    let count = head.issues.len();
    if count == 0 {
        say!(
            "\n{}: none of {} rows looks mislabelled",
            head.head,
            head.rows
        );
        return;
    }
    say!(
        "\n{}: {count} of {} rows look mislabelled, or are hard to tell{}",
        head.head,
        head.rows,
        if count > limit {
            format!("; the {limit} most suspicious:")
        } else {
            "; the most suspicious first:".to_owned()
        }
    );
    if limit == 0 {
        return;
    }
    let mut rows = table(
        &["row", "id", "given", "at", "suggested", "at", "text"],
        &[3, 5],
    );
    for issue in head.issues.iter().take(limit) {
        rows.add_row([
            printable(&format!("{}:{}", issue.place.path, issue.place.line)),
            printable(issue.place.id.as_deref().unwrap_or_default()),
            printable(&issue.given),
            percent(f64::from(issue.given_probability)),
            printable(&issue.suggested),
            percent(f64::from(issue.suggested_probability)),
            excerpt(&dataset.examples[issue.place.example].text),
        ]);
    }
    say!("{rows}");
}

fn print_overlaps(head: &HeadIssues) {
    if head.overlaps.is_empty() {
        say!(
            "\n{}: no two labels are taken for each other often",
            head.head
        );
        return;
    }
    // The four levels of urgency are given.
    let remedy = if head.head == URGENCY {
        "sharpen their definitions in the labelling guide"
    } else {
        "merge them, or sharpen their definitions in the labelling guide"
    };
    say!(
        "\n{}: labels that are taken for each other; {remedy}",
        head.head
    );
    let mut pairs = table(
        &[
            "label",
            "other",
            "looks like the other",
            "the other looks like it",
            "such as",
        ],
        &[2, 3],
    );
    for overlap in head.overlaps.iter().take(PAIRS) {
        let [first, second] = &overlap.labels;
        let way = |way: usize| format!("{} ({})", overlap.rows[way], percent(overlap.shares[way]));
        let names = |way: usize| {
            let names: Vec<String> = overlap.examples[way].iter().map(name).collect();
            names.join(", ")
        };
        pairs.add_row([
            printable(first),
            printable(second),
            way(0),
            way(1),
            format!("{}; {}", names(0), names(1)),
        ]);
    }
    say!("{pairs}");
    if head.overlaps.len() > PAIRS {
        say!("and {} more pairs", head.overlaps.len() - PAIRS);
    }
}

/// The row's id, or its place where it has none.
fn name(place: &Place) -> String {
    match &place.id {
        Some(id) => printable(id),
        None => printable(&format!("{}:{}", place.path, place.line)),
    }
}

/// The beginning of a text in one line.
fn excerpt(text: &str) -> String {
    let line = printable(text);
    if line.chars().count() <= EXCERPT {
        return line;
    }
    let short: String = line.chars().take(EXCERPT - 1).collect();
    format!("{}…", short.trim_end())
}

/// In one line, without characters that steer a terminal or turn the direction of writing: the words
/// are a customer's.
fn printable(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(without_steering).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_one_line_of_sixty_characters_at_most() {
        assert_eq!(excerpt("one\r\n two\t three"), "one two three");
        assert_eq!(excerpt(&"ß".repeat(60)), "ß".repeat(60));
        assert_eq!(excerpt(&"ß".repeat(61)), format!("{}…", "ß".repeat(59)));
        let spaced = format!("{} bbb", "a".repeat(58));
        assert_eq!(excerpt(&spaced), format!("{}…", "a".repeat(58)));
    }

    #[test]
    fn a_text_cannot_steer_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb \u{202e}c\u{7}"), "a[31mb c");
    }
}
