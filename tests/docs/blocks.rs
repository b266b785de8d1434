//! The fenced blocks of a guide.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A fenced block.
pub(crate) struct Block {
    /// The line of its opening fence, from 1.
    pub(crate) line: usize,
    pub(crate) language: String,
    /// What stands behind the language: words, and names with values.
    pub(crate) info: BTreeMap<String, String>,
    pub(crate) text: String,
}

impl Block {
    pub(crate) fn has(&self, word: &str) -> bool {
        self.info.contains_key(word)
    }
}

/// The guide's path.
pub(crate) fn guide() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/policy.md")
}

/// The guide's text.
pub(crate) fn guide_text() -> String {
    std::fs::read_to_string(guide()).unwrap()
}

/// All blocks of `text` in order.
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (line, content) in (1..).zip(text.lines()) {
        match (&mut open, content.strip_prefix("```")) {
            (Some(block), None) => {
                block.text.push_str(content);
                block.text.push('\n');
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(info)) => {
                let mut words = info.split_whitespace();
                let language = words.next().unwrap_or_default().to_owned();
                let split = |word: &str| {
                    let (name, value) = word.split_once('=').unwrap_or((word, ""));
                    (name.to_owned(), value.to_owned())
                };
                open = Some(Block {
                    line,
                    language,
                    info: words.map(split).collect(),
                    text: String::new(),
                });
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}
