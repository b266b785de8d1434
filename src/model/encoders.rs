//! The encoders of a registry: the folder `encoders` beside the bundles, which name them by checksum.
//!
//! Models of one encoder share its folder. Its name is the beginning of its checksum, which is looked at
//! whenever it is loaded.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::new_folder::{NewFolder, WriteError, make_ready};
use super::shared::Shared;
use crate::features::{Encoder, EncoderError};

/// The encoders of the models in memory.
static IN_MEMORY: Shared<Encoder> = Shared::new();

/// Folder of the encoders in a registry.
const ENCODERS: &str = "encoders";
/// Hexadecimal digits of a folder's name.
const NAME_DIGITS: usize = 16;
/// Hexadecimal digits of a SHA-256.
const CHECKSUM_DIGITS: usize = 64;

/// Checksum of all-MiniLM-L6-v2 as 'triage-train encoder fetch' gets it.
pub const ALL_MINILM_L6_V2: &str =
    "f30672685ec90a3dcb55a1dc6f8e2770aef8c35379a15dc32dba46681d570100";

/// Why an encoder cannot be put into a registry or taken from it. Messages say what to do.
#[derive(Debug, thiserror::Error)]
pub enum EncodersError {
    /// The registry lacks it.
    #[error("{} is missing: {} is not there: {}", named(checksum), folder.display(), put_it_there(models))]
    Missing {
        /// The encoder.
        checksum: String,
        /// Where it was looked for.
        folder: PathBuf,
        /// The registry.
        models: PathBuf,
    },
    /// It is there but is another, or cannot be read.
    #[error("{} is damaged: {}: {cause}: {}", named(checksum), folder.display(), put_it_there(models))]
    Damaged {
        /// The encoder.
        checksum: String,
        /// Where it is.
        folder: PathBuf,
        /// The registry.
        models: PathBuf,
        /// What is wrong.
        cause: String,
    },
    /// A checksum is none.
    #[error("'{checksum}' is no encoder's checksum: 64 hexadecimal digits are")]
    Checksum {
        /// What was asked for.
        checksum: String,
    },
    /// The encoder that is to be installed is unusable.
    #[error(transparent)]
    Source(#[from] EncoderError),
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl From<WriteError> for EncodersError {
    fn from(WriteError { path, source }: WriteError) -> Self {
        Self::Io { path, source }
    }
}

/// An encoder in words.
fn named(checksum: &str) -> String {
    match checksum {
        ALL_MINILM_L6_V2 => format!("the sentence encoder all-MiniLM-L6-v2 (checksum {checksum})"),
        _ => format!("the sentence encoder with checksum {checksum}"),
    }
}

fn put_it_there(models: &Path) -> String {
    format!(
        "put the encoder's folder there with 'triage-train encoder install DIR --models {}'",
        models.display()
    )
}

/// The folder of an encoder in the registry `models`.
///
/// # Errors
/// If `checksum` is none.
pub fn folder_of(models: &Path, checksum: &str) -> Result<PathBuf, EncodersError> {
    let digits = checksum
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match checksum.get(..NAME_DIGITS) {
        Some(name) if digits && checksum.len() == CHECKSUM_DIGITS => {
            Ok(models.join(ENCODERS).join(name))
        }
        _ => Err(EncodersError::Checksum {
            checksum: checksum.to_owned(),
        }),
    }
}

/// Loads the encoder with this checksum from the registry `models`. One that is in memory already serves as well, once
/// the files have been looked at.
///
/// # Errors
/// If it is not there, or its files are not those that were installed.
pub fn load(models: &Path, checksum: &str) -> Result<Arc<Encoder>, EncodersError> {
    let folder = folder_of(models, checksum)?;
    if !folder.is_dir() {
        return Err(EncodersError::Missing {
            checksum: checksum.to_owned(),
            folder,
            models: models.to_owned(),
        });
    }
    let damaged = |cause| EncodersError::Damaged {
        checksum: checksum.to_owned(),
        folder: folder.clone(),
        models: models.to_owned(),
        cause,
    };
    let read = || {
        let encoder = Encoder::load(&folder).map_err(|error| damaged(error.to_string()))?;
        if encoder.checksum() == checksum {
            Ok(encoder)
        } else {
            let found = encoder.checksum();
            Err(damaged(format!("its files have checksum {found}")))
        }
    };
    let look = || match Encoder::checksum_of(&folder) {
        Ok(own) if own == checksum => Ok(()),
        // Reading it tells what is wrong.
        Ok(_) | Err(_) => read().map(drop),
    };
    IN_MEMORY.load(checksum.to_owned(), look, read)
}

/// Copies the encoder in the folder `source` into the registry `models` and returns it. One that is there
/// already is left as it is; a damaged one is replaced.
///
/// # Errors
/// If `source` is no usable encoder, or the registry cannot be written.
pub fn install(models: &Path, source: &Path) -> Result<Arc<Encoder>, EncodersError> {
    let (encoder, files) = Encoder::load_with_files(source)?;
    let folder = folder_of(models, encoder.checksum())?;
    // Files of this checksum are the ones that have just been found to be an encoder.
    let is_there = || Encoder::checksum_of(&folder).is_ok_and(|own| own == encoder.checksum());
    if !is_there() {
        let encoders = models.join(ENCODERS);
        make_ready(&encoders)?;
        let new = NewFolder::begin(&encoders)?;
        for (name, bytes) in files.iter() {
            new.write(name, bytes)?;
        }
        new.put_or_replace(&folder, is_there)?;
    }
    Ok(Arc::new(encoder))
}

#[cfg(test)]
#[path = "encoders_tests.rs"]
mod tests;
