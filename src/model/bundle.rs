//! A bundle: one trained model as a folder of files, written once and never changed.
//!
//! `manifest.json` names all other files with their checksums, and the folder's name is the
//! manifest's checksum, so no byte can change unnoticed. Loading reads numbers and text; it never
//! executes anything.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::encoders::EncodersError;
use super::files::read_at_most;
use super::manifest::{FORMAT_VERSION, Manifest};
use super::new_folder::WriteError;
use super::sentence::read_sentence_encoder;
use super::tensors::read_classifier;
use crate::checksum::{sha256_hex, sha256_hex_of};
use crate::classifier::Classifier;

pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const WEIGHTS: &str = "weights.safetensors";
/// Largest manifest that is read.
const MAX_MANIFEST_BYTES: u64 = 64 << 20;
/// Largest file of weights that is read.
pub(super) const MAX_WEIGHTS_BYTES: u64 = 8 << 30;
/// Hexadecimal digits of a version.
const VERSION_DIGITS: usize = 16;

/// A model in memory with its manifest.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// The version: the first 16 digits of the manifest's SHA-256.
    pub version: String,
    /// What it was made from.
    pub manifest: Manifest,
    /// The model.
    pub classifier: Classifier,
}

/// Why a bundle cannot be read or written. Messages name the file and what to do.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The manifest is not what this version writes.
    #[error("{}: not a readable manifest ({cause}): restore the folder or train the model again", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// The cause.
        cause: String,
    },
    /// Another format version.
    #[error("{}: format version {found}, this program reads {FORMAT_VERSION}: train the model again", path.display())]
    FormatVersion {
        /// The manifest.
        path: PathBuf,
        /// The version found.
        found: u64,
    },
    /// A file's bytes are not those that were written.
    #[error("{}: checksum does not match: the file was altered or cut short; restore it or train the model again", path.display())]
    Checksum {
        /// The file.
        path: PathBuf,
    },
    /// The encoder that gave the texts of the fit their vectors is not to be had.
    #[error(transparent)]
    Encoder(#[from] EncodersError),
    /// A file's content does not make a model.
    #[error("{}: {cause}: restore it or train the model again", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: String,
    },
    /// A measure of a model that is to be written is not a finite number.
    #[error(
        "head '{head}': its {measure} is not a finite number, so the model is of no use and was not written: look for damaged rows with 'triage-train check', or try another seed"
    )]
    NotFinite {
        /// The head's name.
        head: String,
        /// The measure.
        measure: &'static str,
    },
}

impl From<WriteError> for BundleError {
    fn from(WriteError { path, source }: WriteError) -> Self {
        Self::Io { path, source }
    }
}

impl Bundle {
    /// Reads a bundle and checks version, checksums, shapes and that all numbers are finite.
    ///
    /// # Errors
    /// If a file is missing, altered, of another format, or does not make a model.
    pub fn load(folder: &Path) -> Result<Self, BundleError> {
        let (manifest, version) = read_manifest(folder)?;
        let encoder = read_sentence_encoder(folder, &manifest)?;
        let bytes = read_checked(folder, WEIGHTS, &manifest)?;
        let classifier =
            read_classifier(&manifest, &bytes, encoder).map_err(|cause| BundleError::Content {
                path: folder.join(WEIGHTS),
                cause: cause.to_string(),
            })?;
        Ok(Self {
            version,
            manifest,
            classifier,
        })
    }
}

/// Reads a file of a bundle whose checksum the manifest gives.
pub(super) fn read_checked(
    folder: &Path,
    name: &str,
    manifest: &Manifest,
) -> Result<Vec<u8>, BundleError> {
    let path = folder.join(name);
    let bytes = read(&path, MAX_WEIGHTS_BYTES)?;
    if manifest.files.get(name) == Some(&sha256_hex(&bytes)) {
        Ok(bytes)
    } else {
        Err(BundleError::Checksum { path })
    }
}

/// Holds a file of a bundle against the checksum that the manifest gives.
pub(super) fn check(folder: &Path, name: &str, manifest: &Manifest) -> Result<(), BundleError> {
    let path = folder.join(name);
    match File::open(&path).and_then(sha256_hex_of) {
        Ok(checksum) if manifest.files.get(name) == Some(&checksum) => Ok(()),
        Ok(_) => Err(BundleError::Checksum { path }),
        Err(source) => Err(BundleError::Io { path, source }),
    }
}

/// Reads a bundle's manifest alone and returns it with the version that its bytes give, which is the
/// folder's name.
///
/// # Errors
/// If it cannot be read, was altered, or is of another format.
pub fn read_manifest(folder: &Path) -> Result<(Manifest, String), BundleError> {
    let path = folder.join(MANIFEST);
    let bytes = read(&path, MAX_MANIFEST_BYTES)?;
    let unreadable = |cause: serde_json::Error| BundleError::Manifest {
        path: path.clone(),
        cause: cause.to_string(),
    };
    #[derive(serde::Deserialize)]
    struct Format {
        format_version: u64,
    }
    let format: Format = serde_json::from_slice(&bytes).map_err(unreadable)?;
    if format.format_version != u64::from(FORMAT_VERSION) {
        return Err(BundleError::FormatVersion {
            path,
            found: format.format_version,
        });
    }
    let manifest = serde_json::from_slice(&bytes).map_err(unreadable)?;
    let version = version_of(&bytes);
    if folder
        .file_name()
        .is_some_and(|name| name.to_string_lossy() != version.as_str())
    {
        return Err(BundleError::Checksum { path });
    }
    Ok((manifest, version))
}

/// The version of a bundle with this manifest.
pub(super) fn version_of(manifest: &[u8]) -> String {
    let mut digest = sha256_hex(manifest);
    digest.truncate(VERSION_DIGITS);
    digest
}

/// A manifest as it is written.
pub(super) fn manifest_bytes(manifest: &Manifest) -> Result<Vec<u8>, BundleError> {
    let mut bytes = serde_json::to_vec_pretty(manifest).map_err(|error| BundleError::Manifest {
        path: PathBuf::from(MANIFEST),
        cause: error.to_string(),
    })?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn read(path: &Path, max_bytes: u64) -> Result<Vec<u8>, BundleError> {
    read_at_most(path, max_bytes).map_err(|source| BundleError::Io {
        path: path.to_owned(),
        source,
    })
}
