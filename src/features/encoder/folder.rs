//! Reads the files of a sentence-transformers folder within limits, and says which encoder they are.
//!
//! Knows nothing of what the files mean.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::EncoderError;
use crate::checksum::sha256_hex;

/// Largest file of settings in bytes.
const MAX_SETTINGS_BYTES: u64 = 1 << 20;

/// The files of a folder, read once each.
pub(super) struct Folder {
    folder: PathBuf,
    /// Name and checksum of the files read.
    read: Vec<(String, String)>,
}

impl Folder {
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            read: Vec::new(),
        }
    }

    /// The whole of a file of at most `limit` bytes. The size is looked at before anything is read, and
    /// no more is read should the file grow.
    pub(super) fn bytes(&mut self, name: &str, limit: u64) -> Result<Vec<u8>, EncoderError> {
        let path = self.folder.join(name);
        let failed = |source| EncoderError::Io {
            path: path.clone(),
            source,
        };
        let too_large = |size| EncoderError::TooLarge {
            path: path.clone(),
            size,
            limit,
        };
        // Opening a named pipe would wait for a writer: ask for the kind of file first.
        let metadata = std::fs::metadata(&path).map_err(failed)?;
        if !metadata.is_file() {
            return Err(self.content(name, "not a file"));
        }
        if metadata.len() > limit {
            return Err(too_large(metadata.len()));
        }
        let mut bytes = Vec::new();
        let file = File::open(&path).map_err(failed)?;
        file.take(limit.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        let size = bytes.len() as u64;
        if size > limit {
            return Err(too_large(size));
        }
        self.read.push((name.to_owned(), sha256_hex(&bytes)));
        Ok(bytes)
    }

    /// A file of settings.
    pub(super) fn json<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, EncoderError> {
        let bytes = self.bytes(name, MAX_SETTINGS_BYTES)?;
        self.parse(name, &bytes)
    }

    /// A file of settings that need not be there.
    pub(super) fn optional_json<T: DeserializeOwned>(
        &mut self,
        name: &str,
    ) -> Result<Option<T>, EncoderError> {
        if self.folder.join(name).exists() {
            self.json(name).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Bytes of the file `name` as JSON.
    pub(super) fn parse<T: DeserializeOwned>(
        &self,
        name: &str,
        bytes: &[u8],
    ) -> Result<T, EncoderError> {
        serde_json::from_slice(bytes).map_err(|error| self.content(name, error))
    }

    /// The error that the file `name` is not what it should be.
    pub(super) fn content(&self, name: &str, cause: impl ToString) -> EncoderError {
        EncoderError::Content {
            path: self.folder.join(name),
            cause: cause.to_string(),
        }
    }

    /// SHA-256 over the lines "checksum, two blanks, name" of the files read, in order of their names:
    /// what `sha256sum FILES | sha256sum` gives in the folder.
    pub(super) fn checksum(&self) -> String {
        let mut files: Vec<_> = self.read.iter().collect();
        files.sort();
        let lines: String = files
            .iter()
            .map(|(name, checksum)| format!("{checksum}  {name}\n"))
            .collect();
        sha256_hex(lines.as_bytes())
    }
}
