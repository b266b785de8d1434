//! Values over the end of one line, where a test or a `+` proves them: lists of numbers stay lists.

use super::card::{begins_like_card, printed_card};
use super::find::Word;
use super::number::{Numbers, gap, total};

/// Most groups that a card, and another that begins within it, are looked for in.
const CARD_GROUPS: usize = 10;
/// Digits of a telephone number before its line ends: less than all, more than a step of a count.
const HEAD_DIGITS: std::ops::RangeInclusive<usize> = 2..=6;
/// Digits of all of it.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 9..=15;

/// How many words are a card number in groups as cards have them, on two lines.
pub(super) fn broken_card(text: &str, words: &[Word]) -> Option<usize> {
    let first = words.first()?;
    if first.digits != 4 || !begins_like_card(text, first) {
        return None;
    }
    let mut ends = 0;
    let further = words.windows(2).take(CARD_GROUPS - 1).take_while(|pair| {
        let gap = gap(text, pair);
        let is_end = gap.is_some_and(|gap| gap.ends_line());
        ends += usize::from(is_end);
        pair[1].is_number && ends <= 1 && (is_end || gap.is_some_and(|gap| gap.joins()))
    });
    let groups = words.get(..=further.count())?;
    printed_card(text, groups).filter(|_| ends > 0)
}

/// Where a telephone number with a `+` begins whose first line is too short to be one, and how many words it is.
pub(super) fn broken_phone(
    text: &str,
    words: &[Word],
    head: &Numbers<'_>,
) -> Option<(usize, usize)> {
    let start = head.plus()?;
    let head = head.groups();
    let last = words.get(head.len().checked_sub(1)?..)?;
    let is_broken = gap(text, last).is_some_and(|gap| gap.ends_line());
    let rest = words.get(head.len()..)?;
    if !is_broken || !HEAD_DIGITS.contains(&total(head)) || !rest.first()?.is_number {
        return None;
    }
    let tail = Numbers::starting(text, rest);
    let is_other = tail.is_date() || tail.card().is_some();
    let digits = total(head) + total(tail.groups());
    let fits = !is_other && PHONE_DIGITS.contains(&digits);
    fits.then_some((start, head.len() + tail.groups().len()))
}
