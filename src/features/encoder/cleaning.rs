//! The cleaning that stands before the word pieces of BERT's tokenizers: control characters go, accents go, letters
//! become small. With a short cut for ASCII, nearly all of what an English help desk reads: the library looks up each
//! character's Unicode categories, which takes longer than all that follows.

use std::borrow::Cow;

use serde_json::Value;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pipeline::Normalizer;

/// The cleaning of one tokenizer.
#[derive(Debug)]
pub(super) struct Cleaning {
    full: BertNormalizer,
    /// Whether ASCII loses its control characters and becomes lower case, and nothing else.
    has_short_cut: bool,
}

impl Cleaning {
    /// Takes the cleaning out of a canonical `tokenizer.json`, so that it can be done before the rest with the same
    /// outcome. `None`, and nothing taken out, where that is not so: another kind of normaliser, or added tokens which
    /// are looked for in the text as it came.
    pub(super) fn take(tokenizer: &mut Value) -> Option<Self> {
        let added = tokenizer.get("added_tokens").and_then(Value::as_array);
        let is_special = |token: &Value| token.get("special") == Some(&Value::Bool(true));
        if !added.is_none_or(|tokens| tokens.iter().all(is_special)) {
            return None;
        }
        let normalizer = tokenizer.get_mut("normalizer")?;
        if normalizer.get("type")?.as_str()? != "BertNormalizer" {
            return None;
        }
        let set = |name: &str| normalizer.get(name)?.as_bool();
        let (clean_text, lowercase) = (set("clean_text")?, set("lowercase")?);
        let chinese = set("handle_chinese_chars")?;
        let full = BertNormalizer::new(clean_text, chinese, set("strip_accents"), lowercase);
        *normalizer = Value::Null;
        Some(Self {
            full,
            has_short_cut: clean_text && lowercase,
        })
    }

    /// `text`, cleaned.
    ///
    /// # Errors
    /// What the library says.
    pub(super) fn clean<'a>(&self, text: &'a str) -> tokenizers::Result<Cow<'a, str>> {
        if self.has_short_cut && text.is_ascii() {
            return Ok(Cow::Owned(text.bytes().filter_map(clean_ascii).collect()));
        }
        self.full.normalize(text, 0)
    }
}

/// An ASCII character as BERT's cleaning leaves it.
fn clean_ascii(byte: u8) -> Option<char> {
    match byte {
        b'\t' | b'\n' | b'\r' => Some(' '),
        _ if byte.is_ascii_control() => None,
        _ => Some(char::from(byte.to_ascii_lowercase())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn cleaning() -> Cleaning {
        let mut tokenizer = json!({
            "added_tokens": [{"content": "[CLS]", "special": true}],
            "normalizer": {
                "type": "BertNormalizer",
                "clean_text": true,
                "handle_chinese_chars": true,
                "strip_accents": null,
                "lowercase": true,
            },
        });
        let cleaning = Cleaning::take(&mut tokenizer).unwrap();
        assert_eq!(tokenizer["normalizer"], Value::Null);
        cleaning
    }

    #[test]
    fn the_short_cut_gives_what_the_library_gives() {
        let cleaning = cleaning();
        let all: String = (0..128_u8).map(char::from).collect();
        for text in ["", " ", "Where IS my\tparcel?\r\n\u{7}\u{b}\u{c}\0", &all] {
            let full = cleaning.full.normalize(text, 0).unwrap();
            assert_eq!(cleaning.clean(text).unwrap(), full, "{text:?}");
        }
        assert_eq!(cleaning.clean("Größe").unwrap(), "große");
    }

    #[test]
    fn what_cannot_be_done_before_the_rest_stays_where_it_is() {
        for (added, kind, field) in [
            (json!([{"special": false}]), "BertNormalizer", "lowercase"),
            (json!([{}]), "BertNormalizer", "lowercase"),
            (json!([]), "Lowercase", "lowercase"),
            (json!([]), "BertNormalizer", "lower"),
        ] {
            let normalizer = json!({"type": kind, "clean_text": true, "handle_chinese_chars": true, field: true});
            let mut tokenizer = json!({"added_tokens": added, "normalizer": normalizer});
            let before = tokenizer.clone();
            assert!(Cleaning::take(&mut tokenizer).is_none(), "{before}");
            assert_eq!(tokenizer, before);
        }
    }

    proptest! {
        #[test]
        fn any_ascii_is_cleaned_alike(text in "[\\x00-\\x7f]{0,40}") {
            let cleaning = cleaning();
            prop_assert_eq!(cleaning.clean(&text).unwrap(), cleaning.full.normalize(&text, 0).unwrap());
        }
    }
}
