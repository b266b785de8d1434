//! Numbers of bank accounts: how IBANs are written, and the test that they pass.

use super::PersonalData;
use super::card::separated_card;
use super::digit::digit;
use super::find::Word;
use super::number::gap;
use super::plain::{is_mark, plain};

/// Longest IBAN.
const IBAN_LENGTH: usize = 34;
/// Shortest one.
const MIN_IBAN_LENGTH: usize = 15;
/// Fewest digits of one; words alone are none.
const MIN_IBAN_DIGITS: usize = 8;
/// Most words that an IBAN is written in: its country, and groups of four characters.
const MAX_IBAN_WORDS: usize = 10;

/// How many of the first words are an IBAN; as an order-like number if it is only written like one.
pub(super) fn iban(text: &str, words: &[Word]) -> Option<(usize, PersonalData)> {
    let first = words.first()?;
    // Most words are told apart by this much.
    if first.digits == 0 && words.get(1).is_none_or(|second| second.digits < 2) {
        return None;
    }
    let mut beginning = text.get(first.start..)?.chars().map(upright);
    let names_country = (0..2).all(|_| beginning.next().is_some_and(|c| c.is_ascii_alphabetic()));
    // The check digits, right after it or with a space, a hyphen or the end of the line between.
    if !names_country || first.digits == 0 && beginning.next().is_none_or(char::is_alphanumeric) {
        return None;
    }
    let mut compact = String::new();
    // How many words are groups of four as IBANs are printed in.
    let mut printed = 0;
    // Whether a line ended within, which only the test makes good.
    let mut is_broken = false;
    for (at, word) in words.iter().take(MAX_IBAN_WORDS).enumerate() {
        let gap = at.checked_sub(1).and_then(|at| gap(text, &words[at..]));
        let is_end = !is_broken
            && gap.is_some_and(|gap| gap.ends_line())
            && !begins_another(text, &words[at..]);
        if at > 0 && !is_end && !gap.is_some_and(|gap| gap.joins()) {
            break;
        }
        is_broken |= is_end;
        let before = compact.len();
        let written = text.get(word.start..word.end)?.chars();
        compact.extend(written.filter(|&c| !is_mark(c)).map(upright));
        // A group that is printed may be all letters, as the bank's code is.
        let is_group = before >= 4 && before.is_multiple_of(4) && compact.len() <= before + 4;
        if word.digits == 0 && at > 0 && !is_group || compact.len() > IBAN_LENGTH {
            break;
        }
        if at == 0 && word.digits == 0 {
            continue;
        }
        if !begins_like_iban(&compact) {
            break;
        }
        let digits = compact.bytes().filter(u8::is_ascii_digit).count();
        if digits >= MIN_IBAN_DIGITS && is_iban(&compact) {
            return Some((at + 1, PersonalData::Account));
        }
        let is_printed =
            !is_broken && printed == at && (at < 2 || word.is_number) && before == at * 4;
        printed += usize::from(is_printed && compact.len() - before <= 4);
    }
    let printed_words = words.get(..printed)?;
    let characters = |word: &Word| {
        text.get(word.start..word.end)
            .map_or(0, |word| word.chars().count())
    };
    let length: usize = printed_words.iter().map(characters).sum();
    (length >= MIN_IBAN_LENGTH).then_some((printed, PersonalData::Reference))
}

/// A letter or digit of ASCII that is another form of it; else the character.
fn upright(c: char) -> char {
    digit(c)
        .and_then(|value| char::from_digit(value, 10))
        .unwrap_or(plain(c))
}

/// Whether the next line begins with a card number or an IBAN of its own.
fn begins_another(text: &str, words: &[Word]) -> bool {
    let first = words.first();
    let first = first.and_then(|word| text.get(word.start..word.end));
    first.is_some_and(begins_like_iban) || separated_card(text, words).is_some()
}

fn begins_like_iban(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.len() >= 4
        && bytes[..2].iter().all(u8::is_ascii_alphabetic)
        && bytes[2..4].iter().all(u8::is_ascii_digit)
}

/// The test of ISO 13616: with the first four characters moved to the end and letters as numbers from 10, the
/// remainder by 97 is 1.
fn is_iban(compact: &str) -> bool {
    if !(15..=34).contains(&compact.len()) || !compact.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return false;
    }
    let (head, rest) = compact.split_at(4);
    let remainder = rest
        .chars()
        .chain(head.chars())
        .filter_map(|c| c.to_digit(36))
        .fold(0_u32, |remainder, value| {
            let shifted = if value < 10 {
                remainder * 10
            } else {
                remainder * 100
            };
            (shifted + value) % 97
        });
    remainder == 1
}
