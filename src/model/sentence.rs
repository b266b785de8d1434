//! What gives a bundle's texts their sentence vectors: a table inside the bundle, or an encoder beside
//! the bundles of a registry.

use std::path::Path;
use std::sync::Arc;

use super::bundle::{BundleError, MANIFEST, check, read_checked};
use super::encoders::{self, EncodersError};
use super::manifest::{Manifest, SentenceSummary};
use super::shared::Shared;
use crate::features::{Embedding, SentenceEncoder};

/// The tables of the models in memory.
static TABLES: Shared<Embedding> = Shared::new();

impl SentenceSummary {
    /// Describes what gives a model's texts their vectors.
    #[must_use]
    pub(super) fn new(encoder: &SentenceEncoder) -> Self {
        let dimensions = encoder.dimensions();
        match encoder {
            SentenceEncoder::Embedding(embedding) => Self::Embedding {
                name: embedding.name().to_owned(),
                dimensions,
            },
            SentenceEncoder::Encoder(encoder) => Self::Encoder {
                checksum: encoder.checksum().to_owned(),
                dimensions,
            },
        }
    }
}

/// The files that a bundle needs for its sentence vectors, by name.
///
/// # Errors
/// If a table cannot be laid out.
pub(super) fn sentence_files(
    encoder: Option<&SentenceEncoder>,
) -> Result<Vec<(&'static str, Vec<u8>)>, BundleError> {
    match encoder {
        Some(SentenceEncoder::Embedding(embedding)) => {
            let files = embedding.to_files().map_err(|cause| BundleError::Content {
                path: Embedding::FILES[0].into(),
                cause,
            })?;
            Ok(Embedding::FILES.into_iter().zip(files).collect())
        }
        Some(SentenceEncoder::Encoder(_)) | None => Ok(Vec::new()),
    }
}

/// What gave the texts of a bundle's fit their vectors.
///
/// # Errors
/// If a table's file is missing or altered, the registry lacks the encoder, or the manifest describes
/// another.
pub(super) fn read_sentence_encoder(
    folder: &Path,
    manifest: &Manifest,
) -> Result<Option<SentenceEncoder>, BundleError> {
    let Some(summary) = &manifest.sentence else {
        return Ok(None);
    };
    let encoder = match summary {
        SentenceSummary::Embedding { .. } => {
            SentenceEncoder::Embedding(read_table(folder, manifest)?)
        }
        SentenceSummary::Encoder { checksum, .. } => {
            let models = folder.parent().unwrap_or(Path::new(""));
            let encoder = encoders::load(models, checksum).map_err(|error| match error {
                EncodersError::Checksum { .. } => BundleError::Content {
                    path: folder.join(MANIFEST),
                    cause: error.to_string(),
                },
                other => other.into(),
            })?;
            SentenceEncoder::Encoder(encoder)
        }
    };
    if SentenceSummary::new(&encoder) == *summary {
        Ok(Some(encoder))
    } else {
        Err(BundleError::Content {
            path: folder.join(MANIFEST),
            cause: "what it says of the sentence vectors is not so".to_owned(),
        })
    }
}

/// The table of a bundle. That of another model in memory serves as well, if its files have the same checksums; this
/// bundle's files are looked at all the same, but not held in memory.
fn read_table(folder: &Path, manifest: &Manifest) -> Result<Arc<Embedding>, BundleError> {
    let files = Embedding::FILES;
    let checksums = files.map(|name| manifest.files.get(name).map_or("", String::as_str));
    let look = || {
        files
            .iter()
            .try_for_each(|name| check(folder, name, manifest))
    };
    TABLES.load(checksums.join(" "), look, || {
        let [table, tokenizer] = files;
        let table = read_checked(folder, table, manifest)?;
        let tokenizer = read_checked(folder, tokenizer, manifest)?;
        Embedding::from_files([&table, &tokenizer]).map_err(|error| BundleError::Content {
            path: folder.join(error.file),
            cause: error.cause,
        })
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::model::{Bundle, Registry};

    fn table(bundle: &Bundle) -> &Arc<Embedding> {
        match bundle.classifier.sentence_encoder() {
            Some(SentenceEncoder::Embedding(table)) => table,
            other => panic!("{other:?} is no table"),
        }
    }

    #[test]
    fn models_share_a_table_and_its_file_is_looked_at_all_the_same() {
        let registry = Registry::new("models");
        let first = registry.load(None).unwrap();
        let copies = tempfile::tempdir().unwrap();
        let copy = copies.path().join(&first.version);
        fs::create_dir(&copy).unwrap();
        for name in first
            .manifest
            .files
            .keys()
            .map(String::as_str)
            .chain([MANIFEST])
        {
            fs::copy(
                Path::new("models").join(&first.version).join(name),
                copy.join(name),
            )
            .unwrap();
        }
        let second = Bundle::load(&copy).unwrap();
        assert!(Arc::ptr_eq(table(&first), table(&second)));
        let path = copy.join(Embedding::FILES[0]);
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
        let error = Bundle::load(&copy).unwrap_err();
        assert!(matches!(error, BundleError::Checksum { .. }), "{error}");
    }
}
