//! Order-like numbers: what they hang on, and how many digits tell one.

use super::PersonalData;
use super::find::{Found, Word};
use super::kept::{dates_a_file, is_kept, says_when_or_what, telling_digits};
use super::label::{is_prefix_of_orders, names_an_order};
use super::number::gap;
use super::plain::plain;

/// A word with at least this many digits names one case.
const MIN_REFERENCE_DIGITS: usize = 5;
/// After `#` or letters that say so, so does one with this many.
const MIN_MARKED_DIGITS: usize = 3;
/// Most words that an order-like number is looked for in.
const MAX_REFERENCE_WORDS: usize = 16;
/// How much is looked at of the name that a number hangs on, in characters.
const MAX_NAME: usize = 12;
/// An order-like number: words joined by `-`, `_` or `/` with digits enough, with the `#` before them.
pub(super) fn reference(text: &str, words: &[Word]) -> Found {
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
    // Fewer digits tell nothing on their own.
    let may_be_kept =
        |word: &Word| word.digits >= MIN_REFERENCE_DIGITS && hash.is_none() && !has_letters;
    let telling = |word: &Word| match may_be_kept(word) && is_kept(text, word) {
        true => 0,
        false => telling_digits(text, word),
    };
    let longest = part.iter().map(telling).max().unwrap_or(0);
    let all: usize = part.iter().map(telling).sum();
    let follows_order = || joined > 1 && names_an_order(text.get(..start).unwrap_or_default());
    let is_named = |name: Option<&str>| match name.is_some_and(is_prefix_of_orders) {
        true => all >= MIN_MARKED_DIGITS,
        false => all >= MIN_REFERENCE_DIGITS && (has_letters || follows_order()),
    };
    let is_reference = longest >= MIN_REFERENCE_DIGITS
        || is_named(name) && !says_when_or_what(text, name, part)
        || hash.is_some() && all >= MIN_MARKED_DIGITS;
    if is_reference && hash.is_none() && dates_a_file(text, part) {
        return Found::Nothing(joined);
    }
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
