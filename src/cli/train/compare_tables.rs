//! A comparison as tables for people.

use super::held_out::Ticket;
use crate::cli::table::{percent, table};
use crate::evaluation::{Comparison, Effect, HeadComparison, HeadMetrics, OrderedMetrics};

/// Most changed tickets that are listed for a head.
const LISTED: usize = 50;

/// Prints all of it.
pub(super) fn print(before: &str, after: &str, comparison: &Comparison, tickets: &[Ticket]) {
    say!("before: version {before}");
    say!("after:  version {after}");
    say!("{} rows; accuracy:\n", tickets.len());
    print_accuracy(comparison);
    say!("");
    print_measures(comparison);
    for (name, head) in &comparison.heads {
        print_labels(name, head);
        print_changes(name, head, tickets);
    }
}

fn print_accuracy(comparison: &Comparison) {
    let header = [
        "head",
        "rows",
        "before",
        "after",
        "difference",
        "95 % interval",
        "gained",
        "lost",
        "p",
        "so it is",
    ];
    let mut lines = table(&header, &[1, 2, 3, 4, 5, 6, 7, 8]);
    for (name, head) in &comparison.heads {
        lines.add_row([
            name.clone(),
            head.rows.to_string(),
            format!("{:.4}", head.before.accuracy),
            format!("{:.4}", head.after.accuracy),
            format!("{:+.4}", head.difference),
            format!("{:+.4} to {:+.4}", head.interval.low, head.interval.high),
            head.gained.to_string(),
            head.lost.to_string(),
            p_value(head.p_value),
            verdict(head, "not clear").to_owned(),
        ]);
    }
    say!("{lines}");
}

fn p_value(p: f64) -> String {
    if p < 1e-4 {
        "< 0.0001".to_owned()
    } else {
        format!("{p:.4}")
    }
}

/// What the test says of a head; `unclear` where chance may explain the difference.
pub(super) fn verdict(head: &HeadComparison, unclear: &'static str) -> &'static str {
    if head.worse() {
        "worse"
    } else if head.better() {
        "better"
    } else {
        unclear
    }
}

fn print_measures(comparison: &Comparison) {
    let header = [
        "head",
        "",
        "macro F1",
        "coverage",
        "precision when made",
        "automated",
        "precision when automated",
        "kappa",
        "under-called",
    ];
    let mut lines = table(&header, &[2, 3, 4, 5, 6, 7, 8]);
    for (name, head) in &comparison.heads {
        for (side, metrics) in [("before", &head.before), ("after", &head.after)] {
            lines.add_row(measures(name, side, metrics));
        }
    }
    say!("{lines}");
}

fn measures(name: &str, side: &str, metrics: &HeadMetrics) -> [String; 9] {
    let ordered = |cell: fn(OrderedMetrics) -> String| metrics.ordered.map_or(String::new(), cell);
    [
        name.to_owned(),
        side.to_owned(),
        format!("{:.4}", metrics.macro_f1),
        percent(metrics.coverage),
        percent(metrics.precision_when_made),
        percent(metrics.automated),
        percent(metrics.precision_when_automated),
        ordered(|own| format!("{:.3}", own.quadratic_weighted_kappa)),
        ordered(|own| percent(own.under_call_rate)),
    ]
}

fn print_labels(name: &str, head: &HeadComparison) {
    if head.labels.is_empty() {
        return;
    }
    say!("\n{name}: gains and losses by label");
    let mut lines = table(&["label", "rows", "gained", "lost"], &[1, 2, 3]);
    for (label, change) in &head.labels {
        let rows = head.before.labels.get(label).map_or(0, |own| own.rows);
        lines.add_row([
            label.clone(),
            rows.to_string(),
            change.gained.to_string(),
            change.lost.to_string(),
        ]);
    }
    say!("{lines}");
}

fn print_changes(name: &str, head: &HeadComparison, tickets: &[Ticket]) {
    if head.changes.is_empty() {
        say!("\n{name}: no answer changed");
        return;
    }
    say!("\n{name}: the answers that changed");
    let mut lines = table(&["ticket", "labelled", "before", "after", ""], &[]);
    for change in head.changes.iter().take(LISTED) {
        lines.add_row([
            tickets.get(change.row).map_or("", Ticket::name),
            &change.truth,
            &change.before,
            &change.after,
            match change.effect {
                Effect::Gained => "gained",
                Effect::Lost => "lost",
                Effect::BothWrong => "both wrong",
            },
        ]);
    }
    say!("{lines}");
    if head.changes.len() > LISTED {
        let more = head.changes.len() - LISTED;
        say!("and {more} more (--json has them all)");
    }
}
