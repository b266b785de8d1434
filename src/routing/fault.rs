//! What is wrong with a policy or roster file: every fault, each with its place, none fatal to finding the
//! next. Nothing here knows what a policy means.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

/// How many faults are printed; the rest are counted.
const MAX_PRINTED_FAULTS: usize = 100;

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// One thing wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Fault {
    /// Where, if it has one place.
    pub position: Option<Position>,
    /// What is wrong and what to do about it.
    pub message: String,
    /// The file where it is, where that is not the one that is checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

impl Fault {
    /// Where it is, for a message: `FILE:LINE:COLUMN`, or the file alone. `origin` is the file that is checked.
    #[must_use]
    pub fn place(&self, origin: &str) -> String {
        let file = self.file.as_deref().unwrap_or(origin);
        match self.position {
            Some(Position { line, column }) => format!("{file}:{line}:{column}"),
            None => file.to_owned(),
        }
    }
}

/// Everything that is wrong with one file, in the order of its lines; never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", Listing(self))]
pub struct FileErrors {
    /// The file's path, or another name of where its text came from.
    pub origin: String,
    /// The faults, by position.
    pub faults: Vec<Fault>,
}

/// What is wrong with a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct PolicyErrors(#[from] pub FileErrors);

/// What is wrong with a roster.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct RosterErrors(#[from] pub FileErrors);

impl FileErrors {
    /// One fault alone.
    pub(crate) fn single(origin: &str, position: Option<Position>, message: String) -> Self {
        Self {
            origin: origin.to_owned(),
            faults: vec![Fault {
                position,
                message,
                file: None,
            }],
        }
    }

    /// Adds what is wrong with another file.
    pub(crate) fn append(&mut self, other: Self) {
        let origin = other.origin;
        self.faults.extend(other.faults.into_iter().map(|fault| {
            let file = fault.file.unwrap_or_else(|| origin.clone());
            let file = Some(file).filter(|file| *file != self.origin);
            Fault { file, ..fault }
        }));
        self.faults
            .sort_by(|a, b| a.file.cmp(&b.file).then_with(|| a.cmp(b)));
        self.faults.dedup();
    }
}

/// What is wrong with a policy, by itself or beside what it is held against.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Something is wrong with the policy itself or beside the model, and perhaps with policy and roster besides.
    #[error(transparent)]
    Policy(#[from] PolicyErrors),
    /// Policy and roster do not fit, and nothing else is wrong.
    #[error(transparent)]
    Roster(#[from] RosterErrors),
}

impl Unfit {
    /// All of it as what is wrong with the policy of this origin.
    #[must_use]
    pub fn into_errors(self, origin: &str) -> FileErrors {
        match self {
            Self::Policy(PolicyErrors(errors)) => errors,
            Self::Roster(RosterErrors(others)) => {
                let mut errors = FileErrors {
                    origin: origin.to_owned(),
                    faults: Vec::new(),
                };
                errors.append(others);
                errors
            }
        }
    }
}

struct Listing<'a>(&'a FileErrors);

impl fmt::Display for Listing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FileErrors { origin, faults } = self.0;
        for (index, fault) in faults.iter().take(MAX_PRINTED_FAULTS).enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{}: {}", fault.place(origin), fault.message)?;
        }
        match faults.len().saturating_sub(MAX_PRINTED_FAULTS) {
            0 => Ok(()),
            more => write!(f, "\n{origin}: and {more} more errors"),
        }
    }
}

/// A part of a file that declares names, which others use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Section {
    Skills,
    Queues,
    Calendars,
    Shifts,
    Agents,
}

/// Collects faults while a file is checked.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    list: Vec<Fault>,
    /// Sections that could not be read whole: any name may be one that they declare.
    unread: BTreeSet<Section>,
    /// What looking for the nearest names has cost so far, in pairs of characters.
    compared: usize,
}

impl Faults {
    /// Notes a fault at `position`.
    pub(crate) fn add(&mut self, position: Position, message: impl Into<String>) {
        self.list.push(Fault {
            position: Some(position),
            message: message.into(),
            file: None,
        });
    }

    /// Notes a fault that has no place of its own.
    pub(crate) fn add_unplaced(&mut self, message: impl Into<String>) {
        self.list.push(Fault {
            position: None,
            message: message.into(),
            file: None,
        });
    }

    /// Notes a fault in another file than the one that is checked.
    pub(crate) fn add_in(&mut self, file: &str, position: Position, message: impl Into<String>) {
        self.list.push(Fault {
            position: Some(position),
            message: message.into(),
            file: Some(file.to_owned()),
        });
    }

    /// Notes that a section could not be read whole, which is a fault by itself: that a name is not among those it
    /// declares is no further one.
    pub(crate) fn mark_unread(&mut self, section: Section) {
        self.unread.insert(section);
    }

    /// Whether a section was read whole.
    pub(crate) fn has_read(&self, section: Section) -> bool {
        !self.unread.contains(&section)
    }

    /// No faults yet of a file that uses names of the one that these are of.
    pub(crate) fn beside(&self) -> Self {
        Self {
            unread: self.unread.clone(),
            ..Self::default()
        }
    }

    /// Notes a name that `section` does not declare, with the nearest that it does; `what` stands before the name.
    pub(crate) fn add_undeclared<'a, I>(
        &mut self,
        section: Section,
        position: impl Into<Option<Position>>,
        what: &str,
        name: &str,
        declared: I,
    ) where
        I: IntoIterator<Item = &'a str>,
        I::IntoIter: Clone,
    {
        if self.has_read(section) {
            let advice = self.advice(name, declared);
            self.list.push(Fault {
                position: position.into(),
                message: format!("{what} '{name}': {advice}"),
                file: None,
            });
        }
    }

    /// As [`advice`], but for names of the file, which may be many: at some cost it no longer looks for the nearest.
    pub(crate) fn advice<'a, I>(&mut self, word: &str, names: I) -> String
    where
        I: IntoIterator<Item = &'a str>,
        I::IntoIter: Clone,
    {
        /// Some tenths of a second.
        const MAX_COMPARED: usize = 20_000_000;
        let names = names.into_iter();
        if self.compared < MAX_COMPARED {
            let lengths: usize = names.clone().map(str::len).sum();
            self.compared = self
                .compared
                .saturating_add(lengths.saturating_mul(word.len()));
        }
        if self.compared < MAX_COMPARED {
            advice(word, names)
        } else {
            "use one that is declared".to_owned()
        }
    }

    /// How many there are so far.
    pub(crate) fn count(&self) -> usize {
        self.list.len()
    }

    /// `Ok` if there was none, else all of them in the order of the file.
    pub(crate) fn into_result(mut self, origin: &str) -> Result<(), FileErrors> {
        if self.list.is_empty() {
            return Ok(());
        }
        self.list.sort();
        self.list.dedup();
        Err(FileErrors {
            origin: origin.to_owned(),
            faults: self.list,
        })
    }
}

/// Longest name that is suggested, in bytes.
const MAX_CHARS: usize = 128;

/// The one of `names` that `word` was probably meant to be.
pub(crate) fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Comparing costs the product of both lengths; nobody mistypes a name of this size.
    let chars = word.chars().count();
    if chars > MAX_CHARS {
        return None;
    }
    let most_edits = (chars / 3).clamp(1, 4);
    names
        .into_iter()
        .filter(|name| name.len() <= MAX_CHARS)
        .map(|name| {
            let edits = strsim::damerau_levenshtein(&word.to_lowercase(), &name.to_lowercase());
            (edits, name)
        })
        .filter(|&(edits, _)| edits <= most_edits)
        .min()
        .map(|(_, name)| name)
}

/// What to do about the unknown `word`: the nearest of `names`, or all of them where they are few.
pub(crate) fn advice<'a, I>(word: &str, names: I) -> String
where
    I: IntoIterator<Item = &'a str>,
    I::IntoIter: Clone,
{
    const MAX_LISTED: usize = 12;
    let names = names
        .into_iter()
        .filter(|name| (1..=MAX_CHARS).contains(&name.len()));
    if let Some(name) = nearest(word, names.clone()) {
        return format!("did you mean '{name}'?");
    }
    let mut listed: Vec<&str> = names.clone().take(MAX_LISTED).collect();
    match listed.as_slice() {
        [] => "there are none".to_owned(),
        _ => {
            if names.count() > MAX_LISTED {
                listed.push("…");
            }
            format!("use one of {}", listed.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_come_in_the_order_of_the_file() {
        let mut faults = Faults::default();
        faults.add(Position { line: 9, column: 2 }, "second");
        faults.add(Position { line: 3, column: 7 }, "first");
        faults.add_unplaced("of the whole");
        let errors = faults.into_result("p.yaml").unwrap_err();
        assert_eq!(
            errors.to_string(),
            "p.yaml: of the whole\np.yaml:3:7: first\np.yaml:9:2: second"
        );
    }

    #[test]
    fn a_long_list_is_cut_and_counted() {
        let mut faults = Faults::default();
        for line in 1..=120 {
            faults.add(Position { line, column: 1 }, "bad");
        }
        let text = faults.into_result("p.yaml").unwrap_err().to_string();
        assert_eq!(text.lines().count(), 101);
        assert!(text.ends_with("and 20 more errors"));
    }

    #[test]
    fn advice_names_the_nearest_or_lists_all() {
        let names = ["billing", "refunds", "tech"];
        assert_eq!(advice("biling", names), "did you mean 'billing'?");
        assert_eq!(advice("zzz", names), "use one of billing, refunds, tech");
        assert_eq!(advice("zzz", []), "there are none");
    }
}
