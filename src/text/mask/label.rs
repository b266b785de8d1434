//! Words that say what number follows.

use super::plain::{is_mark, plain};

/// Longest stretch before a number that is looked at, in characters.
const REACH: usize = 40;
/// Most words of it.
const MAX_WORDS: usize = 4;

/// After these, seven digits or more are a telephone number however they are written.
const TELEPHONES: [&str; 44] = [
    "tel",
    "tél",
    "telephone",
    "téléphone",
    "telefon",
    "telefone",
    "telefono",
    "teléfono",
    "telefoon",
    "phone",
    "ph",
    "fon",
    "mobile",
    "mobil",
    "mob",
    "móvil",
    "movil",
    "mobiltelefon",
    "mobilnummer",
    "cell",
    "cellphone",
    "gsm",
    "handy",
    "handynr",
    "handynummer",
    "telefonnr",
    "telefonnummer",
    "telefoonnummer",
    "tlf",
    "tlfnr",
    "puh",
    "rufnummer",
    "тел",
    "телефон",
    "телефона",
    "моб",
    "fax",
    "call",
    "whatsapp",
    "hotline",
    "celular",
    "cellulare",
    "telefonu",
    "portable",
];
/// The same in scripts that set no spaces, also within a word.
const UNSPACED_TELEPHONES: [&str; 5] = ["电话", "電話", "手机", "手機", "携帯"];
/// So they are after these if a link stands between, or `my` before: `text me at`, `my number`, but not `text 2000000
/// people`.
const CALLS: [&str; 20] = [
    "text", "sms", "ring", "dial", "reach", "contact", "kontakt", "signal", "telegram", "viber",
    "number", "numero", "número", "numéro", "chiamami", "appelez", "llámame", "llamame", "nummer",
    "nr",
];
/// Says that what follows is the sender's.
const OWN: [&str; 10] = [
    "my", "mein", "meine", "mi", "mon", "ma", "mio", "meu", "mijn", "min",
];
/// May stand between such a word and the number.
const LINKS: [&str; 43] = [
    "number",
    "no",
    "nr",
    "nummer",
    "num",
    "numéro",
    "numero",
    "número",
    "is",
    "ist",
    "at",
    "on",
    "me",
    "us",
    "under",
    "unter",
    "my",
    "back",
    "es",
    "est",
    "é",
    "è",
    "to",
    "al",
    "au",
    "el",
    "le",
    "mi",
    "meu",
    "på",
    "home",
    "work",
    "office",
    "private",
    "privat",
    "dienstlich",
    "geschäftlich",
    "büro",
    "kom",
    "casa",
    "trabajo",
    "domicile",
    "bureau",
];

/// After these, a hyphen joins the parts of an order-like number.
const ORDERS: [&str; 32] = [
    "order",
    "ticket",
    "invoice",
    "case",
    "booking",
    "tracking",
    "reference",
    "ref",
    "customer",
    "account",
    "contract",
    "bestellung",
    "bestellnummer",
    "auftrag",
    "auftragsnummer",
    "rechnung",
    "rechnungsnummer",
    "kundennummer",
    "buchung",
    "vertrag",
    "commande",
    "facture",
    "pedido",
    "factura",
    "ordine",
    "fattura",
    "bestelling",
    "factuur",
    "zamówienie",
    "faktura",
    "rma",
    "po",
];
/// Numbers that hang on these name a case however short they are.
const PREFIXES: [&str; 16] = [
    "ord", "order", "inv", "invoice", "po", "rma", "tkt", "ticket", "ref", "case", "inc", "req",
    "chg", "cmd", "fac", "zam",
];
/// After these, a number says where, or what a program says.
const PLACES_AND_ERRORS: [&str; 22] = [
    "plz",
    "postleitzahl",
    "postcode",
    "zip",
    "zipcode",
    "cap",
    "postal",
    "postale",
    "cp",
    "postnummer",
    "postnr",
    "error",
    "fehler",
    "fehlercode",
    "fehlernummer",
    "errorcode",
    "erreur",
    "errore",
    "errno",
    "exception",
    "port",
    "exit",
];
/// Most digits of such a number.
const MAX_PLACE: usize = 6;
/// After these, a number names goods of which there are many alike.
const GOODS: [&str; 6] = ["ean", "ean13", "gtin", "upc", "barcode", "strichcode"];
/// Digits of such a number.
const GOODS_DIGITS: std::ops::RangeInclusive<usize> = 8..=14;
/// May stand between those words and the number.
const NUMBER_LINKS: [&str; 14] = [
    "number", "no", "nr", "nummer", "num", "numéro", "numero", "número", "n", "id", "code", "is",
    "ist", "13",
];

/// Whether a text ends with a word that says that a telephone number follows.
pub(super) fn names_a_telephone(before: &str) -> bool {
    let mut words = last_words(before).peekable();
    if let Some(last) = words.peek() {
        let holds = |name: &&str| last.contains(name);
        // One letter is enough with a colon.
        let is_letter = last.eq_ignore_ascii_case("t") && {
            let rest = before.trim_end_matches(|c| plain(c) == ' ');
            rest.ends_with(|c| plain(c) == ':')
        };
        if is_letter || UNSPACED_TELEPHONES.iter().any(holds) {
            return true;
        }
    }
    let mut is_linked = false;
    while let Some(word) = words.next() {
        let mut calls = || is_linked || words.peek().is_some_and(|before| is_one(before, &OWN));
        if is_one(word, &TELEPHONES) || is_one(word, &CALLS) && calls() {
            return true;
        }
        if !is_one(word, &LINKS) {
            return false;
        }
        is_linked = true;
    }
    false
}

/// Whether a text ends with a word that says that an order-like number follows.
pub(super) fn names_an_order(before: &str) -> bool {
    ends_with_one(before, &ORDERS)
}

/// Whether the letters that a number hangs on say that it names a case.
pub(super) fn is_prefix_of_orders(name: &str) -> bool {
    is_one(name, &PREFIXES)
}

/// Whether a text ends with a word that says that a number of so many digits names no case.
pub(super) fn names_a_matter(before: &str, digits: usize) -> bool {
    digits <= MAX_PLACE && ends_with_one(before, &PLACES_AND_ERRORS)
        || GOODS_DIGITS.contains(&digits) && ends_with_one(before, &GOODS)
}

/// Whether one of some names is the last word, or links alone are after it.
fn ends_with_one(before: &str, names: &[&str]) -> bool {
    let mut words = last_words(before).skip_while(|word| is_one(word, &NUMBER_LINKS));
    words.next().is_some_and(|word| is_one(word, names))
}

/// The words at the end of a text's last line, from the last one on.
fn last_words(before: &str) -> impl Iterator<Item = &str> {
    let from = before.char_indices().rev().take(REACH).last();
    let near = from
        .and_then(|(at, _)| before.get(at..))
        .unwrap_or_default();
    let near = near.strip_suffix("&nbsp;").unwrap_or(near);
    let line = near
        .rsplit(['\n', '\r', ';', ','])
        .next()
        .unwrap_or_default();
    // An underscore is part of a word here, so that a word that stands for masked data names nothing.
    let words = line.rsplit(|c: char| !c.is_alphanumeric() && c != '_' && !is_mark(c));
    words.filter(|word| !word.is_empty()).take(MAX_WORDS)
}

/// Whether a word, in capitals or not, with marks on its letters or not, is one of some.
pub(super) fn is_one(word: &str, names: &[&str]) -> bool {
    if word.is_ascii() {
        return names.iter().any(|name| name.eq_ignore_ascii_case(word));
    }
    let letters = || word.chars().filter(|&c| !is_mark(c));
    let lower = || letters().flat_map(char::to_lowercase);
    names.iter().any(|name| lower().eq(name.chars()))
}
