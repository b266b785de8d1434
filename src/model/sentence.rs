//! What gives a bundle's texts their sentence vectors: a table inside the bundle, or an encoder beside
//! the bundles of a registry.

use std::path::Path;
use std::sync::Arc;

use super::bundle::{BundleError, MANIFEST, read_checked};
use super::encoders::{self, EncodersError};
use super::manifest::{Manifest, SentenceSummary};
use crate::features::{Embedding, SentenceEncoder};

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
            let [table, tokenizer] = Embedding::FILES;
            let table = read_checked(folder, table, manifest)?;
            let tokenizer = read_checked(folder, tokenizer, manifest)?;
            let embedding = Embedding::from_files([&table, &tokenizer]).map_err(|error| {
                BundleError::Content {
                    path: folder.join(error.file),
                    cause: error.cause,
                }
            })?;
            SentenceEncoder::Embedding(Arc::new(embedding))
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
