//! Numbers written in groups: dates, card numbers, telephone numbers; and the tests that card numbers and IBANs pass.

use super::find::{Word, digit};

/// Most groups that a number is looked for in.
const MAX_GROUPS: usize = 8;
/// Digits of a card number (ISO/IEC 7812).
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 13..=19;
/// Digits of a telephone number that begins with `+` (E.164 allows 15; no country has fewer than 7).
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// Digits of one that begins with `0` or `(`.
const NATIONAL_DIGITS: std::ops::RangeInclusive<usize> = 9..=12;
/// Digits of one that begins with `00`, which stands for `+`.
const DIALLED_DIGITS: std::ops::RangeInclusive<usize> = 9..=17;

/// Groups of digits with little between them.
pub(super) struct Numbers<'t> {
    text: &'t str,
    groups: &'t [Word],
}

impl<'t> Numbers<'t> {
    /// The groups from the first of `words` on.
    pub(super) fn starting(text: &'t str, words: &'t [Word]) -> Self {
        let further = words
            .windows(2)
            .take(MAX_GROUPS - 1)
            .take_while(|pair| pair[1].is_number && joins(between(text, pair)))
            .count();
        Self {
            text,
            groups: words.get(..=further).unwrap_or_default(),
        }
    }

    /// Whether the first three groups are a date: day, month and year, or the other way round.
    pub(super) fn is_date(&self) -> bool {
        let Some([first, second, third]) = self.groups.first_chunk::<3>() else {
            return false;
        };
        let separators =
            [[*first, *second], [*second, *third]].map(|pair| between(self.text, &pair));
        let sizes = [first.digits, second.digits, third.digits];
        separators[0] == separators[1]
            && matches!(separators[0], "." | "/" | "-")
            && matches!(sizes, [1 | 2, 1 | 2, 2 | 4] | [4, 1 | 2, 1 | 2])
    }

    /// How many of the groups are a card number.
    pub(super) fn card(&self) -> Option<usize> {
        let all_alike = |groups: &[Word]| {
            let mut pairs = groups.windows(2).map(|pair| between(self.text, pair));
            let first = pairs.next();
            first.is_none_or(|first| matches!(first, " " | "-") && pairs.all(|next| next == first))
        };
        self.prefixes().find_map(|groups| {
            let fits = CARD_DIGITS.contains(&total(groups))
                && all_alike(groups)
                && passes_luhn(groups.iter().flat_map(|group| self.digits(group)));
            fits.then_some(groups.len())
        })
    }

    /// Where a telephone number begins, its `+` or `(` included, and how many of the groups it is.
    pub(super) fn phone(&self) -> Option<(usize, usize)> {
        let first = self.groups.first()?;
        let before = self.text.get(..first.start)?;
        let opening = before
            .chars()
            .next_back()
            .filter(|c| matches!(c, '+' | '('));
        let start = first.start - opening.map_or(0, char::len_utf8);
        let zeros = self.digits(first).take_while(|&digit| digit == 0).count();
        let is_international = opening == Some('+') || before.ends_with("+(");
        let start = start - usize::from(before.ends_with("+("));
        let taken = self.prefixes().find_map(|groups| {
            let digits = total(groups);
            let fits = match (is_international, opening, zeros) {
                (true, ..) => PHONE_DIGITS.contains(&digits),
                (_, _, 2) => DIALLED_DIGITS.contains(&digits),
                (_, Some(_), _) | (_, None, 1) => NATIONAL_DIGITS.contains(&digits),
                _ => self.is_north_american(groups),
            };
            fits.then_some(groups.len())
        })?;
        Some((start, taken))
    }

    /// Groups of three, three and four digits, with a one before or not, or of three and four with a hyphen.
    fn is_north_american(&self, groups: &[Word]) -> bool {
        let sizes: Vec<usize> = groups.iter().map(|group| group.digits).collect();
        let begins = |group: Option<&Word>| {
            let first = group.and_then(|group| self.digits(group).next());
            first.is_some_and(|digit| digit >= 2)
        };
        match sizes.as_slice() {
            [3, 3, 4] => begins(groups.first()) && begins(groups.get(1)),
            [1, 3, 3, 4] => begins(groups.get(1)) && begins(groups.get(2)),
            [3, 4] => begins(groups.first()) && between(self.text, groups) == "-",
            _ => false,
        }
    }

    /// The groups from the first on, most groups first.
    fn prefixes(&self) -> impl Iterator<Item = &'t [Word]> {
        let groups = self.groups;
        (1..=groups.len())
            .rev()
            .filter_map(|taken| groups.get(..taken))
    }

    fn digits(&self, group: &Word) -> impl Iterator<Item = u32> + use<'t> {
        let text = self.text.get(group.start..group.end).unwrap_or_default();
        text.chars().filter_map(digit)
    }
}

/// What stands between the first two of some words.
fn between<'t>(text: &'t str, words: &[Word]) -> &'t str {
    match words {
        [first, second, ..] => text.get(first.end..second.start).unwrap_or_default(),
        _ => "",
    }
}

/// Whether groups with this between them can be one number: one or two spaces, hyphens, dots, slashes, parentheses.
fn joins(separator: &str) -> bool {
    let stands = |c: char| matches!(c, ' ' | '\u{a0}' | '-' | '.' | '/' | '(' | ')' | '\u{2013}');
    matches!(separator.chars().count(), 1 | 2) && separator.chars().all(stands)
}

fn total(groups: &[Word]) -> usize {
    groups.iter().map(|group| group.digits).sum()
}

/// Luhn's test (ISO/IEC 7812-1, annex B): every second digit from the right doubled, the sum of all digits is a
/// multiple of ten.
fn passes_luhn(digits: impl Iterator<Item = u32>) -> bool {
    let digits: Vec<u32> = digits.collect();
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, &digit)| match at % 2 {
            0 => digit,
            _ => digit * 2 / 10 + digit * 2 % 10,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// The test of ISO 13616: with the first four characters moved to the end and letters as numbers from 10, the
/// remainder by 97 is 1.
pub(super) fn is_iban(compact: &str) -> bool {
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
