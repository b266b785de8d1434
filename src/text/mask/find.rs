//! Finds personal data in a text, from left to right, in time proportional to its length.

use std::ops::Range;

use super::PersonalData;
use super::card::separated_card;
use super::digit::digit;
use super::email::Emails;
use super::kept::{is_kept, says_when_or_what, telling_digits};
use super::number::{Numbers, gap, is_iban};
use super::plain::{is_unspaced, plain};

/// A word with at least this many digits names one case.
const MIN_REFERENCE_DIGITS: usize = 5;
/// After `#`, so does one with this many.
const MIN_HASH_DIGITS: usize = 3;
/// Most words that an order-like number is looked for in.
const MAX_REFERENCE_WORDS: usize = 16;
/// How much is looked at of the name that a number hangs on, in characters.
const MAX_NAME: usize = 12;
/// Longest IBAN.
const IBAN_LENGTH: usize = 34;
/// Shortest one.
const MIN_IBAN_LENGTH: usize = 15;
/// Fewest digits of one; words alone are none.
const MIN_IBAN_DIGITS: usize = 8;
/// Most words that an IBAN is written in: its country, and groups of four characters.
const MAX_IBAN_WORDS: usize = 10;

/// A run of letters and digits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    /// First byte.
    pub(super) start: usize,
    /// The byte after the last.
    pub(super) end: usize,
    /// How many of its characters are digits.
    pub(super) digits: usize,
    /// Whether all are.
    pub(super) is_number: bool,
}

/// The words of a text.
pub(super) type Words = Vec<Word>;

/// Tells `found` of each place, from left to right; they do not overlap.
pub(super) fn find(
    text: &str,
    words: &mut Words,
    mut found: impl FnMut(Range<usize>, PersonalData),
) {
    split(text, words);
    let mut emails = Emails::of(text);
    let mut email = emails.next();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        if let Some(place) = email.take_if(|place| place.start <= word.start) {
            at += words[at..].partition_point(|word| word.start < place.end);
            found(place, PersonalData::Email);
            email = emails.next();
            continue;
        }
        let limit = email.as_ref().map_or(text.len(), |place| place.start);
        let within = words[at..].partition_point(|word| word.end <= limit);
        let rest = &words[at..at + within.max(1)];
        match first(text, rest) {
            Found::Data(place, kind, taken) => {
                found(place, kind);
                at += taken;
            }
            Found::Nothing(passed) => at += passed,
        }
    }
}

/// What begins at the first of some words.
enum Found {
    /// Personal data, and how many words it takes.
    Data(Range<usize>, PersonalData, usize),
    /// None; how many words that is clear of.
    Nothing(usize),
}

fn first(text: &str, words: &[Word]) -> Found {
    let Some(&word) = words.first() else {
        return Found::Nothing(1);
    };
    let data = |kind: PersonalData, start: usize, taken: usize| {
        let end = words.get(taken - 1).map_or(word.end, |last| last.end);
        Found::Data(start..end, kind, taken)
    };
    if let Some((taken, kind)) = iban(text, words) {
        return data(kind, word.start, taken);
    }
    if word.digits == 0 {
        return Found::Nothing(1);
    }
    if word.is_number {
        if let Some(taken) = separated_card(text, words) {
            return data(PersonalData::Card, word.start, taken);
        }
        let numbers = Numbers::starting(text, words);
        if numbers.is_date() {
            return Found::Nothing(3);
        }
        if let Some(taken) = numbers.card() {
            return data(PersonalData::Card, word.start, taken);
        }
        if let Some(taken) = numbers.mistyped_card() {
            return data(PersonalData::Reference, word.start, taken);
        }
        if let Some(taken) = numbers.social_security() {
            return data(PersonalData::Reference, word.start, taken);
        }
        if let Some((start, taken)) = numbers.phone() {
            return data(PersonalData::Phone, start, taken);
        }
    }
    reference(text, words)
}

/// How many of the first words are an IBAN; as an order-like number if it is only written like one.
fn iban(text: &str, words: &[Word]) -> Option<(usize, PersonalData)> {
    let first = words.first()?;
    // Most words are told apart by this much.
    if first.digits == 0 && words.get(1).is_none_or(|second| second.digits < 2) {
        return None;
    }
    let mut beginning = text.get(first.start..)?.chars().map(upright);
    let names_country = (0..2).all(|_| beginning.next().is_some_and(|c| c.is_ascii_alphabetic()));
    // The check digits, right after it or with a space between.
    if !names_country || first.digits == 0 && beginning.next() != Some(' ') {
        return None;
    }
    let mut compact = String::new();
    // How many words are groups of four as IBANs are printed in.
    let mut printed = 0;
    for (at, word) in words.iter().take(MAX_IBAN_WORDS).enumerate() {
        let joins = || gap(text, &words[at - 1..]).is_some_and(|gap| gap.joins());
        if at > 0 && !joins() {
            break;
        }
        let before = compact.len();
        compact.extend(text.get(word.start..word.end)?.chars().map(upright));
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
        let is_printed = printed == at && (at < 2 || word.is_number) && before == at * 4;
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

fn begins_like_iban(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.len() >= 4
        && bytes[..2].iter().all(u8::is_ascii_alphabetic)
        && bytes[2..4].iter().all(u8::is_ascii_digit)
}

/// An order-like number: words joined by `-`, `_` or `/` with digits enough, with the `#` before them.
fn reference(text: &str, words: &[Word]) -> Found {
    let is_joined = |pair: &[Word]| {
        let joins = gap(text, pair).and_then(|gap| gap.single());
        matches!(joins, Some('-' | '_' | '/'))
    };
    let joined = 1 + words
        .windows(2)
        .take(MAX_REFERENCE_WORDS - 1)
        .take_while(|pair| is_joined(pair))
        .count();
    let part = &words[..joined];
    let (start, end) = (part[0].start, part[joined - 1].end);
    let hash = hash_before(text.get(..start).unwrap_or_default());
    let name = name_before(text.get(..start).unwrap_or_default());
    let has_letters = name.is_some() || part.iter().any(|word| !word.is_number);
    let telling = |word: &Word| match hash.is_none() && !has_letters && is_kept(text, word) {
        true => 0,
        false => telling_digits(text, word),
    };
    let longest = part.iter().map(telling).max().unwrap_or(0);
    let all: usize = part.iter().map(telling).sum();
    let is_reference = longest >= MIN_REFERENCE_DIGITS
        || has_letters && all >= MIN_REFERENCE_DIGITS && !says_when_or_what(text, name, part)
        || hash.is_some() && all >= MIN_HASH_DIGITS;
    match is_reference {
        true => Found::Data(hash.unwrap_or(start)..end, PersonalData::Reference, joined),
        false => Found::Nothing(1),
    }
}

/// The letters that a number hangs on: `ORD` of `ORD-2024-0913`.
fn name_before(before: &str) -> Option<&str> {
    let sign = before
        .chars()
        .next_back()
        .filter(|&c| matches!(plain(c), '-' | '_' | '/'))?;
    let before = before.get(..before.len() - sign.len_utf8())?;
    let letters = before
        .chars()
        .rev()
        .take(MAX_NAME)
        .take_while(|c| c.is_alphabetic());
    let length: usize = letters.map(char::len_utf8).sum();
    before
        .get(before.len() - length..)
        .filter(|name| !name.is_empty())
}

/// Where the `#` at a text's end stands: with a space after it only if a word stands before it, since it else begins a
/// heading.
fn hash_before(before: &str) -> Option<usize> {
    let sign = |text: &str| {
        text.char_indices()
            .next_back()
            .filter(|&(_, c)| plain(c) == '#')
            .map(|(at, _)| at)
    };
    sign(before).or_else(|| {
        let at = sign(before.strip_suffix([' ', '\u{a0}', '\u{202f}'])?)?;
        let word = before.get(..at)?;
        let word = word.strip_suffix(' ').unwrap_or(word);
        word.ends_with(char::is_alphabetic).then_some(at)
    })
}

/// Splits a text into runs of letters and digits, those of scripts without spaces apart from others.
fn split(text: &str, words: &mut Words) {
    words.clear();
    let mut open: Option<Word> = None;
    let mut was_unspaced = false;
    for (at, c) in text.char_indices() {
        let (is_digit, is_letter) = match c.is_ascii() {
            true => (c.is_ascii_digit(), c.is_ascii_alphabetic()),
            false => (digit(c).is_some(), c.is_alphanumeric()),
        };
        if is_digit || is_letter {
            let unspaced = !is_digit && is_unspaced(c);
            if unspaced != was_unspaced {
                words.extend(open.take());
                was_unspaced = unspaced;
            }
            let word = open.get_or_insert(Word {
                start: at,
                end: at,
                digits: 0,
                is_number: true,
            });
            word.end = at + c.len_utf8();
            word.digits += usize::from(is_digit);
            word.is_number &= is_digit;
        } else {
            words.extend(open.take());
        }
    }
    words.extend(open);
}
