//! `triage-train models`: lists, shows, activates and rolls back model versions.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::cli::table::table;
use crate::model::{Manifest, Registry};

/// Lists, shows, activates and rolls back model versions
#[derive(Debug, Args)]
pub(super) struct ModelsArgs {
    #[command(subcommand)]
    command: Command,
    /// Folder of models
    #[arg(long, value_name = "DIR", global = true, default_value = "models")]
    models: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists all versions; the active one is marked
    List,
    /// Shows a version's manifest
    Show {
        /// The version
        version: String,
    },
    /// Makes a version the active one
    Activate {
        /// The version
        version: String,
    },
    /// Goes back to the version that was active before
    Rollback,
}

pub(super) fn run(args: ModelsArgs) -> anyhow::Result<ExitCode> {
    let registry = Registry::new(&args.models);
    match args.command {
        Command::List => list(&registry)?,
        Command::Show { version } => {
            let bundle = registry.load(Some(&version))?;
            say!("{}", serde_json::to_string_pretty(&bundle.manifest)?);
        }
        Command::Activate { version } => {
            registry.activate(&version)?;
            say!("active: {version}");
        }
        Command::Rollback => say!("active: {}", registry.rollback()?),
    }
    Ok(ExitCode::SUCCESS)
}

fn list(registry: &Registry) -> anyhow::Result<()> {
    let versions = registry.list()?;
    if versions.is_empty() {
        say!("{}: no model versions", registry.folder().display());
        return Ok(());
    }
    let mut lines = table(
        &[
            "",
            "version",
            "rows",
            "features",
            "heads",
            "out-of-fold accuracy",
        ],
        &[2, 3],
    );
    for listed in &versions {
        let mark = if listed.active { "*" } else { "" };
        match &listed.manifest {
            Ok(manifest) => lines.add_row([
                mark.to_owned(),
                listed.version.clone(),
                manifest.rows.to_string(),
                manifest.features.to_string(),
                heads(manifest),
                accuracies(manifest),
            ]),
            Err(error) => {
                lines.add_row([mark.to_owned(), listed.version.clone(), error.to_string()])
            }
        };
    }
    say!("{lines}");
    Ok(())
}

fn heads(manifest: &Manifest) -> String {
    let names: Vec<&str> = manifest.heads.iter().map(|head| head.kind.name()).collect();
    names.join(", ")
}

fn accuracies(manifest: &Manifest) -> String {
    let accuracies: Vec<String> = manifest
        .heads
        .iter()
        .map(|head| format!("{:.3}", head.out_of_fold.accuracy))
        .collect();
    accuracies.join(", ")
}
