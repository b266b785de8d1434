//! A bundle: one trained model as a folder of files, written once and never changed.
//!
//! `manifest.json` names all other files with their checksums, and the folder's name is the
//! manifest's checksum, so no byte can change unnoticed. Loading reads numbers and text; it never
//! executes anything.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::encoders::EncodersError;
use super::files::{read_at_most, sync_folder, write_new};
use super::manifest::{
    DataSource, FORMAT_VERSION, HeadSummary, Manifest, OutOfFoldMeasures, SentenceSummary,
};
use super::sentence::{read_sentence_encoder, sentence_files};
use super::tensors::{read_classifier, serialize_tensors};
use crate::checksum::sha256_hex;
use crate::classifier::Classifier;
use crate::training::{FitParams, Fitted};

/// How the names of folders begin that are being written.
const TEMPORARY: &str = ".tmp-";
/// Age at which such a folder was left behind by a program that was killed.
const LEFT_BEHIND_AFTER: Duration = Duration::from_secs(24 * 3_600);
pub(super) const MANIFEST: &str = "manifest.json";
const WEIGHTS: &str = "weights.safetensors";
/// Largest manifest that is read.
const MAX_MANIFEST_BYTES: u64 = 64 << 20;
/// Largest file of weights that is read.
const MAX_WEIGHTS_BYTES: u64 = 8 << 30;
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
}

impl Bundle {
    /// Describes a fitted model, ready to be saved.
    ///
    /// # Errors
    /// If the tensors cannot be laid out.
    pub fn new(
        fitted: &Fitted,
        params: &FitParams,
        data: Vec<DataSource>,
    ) -> Result<Self, BundleError> {
        let tensors = serialize_tensors(&fitted.classifier).map_err(unwritable)?;
        let vocabulary = fitted.classifier.vectorizer().vocabulary();
        let heads = fitted
            .classifier
            .heads()
            .iter()
            .zip(&fitted.report.heads)
            .map(|(head, report)| HeadSummary {
                kind: head.kind.clone(),
                labels: head.labels.clone(),
                thresholds: head.thresholds.clone(),
                decision: head.decision.clone(),
                areas: head.areas.clone(),
                in_scope_from: head.in_scope_from,
                rows: report.metrics.rows,
                linear_cost: report.cost,
                pool: report.pool.clone(),
                out_of_fold: OutOfFoldMeasures {
                    accuracy: report.metrics.accuracy,
                    macro_f1: report.metrics.macro_f1,
                    log_loss: report.metrics.log_loss,
                    expected_calibration_error: report.metrics.expected_calibration_error,
                    quadratic_weighted_kappa: report.metrics.quadratic_weighted_kappa,
                },
            })
            .collect();
        let mut files = BTreeMap::from([(WEIGHTS.to_owned(), sha256_hex(&tensors))]);
        let encoder = fitted.classifier.sentence_encoder();
        for (name, bytes) in sentence_files(encoder)? {
            files.insert(name.to_owned(), sha256_hex(&bytes));
        }
        let manifest = Manifest {
            format_version: FORMAT_VERSION,
            data,
            rows: fitted.report.rows,
            features: vocabulary.len(),
            word_features: vocabulary.words(),
            params: params.clone(),
            heads,
            sentence: encoder.map(SentenceSummary::new),
            files,
        };
        let version = version_of(&manifest_bytes(&manifest, Path::new(MANIFEST))?);
        Ok(Self {
            version,
            manifest,
            classifier: fitted.classifier.clone(),
        })
    }

    /// Writes the bundle into the folder `<models>/<version>` and returns that folder. Files go to a
    /// temporary folder first, which is renamed when all are on disk. A bundle that is there
    /// already is left as it is.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn save(&self, models: &Path) -> Result<PathBuf, BundleError> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| BundleError::Io { path, source }
        };
        let folder = models.join(&self.version);
        make_ready(models)?;
        if folder.is_dir() && Self::load(&folder).is_ok() {
            return Ok(folder);
        }
        let temporary = tempfile::Builder::new()
            .prefix(TEMPORARY)
            .tempdir_in(models)
            .map_err(at(models))?;
        let tensors = serialize_tensors(&self.classifier).map_err(unwritable)?;
        let path = temporary.path().join(WEIGHTS);
        write_new(&path, &tensors).map_err(at(&path))?;
        for (name, bytes) in sentence_files(self.classifier.sentence_encoder())? {
            let path = temporary.path().join(name);
            write_new(&path, &bytes).map_err(at(&path))?;
        }
        let path = temporary.path().join(MANIFEST);
        write_new(&path, &manifest_bytes(&self.manifest, &path)?).map_err(at(&path))?;
        make_readable(temporary.path()).map_err(at(temporary.path()))?;
        sync_folder(temporary.path()).map_err(at(temporary.path()))?;
        if let Err(refused) = fs::rename(temporary.path(), &folder) {
            if Self::load(&folder).is_ok() {
                // Another fit of the same data came first.
                return Ok(folder);
            }
            if !folder.exists() {
                return Err(at(&folder)(refused));
            }
            // A damaged bundle of this version: what is written now takes its place.
            let damaged = tempfile::Builder::new()
                .prefix(TEMPORARY)
                .tempdir_in(models)
                .map_err(at(models))?;
            fs::rename(&folder, damaged.path().join("damaged")).map_err(at(&folder))?;
            fs::rename(temporary.path(), &folder).map_err(at(&folder))?;
        }
        // The folder has moved; nothing is left to clean up.
        let _ = temporary.keep();
        sync_folder(models).map_err(at(models))?;
        Ok(folder)
    }

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

fn unwritable(error: safetensors::SafeTensorError) -> BundleError {
    BundleError::Content {
        path: PathBuf::from(WEIGHTS),
        cause: error.to_string(),
    }
}

fn version_of(manifest: &[u8]) -> String {
    let mut digest = sha256_hex(manifest);
    digest.truncate(VERSION_DIGITS);
    digest
}

fn manifest_bytes(manifest: &Manifest, path: &Path) -> Result<Vec<u8>, BundleError> {
    let mut bytes = serde_json::to_vec_pretty(manifest).map_err(|error| BundleError::Manifest {
        path: path.to_owned(),
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

/// Makes sure that bundles can be written into `models`, and clears away what fits that were killed
/// left there more than a day ago.
///
/// # Errors
/// If the folder cannot be made or written.
pub fn make_ready(models: &Path) -> Result<(), BundleError> {
    let at = |source| BundleError::Io {
        path: models.to_owned(),
        source,
    };
    fs::create_dir_all(models).map_err(at)?;
    tempfile::Builder::new()
        .prefix(TEMPORARY)
        .tempdir_in(models)
        .map_err(at)?;
    for entry in fs::read_dir(models).map_err(at)?.flatten() {
        let left_behind = entry.file_name().to_string_lossy().starts_with(TEMPORARY)
            && entry
                .metadata()
                .and_then(|metadata| metadata.modified())
                .is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age > LEFT_BEHIND_AFTER));
        if left_behind {
            // Another program may be doing the same; what stays is ignored.
            let _ = fs::remove_dir_all(entry.path()).or_else(|_| fs::remove_file(entry.path()));
        }
    }
    Ok(())
}

/// A temporary folder is its owner's alone; a model may be read by all.
fn make_readable(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}
