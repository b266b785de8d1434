//! The options that say where a fit's sentence vectors come from.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use ndarray::Array2;

use super::data::TextArgs;
use super::progress::CountProgress;
use crate::cancel::NEVER;
use crate::features::embedding::distill::{DistillParams, Teacher};
use crate::features::{Embedding, Encoder, SentenceEncoder, VectorCache};
use crate::model::encoders;
use crate::training::Sentences;

/// Folder of a registry that keeps an encoder's vectors from one fit to the next.
const CACHE: &str = ".vector-cache";
const NO_EMBEDDING: &str = "none";

/// Where sentence vectors come from: the third expert's view of a text.
#[derive(Debug, Args)]
pub(super) struct SentenceArgs {
    /// Folder of a static embedding table made by 'distill', or 'none' to learn from n-grams alone
    /// [default: the general table that is part of this program]
    #[arg(long, value_name = "DIR", conflicts_with_all = ["distill_with", "encoder"])]
    embedding: Option<PathBuf>,
    /// Learn a table of the company's own domain from this encoder (a BERT-family
    /// sentence-transformers folder); the encoder is not needed to serve the model
    #[arg(
        long,
        value_name = "DIR",
        conflicts_with = "encoder",
        group = "with_encoder"
    )]
    distill_with: Option<PathBuf>,
    /// File of further tickets, without labels, to learn that table from; --text and --format go for it
    /// too (repeatable)
    #[arg(long, value_name = "FILE", requires = "distill_with", num_args = 1..)]
    unlabelled: Vec<PathBuf>,
    /// Use this encoder for every ticket, also when the model is served: the best answers, at
    /// milliseconds a ticket; it is copied into the folder of models
    #[arg(long, value_name = "DIR", group = "with_encoder")]
    encoder: Option<PathBuf>,
    /// Encode every ticket anew: neither read nor write the encoder's vectors of earlier fits, which are
    /// kept in .vector-cache in the folder of models
    #[arg(long, requires = "with_encoder")]
    no_cache: bool,
}

impl SentenceArgs {
    /// The sentence vectors of `texts`, for a model that goes to the registry `models`; `files` says where
    /// the texts are in files without labels.
    ///
    /// # Errors
    /// If a table, an encoder or a file of tickets cannot be used.
    pub(super) fn sentences(
        &self,
        texts: &[String],
        files: &TextArgs,
        models: &Path,
    ) -> anyhow::Result<Sentences> {
        if let Some(folder) = &self.encoder {
            let encoder = encoders::install(models, folder)?;
            let vectors = self.vectors(&encoder, texts, models)?;
            let encoder = SentenceEncoder::Encoder(encoder);
            return Ok(Sentences::Fixed { encoder, vectors });
        }
        if let Some(folder) = &self.distill_with {
            return self.distilled(folder, texts, files, models);
        }
        let embedding = match &self.embedding {
            Some(none) if none.as_os_str() == NO_EMBEDDING => return Ok(Sentences::None),
            Some(folder) => Embedding::load(folder)?,
            None => Embedding::shipped()?,
        };
        let encoder = SentenceEncoder::Embedding(Arc::new(embedding));
        Ok(Sentences::fixed(encoder, texts, NEVER)?)
    }

    fn distilled(
        &self,
        folder: &Path,
        texts: &[String],
        files: &TextArgs,
        models: &Path,
    ) -> anyhow::Result<Sentences> {
        let encoder = Encoder::load(folder)?;
        let mut all = texts.to_vec();
        if !self.unlabelled.is_empty() {
            all.extend(files.read(&self.unlabelled).context("--unlabelled")?);
        }
        let vectors = self.vectors(&encoder, &all, models)?;
        let progress = CountProgress::new("word pieces", encoder.vocabulary_size());
        let name = format!("{}, own domain", name_of(folder));
        let teacher = Teacher::new(name, &encoder, &all, vectors, &|done| progress.add(done))?;
        Ok(Sentences::distilled(
            teacher,
            texts.len(),
            DistillParams::default(),
        ))
    }

    /// Vectors of `texts`, those of earlier fits taken from the registry's cache.
    fn vectors(
        &self,
        encoder: &Encoder,
        texts: &[String],
        models: &Path,
    ) -> anyhow::Result<Array2<f32>> {
        let progress = CountProgress::new("texts", texts.len());
        let progress = |done| progress.add(done);
        let vectors = if self.no_cache {
            encoder.encode(texts, &progress)?
        } else {
            let mut cache = VectorCache::open(&models.join(CACHE), encoder)?;
            let vectors = cache.encode(encoder, texts, &progress);
            vectors.context("encoding the tickets")?
        };
        Ok(vectors)
    }
}

/// An encoder's name for people: that of its folder.
pub(super) fn name_of(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    folder.file_name().map_or_else(
        || "encoder".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}
