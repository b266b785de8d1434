//! Personal data out of a text before anything is learned from it or looked up for it: each e-mail address, telephone
//! number, card number, bank account and order-like number gives way to a word that says what stood there.
//!
//! Both ways from text to features, n-grams and word pieces, begin here. So no vocabulary, table or cache holds such a
//! value, and a model cannot tell one customer's number from another's.

mod account;
mod broken;
mod card;
mod digit;
mod email;
mod find;
mod kept;
mod label;
mod measure;
mod number;
mod plain;
mod reference;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

use find::{Words, find};

/// What stood in a masked place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonalData {
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// 13 to 19 digits that pass Luhn's test, as card numbers do.
    Card,
    /// An IBAN: two letters, two digits, and its remainder by 97 is right.
    Account,
    /// Another number that names one case: five digits or more in one word or in words joined to letters or behind a word
    /// such as `order`, or three or more after `#` or a prefix such as `ORD-`; a number of social security; a mistyped
    /// IBAN.
    Reference,
}

impl PersonalData {
    /// The word that takes its place. Its parts are words, so that a table of word pieces knows what it means; as a
    /// whole it is a word that nobody writes.
    #[must_use]
    pub const fn placeholder(self) -> &'static str {
        match self {
            Self::Email => "email_address",
            Self::Phone => "phone_number",
            Self::Card => "card_number",
            Self::Account => "bank_account",
            Self::Reference => "reference_number",
        }
    }
}

/// The text with personal data masked; borrowed where there is none.
#[must_use]
pub fn masked(text: &str) -> Cow<'_, str> {
    if !may_hold(text) {
        return Cow::Borrowed(text);
    }
    let mut mask = Mask::default();
    mask.apply(text);
    match mask.places.is_empty() {
        true => Cow::Borrowed(text),
        false => Cow::Owned(mask.text),
    }
}

/// One text after another with personal data masked, and where it stood.
#[derive(Debug, Default)]
pub(super) struct Mask {
    words: Words,
    text: String,
    places: Vec<Place>,
}

/// A masked place.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    /// Byte range in the masked text.
    masked: Range<usize>,
    /// Byte range in the original text.
    original: Range<usize>,
    /// What stood there.
    kind: PersonalData,
}

impl Mask {
    /// Masks `text`. Returns it as it is where it holds nothing to be masked.
    pub(super) fn apply<'a>(&'a mut self, text: &'a str) -> &'a str {
        self.places.clear();
        if !may_hold(text) {
            return text;
        }
        self.text.clear();
        let mut copied = 0;
        let (masked, places) = (&mut self.text, &mut self.places);
        find(text, &mut self.words, |original, kind| {
            masked.push_str(text.get(copied..original.start).unwrap_or_default());
            let start = masked.len();
            masked.push_str(kind.placeholder());
            copied = original.end;
            places.push(Place {
                masked: start..masked.len(),
                original,
                kind,
            });
        });
        if self.places.is_empty() {
            return text;
        }
        self.text.push_str(text.get(copied..).unwrap_or_default());
        &self.text
    }

    /// Whether anything was masked.
    pub(super) fn found(&self) -> bool {
        !self.places.is_empty()
    }

    /// What stood in this range of the original text, if that was masked as a whole.
    pub(super) fn kind(&self, original: &Range<usize>) -> Option<PersonalData> {
        let start = |place: &Place| place.original.start;
        let at = self.places.binary_search_by_key(&original.start, start);
        let place = self.places.get(at.ok()?)?;
        (place.original == *original).then_some(place.kind)
    }

    /// Where a range of the masked text stands in the original one; the whole of a masked value for any part of its
    /// word.
    pub(super) fn original(&self, span: Range<usize>) -> Range<usize> {
        let at = self
            .places
            .partition_point(|place| place.masked.end <= span.start);
        let before = at.checked_sub(1).and_then(|at| self.places.get(at));
        let shift = |position: usize| match before {
            Some(place) => position - place.masked.end + place.original.end,
            None => position,
        };
        match self.places.get(at) {
            // Placeholders are words, and so no token spans more than one.
            Some(place) if place.masked.start < span.end => place.original.clone(),
            _ => shift(span.start)..shift(span.end),
        }
    }
}

/// Whether a text can hold anything to be masked: most hold neither a digit nor an at sign.
fn may_hold(text: &str) -> bool {
    // An at sign may be a word in brackets, or named.
    let ascii = |b: u8| b.is_ascii_digit() || matches!(b, b'@' | b'(' | b'[' | b'{' | b'&');
    let other = |c: char| {
        !c.is_ascii() && (digit::digit(c).is_some() || matches!(plain::plain(c), '@' | '(' | '{'))
    };
    text.bytes().any(ascii) || !text.is_ascii() && text.chars().any(other)
}
