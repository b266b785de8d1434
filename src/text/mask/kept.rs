//! Numbers that say something about a ticket's matter and nothing about its sender: dates with letters, sizes, round
//! numbers, amounts, versions, names of files.

use super::digit::digit;
use super::find::Word;
use super::label::{is_one, names_a_matter};
use super::measure::{is_amount, is_unit};
use super::number::{is_year, number};

/// Fewest zeros at the end of a round number.
const ROUND_ZEROS: usize = 3;
/// Most digits before them.
const ROUND_DIGITS: usize = 3;
/// How far is looked for parts of a version, in bytes.
const MAX_VERSION: usize = 14;
/// Digits of a code that programs write as hexadecimal.
const CODE_DIGITS: usize = 8;
/// How names of files end.
const FILES: [&str; 29] = [
    "jpg", "jpeg", "png", "gif", "heic", "webp", "bmp", "svg", "tif", "tiff", "pdf", "doc", "docx",
    "xls", "xlsx", "ppt", "pptx", "csv", "txt", "log", "zip", "xml", "json", "html", "eml", "mp3",
    "mp4", "mov", "wav",
];
/// Words before the number of a standard, or of a hole in a program that all know.
const STANDARDS: [&str; 7] = ["iso", "iec", "din", "en", "rfc", "ieee", "cve"];
/// How the names of months begin in the languages of Western Europe.
const MONTHS: [&str; 27] = [
    "jan", "ene", "gen", "feb", "fév", "fev", "mar", "mär", "mrz", "apr", "avr", "abr", "may",
    "mai", "mag", "jun", "jul", "aug", "aoû", "ago", "sep", "oct", "okt", "ott", "nov", "dec",
    "dez",
];

/// Whether joined words are a date, a week or a quarter, or the number of a standard.
pub(super) fn says_when_or_what(text: &str, name: Option<&str>, words: &[Word]) -> bool {
    let name = name.map(str::to_lowercase);
    let is_standard = name
        .as_deref()
        .is_some_and(|name| STANDARDS.contains(&name));
    let is_dated = name.is_none_or(|name| is_month(&name))
        && words.iter().all(|word| is_part_of_date(text, word));
    is_standard || is_dated
}

/// Whether joined words are the end of a file's name and say when it was made: `20240913_142233` before `.jpg`.
pub(super) fn dates_a_file(text: &str, words: &[Word]) -> bool {
    let end = words.last().map_or(0, |last| last.end);
    let ending = text.get(end..).and_then(|after| after.strip_prefix('.'));
    let ending = ending.unwrap_or_default();
    let length = ending.len()
        - ending
            .trim_start_matches(|c: char| c.is_ascii_alphanumeric())
            .len();
    let is_time = |at: usize, word: &Word| {
        let after_day = at > 0 && words[at - 1].digits == 8;
        word.digits == 6 && after_day && number(text, word) < 240_000
    };
    let is_day = |word: &Word| {
        let value = number(text, word);
        let (month, day) = (value / 100 % 100, value % 100);
        let is_date = (1..=12).contains(&month) && (1..=31).contains(&day);
        word.digits == 8 && is_date && is_year(value / 10_000)
    };
    let says_when = |(at, word): (usize, &Word)| {
        word.is_number && (is_day(word) || is_time(at, word)) || is_part_of_date(text, word)
    };
    let ending = ending.get(..length).unwrap_or_default();
    is_one(ending, &FILES) && words.iter().enumerate().all(says_when)
}

fn is_month(word: &str) -> bool {
    MONTHS.iter().any(|month| word.starts_with(month)) && word.chars().count() <= 9
}

fn is_part_of_date(text: &str, word: &Word) -> bool {
    let written = written(text, word);
    if word.is_number {
        return match word.digits {
            1 | 2 => number(text, word) <= 31,
            4 => is_year(number(text, word)),
            _ => false,
        };
    }
    let written = written.to_lowercase();
    if word.digits == 0 {
        return is_month(&written);
    }
    // `02T10` of ISO 8601.
    let is_day_and_hour = || {
        let two = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        written
            .split_once('t')
            .is_some_and(|(day, hour)| two(day) && two(hour))
    };
    let number = written.trim_start_matches(char::is_alphabetic);
    let kind = written.strip_suffix(number).unwrap_or_default();
    let is_digits = number.bytes().all(|b| b.is_ascii_digit());
    let is_period = match kind {
        "q" | "h" => is_digits && number.len() == 1,
        "w" | "kw" | "cw" | "fy" => is_digits && matches!(number.len(), 2 | 4),
        _ => false,
    };
    is_period || is_day_and_hour()
}

/// How many digits of a word may name a case: none of a size such as `1920x1080`, or of `10000mAh`.
pub(super) fn telling_digits(text: &str, word: &Word) -> usize {
    if word.is_number {
        return word.digits;
    }
    let written = written(text, word).to_ascii_lowercase();
    let sides = written.trim_end_matches(|c: char| "cmpx".contains(c));
    // No side begins with a zero, as hexadecimal numbers do.
    let is_side = |side: &str| {
        (1..=5).contains(&side.len())
            && !side.starts_with('0')
            && side.bytes().all(|b| b.is_ascii_digit())
    };
    let is_size = sides.contains('x') && sides.split('x').all(is_side);
    // A square or cube of a unit.
    let measure = written.trim_end_matches(['²', '³']);
    let unit = measure.trim_start_matches(|c| digit(c).is_some());
    let is_measure = (1..=3).contains(&unit.chars().count())
        && unit.chars().all(char::is_alphabetic)
        && is_round(measure.strip_suffix(unit).unwrap_or_default());
    let is_counted = is_unit(unit) && measure.len() - unit.len() <= 8;
    let is_code = written.strip_prefix("0x").is_some_and(|code| {
        code.len() <= CODE_DIGITS && code.bytes().all(|b| b.is_ascii_hexdigit())
    });
    let is_fraction = unit.eq_ignore_ascii_case("z") && follows_seconds(text, word);
    match is_size || is_measure || is_counted || is_code || is_fraction {
        true => 0,
        false => word.digits,
    }
}

/// Whether a number on its own is kept.
pub(super) fn is_kept(text: &str, word: &Word) -> bool {
    word.is_number
        && (is_round(written(text, word))
            || is_amount(text, word)
            || names_a_matter(text.get(..word.start).unwrap_or_default(), word.digits)
            || is_part_of_version(text, word)
            || word.digits <= 9 && follows_seconds(text, word))
}

/// Up to three digits and then zeros only.
fn is_round(digits: &str) -> bool {
    let zeros = digits
        .chars()
        .rev()
        .take_while(|&c| digit(c) == Some(0))
        .count();
    let others = digits.chars().count() - zeros;
    zeros >= ROUND_ZEROS
        && zeros >= others
        && (1..=ROUND_DIGITS).contains(&others)
        && zeros + others <= 9
}

/// The third or a later part of a version: five digits after `10.0.`.
fn is_part_of_version(text: &str, word: &Word) -> bool {
    let before = text
        .as_bytes()
        .get(word.start.saturating_sub(MAX_VERSION)..word.start)
        .unwrap_or_default();
    let mut parts = before.rsplit(|&b| b == b'.');
    let last = parts.next();
    let middle = parts.next().unwrap_or_default();
    let first = parts.next().unwrap_or_default();
    let is_part = (1..=4).contains(&middle.len()) && middle.iter().all(u8::is_ascii_digit);
    let digits = first
        .iter()
        .rev()
        .take_while(|b| b.is_ascii_digit())
        .count();
    word.digits <= 5 && last == Some(b"") && is_part && (1..=3).contains(&digits)
}

/// Whether a word stands after `:59.`, as parts of a second do.
fn follows_seconds(text: &str, word: &Word) -> bool {
    let before = text.as_bytes().get(..word.start).unwrap_or_default();
    matches!(before, [.., b':', tens, units, b'.' | b','] if tens.is_ascii_digit() && units.is_ascii_digit())
}

fn written<'t>(text: &'t str, word: &Word) -> &'t str {
    text.get(word.start..word.end).unwrap_or_default()
}
