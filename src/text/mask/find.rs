//! Finds personal data in a text, from left to right, in time proportional to its length.

use std::ops::Range;

use super::PersonalData;
use super::account::iban;
use super::broken::{broken_card, broken_phone};
use super::card::{separated_card, spelled_card};
use super::digit::digit;
use super::email::Emails;
use super::number::Numbers;
use super::plain::{coded_space, is_mark, is_unspaced};
use super::reference::reference;

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
pub(super) enum Found {
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
        let card = separated_card(text, words).or_else(|| spelled_card(text, words));
        if let Some(taken) = card {
            return data(PersonalData::Card, word.start, taken);
        }
        let numbers = Numbers::starting(text, words);
        if numbers.is_date() {
            return Found::Nothing(3);
        }
        if let Some(taken) = numbers.card() {
            return data(PersonalData::Card, word.start, taken);
        }
        if let Some(taken) = broken_card(text, words) {
            return data(PersonalData::Card, word.start, taken);
        }
        if let Some(taken) = numbers.mistyped_card() {
            return data(PersonalData::Reference, word.start, taken);
        }
        if let Some(taken) = numbers.social_security() {
            return data(PersonalData::Reference, word.start, taken);
        }
        let phone = numbers
            .phone()
            .or_else(|| broken_phone(text, words, &numbers));
        if let Some((start, taken)) = phone {
            return data(PersonalData::Phone, start, taken);
        }
    }
    reference(text, words)
}

/// Splits a text into runs of letters and digits, those of scripts without spaces apart from others.
fn split(text: &str, words: &mut Words) {
    words.clear();
    let mut open: Option<Word> = None;
    let mut was_unspaced = false;
    let mut coded = 0;
    for (at, c) in text.char_indices() {
        if at < coded {
            continue;
        }
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
        } else if let Some(word) = open.as_mut().filter(|_| is_mark(c)) {
            word.end = at + c.len_utf8();
        } else {
            words.extend(open.take());
            let space = text.get(at..).and_then(coded_space);
            coded = at + space.unwrap_or(0);
        }
    }
    words.extend(open);
}
