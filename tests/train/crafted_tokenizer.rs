//! Model files with right checksums whose tokenizer is none, or that of another table.

use serde_json::{Value, json};

use crate::forge::{Model, TABLE, TOKENIZER, each_is_refused};
use crate::tiny_encoder::VOCABULARY;

/// Changes the tokenizer, which stays JSON.
fn change_tokenizer(model: &mut Model, change: impl Fn(&mut Value)) {
    let file = model.file(TOKENIZER);
    let mut value: Value = serde_json::from_slice(file).unwrap();
    change(&mut value);
    *file = value.to_string().into_bytes();
}

#[test]
fn a_tokenizer_that_is_none_is_refused() {
    const NOT_ONE: &str = "not a usable tokenizer";
    each_is_refused(&[
        (|m| m.file(TOKENIZER).clear(), TOKENIZER, NOT_ONE),
        (
            |m| *m.file(TOKENIZER) = b"null".to_vec(),
            TOKENIZER,
            NOT_ONE,
        ),
        (|m| *m.file(TOKENIZER) = b"{}".to_vec(), TOKENIZER, NOT_ONE),
        (|m| *m.file(TOKENIZER) = b"[1]".to_vec(), TOKENIZER, NOT_ONE),
        (
            |m| *m.file(TOKENIZER) = b"[".repeat(100_000),
            TOKENIZER,
            NOT_ONE,
        ),
        (
            |m| *m.file(TOKENIZER) = br#"{"a":"#.repeat(100_000),
            TOKENIZER,
            NOT_ONE,
        ),
        (|m| m.file(TOKENIZER).truncate(100), TOKENIZER, NOT_ONE),
        (|m| m.file(TOKENIZER)[20] = 0xff, TOKENIZER, "utf-8"),
        (
            |m| change_tokenizer(m, |own| own["model"]["vocab"] = json!({})),
            TOKENIZER,
            NOT_ONE,
        ),
        (
            |m| change_tokenizer(m, |own| own["model"]["vocab"]["card"] = json!(-1)),
            TOKENIZER,
            NOT_ONE,
        ),
        (
            |m| change_tokenizer(m, |own| own["model"] = json!({"type": "Magic"})),
            TOKENIZER,
            NOT_ONE,
        ),
        (
            |m| change_tokenizer(m, |own| own["post_processor"] = Value::Null),
            TOKENIZER,
            "puts 0 special tokens around a text",
        ),
    ]);
}

#[test]
fn a_tokenizer_of_another_table_is_refused() {
    each_is_refused(&[
        (
            |m| {
                change_tokenizer(m, |own| {
                    let words = own["model"]["vocab"].as_object_mut().unwrap();
                    words.retain(|_, id| id.as_u64() != Some(VOCABULARY as u64 - 1));
                })
            },
            TABLE,
            " rows for 29 word pieces and ",
        ),
        (
            |m| change_tokenizer(m, |own| own["model"]["vocab"]["zebra"] = json!(30)),
            TABLE,
            " rows for 31 word pieces and ",
        ),
        (
            |m| change_tokenizer(m, |own| own["model"]["vocab"]["zebra"] = json!(u32::MAX)),
            TOKENIZER,
            "not a usable tokenizer",
        ),
        // Memory is not reserved for words that are not there.
        (
            |m| change_tokenizer(m, |own| own["model"]["vocab"]["zebra"] = json!(500_000_000)),
            TOKENIZER,
            "has ids up to 500000000, ",
        ),
    ]);
}
