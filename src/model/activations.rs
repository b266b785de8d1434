//! `activations.log`: which version became the active one, when and why, one JSON object a line,
//! earliest first. It is only ever appended to, by whoever holds the registry's pointer.
//!
//! A line is written before the pointer moves, so no change goes unlogged. Each line names the version
//! that was active before: should the program be killed between the two, the next line shows it.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::files::read_at_most;
use super::gate::Basis;
use super::json_lines::{self, Appended};

const LOG: &str = "activations.log";
/// Largest log that is read.
const MAX_LOG_BYTES: u64 = 256 << 20;

/// One change of the active version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Activation {
    /// When.
    pub time: Timestamp,
    /// What was asked for.
    pub action: Action,
    /// The version that was active before.
    pub before: Option<String>,
    /// The version that is active since.
    pub after: String,
    /// What the two were compared on; none for a rollback, which is not judged.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub judged_on: Option<Basis>,
    /// Whether the gate refused it and was overruled.
    pub forced: bool,
    /// Why the gate refused it.
    pub reasons: Vec<String>,
    /// Who asked for it and why.
    #[serde(flatten)]
    pub by: By,
}

/// Who changes the active version and why, as far as that is told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// Who, as whoever asks says.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub author: Option<String>,
    /// Who was proved to be calling.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub caller: Option<String>,
    /// Why; may be empty.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub comment: String,
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A version was named.
    Activate,
    /// The version before was asked for.
    Rollback,
}

/// What the log says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Activations {
    /// The changes, earliest first.
    pub entries: Vec<Activation>,
    /// 1-based numbers of the lines that cannot be read, such as one that was cut short.
    pub unreadable: Vec<usize>,
}

/// Where the log of the registry in `models` is.
#[must_use]
pub(super) fn path(models: &Path) -> PathBuf {
    models.join(LOG)
}

/// Adds a line and waits until it is on disk; see [`json_lines::append`].
///
/// # Errors
/// If the log cannot be written; it is then as it was.
pub(super) fn append(models: &Path, activation: &Activation) -> io::Result<Appended> {
    json_lines::append(&path(models), activation)
}

/// Reads the log; no log is an empty one, and a line that cannot be read spoils no other.
///
/// # Errors
/// If the file is there but cannot be read.
pub(super) fn read(models: &Path) -> io::Result<Activations> {
    let bytes = match read_at_most(&path(models), MAX_LOG_BYTES) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    let mut activations = Activations::default();
    for (index, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        match serde_json::from_slice(line) {
            Ok(entry) => activations.entries.push(entry),
            Err(_) => activations.unreadable.push(index + 1),
        }
    }
    Ok(activations)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn activation(after: &str) -> Activation {
        Activation {
            time: "2026-01-02T03:04:05Z".parse().unwrap(),
            action: Action::Activate,
            before: None,
            after: after.to_owned(),
            judged_on: Some(Basis::Nothing),
            forced: false,
            reasons: Vec::new(),
            by: By::default(),
        }
    }

    fn after(models: &Path) -> Vec<String> {
        let entries = read(models).unwrap().entries;
        entries.into_iter().map(|entry| entry.after).collect()
    }

    #[test]
    fn lines_are_added_and_read_back() {
        let models = tempfile::tempdir().unwrap();
        assert_eq!(read(models.path()).unwrap(), Activations::default());
        let forced = Activation {
            forced: true,
            reasons: vec!["topic: worse\nby far".to_owned()],
            before: Some("a".to_owned()),
            by: By {
                author: Some("ana".to_owned()),
                caller: Some("desk".to_owned()),
                comment: "ticket 42".to_owned(),
            },
            ..activation("b")
        };
        append(models.path(), &activation("a")).unwrap();
        append(models.path(), &forced).unwrap();
        let read = read(models.path()).unwrap();
        assert_eq!(read.entries, [activation("a"), forced]);
        let text = fs::read_to_string(path(models.path())).unwrap();
        assert_eq!(text.lines().count(), 2, "one line each: {text}");
        assert!(
            text.starts_with(r#"{"time":"2026-01-02T03:04:05Z","action":"activate","#),
            "{text}"
        );
    }

    #[test]
    fn a_line_cut_short_spoils_neither_those_before_nor_those_after() {
        let models = tempfile::tempdir().unwrap();
        append(models.path(), &activation("a")).unwrap();
        append(models.path(), &activation("b")).unwrap();
        let whole = fs::read(path(models.path())).unwrap();
        let first = whole.iter().position(|&byte| byte == b'\n').unwrap() + 1;
        for length in first + 1..whole.len() {
            fs::write(path(models.path()), &whole[..length]).unwrap();
            append(models.path(), &activation("c")).unwrap();
            let read = read(models.path()).unwrap();
            // Without its line break alone, a line is still whole.
            if length == whole.len() - 1 {
                assert_eq!(after(models.path()), ["a", "b", "c"]);
                assert!(read.unreadable.is_empty());
            } else {
                assert_eq!(after(models.path()), ["a", "c"]);
                assert_eq!(read.unreadable, [2]);
            }
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_skipped() {
        let models = tempfile::tempdir().unwrap();
        fs::write(path(models.path()), b"\xff\xfe\n\n  \n[]\n").unwrap();
        append(models.path(), &activation("a")).unwrap();
        assert_eq!(after(models.path()), ["a"]);
        assert_eq!(read(models.path()).unwrap().unreadable, [1, 4]);
    }

    #[test]
    fn a_line_can_be_taken_back() {
        let models = tempfile::tempdir().unwrap();
        append(models.path(), &activation("a")).unwrap();
        append(models.path(), &activation("b")).unwrap().take_back();
        append(models.path(), &activation("c")).unwrap();
        assert_eq!(after(models.path()), ["a", "c"]);
    }
}
