//! The words of a ticket that an answer names, repeats added up.

use crate::cli::printable::without_steering;
use crate::grpc::v1;
use crate::ticket::Ticket;

/// What is printed as more than zero, with two digits.
const LEAST_SHOWN: f32 = 0.005;

/// A word and the sum of its contributions.
pub(super) type WordSum = (String, f32);

/// The words that `evidence` names, each with the sum of what `of` says of its places; in the order of
/// the first places.
pub(super) fn word_sums(
    ticket: &Ticket,
    evidence: &[v1::Evidence],
    of: impl Fn(&v1::Evidence) -> f32,
) -> Vec<WordSum> {
    let mut sums: Vec<WordSum> = Vec::new();
    for word in evidence {
        let field = match word.field() {
            v1::TextField::Subject => &ticket.subject,
            v1::TextField::Body | v1::TextField::Unspecified => &ticket.body,
        };
        let Some(text) = field.get(word.start as usize..word.end as usize) else {
            continue;
        };
        let text = without_steering(text);
        match sums
            .iter_mut()
            .find(|(known, _)| known.eq_ignore_ascii_case(&text))
        {
            Some((_, sum)) => *sum += of(word),
            None => sums.push((text, of(word))),
        }
    }
    sums
}

/// The words that add most, strongest first; `sign` is 1 for those that add to the sum and -1 for
/// those that take from it.
pub(super) fn strongest(sums: &[WordSum], sign: f32, at_most: usize) -> Vec<String> {
    let mut kept: Vec<&WordSum> = sums
        .iter()
        .filter(|(_, sum)| sum * sign >= LEAST_SHOWN)
        .collect();
    kept.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    kept.into_iter()
        .take(at_most)
        .map(|(text, sum)| format!("“{text}” {sum:+.2}"))
        .collect()
}
