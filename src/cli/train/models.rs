//! `triage-train models`: lists, shows, activates and rolls back model versions, and tells what became
//! active when.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, Args, Subcommand};
use jiff::Timestamp;

use super::activate::{self, Activated, print_refusal};
use super::data::DataArgs;
use super::held_out::HeldOut;
use crate::cli::exit;
use crate::cli::table::table;
use crate::model::{Action, Basis, By, Manifest, Registry};

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
    Activate(ActivateArgs),
    /// Goes back to the version that was active before
    Rollback,
    /// Prints what became the active version, when and why, from activations.log
    History,
}

/// Makes a version the active one, unless it is worse than the one that is active now
///
/// With --data, both versions classify these tickets, which neither may have been trained on; a version
/// is refused if any head that both have is significantly less often right (McNemar's test, mid-p below
/// 0.05).
///
/// Without --data, the versions' out-of-fold measures are compared: those that 'fit' took on rows which
/// each fold did not train on. They are comparable only if both versions were trained on the same files;
/// a version is refused if the accuracy of any head (for urgency: the quadratic weighted kappa) is lower
/// by more than chance explains (one-sided, 5 %). Versions trained on different files are not compared:
/// the version is activated with a note that says so.
///
/// A version that lacks a head of the active one is refused in any case. Exit status of a refusal: 1;
/// the active version stays active. The first activation and 'rollback' are not judged.
#[derive(Debug, Args)]
#[command(
    override_usage = "triage-train models activate [OPTIONS] <VERSION> [--data <FILE>...]",
    mut_args(optional)
)]
struct ActivateArgs {
    /// The version
    version: String,
    #[command(flatten)]
    data: DataArgs,
    /// Activate a version that is refused all the same; activations.log tells of it
    #[arg(long)]
    force: bool,
}

/// Here no data need be named; without them, columns mean nothing.
fn optional(arg: Arg) -> Arg {
    match arg.get_id().as_str() {
        "data" => arg.required(false),
        "format" | "text" | "topic" | "urgency" | "facet" | "id" => arg.requires("data"),
        _ => arg,
    }
}

pub(super) fn run(args: ModelsArgs) -> anyhow::Result<ExitCode> {
    let registry = Registry::new(&args.models);
    match args.command {
        Command::List => list(&registry)?,
        Command::Show { version } => {
            let bundle = registry.load(Some(&version))?;
            say!("{}", serde_json::to_string_pretty(&bundle.manifest)?);
        }
        Command::Activate(args) => return activate(&registry, &args),
        Command::Rollback => {
            let pointer = registry.hold()?;
            let previous = pointer.load_previous()?;
            pointer.rollback(&previous, Timestamp::now(), &By::default())?;
            say!("active: {}", previous.version);
        }
        Command::History => history(&registry)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn activate(registry: &Registry, args: &ActivateArgs) -> anyhow::Result<ExitCode> {
    let held_out = if args.data.is_given() {
        Some(HeldOut::read(&args.data)?)
    } else {
        None
    };
    let version = &args.version;
    let bundle = registry.load(Some(version))?;
    Ok(
        match activate::activate(registry, &bundle, held_out.as_ref(), args.force)? {
            Activated::Yes => {
                say!("active: {version}");
                ExitCode::SUCCESS
            }
            Activated::Refused { active, reasons } => {
                print_refusal(version, &active, &reasons);
                ExitCode::from(exit::FAILED)
            }
        },
    )
}

fn history(registry: &Registry) -> anyhow::Result<()> {
    let activations = registry.activations()?;
    let folder = registry.folder().display();
    for line in &activations.unreadable {
        eprintln!("warning: {folder}/activations.log:{line}: not readable, left out");
    }
    if activations.entries.is_empty() {
        say!("{folder}: no activation is on record");
        return Ok(());
    }
    let header = [
        "time",
        "",
        "before",
        "after",
        "judged on",
        "forced against",
        "by",
    ];
    let mut lines = table(&header, &[]);
    for entry in &activations.entries {
        lines.add_row([
            format!("{:.0}", entry.time),
            match entry.action {
                Action::Activate => "activate".to_owned(),
                Action::Rollback => "rollback".to_owned(),
            },
            entry.before.clone().unwrap_or_default(),
            entry.after.clone(),
            match entry.judged_on {
                Some(Basis::HeldOut) => "held-out tickets".to_owned(),
                Some(Basis::OutOfFold) => "out-of-fold measures".to_owned(),
                Some(Basis::Nothing) => "nothing".to_owned(),
                None => String::new(),
            },
            entry.reasons.join("; "),
            entry.by.author.clone().unwrap_or_default(),
        ]);
    }
    say!("{lines}");
    Ok(())
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
