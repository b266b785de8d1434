//! Amounts: numbers with the money or the things that they count.

use super::digit::digit;
use super::find::Word;
use super::label::{is_one, names_an_order};
use super::plain::plain;

/// Most digits of an amount without separators between its thousands.
const DIGITS: usize = 8;
/// How far is looked for a currency or unit, in characters.
const REACH: usize = 14;
/// Codes and names of currencies that are written before or after an amount.
const CURRENCIES: [&str; 54] = [
    "eur",
    "euro",
    "euros",
    "usd",
    "dollar",
    "dollars",
    "gbp",
    "pounds",
    "chf",
    "franken",
    "jpy",
    "yen",
    "inr",
    "rupees",
    "rs",
    "pln",
    "zł",
    "zl",
    "złotych",
    "sek",
    "nok",
    "dkk",
    "kr",
    "kronor",
    "kroner",
    "huf",
    "ft",
    "forint",
    "czk",
    "kč",
    "kc",
    "korun",
    "ron",
    "tl",
    "cad",
    "aud",
    "nzd",
    "brl",
    "reais",
    "mxn",
    "cny",
    "rmb",
    "krw",
    "hkd",
    "sgd",
    "zar",
    "ils",
    "rub",
    "руб",
    "рублей",
    "рубля",
    "uah",
    "грн",
    "aed",
];
/// Units of measurement, and things that tickets count.
const UNITS: [&str; 52] = [
    "kb",
    "mb",
    "gb",
    "tb",
    "kib",
    "mib",
    "gib",
    "bytes",
    "bits",
    "kbps",
    "mbps",
    "gbps",
    "mah",
    "wh",
    "kwh",
    "mwh",
    "kw",
    "km",
    "cm",
    "mm",
    "miles",
    "kg",
    "ml",
    "hz",
    "khz",
    "mhz",
    "ghz",
    "ms",
    "sec",
    "seconds",
    "min",
    "minutes",
    "hours",
    "rpm",
    "dpi",
    "px",
    "pixels",
    "points",
    "pts",
    "punkte",
    "puntos",
    "rows",
    "zeilen",
    "lines",
    "records",
    "entries",
    "users",
    "files",
    "emails",
    "words",
    "characters",
    "km²",
];

/// Whether a number is one: a currency before it, or a currency or unit after it, cents between or not. What follows the
/// number of an order is about that order.
pub(super) fn is_amount(text: &str, word: &Word) -> bool {
    if word.digits > DIGITS {
        return false;
    }
    let before = text.get(..word.start).unwrap_or_default();
    let unspaced = before.strip_suffix(|c| plain(c) == ' ').unwrap_or(before);
    let after = after_cents(text.get(word.end..).unwrap_or_default());
    let after = after.trim_start_matches(bounded(|c| plain(c) == ' '));
    let rest = after.trim_start_matches(bounded(char::is_alphabetic));
    let unit = after.get(..after.len() - rest.len()).unwrap_or_default();
    unspaced.ends_with(is_currency)
        || after.starts_with(is_currency)
        || is_one(last_letters(unspaced), &CURRENCIES)
        || is_unit(unit) && !names_an_order(before)
}

/// Whether the letters right after a number are what it counts.
pub(super) fn is_unit(letters: &str) -> bool {
    is_one(letters, &UNITS) || is_one(letters, &CURRENCIES)
}

/// What stands behind the cents of an amount.
fn after_cents(after: &str) -> &str {
    let mut rest = after.chars();
    let is_mark = rest.next().is_some_and(|c| matches!(c, '.' | ','));
    let mut is_digit = || rest.next().is_some_and(|c| digit(c).is_some());
    let has_cents = is_mark && is_digit() && is_digit();
    let rest = rest.as_str();
    match has_cents && !rest.starts_with(|c| digit(c).is_some()) {
        true => rest,
        false => after,
    }
}

/// The letters that a text ends with, a full stop behind them or not.
fn last_letters(before: &str) -> &str {
    let before = before.strip_suffix('.').unwrap_or(before);
    let rest = before.trim_end_matches(bounded(char::is_alphabetic));
    before.get(rest.len()..).unwrap_or_default()
}

/// The same, but for no more characters than are looked at.
fn bounded(may_stand: impl Fn(char) -> bool) -> impl FnMut(char) -> bool {
    let mut seen = 0;
    move |c| {
        seen += 1;
        seen <= REACH && may_stand(c)
    }
}

fn is_currency(c: char) -> bool {
    matches!(
        c,
        '元' | '円' | '원' | '฿' | '$' | '¢' | '£' | '¤' | '¥' | '\u{20a0}'
            ..='\u{20cf}' | '＄' | '￡' | '￥'
    )
}
