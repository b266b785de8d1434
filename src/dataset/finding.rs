//! What is to be said about a data set, how bad it is, and where to look. Says nothing itself:
//! printing belongs to the programs.

use std::fmt;

use serde::Serialize;

/// How many places a finding names; the rest is only counted.
pub const NAMED_LOCATIONS: usize = 5;

/// How much a finding matters, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Training on these data is refused.
    Error,
    /// Training goes ahead; the result may suffer.
    Warning,
}

impl Severity {
    /// The severity's name in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Where a record starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Location {
    /// The file's path, as it was given.
    pub path: String,
    /// 1-based line, or 1-based row number in a Parquet file.
    pub line: u64,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path, self.line)
    }
}

/// The first few places something was found, and the number of the others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Locations {
    /// At most [`NAMED_LOCATIONS`] places, in the order they were met.
    pub first: Vec<Location>,
    /// How many places there are beyond `first`.
    pub more: usize,
}

impl Locations {
    /// Adds a place: kept while there is room, counted in any case. The place is only built when
    /// it is kept.
    pub fn add(&mut self, location: impl FnOnce() -> Location) {
        if self.first.len() < NAMED_LOCATIONS {
            self.first.push(location());
        } else {
            self.more += 1;
        }
    }

    /// How many places there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.first.len() + self.more
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first.is_empty()
    }
}

impl fmt::Display for Locations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, location) in self.first.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{location}")?;
        }
        if self.more > 0 {
            write!(f, " and {} more", self.more)?;
        }
        Ok(())
    }
}

/// One thing found in the data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// What it is, in one sentence without a customer's words.
    pub message: String,
    /// Where it is; empty where it concerns the whole.
    pub locations: Locations,
}

impl Finding {
    /// A finding that concerns the data as a whole.
    #[must_use]
    pub fn new(severity: Severity, message: impl Into<String>) -> Self {
        Self {
            severity,
            message: message.into(),
            locations: Locations::default(),
        }
    }

    /// The same finding with its places.
    #[must_use]
    pub fn at(self, locations: Locations) -> Self {
        Self { locations, ..self }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.severity, self.message)?;
        if !self.locations.is_empty() {
            write!(f, " ({})", self.locations)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_five_places_and_counts_the_rest() {
        let mut locations = Locations::default();
        for line in 2..10 {
            locations.add(|| Location {
                path: "a.csv".into(),
                line,
            });
        }
        assert_eq!(locations.len(), 8);
        assert_eq!(
            Finding::new(Severity::Warning, "odd")
                .at(locations)
                .to_string(),
            "warning: odd (a.csv:2, a.csv:3, a.csv:4, a.csv:5, a.csv:6 and 3 more)"
        );
    }

    #[test]
    fn errors_sort_first() {
        assert!(Severity::Error < Severity::Warning);
    }
}
