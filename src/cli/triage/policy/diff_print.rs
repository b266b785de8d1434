//! What `triage policy diff` prints.

use std::collections::BTreeSet;

use super::limit;
use super::tickets::{LeftOut, print_left_out};
use crate::cli::printable::without_steering;
use crate::cli::table::{percent, table};
use crate::policy_test::{Difference, Ratio};

/// Most characters of one side of a change that are shown.
const EXCERPT_CHARS: usize = 60;

/// Prints a difference for people; `most` is the share of tickets that may be concerned.
pub(super) fn print(difference: &Difference, left_out: LeftOut, most: Option<Ratio>) {
    let Difference {
        tickets,
        moved,
        newly_human,
        newly_human_examples,
        no_longer_human,
        concerned,
        matrix: _,
        ways,
        changed: _,
    } = difference;
    if newly_human + no_longer_human > 0 {
        let such_as = match newly_human_examples.as_slice() {
            [] => String::new(),
            examples => format!(", such as {},", without_steering(&examples.join(", "))),
        };
        say!(
            "a person must look first at {newly_human} that went without{such_as} and no longer at {no_longer_human}\n"
        );
    }
    if !ways.is_empty() {
        print_matrix(difference);
        let mut moves = table(&["tickets", "from", "to", "by rule", "such as"], &[0]);
        for way in ways {
            let (old, new) = &way.rules;
            moves.add_row([
                way.tickets.to_string(),
                way.from.clone(),
                way.to.clone(),
                format!("{old} → {new}"),
                without_steering(&way.examples.join(", ")),
            ]);
        }
        say!("{moves}\n");
    }
    print_changes(difference);
    let too_many = match most {
        Some(most) if difference.concerned_share() > most => {
            let most = limit(most, difference.concerned_share());
            format!(", more than the {most} allowed")
        }
        Some(_) | None => String::new(),
    };
    // What the limit is held against is told where it is exceeded.
    let (of_moved, of_both) = match moved == concerned {
        true => (too_many.as_str(), ""),
        false => ("", too_many.as_str()),
    };
    say!(
        "{moved} of {tickets} tickets move ({}){of_moved}; the other {} stay where they were",
        percent(difference.moved_share().to_f64()),
        tickets - moved
    );
    if moved != concerned {
        say!(
            "{concerned} of {tickets} tickets move or change in whether a person must look first ({}){of_both}",
            percent(difference.concerned_share().to_f64()),
        );
    }
    print_left_out(left_out);
}

/// What else changes, with one of the tickets for each.
fn print_changes(difference: &Difference) {
    if difference.changed.is_empty() {
        return;
    }
    let mut changes = table(
        &["tickets", "of them move", "change in", "such as"],
        &[0, 1],
    );
    for changed in &difference.changed {
        let example = changed.examples.first().map(|one| {
            let (old, new) = (excerpt(&one.old), excerpt(&one.new));
            without_steering(&format!("{}: {old} → {new}", one.ticket_id))
        });
        changes.add_row([
            changed.tickets.to_string(),
            changed.moved.to_string(),
            changed.what.to_owned(),
            example.unwrap_or_default(),
        ]);
    }
    say!("{changes}\n");
}

fn excerpt(text: &str) -> String {
    let mut excerpt: String = text.chars().take(EXCERPT_CHARS).collect();
    if excerpt.len() < text.len() {
        excerpt.push('…');
    }
    excerpt
}

/// From old to new destination, only those that any ticket leaves or comes to.
fn print_matrix(difference: &Difference) {
    let changed: BTreeSet<&str> = difference
        .ways
        .iter()
        .flat_map(|way| [way.from.as_str(), way.to.as_str()])
        .collect();
    let mut header = vec!["old \\ new"];
    header.extend(&changed);
    let right: Vec<usize> = (1..header.len()).collect();
    let mut counts = table(&header, &right);
    for from in &changed {
        let Some(row) = difference.matrix.get(*from) else {
            continue;
        };
        let cells = changed.iter().map(|to| match row.get(*to) {
            None => "·".to_owned(),
            Some(count) => count.to_string(),
        });
        counts.add_row(std::iter::once((*from).to_owned()).chain(cells));
    }
    say!("{counts}\n");
}
