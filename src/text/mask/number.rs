//! Numbers written in groups: dates, telephone numbers and where they end.

use super::card::{is_card, mistyped_card, printed_card};
use super::digit::digit;
use super::find::Word;
use super::label::names_a_telephone;
use super::plain::{Gap, plain};

/// Most groups that a number is looked for in.
const MAX_GROUPS: usize = 10;
/// Digits of a telephone number that begins with `+` (E.164 allows 15; no country has fewer than 7). A zero in brackets
/// may stand among them.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// Digits of one with a space after its `+`, which may also be a sum.
const SPACED_DIGITS: std::ops::RangeInclusive<usize> = 9..=15;
/// Digits of one that begins with `0` or has its area in brackets.
const NATIONAL_DIGITS: std::ops::RangeInclusive<usize> = 9..=12;
/// Digits of one that begins with `00` or `011`, which stand for `+`.
const DIALLED_DIGITS: std::ops::RangeInclusive<usize> = 9..=18;
/// Digits of an area in brackets.
const AREA_DIGITS: std::ops::RangeInclusive<usize> = 2..=5;

/// Groups of digits with little between them.
pub(super) struct Numbers<'t> {
    text: &'t str,
    groups: &'t [Word],
    /// How many of the groups come before a date.
    undated: usize,
    /// How many of them are a card number in groups as cards have them.
    card: Option<usize>,
}

/// How a telephone number begins.
struct Opening {
    /// Its first byte, and that of its first digit or `+`.
    outer: usize,
    inner: usize,
    /// Has a `+`, which stands right before its digits or not.
    plus: Option<Tight>,
}

type Tight = bool;

impl<'t> Numbers<'t> {
    /// The groups from the first of `words` on.
    pub(super) fn starting(text: &'t str, words: &'t [Word]) -> Self {
        let further = words
            .windows(2)
            .take(MAX_GROUPS - 1)
            .take_while(|pair| pair[1].is_number && gap(text, pair).is_some_and(|gap| gap.joins()))
            .count();
        let mut groups = words.get(..=further).unwrap_or_default();
        // What stands right before a card number is not part of it, nor the other way round.
        let card = printed_card(text, groups);
        if card.is_none() {
            let is_card = |at: &usize| {
                let rest = groups.get(*at..);
                rest.is_some_and(|rest| printed_card(text, rest).is_some())
            };
            let before = (1..groups.len()).find(is_card);
            groups = groups
                .get(..before.unwrap_or(groups.len()))
                .unwrap_or_default();
        }
        let begins_date = |at: &usize| {
            let before = groups.get(at - 1..).and_then(|pair| gap(text, pair));
            let within = groups.get(*at..).and_then(|date| date_sign(text, date));
            within.is_some() && before.and_then(|gap| gap.sign()) != within
        };
        let undated = (1..groups.len()).find(begins_date);
        Self {
            text,
            groups,
            undated: undated.unwrap_or(groups.len()),
            card,
        }
    }

    /// The groups.
    pub(super) fn groups(&self) -> &'t [Word] {
        self.groups
    }

    /// Where the `+` right before them stands.
    pub(super) fn plus(&self) -> Option<usize> {
        let opening = self.opening()?;
        (opening.plus == Some(true)).then_some(opening.inner)
    }

    /// Whether the first three groups are a date: day, month and year, or the other way round.
    pub(super) fn is_date(&self) -> bool {
        let is_marked = || self.opening().is_some_and(|opening| opening.plus.is_some());
        date_sign(self.text, self.groups).is_some() && !is_marked()
    }

    /// How many of the groups are a card number.
    pub(super) fn card(&self) -> Option<usize> {
        self.card.or_else(|| {
            let mut others = self.prefixes(true);
            others.find_map(|groups| is_card(self.text, groups).then_some(groups.len()))
        })
    }

    /// How many of the groups are written like a card number that fails its test.
    pub(super) fn mistyped_card(&self) -> Option<usize> {
        mistyped_card(self.text, self.groups)
    }

    /// How many of the groups are a number of social security as in the United States: three, two and four digits with
    /// hyphens.
    pub(super) fn social_security(&self) -> Option<usize> {
        let first = self.groups.get(..3)?;
        let fits = sizes(first) == [3, 2, 4]
            && first
                .windows(2)
                .all(|pair| gap(self.text, pair).and_then(|gap| gap.single()) == Some('-'));
        fits.then_some(3)
    }

    /// Where a telephone number begins, its `+` or bracket included, and how many of the groups it is.
    pub(super) fn phone(&self) -> Option<(usize, usize)> {
        let first = self.groups.first()?;
        let opening = self.opening()?;
        let zeros = self.digits(first).take_while(|&digit| digit == 0).count();
        let is_dialled = zeros == 2 || zeros == 1 && self.digits(first).eq([0, 1, 1]);
        let is_area = opening.outer < opening.inner
            && AREA_DIGITS.contains(&first.digits)
            && self.text.get(first.end..)?.starts_with(|c| plain(c) == ')');
        let is_labelled = total(self.groups) >= *PHONE_DIGITS.start()
            && names_a_telephone(self.text.get(..opening.outer)?);
        // With less than that, what a date seems to be in is not taken for more.
        let is_sure = opening.plus.is_some() || is_area || zeros > 0 && first.digits > 2;
        let taken = self.prefixes(is_sure).find_map(|groups| {
            let digits = total(groups);
            let fits = match (opening.plus, zeros) {
                (Some(true), _) => PHONE_DIGITS.contains(&digits),
                (Some(false), _) => SPACED_DIGITS.contains(&digits),
                _ if is_dialled => DIALLED_DIGITS.contains(&digits),
                (None, 1) => NATIONAL_DIGITS.contains(&digits),
                _ if is_area => NATIONAL_DIGITS.contains(&digits),
                _ => self.is_grouped_like_one(groups),
            };
            (fits || is_labelled && PHONE_DIGITS.contains(&digits)).then_some(groups.len())
        })?;
        let within = first.start..self.groups.get(taken - 1)?.end;
        let closes = self.text.get(within)?.contains(|c| plain(c) == ')');
        let start = if closes { opening.outer } else { opening.inner };
        Some((start, taken))
    }

    /// None inside a time, an amount or a version, whose second part the first group seems to be.
    fn opening(&self) -> Option<Opening> {
        let first = self.groups.first()?;
        let before = self.text.get(..first.start)?;
        let last = |text: &str| text.chars().next_back().map(|c| (plain(c), c.len_utf8()));
        let without = |text: &'t str, wanted: char| match last(text) {
            Some((c, length)) if c == wanted => text.get(..text.len() - length),
            _ => None,
        };
        let unspaced = without(before, ' ').unwrap_or(before);
        let bare = without(before, '(').unwrap_or(before);
        if let Some(rest) = without(bare, '+') {
            return Some(Opening {
                outer: without(rest, '(').unwrap_or(rest).len(),
                inner: rest.len(),
                plus: Some(true),
            });
        }
        if let Some(rest) = without(unspaced, '+') {
            let summand = without(rest, ' ').unwrap_or(rest);
            let is_sum = summand.ends_with(|c| digit(c).is_some());
            return Some(Opening {
                outer: rest.len(),
                inner: rest.len(),
                plus: (!is_sum).then_some(false),
            });
        }
        let is_part =
            |sign| without(before, sign).is_some_and(|rest| rest.ends_with(|c| digit(c).is_some()));
        let is_rest = match first.digits {
            1 => is_part(':') || is_part(',') || is_part('.'),
            2 => is_part(':') || is_part(','),
            _ => false,
        };
        (!is_rest).then_some(Opening {
            outer: bare.len(),
            inner: first.start,
            plus: None,
        })
    }

    /// Groups as telephone numbers are written in, but nothing else is.
    fn is_grouped_like_one(&self, groups: &[Word]) -> bool {
        let begins = |at: usize| {
            groups
                .get(at)
                .and_then(|group| self.digits(group).next())
                .unwrap_or(0)
        };
        let mut gaps = groups.windows(2).map(|pair| gap(self.text, pair));
        let first = gaps.next().flatten();
        let is_hyphened = first.is_some_and(|gap| gap.single() == Some('-'));
        // With dots it would be an address of a computer.
        let is_sign = |gap: Gap| matches!(gap.single(), Some(' ' | '-'));
        let all_alike = first.is_some_and(is_sign) && gaps.all(|next| next == first);
        match sizes(groups).as_slice() {
            // North America.
            [3, 3, 4] => begins(0) >= 2 && begins(1) >= 2,
            [1, 3, 3, 4] => begins(1) >= 2 && begins(2) >= 2,
            [3, 4] => begins(0) >= 2 && is_hyphened,
            // Russia and Turkey, with and without their first digit.
            [1, 3, 3, 2, 2] => matches!(begins(0), 7 | 8),
            [3, 3, 2, 2] => all_alike,
            // China, Australia, Poland and Spain.
            [3, 4, 4] => all_alike && begins(0) == 1,
            [4, 3, 3] => all_alike && begins(0) == 1,
            [3, 3, 3] => all_alike && is_hyphened,
            _ => false,
        }
    }

    /// The groups from the first on, most groups first: those before a date, and if `dated` then also all.
    fn prefixes(&self, dated: bool) -> impl Iterator<Item = &'t [Word]> {
        let groups = self.groups;
        let longest = if dated { groups.len() } else { self.undated };
        let beyond = (self.undated + 1..=longest).rev();
        let before = (1..=self.undated).rev();
        before.chain(beyond).filter_map(|taken| groups.get(..taken))
    }

    fn digits(&self, group: &Word) -> impl Iterator<Item = u32> + use<'t> {
        let text = self.text.get(group.start..group.end).unwrap_or_default();
        text.chars().filter_map(digit)
    }
}

/// What separates day, month and year if the first three groups are a date. A fourth part may come only after one that
/// begins with the year: all others are then more like a telephone number.
fn date_sign(text: &str, groups: &[Word]) -> Option<char> {
    let date = groups.first_chunk::<3>()?;
    let sign_before = |pair: &[Word]| gap(text, pair).and_then(|gap| gap.sign());
    let sign = sign_before(date).filter(|sign| matches!(sign, '.' | '/' | '-'))?;
    let next = groups.get(2..).filter(|pair| pair.len() > 1);
    let goes_on =
        next.is_some_and(|pair| gap(text, pair).and_then(|gap| gap.single()) == Some(sign));
    let is_date = sign_before(&date[1..]) == Some(sign) && {
        let value = |word: &Word| number(text, word);
        let days = |a, b| matches!((a, b), (1..=31, 1..=12) | (1..=12, 1..=31));
        let [a, b, c] = [&date[0], &date[1], &date[2]].map(value);
        match [date[0].digits, date[1].digits, date[2].digits] {
            [1 | 2, 1 | 2, 4] if !goes_on => days(a, b) && is_year(c),
            [4, 1 | 2, 1 | 2] => days(b, c) && is_year(a),
            [1 | 2, 1 | 2, 2] if !goes_on => days(a, b) || days(b, c),
            _ => false,
        }
    };
    is_date.then_some(sign)
}

/// Whether a number of four digits can be a year that people write of.
pub(super) fn is_year(value: u32) -> bool {
    (1900..2100).contains(&value)
}

/// The value of a number's first digits, as far as they are not too many.
pub(super) fn number(text: &str, word: &Word) -> u32 {
    let digits = text
        .get(word.start..word.end)
        .unwrap_or_default()
        .chars()
        .filter_map(digit);
    digits.take(9).fold(0, |value, digit| value * 10 + digit)
}

/// What stands between the first two of some words.
pub(super) fn gap(text: &str, words: &[Word]) -> Option<Gap> {
    match words {
        [first, second, ..] => Gap::read(text.get(first.end..second.start)?),
        _ => None,
    }
}

pub(super) fn sizes(groups: &[Word]) -> Vec<usize> {
    groups.iter().map(|group| group.digits).collect()
}

pub(super) fn total(groups: &[Word]) -> usize {
    groups.iter().map(|group| group.digits).sum()
}
