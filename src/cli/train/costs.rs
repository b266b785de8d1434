//! The options of `fit` that say what a misjudged urgency costs.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use crate::classifier::HeadKind;
use crate::evaluation::LabelledTexts;
use crate::model::files::read_at_most;
use crate::training::UrgencyCosts;
use crate::training::cost_file::parse_cost_table;

/// Largest file of costs that is read.
const MAX_BYTES: u64 = 1 << 20;
/// Highest factor.
const MAX_FACTOR: f32 = 1e6;

#[derive(Debug, Args)]
pub(super) struct CostArgs {
    /// How many times worse it is to rate an urgency too low than too high: d levels too high cost d²,
    /// d levels too low X times d² [default: 1.2]
    #[arg(long, value_name = "X", value_parser = factor, conflicts_with = "cost_table")]
    under_call_factor: Option<f32>,
    /// What each mistake about the urgency costs, as CSV: the header truth,low,normal,high,urgent and
    /// one row for each true level with the cost of each level chosen, 0 for the right one
    #[arg(long, value_name = "FILE")]
    cost_table: Option<PathBuf>,
}

impl CostArgs {
    /// What was asked for.
    ///
    /// # Errors
    /// If the file is no cost table, or costs are given for data without urgencies.
    pub(super) fn urgency_costs(&self, data: &LabelledTexts) -> anyhow::Result<UrgencyCosts> {
        let costs = match (&self.cost_table, self.under_call_factor) {
            (Some(path), _) => read(path)?,
            (None, Some(factor)) => UrgencyCosts::UnderCallFactor(factor),
            (None, None) => return Ok(UrgencyCosts::default()),
        };
        if !data.heads.iter().any(|head| head.kind == HeadKind::Urgency) {
            bail!("there are costs of misjudged urgencies, but the data has no urgency column");
        }
        Ok(costs)
    }
}

fn read(path: &Path) -> anyhow::Result<UrgencyCosts> {
    let shown = || path.display().to_string();
    let bytes = read_at_most(path, MAX_BYTES).with_context(shown)?;
    let text = String::from_utf8(bytes).with_context(shown)?;
    let table = parse_cost_table(&text).with_context(shown)?;
    Ok(UrgencyCosts::Table(table))
}

fn factor(text: &str) -> Result<f32, String> {
    let factor: Option<f32> = text.parse().ok();
    factor
        .filter(|factor| *factor > 0.0 && *factor <= MAX_FACTOR)
        .ok_or_else(|| format!("it is not a number above 0 and up to {MAX_FACTOR}"))
}
