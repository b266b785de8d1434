//! Words that say what number follows.

/// Longest stretch before a number that is looked at, in characters.
const REACH: usize = 40;
/// Most words of it.
const MAX_WORDS: usize = 4;

/// After these, seven digits or more are a telephone number however they are written.
const TELEPHONES: [&str; 28] = [
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
    "celular",
    "cellulare",
    "telefonu",
    "portable",
];
/// So they are after these if a link stands between: `text me at`, but not `text 2000000 people`.
const CALLS: [&str; 16] = [
    "text", "sms", "ring", "dial", "reach", "contact", "kontakt", "signal", "telegram", "viber",
    "number", "numero", "número", "numéro", "chiamami", "appelez",
];
/// May stand between such a word and the number.
const LINKS: [&str; 30] = [
    "number", "no", "nr", "nummer", "num", "numéro", "numero", "número", "is", "ist", "at", "on",
    "me", "us", "under", "unter", "my", "back", "es", "est", "é", "è", "to", "al", "au", "el",
    "le", "mi", "meu", "på",
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
    let words = words.filter(|word| !word.is_empty()).take(MAX_WORDS);
    for (at, word) in words.enumerate() {
        let word = word.to_lowercase();
        if TELEPHONES.contains(&word.as_str()) || at > 0 && CALLS.contains(&word.as_str()) {
            return true;
        }
        if !LINKS.contains(&word.as_str()) {
            return false;
        }
    }
    false
}
