//! Data sets are read from files of every format, and what is wrong with a file is told with its
//! place.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod parquet_files;
mod refusals;
mod report;
mod text_formats;
mod zendesk;

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use triage::dataset::{Columns, Dataset, Format};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/dataset")
        .join(name)
}

fn columns(text: &[&str], topic: Option<&str>, facets: &[(&str, &str)]) -> Columns {
    Columns {
        text: text.iter().map(|&column| column.into()).collect(),
        topic: topic.map(Into::into),
        facets: facets.iter().map(|&(n, c)| (n.into(), c.into())).collect(),
        ..Columns::default()
    }
}

fn read(path: &Path, columns: &Columns) -> Dataset {
    Dataset::read(&[path.to_owned()], None, columns).unwrap().0
}

/// The labels of all heads, row by row, `-` for none.
fn labels(dataset: &Dataset) -> Vec<String> {
    let row = |row: &[Option<String>]| {
        let labels: Vec<&str> = row.iter().map(|l| l.as_deref().unwrap_or("-")).collect();
        labels.join(" ")
    };
    dataset.examples.iter().map(|e| row(&e.labels)).collect()
}

fn lines(dataset: &Dataset) -> Vec<u64> {
    dataset
        .examples
        .iter()
        .map(|example| example.line)
        .collect()
}

/// Reads a file with these bytes and returns the error's message from the file's name on.
fn failure(name: &str, bytes: impl AsRef<[u8]>, columns: &Columns) -> String {
    failure_as(name, bytes, None, columns)
}

fn failure_as(
    name: &str,
    bytes: impl AsRef<[u8]>,
    format: Option<Format>,
    columns: &Columns,
) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let message = match Dataset::read(&[path], format, columns) {
        Ok((dataset, _)) => panic!("read {dataset:?}"),
        Err(error) => error.to_string(),
    };
    message.replace(&format!("{}/", folder.path().display()), "")
}

fn written(bytes: impl AsRef<[u8]>, name: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}
