//! Settings of training by calls.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{SettingsError, within};
use crate::jobs::JobLimits;

/// Most rows that may be allowed.
const MAX_ROWS: u64 = 10_000_000;
/// Most bytes that may be allowed.
const MAX_BYTES: u64 = 16 << 30;
/// Most threads that may be asked for.
const MAX_THREADS: u64 = 1_024;

/// Training by calls.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingSettings {
    /// Folder below which calls may name files of tickets; empty for none.
    pub data_folder: PathBuf,
    /// Most rows that one job may learn from.
    pub max_rows: usize,
    /// Most bytes of tickets that one job may learn from.
    pub max_bytes: u64,
    /// Threads of a job.
    pub threads: NonZeroUsize,
}

impl TrainingSettings {
    /// What a job may take.
    #[must_use]
    pub fn limits(&self) -> JobLimits {
        JobLimits {
            data_folder: Some(self.data_folder.as_path())
                .filter(|folder| !folder.as_os_str().is_empty())
                .map(Path::to_owned),
            max_rows: self.max_rows,
            max_bytes: self.max_bytes,
            threads: self.threads,
        }
    }

    pub(super) fn validate(&self) -> Result<(), SettingsError> {
        within("training.max_rows", self.max_rows as u64, 1..=MAX_ROWS)?;
        within("training.max_bytes", self.max_bytes, 1..=MAX_BYTES)?;
        within(
            "training.threads",
            self.threads.get() as u64,
            1..=MAX_THREADS,
        )
    }
}
