//! `triage policy test`: tries the cases of one file or of a folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use clap::{Args, ValueEnum};
use regex::Regex;

use super::model::Models;
use super::test_print::{PolicyCoverage, SuiteRun, print_human, print_json};
use crate::cli::exit;
use crate::cli::source_args::SourceArgs;
use crate::model::RegistryError;
use crate::policy_test::{
    CaseResult, Coverage, CoverageBar, Model, ModelNeed, Ratio, Suite, SuiteSources, find_suites,
    run, to_junit,
};
use crate::routing::{Policy, Roster};
use crate::triage::known_labels;

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Human,
    /// As JSON, with every decision.
    Json,
    /// As JUnit's XML, for build servers.
    Junit,
}

/// Tries the cases of a policy
///
/// Cases stand in files that end in .tests.yaml, each naming the policy and the roster that it tests. Exit status:
/// 0 if all pass, 1 if one fails or the coverage is below the bar, 2 if a file cannot be used.
#[derive(Debug, Args)]
pub(in crate::cli::triage) struct TestArgs {
    /// Files of cases, or folders of them [default: the folder of the configured policy]
    #[arg(value_name = "FILE")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    sources: SourceArgs,
    /// Try only cases whose names this regular expression is found in
    #[arg(long, value_name = "REGEX")]
    run: Option<Regex>,
    /// Show only what failed
    #[arg(long)]
    only_failures: bool,
    /// How to write the results
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
    /// Tell what the cases cover of each policy, and what they miss
    #[arg(long)]
    coverage: bool,
    /// Fail if the cases cover less of a policy, such as 1, 0.95, 37/40 or 95%
    #[arg(long, value_name = "SHARE")]
    fail_under: Option<Ratio>,
}

impl TestArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// If a file of cases, a policy, a roster or a model is unusable.
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        let mut models = Models::default();
        let mut runs = Vec::new();
        let mut coverages: BTreeMap<PathBuf, PolicyCoverage> = BTreeMap::new();
        let mut unusable: Vec<String> = Vec::new();
        for path in self.files()? {
            match self.try_suite(&path, &mut models, &mut coverages) {
                Ok(suite_run) => runs.push(suite_run),
                Err(error) => unusable.push(exit::message(&error)),
            }
        }
        if !unusable.is_empty() {
            unusable.dedup();
            bail!("{}", unusable.join("\n"));
        }
        let tried: usize = runs.iter().map(|run| run.results.len()).sum();
        if let (Some(pattern), 0) = (&self.run, tried) {
            bail!("no case is called like '{pattern}': leave out --run to see all");
        }
        let coverages: Vec<PolicyCoverage> = coverages.into_values().collect();
        let shown = match self.coverage || self.fail_under.is_some() {
            true => coverages.as_slice(),
            false => &[],
        };
        match self.format {
            Format::Human => print_human(&runs, shown, self.only_failures, self.fail_under),
            Format::Json => print_json(&runs, shown, self.only_failures, self.fail_under)?,
            Format::Junit => {
                let suites: Vec<(&str, &[CaseResult])> = runs
                    .iter()
                    .map(|run| (run.origin.as_str(), run.results.as_slice()))
                    .collect();
                let covered = self.fail_under.map(|bar| CoverageBar {
                    bar,
                    policies: coverages
                        .iter()
                        .map(|one| (one.policy.as_str(), &one.coverage))
                        .collect(),
                });
                say!("{}", to_junit(&suites, covered.as_ref())?.trim_end());
            }
        }
        let below = self
            .fail_under
            .is_some_and(|bar| coverages.iter().any(|one| one.coverage.ratio() < bar));
        let failed = runs
            .iter()
            .flat_map(|run| &run.results)
            .any(|one| !one.passed());
        Ok(match below || failed {
            true => ExitCode::from(exit::FAILED),
            false => ExitCode::SUCCESS,
        })
    }

    fn files(&self) -> anyhow::Result<Vec<PathBuf>> {
        let mut paths = self.paths.clone();
        if paths.is_empty() {
            let policy = self.sources.settings(&[])?.sources().policy;
            paths.push(policy.parent().unwrap_or(Path::new(".")).to_owned());
        }
        let mut files = Vec::new();
        for path in paths {
            files.extend(find_suites(&path)?);
        }
        // A file that is named, and once more by its folder, is tried once.
        let mut seen = BTreeSet::new();
        files.retain(|file| seen.insert(file.canonicalize().unwrap_or_else(|_| file.clone())));
        Ok(files)
    }

    fn try_suite(
        &self,
        path: &Path,
        models: &mut Models,
        coverages: &mut BTreeMap<PathBuf, PolicyCoverage>,
    ) -> anyhow::Result<SuiteRun> {
        let sources = self.sources.settings(&[])?.sources();
        let need = ModelNeed::of(path)?;
        let folder = match &need {
            _ if self.sources.names_models() => Some(sources.models),
            ModelNeed::None => None,
            ModelNeed::Any => Some(sources.models),
            ModelNeed::Folder(folder) => Some(folder.clone()),
        };
        let loaded = match &folder {
            None => Ok(()),
            Some(folder) => models
                .load(folder)
                .map_err(|error| without_model(error, &need, path)),
        };
        let bundle = folder.and_then(|folder| models.get(&folder));
        let labels = bundle.map(known_labels);
        let given = match self.sources.names_policy() {
            true => Some(Arc::new(Policy::load(&sources.policy)?)),
            false => None,
        };
        let roster = match sources.roster {
            Some(file) if self.sources.names_roster() => Some(Arc::new(Roster::load(&file)?)),
            Some(_) | None => None,
        };
        let suite = Suite::load(
            path,
            SuiteSources {
                policy: given
                    .as_ref()
                    .map(|policy| (policy, sources.policy.as_path())),
                roster: roster.as_ref(),
                labels: labels.as_ref(),
            },
        );
        // Without the model, whatever else is wrong is told all the same.
        let suite = match (loaded, suite) {
            (Ok(()), suite) => suite?,
            (Err(model), Ok(_)) => return Err(model),
            (Err(model), Err(other)) => {
                bail!(
                    "{}\n{}",
                    exit::message(&model),
                    exit::message(&other.into())
                )
            }
        };
        let coverage = coverages
            .entry(suite.policy_path.clone())
            .or_insert_with(|| PolicyCoverage::new(&suite));
        // Only some files of cases may name a model.
        if let Some(labels) = &labels {
            coverage.coverage.add_topics(labels);
        }
        let mut model = bundle.map(Model::new);
        let mut results = Vec::new();
        let wanted = |name: &str| self.run.as_ref().is_none_or(|run| run.is_match(name));
        for case in suite.cases.iter().filter(|case| wanted(&case.name)) {
            let result = run(case, &suite.policy, model.as_mut()).with_context(|| {
                let at = case.position;
                format!(
                    "{}:{}:{}: case '{}'",
                    suite.origin, at.line, at.column, case.name
                )
            })?;
            for step in &result.steps {
                coverage.coverage.note(step);
            }
            results.push(result);
        }
        Ok(SuiteRun {
            origin: suite.origin,
            all: suite.cases.len(),
            results,
        })
    }
}

/// What is told of a file of cases whose model cannot be loaded.
fn without_model(error: anyhow::Error, need: &ModelNeed, cases: &Path) -> anyhow::Error {
    let cases = cases.display();
    let needed = match need {
        ModelNeed::Any => "its cases give texts, which need a model",
        ModelNeed::None | ModelNeed::Folder(_) => {
            "topics and facets are to be held against a model"
        }
    };
    match error.downcast_ref() {
        Some(RegistryError::NoActive { folder }) => anyhow!(
            "{cases}: {needed}, and the folder '{}' has no active one: name one that has with --models",
            folder.display()
        ),
        Some(_) | None => error.context(format!("{cases}: {needed}")),
    }
}

impl PolicyCoverage {
    fn new(suite: &Suite) -> Self {
        Self {
            policy: suite.policy_path.display().to_string(),
            coverage: Coverage::new(&suite.policy, None),
        }
    }
}
