//! Reads the files of a sentence-transformers folder within limits, and says which encoder they are.
//!
//! Knows nothing of what the files mean.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::EncoderError;
use crate::checksum::sha256_hex;

/// Largest file of settings in bytes.
pub(super) const MAX_SETTINGS_BYTES: u64 = 1 << 20;

/// The files of a folder, read once each.
pub(super) struct Folder {
    folder: PathBuf,
    read: EncoderFiles,
}

/// The files that an encoder was read from, with the bytes that were read.
#[derive(Default)]
pub struct EncoderFiles {
    /// In the order of reading.
    files: Vec<(&'static str, Arc<Vec<u8>>)>,
}

impl EncoderFiles {
    /// Names, which are paths in the encoder's folder, and bytes.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        let files = self.files.iter();
        files.map(|(name, bytes)| (*name, bytes.as_slice()))
    }

    /// SHA-256 over the lines "checksum, two blanks, name" of the files, in order of their names: what
    /// `sha256sum FILES | sha256sum` gives in the folder.
    pub(super) fn checksum(&self) -> String {
        let mut files: Vec<_> = self.files.iter().collect();
        files.sort_by_key(|(name, _)| *name);
        let lines: String = files
            .iter()
            .map(|(name, bytes)| format!("{}  {name}\n", sha256_hex(bytes)))
            .collect();
        sha256_hex(lines.as_bytes())
    }
}

impl Folder {
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            read: EncoderFiles::default(),
        }
    }

    /// The whole of a file of at most `limit` bytes. The size is looked at before anything is read, and
    /// no more is read should the file grow.
    pub(super) fn bytes(
        &mut self,
        name: &'static str,
        limit: u64,
    ) -> Result<Arc<Vec<u8>>, EncoderError> {
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
        let bytes = Arc::new(bytes);
        self.read.files.push((name, Arc::clone(&bytes)));
        Ok(bytes)
    }

    /// A file of settings.
    pub(super) fn json<T: DeserializeOwned>(
        &mut self,
        name: &'static str,
    ) -> Result<T, EncoderError> {
        let bytes = self.bytes(name, MAX_SETTINGS_BYTES)?;
        self.parse(name, &bytes)
    }

    /// Whether a file is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.folder.join(name).exists()
    }

    /// A file of settings that need not be there.
    pub(super) fn optional_json<T: DeserializeOwned>(
        &mut self,
        name: &'static str,
    ) -> Result<Option<T>, EncoderError> {
        if self.has(name) {
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

    /// What was read.
    pub(super) fn into_files(self) -> EncoderFiles {
        self.read
    }
}
