//! Card numbers: how they are written, and the test that they pass.

use super::digit::digit;
use super::find::Word;
use super::number::{gap, is_year, number, sizes, total};

/// Digits of a card number (ISO/IEC 7812).
const DIGITS: std::ops::RangeInclusive<usize> = 13..=19;
/// Fewest digits of a group of one, but for its last.
const MIN_GROUP: usize = 3;
/// Groups as cards have them.
const PRINTED: [&[usize]; 6] = [
    &[4, 4, 4, 4],
    &[4, 4, 4, 4, 3],
    &[4, 6, 5],
    &[4, 6, 4],
    &[16],
    &[15],
];

/// Whether all of some groups are a card number, however they are cut.
pub(super) fn is_card(text: &str, groups: &[Word]) -> bool {
    let Some((_, others)) = groups.split_last() else {
        return false;
    };
    DIGITS.contains(&total(groups))
        && others.iter().all(|group| group.digits >= MIN_GROUP)
        && passes(text, groups)
}

/// How many of the groups, from the first on, are a card number in groups as cards have them, and others that begin
/// within it.
pub(super) fn printed_card(text: &str, groups: &[Word]) -> Option<usize> {
    with_overlapping(groups, |groups| {
        let sizes = sizes(groups);
        let fits = |shape: &&&[usize]| {
            let card = groups.get(..shape.len());
            sizes.starts_with(shape) && card.is_some_and(|card| passes(text, card))
        };
        PRINTED.iter().filter(fits).map(|shape| shape.len()).max()
    })
}

/// How many of the first words are four groups of four digits with the same character between them, whichever that is
/// within a line, and others that begin within them.
pub(super) fn separated_card(text: &str, words: &[Word]) -> Option<usize> {
    with_overlapping(words, |words| {
        let card = words.get(..4)?;
        let separator = gap(text, card)?.single().filter(|c| !c.is_control())?;
        let fits = card
            .iter()
            .all(|group| group.is_number && group.digits == 4)
            && card
                .windows(2)
                .all(|pair| gap(text, pair).and_then(|gap| gap.single()) == Some(separator))
            && passes(text, card);
        fits.then_some(card.len())
    })
}

/// How many of the first words are a card number said digit by digit or in pairs: all groups but the last alike, as many
/// digits as cards that begin so have, not each group more than the one before it; and others that begin within it.
pub(super) fn spelled_card(text: &str, words: &[Word]) -> Option<usize> {
    with_overlapping(words, |words| spelled(text, words))
}

fn spelled(text: &str, words: &[Word]) -> Option<usize> {
    let first = words.first()?;
    if first.digits > 2 || !begins_like_card(text, first) {
        return None;
    }
    let separator = gap(text, words)?.single();
    let separator = separator.filter(|c| matches!(c, ' ' | '-'))?;
    let further = words.windows(2).take(DIGITS.end() - 1).take_while(|pair| {
        pair[0].digits == first.digits
            && pair[1].is_number
            && pair[1].digits <= first.digits
            && gap(text, pair).and_then(|gap| gap.single()) == Some(separator)
    });
    let groups = words.get(..=further.count())?;
    let ascends = |pair: &[Word]| number(text, &pair[0]) < number(text, &pair[1]);
    let is_card = |taken: &usize| {
        groups.get(..*taken).is_some_and(|groups| {
            is_length(leading(text, first), total(groups))
                && passes_luhn(text, groups)
                && !groups.windows(2).all(ascends)
        })
    };
    (1..=groups.len()).rev().find(is_card)
}

/// Whether a number's first digit is that of cards people have.
pub(super) fn begins_like_card(text: &str, first: &Word) -> bool {
    (3..=6).contains(&leading(text, first))
}

fn leading(text: &str, word: &Word) -> u32 {
    let first = text.get(word.start..word.end);
    let first = first.and_then(|word| word.chars().next());
    first.and_then(digit).unwrap_or(0)
}

/// Whether cards with this first digit have so many.
fn is_length(first: u32, digits: usize) -> bool {
    match first {
        3 => (14..=16).contains(&digits),
        4 => matches!(digits, 13 | 16 | 19),
        5 => digits == 16,
        6 => (16..=19).contains(&digits),
        _ => false,
    }
}

/// How many words are taken by the card that begins at the first, and by all that begin within it: of four digits before
/// a card, one in ten makes another card of its first groups.
fn with_overlapping(words: &[Word], card: impl Fn(&[Word]) -> Option<usize>) -> Option<usize> {
    let mut taken = card(words)?;
    let mut at = 1;
    while at < taken {
        let more = words.get(at..).and_then(&card);
        taken = taken.max(at + more.unwrap_or(0));
        at += 1;
    }
    Some(taken)
}

/// How many groups are written as most cards are, but fail their test.
pub(super) fn mistyped_card(text: &str, groups: &[Word]) -> Option<usize> {
    let is_written_so = sizes(groups) == [4; 4] && !are_years(text, groups);
    is_written_so.then_some(groups.len())
}

/// Whether groups can be a card's: they pass Luhn's test, and are not all years.
fn passes(text: &str, groups: &[Word]) -> bool {
    passes_luhn(text, groups) && !are_years(text, groups)
}

fn are_years(text: &str, groups: &[Word]) -> bool {
    let mut groups = groups.iter();
    groups.all(|group| group.digits == 4 && is_year(number(text, group)))
}

/// Luhn's test (ISO/IEC 7812-1, annex B): every second digit from the right doubled, the sum of all digits is a
/// multiple of ten.
fn passes_luhn(text: &str, groups: &[Word]) -> bool {
    let written = |group: &Word| text.get(group.start..group.end).unwrap_or_default();
    let digits = groups.iter().rev().flat_map(|group| {
        let digits = written(group).chars().rev();
        digits.filter_map(digit)
    });
    let sum: u32 = digits
        .enumerate()
        .map(|(at, digit)| match at % 2 {
            0 => digit,
            _ => digit * 2 / 10 + digit * 2 % 10,
        })
        .sum();
    sum.is_multiple_of(10)
}
