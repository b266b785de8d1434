//! YAML text as a tree whose every node knows its line and column. Reading into a tree first, rather than
//! straight into typed structs, is what lets a check report every error of a file instead of the first.
//! Size, depth and aliases are bounded; nothing here knows what the fields mean.

use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_saphyr::{Error, Location, Spanned};

use super::fault::{FileErrors, Position};

/// Deepest nesting of lists and mappings; the deepest field of either file is at 6.
const MAX_DEPTH: usize = 24;

/// Most scalars, lists and mappings of a file, aliases expanded.
const MAX_NODES: usize = 1_000_000;

/// Most nodes that aliases may add.
const MAX_ALIASED_NODES: usize = 100_000;

/// Most aliases. Each may stand for a text as long as the file.
const MAX_ALIASES: usize = 200;

/// A value of the file and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) position: Position,
    pub(crate) value: NodeValue,
}

/// What a [`Node`] holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NodeValue {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    /// Entries in the order of the file; keys may repeat.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Key {
    pub(crate) position: Position,
    pub(crate) name: String,
}

impl NodeValue {
    /// What the value is, with its article, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "true or false",
            Self::Integer(_) | Self::Float(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

/// Reads YAML `text` of at most `max_bytes` bytes.
///
/// # Errors
///
/// One fault where the text is too large, is not YAML, holds several documents or breaks a limit.
pub(crate) fn parse(text: &str, origin: &str, max_bytes: usize) -> Result<Node, FileErrors> {
    if text.len() > max_bytes {
        let message = format!(
            "the file has {} bytes, more than the {max_bytes} allowed: shorten it",
            text.len()
        );
        return Err(FileErrors::single(origin, None, message));
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: 2 * MAX_NODES,
            max_documents: 1,
            max_aliases: MAX_ALIASES,
            max_total_scalar_bytes: 2 * max_bytes,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MAX_ALIASED_NODES,
            max_replay_stack_depth: 8,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options::<Node>(text, options).map_err(|error| {
        let plain = serde_saphyr::UserMessageFormatter;
        let message = serde_saphyr::MessageFormatter::format_message(&plain, &error);
        let at = error.location().and_then(place);
        if let (true, Some(tab)) = (message.contains("tab"), at.and_then(|at| tab(text, at))) {
            let message = "cannot be read as YAML: a tab stands in the indentation: use spaces";
            return FileErrors::single(origin, Some(tab), message.to_owned());
        }
        let message = match in_words(&error, max_bytes) {
            Some(broken) => format!("cannot be read: {broken}"),
            None if message.contains("recursion limit") => {
                format!("cannot be read: {}", too_deep())
            }
            None => format!("cannot be read as YAML: {message}"),
        };
        FileErrors::single(origin, at, message)
    })
}

/// The first tab that a line is indented with, from the line of `from` on.
fn tab(text: &str, from: Position) -> Option<Position> {
    (1..).zip(text.lines()).find_map(|(line, content)| {
        let indentation = content.chars().take_while(|c| c.is_whitespace());
        let column = (1..).zip(indentation).find(|(_, c)| *c == '\t')?.0;
        (line >= from.line).then_some(Position { line, column })
    })
}

/// What to do about a limit that is broken; `None` for any other error.
fn in_words(error: &Error, max_bytes: usize) -> Option<String> {
    Some(match error {
        Error::WithSnippet { error, .. } | Error::AliasError { error, .. } => {
            return in_words(error, max_bytes);
        }
        Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. } => format!(
            "its aliases multiply it to more than {MAX_ALIASED_NODES} values: write them out"
        ),
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            "an alias stands within what it stands for: write the value out".to_owned()
        }
        Error::MultipleDocuments { .. } => one_document(),
        Error::MergeKeyNotAllowed { .. } => {
            "merge keys (<<) are not allowed: write the fields out".to_owned()
        }
        Error::Budget { breach, .. } => match breach {
            BudgetBreach::Depth { .. } => too_deep(),
            BudgetBreach::Documents { .. } => one_document(),
            BudgetBreach::Aliases { .. }
            | BudgetBreach::Anchors { .. }
            | BudgetBreach::AliasAnchorRatio { .. }
            | BudgetBreach::RecordedAnchorEvents { .. } => {
                format!("it has more than {MAX_ALIASES} aliases: write the values out")
            }
            BudgetBreach::ScalarBytes { .. } => format!(
                "its texts have more than {} bytes, those that aliases repeat included: shorten them or split the \
                 file",
                2 * max_bytes
            ),
            BudgetBreach::MergeKeys { .. } => {
                "merge keys (<<) are not allowed: write the fields out".to_owned()
            }
            BudgetBreach::Nodes { .. } | BudgetBreach::Events { .. } => {
                format!("it has more than {MAX_NODES} values: shorten it")
            }
            _ => "it is larger or more nested than any file of this kind: shorten it".to_owned(),
        },
        _ => return None,
    })
}

fn too_deep() -> String {
    format!("it is nested more than {MAX_DEPTH} deep: no field needs that")
}

fn one_document() -> String {
    "it holds more than one document: a line of --- begins another; keep one in a file".to_owned()
}

/// Reads a text file of at most `max_bytes` bytes.
///
/// # Errors
///
/// One fault where it cannot be read, is larger or is not UTF-8.
pub(crate) fn read(path: &Path, max_bytes: usize) -> Result<String, FileErrors> {
    let origin = path.display().to_string();
    let fail = |message: String| FileErrors::single(&origin, None, message);
    let file = File::open(path)
        .map_err(|error| fail(format!("cannot be opened: {error}; give an existing file")))?;
    let limit = u64::try_from(max_bytes).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| match error.kind() {
            ErrorKind::IsADirectory => fail("is a folder: give a file".to_owned()),
            _ => fail(format!("cannot be read: {error}")),
        })?;
    if bytes.len() > max_bytes {
        return Err(fail(format!(
            "the file has more than the {max_bytes} bytes allowed: shorten it"
        )));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let at = end_of(&String::from_utf8_lossy(&error.as_bytes()[..valid]));
        let message = "is no UTF-8 text from here on: save it as UTF-8".to_owned();
        FileErrors::single(&origin, Some(at), message)
    })
}

/// The place behind the last character of `text`.
fn end_of(text: &str) -> Position {
    let (before, last) = text.rsplit_once('\n').map_or((0, text), |(before, last)| {
        (before.matches('\n').count() + 1, last)
    });
    let place = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
    Position {
        line: place(before),
        column: place(last.chars().count()),
    }
}

const START: Position = Position { line: 1, column: 1 };

fn place(location: Location) -> Option<Position> {
    let line = u32::try_from(location.line()).ok()?;
    let column = u32::try_from(location.column()).ok()?;
    (line > 0).then_some(Position { line, column })
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<NodeValue>::deserialize(deserializer)?;
        Ok(Self {
            position: place(spanned.referenced).unwrap_or(START),
            value: spanned.value,
        })
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<String>::deserialize(deserializer)?;
        Ok(Self {
            position: place(spanned.referenced).unwrap_or(START),
            name: spanned.value,
        })
    }
}

impl<'de> Deserialize<'de> for NodeValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = NodeValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, true, false, a list or a mapping")
    }

    fn visit_unit<E>(self) -> Result<NodeValue, E> {
        Ok(NodeValue::Null)
    }

    fn visit_none<E>(self) -> Result<NodeValue, E> {
        Ok(NodeValue::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<NodeValue, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<NodeValue, E> {
        Ok(NodeValue::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<NodeValue, E> {
        Ok(NodeValue::Integer(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<NodeValue, E> {
        i64::try_from(value)
            .map(NodeValue::Integer)
            .map_err(|_| E::custom("number too large: put it in quotes if it is a text"))
    }

    fn visit_f64<E>(self, value: f64) -> Result<NodeValue, E> {
        Ok(NodeValue::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<NodeValue, E> {
        Ok(NodeValue::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<NodeValue, E> {
        Ok(NodeValue::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<NodeValue, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(NodeValue::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<NodeValue, A::Error> {
        let mut map = Vec::new();
        while let Some(key) = entries.next_key::<Key>()? {
            if map.len() >= MAX_NODES {
                return Err(A::Error::custom("too many entries"));
            }
            map.push((key, entries.next_value()?));
        }
        Ok(NodeValue::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 1 << 20;

    fn entries(node: &Node) -> &[(Key, Node)] {
        match &node.value {
            NodeValue::Map(entries) => entries,
            other => panic!("{other:?} is no mapping"),
        }
    }

    #[test]
    fn every_key_and_value_knows_its_place() {
        let node = parse("a: 1\nb:\n  - {c: no, d: [x]}\n", "t", LIMIT).unwrap();
        let top = entries(&node);
        assert_eq!(top[0].0.position, Position { line: 1, column: 1 });
        assert_eq!(top[0].1.position, Position { line: 1, column: 4 });
        assert_eq!(top[0].1.value, NodeValue::Integer(1));
        let NodeValue::List(items) = &top[1].1.value else {
            panic!("a list was expected");
        };
        let inner = entries(&items[0]);
        assert_eq!(inner[0].0.position, Position { line: 3, column: 6 });
        assert_eq!(inner[0].1.value, NodeValue::Text("no".into()));
        assert_eq!(
            inner[1].0.position,
            Position {
                line: 3,
                column: 13
            }
        );
    }

    #[test]
    fn repeated_keys_are_kept_for_the_check() {
        let node = parse("a: 1\na: 2\n", "t", LIMIT).unwrap();
        assert_eq!(entries(&node).len(), 2);
    }

    #[test]
    fn text_that_is_no_yaml_is_refused_with_its_place() {
        let errors = parse("a: [1, 2\nb: 3\n", "t.yaml", LIMIT).unwrap_err();
        let text = errors.to_string();
        assert!(text.starts_with("t.yaml:2:"), "{text}");
        assert!(text.contains("cannot be read as YAML"), "{text}");
    }

    #[test]
    fn large_deep_and_self_multiplying_files_are_refused() {
        let large = parse("a: b", "t", 3).unwrap_err();
        assert!(large.to_string().contains("more than the 3 allowed"));

        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(parse(&deep, "t", LIMIT).is_err());
        let deep: String = (0..500).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
        assert!(parse(&deep, "t", LIMIT).is_err());

        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for i in 1..9 {
            let alias = vec![format!("*a{}", i - 1); 10].join(", ");
            bomb.push_str(&format!("a{i}: &a{i} [{alias}]\n"));
        }
        assert!(parse(&bomb, "t", LIMIT).is_err());
        let aliases = "*a, ".repeat(MAX_ALIASES / 2);
        let long = format!("a: &a \"{}\"\nb: [{aliases}]\n", "x".repeat(LIMIT / 2));
        assert!(parse(&long, "t", LIMIT).is_err());
        assert!(parse("a: 1\n---\nb: 2\n", "t", LIMIT).is_err());
        assert!(parse("a: &a {b: 1}\nc: {<<: *a}\n", "t", LIMIT).is_err());
    }
}
