//! What a job is asked to do.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use super::Rare;
use super::files::{FileError, FoundFile, find_below};
use crate::dataset::{Columns, DatasetError, Examples, Format};
use crate::model::By;
use crate::training::FitParams;

/// What the data set of examples that are sent is called.
const EXAMPLES: &str = "examples.jsonl";
/// What that of the held-out ones is called.
const HELD_OUT: &str = "held-out.jsonl";

/// What a job may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobLimits {
    /// Folder below which files may be named; `None` for none.
    pub data_folder: Option<PathBuf>,
    /// Most rows to learn from and to measure on.
    pub max_rows: usize,
    /// Most bytes of them.
    pub max_bytes: u64,
    /// Threads.
    pub threads: NonZeroUsize,
}

/// More than a job may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooMuch {
    /// Too many rows.
    #[error("more than {0} rows: send fewer, or raise training.max_rows")]
    Rows(usize),
    /// Too many bytes.
    #[error("more than {0} bytes: send fewer, or raise training.max_bytes")]
    Bytes(u64),
}

impl JobLimits {
    /// Checks that so much may be learned from.
    ///
    /// # Errors
    /// If it is more than that.
    pub fn check(&self, rows: usize, bytes: u64) -> Result<(), TooMuch> {
        if rows > self.max_rows {
            return Err(TooMuch::Rows(self.max_rows));
        }
        if bytes > self.max_bytes {
            return Err(TooMuch::Bytes(self.max_bytes));
        }
        Ok(())
    }
}

/// How a job is to train.
#[derive(Debug, Clone)]
pub struct JobOptions {
    /// Who asks for it and why.
    pub by: By,
    /// Seed, target precision, costs and the rest.
    pub params: FitParams,
    /// Whether costs of misjudged urgencies are asked for, which rows without any cannot have.
    pub asks_for_costs: bool,
    /// What becomes of labels with too few rows.
    pub rare: Rare,
    /// What gives the sentence vectors.
    pub vectors: Vectors,
    /// Whether the version is activated if the gate lets it pass.
    pub activate: bool,
}

/// What gives the sentence vectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Vectors {
    /// The table that is part of the program.
    Shipped,
    /// Nothing: n-grams alone.
    None,
    /// A transformer encoder of the registry, by its checksum.
    Encoder(String),
}

/// What a job learns from.
#[derive(Debug)]
pub enum JobData {
    /// Tickets that were sent.
    Sent(SentRows),
    /// Files of this machine.
    Files(NamedFiles),
}

/// Tickets that were sent.
#[derive(Debug)]
pub struct SentRows {
    /// To learn from.
    pub learned: Examples,
    /// To measure on.
    pub held_out: Examples,
}

impl SentRows {
    /// None yet; they may have labels for these facets.
    ///
    /// # Errors
    /// If a facet has no name, one that is taken, or is given twice.
    pub fn new(facets: &[String]) -> Result<Self, DatasetError> {
        Ok(Self {
            learned: Examples::new(EXAMPLES, facets)?,
            // A facet may have no held-out label.
            held_out: Examples::new(HELD_OUT, facets)?,
        })
    }

    /// Rows and bytes of both.
    #[must_use]
    pub fn extent(&self) -> (usize, u64) {
        let Self { learned, held_out } = self;
        let rows = learned.len() + held_out.len();
        (rows, learned.bytes() + held_out.bytes())
    }
}

/// Files below the folder of the settings, which were there when they were named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFiles {
    pub(super) learned: Vec<PathBuf>,
    pub(super) held_out: Vec<PathBuf>,
    pub(super) columns: Columns,
}

/// A file that was named and cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadFile {
    /// This one.
    #[error("{problem}")]
    File {
        /// Whether it was to be measured on.
        held_out: bool,
        /// Its place among those named, from 0.
        index: usize,
        /// What is wrong with it.
        problem: Box<dyn std::error::Error + Send + Sync>,
    },
    /// All of them are too large.
    #[error(transparent)]
    TooMuch(#[from] TooMuch),
}

impl NamedFiles {
    /// Looks for the files `learned` and `held_out` below the folder of `limits`, by their paths from there.
    ///
    /// # Errors
    /// If one is not there, lies elsewhere, is no file of a known kind, or they are too large.
    pub fn find(
        learned: &[String],
        held_out: &[String],
        columns: Columns,
        limits: &JobLimits,
    ) -> Result<Self, BadFile> {
        let mut bytes: u64 = 0;
        let mut find = |names: &[String], is_held_out: bool| {
            let mut paths = Vec::with_capacity(names.len());
            for (index, name) in names.iter().enumerate() {
                let at = |problem: Box<dyn std::error::Error + Send + Sync>| BadFile::File {
                    held_out: is_held_out,
                    index,
                    problem,
                };
                let found = find_below(limits.data_folder.as_deref(), name);
                let FoundFile { path, bytes: own } =
                    found.map_err(|error: FileError| at(error.into()))?;
                Format::of_path(&path).map_err(|error| at(error.into()))?;
                bytes = bytes.saturating_add(own);
                paths.push(path);
            }
            Ok::<_, BadFile>(paths)
        };
        let files = Self {
            learned: find(learned, false)?,
            held_out: find(held_out, true)?,
            columns,
        };
        limits.check(0, bytes)?;
        Ok(files)
    }
}
