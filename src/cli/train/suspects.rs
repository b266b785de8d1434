//! The file of rows that look mislabelled, for whoever mends them: written whole or not at all, and
//! never over what was read.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};

use super::mislabelled::HeadIssues;
use crate::model::files::{check_writable, replace};

/// The columns, in order; `rank` is the place among the head's rows, from 1.
const COLUMNS: [&str; 9] = [
    "head",
    "rank",
    "id",
    "file",
    "line",
    "given",
    "suggested",
    "given_probability",
    "suggested_probability",
];

/// A file that is known to be writable and to be none of the inputs.
#[derive(Debug)]
pub(super) struct SuspectsFile {
    path: PathBuf,
}

impl SuspectsFile {
    /// Takes `path`, unless it is one of `inputs` (files or folders), lies in one of them, or cannot
    /// be written: better said before the folds are learned than after.
    ///
    /// # Errors
    /// If it is an input or not writable.
    pub(super) fn new<'a>(
        path: &Path,
        inputs: impl Iterator<Item = &'a PathBuf>,
    ) -> anyhow::Result<Self> {
        let shown = path.display();
        let absolute = std::path::absolute(path).with_context(|| shown.to_string())?;
        let (Some(folder), Some(name)) = (absolute.parent(), absolute.file_name()) else {
            bail!("{shown}: is no file that can be written");
        };
        if fs::metadata(&absolute).is_ok_and(|existing| !existing.is_file()) {
            bail!("{shown}: is no regular file: name one that may be written");
        }
        let target = fs::canonicalize(&absolute)
            .or_else(|_| fs::canonicalize(folder).map(|folder| folder.join(name)))
            .with_context(|| shown.to_string())?;
        for input in inputs {
            // One that is not there is reported where it is read.
            if fs::canonicalize(input).is_ok_and(|input| target.starts_with(input)) {
                bail!(
                    "{shown}: would be written over {}, which is read: name another file",
                    input.display()
                );
            }
        }
        check_writable(folder).with_context(|| format!("{shown}: cannot be written"))?;
        Ok(Self { path: absolute })
    }

    /// Writes all flagged rows, head after head, the most suspicious first.
    ///
    /// # Errors
    /// If the file cannot be written; what was there then stays.
    pub(super) fn write(&self, heads: &[HeadIssues]) -> anyhow::Result<()> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(COLUMNS)?;
        for head in heads {
            for (index, issue) in head.issues.iter().enumerate() {
                writer.write_record([
                    head.head.as_str(),
                    &(index + 1).to_string(),
                    issue.place.id.as_deref().unwrap_or_default(),
                    &issue.place.path,
                    &issue.place.line.to_string(),
                    &issue.given,
                    &issue.suggested,
                    &format!("{:.4}", issue.given_probability),
                    &format!("{:.4}", issue.suggested_probability),
                ])?;
            }
        }
        let bytes = writer
            .into_inner()
            .map_err(|error| anyhow!("{}: {error}", self.path.display()))?;
        replace(&self.path, &bytes).with_context(|| self.path.display().to_string())
    }
}
