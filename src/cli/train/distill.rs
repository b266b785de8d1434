//! `triage-train distill`: makes a static embedding table from an encoder.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use ndarray::Array2;

use super::data::TextArgs;
use super::progress::CountProgress;
use super::sentences::name_of;
use crate::features::embedding::distill::{DistillParams, Teacher};
use crate::features::embedding::student::StudentParams;
use crate::features::{Embedding, Encoder};
use crate::model::new_folder::write_folder;

/// Shortest part of a text that is learned from, in bytes.
const MIN_SENTENCE_BYTES: usize = 9;

/// Makes a static embedding table from an encoder, for 'fit --embedding'
#[derive(Debug, Args)]
pub(super) struct DistillArgs {
    /// Folder of a BERT-family sentence-transformers encoder
    #[arg(long, value_name = "DIR")]
    encoder: PathBuf,
    /// Folder to make for the table
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// File of texts, without labels or with, whose sentences the table learns from as well
    /// (repeatable) [default: none: each word piece on its own]
    #[arg(long = "data", value_name = "FILE", num_args = 1..)]
    data: Vec<PathBuf>,
    #[command(flatten)]
    texts: TextArgs,
    /// The table's name [default: that of the encoder's folder]
    #[arg(long)]
    name: Option<String>,
    /// Length of the vectors
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..))]
    dimensions: u16,
    /// Give pairs of neighbouring word pieces that so many sentences hold vectors of their own
    #[arg(long, value_name = "SENTENCES")]
    pairs_from: Option<u32>,
    /// Passes over the sentences
    #[arg(long, default_value_t = 4)]
    epochs: u16,
    /// Seed of all random choices
    #[arg(long, default_value_t = 42)]
    seed: u64,
}

pub(super) fn run(args: &DistillArgs) -> anyhow::Result<ExitCode> {
    if args.out.exists() {
        bail!(
            "{}: it is there already: name a folder to make",
            args.out.display()
        );
    }
    let encoder = Encoder::load(&args.encoder)?;
    let sentences = read_sentences(&args.data, &args.texts)?;
    let vectors = encode(&encoder, &sentences)?;
    let name = args.name.clone().unwrap_or_else(|| name_of(&args.encoder));
    let progress = CountProgress::new("word pieces", encoder.vocabulary_size());
    let teacher = Teacher::new(name, &encoder, &sentences, vectors, &|done| {
        progress.add(done);
    })?;
    drop(progress);
    let params = DistillParams {
        dimensions: args.dimensions.into(),
        student: StudentParams {
            epochs: args.epochs.into(),
            min_pair_texts: args.pairs_from,
            ..StudentParams::default()
        },
    };
    let all: Vec<usize> = (0..sentences.len()).collect();
    let embedding = teacher.distill(&all, &params, args.seed)?;
    write(&embedding, &args.out)?;
    say!(
        "{}: {} dimensions, {} pairs of word pieces, learned from {} sentences, in {}",
        embedding.name(),
        embedding.dimensions(),
        embedding.pairs(),
        sentences.len(),
        args.out.display()
    );
    Ok(ExitCode::SUCCESS)
}

fn encode(encoder: &Encoder, sentences: &[String]) -> anyhow::Result<Array2<f32>> {
    let progress = CountProgress::new("sentences", sentences.len());
    let vectors = encoder.encode(sentences, &|done| progress.add(done))?;
    Ok(vectors)
}

/// The distinct sentences of all texts: parts that end in a full stop, a question or an exclamation
/// mark, or a line.
fn read_sentences(files: &[PathBuf], texts: &TextArgs) -> anyhow::Result<Vec<String>> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let mut seen = std::collections::HashSet::new();
    let mut sentences = Vec::new();
    for text in &texts.read(files).context("--data")? {
        for part in text.split_inclusive(['.', '!', '?', '\n']) {
            let part = part.trim();
            if part.len() >= MIN_SENTENCE_BYTES && seen.insert(part.to_owned()) {
                sentences.push(part.to_owned());
            }
        }
    }
    Ok(sentences)
}

/// Writes the folder whole or not at all.
fn write(embedding: &Embedding, folder: &Path) -> anyhow::Result<()> {
    let contents = embedding.to_files().map_err(anyhow::Error::msg)?;
    let files: Vec<(&str, &[u8])> = Embedding::FILES
        .into_iter()
        .zip(contents.iter().map(Vec::as_slice))
        .collect();
    Ok(write_folder(folder, &files)?)
}
