//! Finds personal data in a text, from left to right, in time proportional to its length.

use std::ops::Range;

use super::PersonalData;
use super::number::{Numbers, is_iban};

/// A word with at least this many digits names one case.
const MIN_REFERENCE_DIGITS: usize = 5;
/// After `#`, so does one with this many.
const MIN_HASH_DIGITS: usize = 3;
/// Most words that an order-like number is looked for in.
const MAX_REFERENCE_WORDS: usize = 16;
/// Most words that an IBAN is written in: 34 characters in groups of four.
const MAX_IBAN_WORDS: usize = 9;
/// Longest e-mail address, and so how far is looked for its ends (RFC 5321).
const MAX_EMAIL_BYTES: usize = 254;

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
    let mut emails = Emails { text, from: 0 };
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
    if word.digits == 0 {
        return Found::Nothing(1);
    }
    if let Some(taken) = iban(text, words) {
        let end = words[taken - 1].end;
        return Found::Data(word.start..end, PersonalData::Account, taken);
    }
    if word.is_number {
        let numbers = Numbers::starting(text, words);
        if numbers.is_date() {
            return Found::Nothing(3);
        }
        if let Some(taken) = numbers.card() {
            let end = words[taken - 1].end;
            return Found::Data(word.start..end, PersonalData::Card, taken);
        }
        if let Some((start, taken)) = numbers.phone() {
            let end = words[taken - 1].end;
            return Found::Data(start..end, PersonalData::Phone, taken);
        }
    }
    reference(text, words)
}

/// How many of the first words are an IBAN.
fn iban(text: &str, words: &[Word]) -> Option<usize> {
    let mut compact = String::new();
    let mut end = words.first()?.start;
    for (at, word) in words.iter().take(MAX_IBAN_WORDS).enumerate() {
        if at > 0 && text.get(end..word.start) != Some(" ") {
            return None;
        }
        end = word.end;
        compact.push_str(text.get(word.start..word.end)?);
        if at == 0 && !begins_like_iban(&compact) || compact.len() > 34 {
            return None;
        }
        if is_iban(&compact) {
            return Some(at + 1);
        }
    }
    None
}

fn begins_like_iban(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.len() >= 4
        && bytes[..2].iter().all(u8::is_ascii_alphabetic)
        && bytes[2..4].iter().all(u8::is_ascii_digit)
}

/// An order-like number: words joined by `-`, `_` or `/` with digits enough, with the `#` before them.
fn reference(text: &str, words: &[Word]) -> Found {
    let joined = 1 + words
        .windows(2)
        .take(MAX_REFERENCE_WORDS - 1)
        .take_while(|pair| matches!(text.get(pair[0].end..pair[1].start), Some("-" | "_" | "/")))
        .count();
    let part = &words[..joined];
    let (start, end) = (part[0].start, part[joined - 1].end);
    let has_hash = text
        .get(..start)
        .is_some_and(|before| before.ends_with('#'));
    let longest = part.iter().map(|word| word.digits).max().unwrap_or(0);
    let all: usize = part.iter().map(|word| word.digits).sum();
    let has_letters = part.iter().any(|word| !word.is_number);
    let is_reference = longest >= MIN_REFERENCE_DIGITS
        || has_letters && all >= MIN_REFERENCE_DIGITS
        || has_hash && all >= MIN_HASH_DIGITS;
    match is_reference {
        true => Found::Data(
            start - usize::from(has_hash)..end,
            PersonalData::Reference,
            joined,
        ),
        false => Found::Nothing(1),
    }
}

/// Splits a text into runs of letters and digits.
fn split(text: &str, words: &mut Words) {
    words.clear();
    let mut open: Option<Word> = None;
    for (at, c) in text.char_indices() {
        let is_digit = digit(c).is_some();
        if is_digit || c.is_alphanumeric() {
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

/// The value of a decimal digit: of ASCII, full width, or Arabic.
pub(super) fn digit(c: char) -> Option<u32> {
    let zero = match c {
        '0'..='9' => return c.to_digit(10),
        '０'..='９' => '０',
        '٠'..='٩' => '٠',
        '۰'..='۹' => '۰',
        _ => return None,
    };
    Some(u32::from(c) - u32::from(zero))
}

/// E-mail addresses from left to right.
struct Emails<'t> {
    text: &'t str,
    /// Everything before it was looked at.
    from: usize,
}

impl Emails<'_> {
    fn next(&mut self) -> Option<Range<usize>> {
        while let Some(found) = self.text.get(self.from..)?.find('@') {
            let at = self.from + found;
            let start = at - local_part(self.text.get(self.from..at)?);
            let end = at + 1 + domain(self.text.get(at + 1..)?);
            let is_email = start < at && end > at + 1;
            self.from = if is_email { end } else { at + 1 };
            if is_email {
                return Some(start..end);
            }
        }
        None
    }
}

/// How many bytes at the end of `before` can stand before the at sign.
fn local_part(before: &str) -> usize {
    let may_stand = |c: char| c.is_alphanumeric() || "._%+'-".contains(c);
    let part = before.len() - before.trim_end_matches(may_stand_within(may_stand)).len();
    let part = before.get(before.len() - part..).unwrap_or_default();
    // A quotation mark or full stop before an address is not part of it.
    let part = part.trim_start_matches(['.', '\'', '-', '%', '+']);
    if part.len() > MAX_EMAIL_BYTES {
        0
    } else {
        part.len()
    }
}

/// How many bytes of `after` are a domain with a dot in it, and whatever hangs on it.
fn domain(after: &str) -> usize {
    let may_stand = |c: char| c.is_alphanumeric() || "-.@".contains(c);
    let part = after.len() - after.trim_start_matches(may_stand_within(may_stand)).len();
    let domain = after.get(..part).unwrap_or_default();
    let domain = domain.trim_end_matches(['.', '-', '@']);
    let has_dot = domain.find('.').is_some_and(|dot| dot > 0);
    if has_dot && domain.len() <= MAX_EMAIL_BYTES {
        domain.len()
    } else {
        0
    }
}

/// The same, but for no more characters than tell that a run of them is too long.
fn may_stand_within(may_stand: impl Fn(char) -> bool) -> impl FnMut(char) -> bool {
    let mut seen = 0;
    move |c| {
        seen += 1;
        seen <= MAX_EMAIL_BYTES + 2 && may_stand(c)
    }
}
