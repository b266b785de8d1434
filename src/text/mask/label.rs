//! Words that say what number follows.

/// Longest stretch before a number that is looked at, in characters.
const REACH: usize = 40;
/// Most words of it.
const MAX_WORDS: usize = 4;

/// After these, seven digits or more are a telephone number however they are written.
const TELEPHONES: [&str; 33] = [
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
    "fon",
    "mobile",
    "mobil",
    "mob",
    "móvil",
    "cell",
    "cellphone",
    "handy",
    "handynummer",
    "telefonnummer",
    "fax",
    "call",
    "whatsapp",
    "hotline",
    "text",
    "sms",
    "ring",
    "dial",
    "reach",
    "contact",
    "signal",
    "telegram",
    "viber",
];
/// May stand between such a word and the number.
const LINKS: [&str; 17] = [
    "number", "no", "nr", "nummer", "num", "numéro", "número", "is", "ist", "at", "on", "me", "us",
    "under", "unter", "my", "back",
];

/// Whether a text ends with a word that says that a telephone number follows.
pub(super) fn names_a_telephone(before: &str) -> bool {
    let from = before.char_indices().rev().take(REACH).last();
    let near = from
        .and_then(|(at, _)| before.get(at..))
        .unwrap_or_default();
    let line = near
        .rsplit(['\n', '\r', ';', ','])
        .next()
        .unwrap_or_default();
    // An underscore is part of a word here, so that a word that stands for masked data names nothing.
    let words = line.rsplit(|c: char| !c.is_alphanumeric() && c != '_');
    for word in words.filter(|word| !word.is_empty()).take(MAX_WORDS) {
        let word = word.to_lowercase();
        if TELEPHONES.contains(&word.as_str()) {
            return true;
        }
        if !LINKS.contains(&word.as_str()) {
            return false;
        }
    }
    false
}
