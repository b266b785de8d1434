//! E-mail addresses, at sign and dots in any form that is read as such.

use std::ops::Range;

use super::label::is_one;
use super::plain::{is_mark, is_unseen, is_unspaced, plain};

/// Longest e-mail address, and so how far is looked for its ends (RFC 5321).
const MAX_EMAIL_BYTES: usize = 254;

/// Longest part before the at sign.
const MAX_LOCAL_BYTES: usize = 64;

/// E-mail addresses from left to right.
pub(super) struct Emails<'t> {
    text: &'t str,
    /// Everything before it was looked at.
    from: usize,
}

/// Last parts of domains that are told from words of a text.
const KNOWN: [&str; 12] = [
    "com", "net", "org", "de", "fr", "uk", "eu", "it", "es", "nl", "pl", "io",
];

/// Where an at sign stands, and whether it says so itself or needs a proof.
struct At {
    place: Range<usize>,
    proof: Proof,
}

/// What a domain must end with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    /// Anything: the at sign is one.
    None,
    /// Letters: it is in words, or has a space after it.
    Letters,
    /// What is known: it has a space before it alone.
    Known,
}

impl<'t> Emails<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self { text, from: 0 }
    }

    /// The next one's byte range.
    pub(super) fn next(&mut self) -> Option<Range<usize>> {
        while let Some(At { place, proof }) = self.next_at() {
            let start = place.start - local_part(self.text.get(self.from..place.start)?);
            let end = place.end + domain(self.text.get(place.end..)?, proof);
            let is_email = start < place.start && end > place.end;
            self.from = if is_email { end } else { place.end };
            if is_email {
                return Some(start..end);
            }
        }
        None
    }

    fn next_at(&self) -> Option<At> {
        let rest = self.text.get(self.from..)?;
        let mut from = 0;
        let (at, length, is_word) = loop {
            let can_be =
                |b: u8| matches!(b, b'@' | b'(' | b'[' | b'{' | b'%' | b'&') || !b.is_ascii();
            let at = from + rest.bytes().skip(from).position(can_be)?;
            let sign = rest.get(at..)?.chars().next()?;
            from = at + sign.len_utf8();
            match plain(sign) {
                '@' => break (at, sign.len_utf8(), false),
                '%' | '&' => {
                    if let Some(code) = coded(rest.get(at..)?) {
                        break (at, code, false);
                    }
                }
                '(' | '{' => {
                    if let Some(word) = closed(rest.get(from..)?, "at") {
                        break (at, sign.len_utf8() + word, true);
                    }
                }
                _ => {}
            }
        };
        let (start, end) = (self.from + at, self.from + at + length);
        let before = self.text.get(self.from..start)?;
        let after = self.text.get(end..)?;
        let (left, right) = (
            spaces_after(before.chars().rev()),
            spaces_after(after.chars()),
        );
        // `@name` with a space before it is a name on some network, but for a known domain.
        let (left, right, proof) = match (is_word || right > 0, left > 0) {
            (true, _) => (left, right, Proof::Letters),
            (false, true) => (left, 0, Proof::Known),
            (false, false) => (0, 0, Proof::None),
        };
        let place = start - left..end + right;
        Some(At { place, proof })
    }
}

/// An at sign as it is written in addresses of web pages, and in the pages.
const CODED: [&str; 4] = ["%40", "&#64;", "&#x40;", "&commat;"];

/// How many bytes of a text are an at sign that it begins with, in another writing.
fn coded(text: &str) -> Option<usize> {
    let begins = |code: &&&str| {
        let beginning = text.get(..code.len());
        beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case(code))
    };
    CODED.iter().find(begins).map(|code| code.len())
}

/// How many bytes one space takes at the beginning of some characters, none without.
fn spaces_after(mut characters: impl Iterator<Item = char>) -> usize {
    let first = characters.next().filter(|&c| plain(c) == ' ');
    first.map_or(0, char::len_utf8)
}

/// How many bytes `word` and a closing bracket take at the beginning of what follows an opening one.
fn closed(after: &str, word: &str) -> Option<usize> {
    let inner = after.trim_start_matches(' ');
    let said = inner.get(..word.len())?;
    let rest = inner.get(word.len()..)?.trim_start_matches(' ');
    let close = rest.chars().next()?;
    let fits = said.eq_ignore_ascii_case(word) && matches!(plain(close), ')' | '}');
    fits.then(|| after.len() - rest.len() + close.len_utf8())
}

/// How many bytes at the end of `before` can stand before the at sign.
fn local_part(before: &str) -> usize {
    if let Some(quoted) = before.strip_suffix('"') {
        let is_part = |open: &usize| {
            let part = quoted.get(*open..).unwrap_or_default();
            part.len() <= MAX_LOCAL_BYTES && !part.contains(char::is_control)
        };
        let open = quoted.rfind('"').filter(is_part);
        return open.map_or(0, |open| before.len() - open);
    }
    let unspaced = before.ends_with(is_unspaced);
    let may_stand = |c: char| {
        c.is_alphanumeric() && (unspaced || !is_unspaced(c))
            || is_unseen(c)
            || is_mark(c)
            || "._%+'-&".contains(plain(c))
    };
    let part = before.len() - before.trim_end_matches(bounded(may_stand)).len();
    let part = before.get(before.len() - part..).unwrap_or_default();
    // A quotation mark or full stop before an address is not part of it.
    let part =
        part.trim_start_matches(|c| is_unseen(c) || is_mark(c) || ".'-%+&".contains(plain(c)));
    if part.len() > MAX_EMAIL_BYTES {
        0
    } else {
        part.len()
    }
}

/// How many bytes of `after` are a domain with a dot in it, and whatever hangs on it.
fn domain(after: &str, proof: Proof) -> usize {
    let unspaced = after.starts_with(is_unspaced);
    let may_stand = |c: char| {
        c.is_alphanumeric() && (unspaced || !is_unspaced(c))
            || is_unseen(c)
            || is_mark(c)
            || "-.@".contains(plain(c))
    };
    let part = after.len() - after.trim_start_matches(bounded(may_stand)).len();
    let domain = after.get(..part).unwrap_or_default();
    if proof == Proof::Letters
        && let Some(spelled) = with_a_dot_in_words(after, domain.len())
    {
        return spelled;
    }
    if let Some(comma) = with_a_comma(after, domain).filter(|_| proof == Proof::None) {
        return comma;
    }
    let domain = domain.trim_end_matches(|c| is_unseen(c) || ".-@".contains(plain(c)));
    let mut labels = domain.split(|c| plain(c) == '.');
    let has_dot =
        labels.clone().count() > 1 && labels.next().is_some_and(|first| !first.is_empty());
    let last = domain
        .rsplit(|c| plain(c) == '.')
        .next()
        .unwrap_or_default();
    // `3@9.99` is a price and `react@18.2.0` a version; four numbers are a computer's address.
    let is_number = domain.chars().all(|c| c.is_numeric() || plain(c) == '.')
        && domain.chars().filter(|&c| plain(c) == '.').count() < 3;
    let is_letter = |c: char| c.is_alphabetic() || is_mark(c);
    let is_proved = match proof {
        Proof::None => true,
        Proof::Letters => last.chars().count() >= 2 && last.chars().all(is_letter),
        Proof::Known => is_one(last, &KNOWN),
    };
    // With spaces around the sign, a place in a program: `Error @ parent.cpp:414`.
    let mut next = after.get(domain.len()..).unwrap_or_default().chars();
    let goes_on = match next.next() {
        Some('(' | '/' | '_') => true,
        Some(':') => next.next().is_some_and(|c| !c.is_whitespace()),
        _ => false,
    };
    let fits = has_dot && !is_number && is_proved && (proof == Proof::None || !goes_on);
    if fits && domain.len() <= MAX_EMAIL_BYTES {
        domain.len()
    } else {
        0
    }
}

/// The length of `example (dot) com`, of whose first part the length is given.
fn with_a_dot_in_words(after: &str, first: usize) -> Option<usize> {
    let rest = after.get(first..)?;
    let bracket = rest.trim_start_matches(' ');
    let open = bracket
        .chars()
        .next()
        .filter(|&c| matches!(plain(c), '(' | '{'))?;
    let inner = bracket.get(open.len_utf8()..)?;
    let last = inner.get(closed(inner, "dot")?..)?.trim_start_matches(' ');
    let letters = last.len() - last.trim_start_matches(bounded(char::is_alphabetic)).len();
    (first > 0 && letters >= 2).then(|| after.len() - last.len() + letters)
}

/// The length of `example,com`, of which the first part is given.
fn with_a_comma(after: &str, first: &str) -> Option<usize> {
    let is_label = |c: char| c.is_alphanumeric() || is_mark(c) || plain(c) == '-';
    let rest = after.get(first.len()..)?.strip_prefix(',')?;
    let last = rest.len()
        - rest
            .trim_start_matches(bounded(char::is_alphanumeric))
            .len();
    let goes_on = |c| is_label(c) || "@._".contains(plain(c));
    let is_name = first.chars().all(is_label) && first.contains(char::is_alphabetic);
    let ends = |text: &str| {
        let text = text.strip_prefix('.').unwrap_or(text);
        !text.starts_with(goes_on)
    };
    let fits = is_name && is_one(rest.get(..last)?, &KNOWN) && ends(rest.get(last..)?);
    fits.then_some(first.len() + 1 + last)
}

/// The same, but for no more characters than tell that a run of them is too long.
fn bounded(may_stand: impl Fn(char) -> bool) -> impl FnMut(char) -> bool {
    let mut seen = 0;
    move |c| {
        seen += 1;
        seen <= MAX_EMAIL_BYTES + 2 && may_stand(c)
    }
}
