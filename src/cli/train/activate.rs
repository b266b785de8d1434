//! Activation behind the gate, for `models activate` and `fit --activate`.

use anyhow::Context;
use jiff::Timestamp;

use super::held_out::HeldOut;
use crate::model::gate::{judge_held_out, judge_out_of_fold};
use crate::model::{Bundle, By, Registry, Verdict};

/// What came of an activation.
pub(super) enum Activated {
    /// The version is the active one.
    Yes,
    /// The gate refused it, and the active version stays active.
    Refused {
        active: String,
        reasons: Vec<String>,
    },
}

/// Makes a version of the registry the active one unless it is worse than the one that is active now, as far as the
/// held-out tickets or else the manifests tell; with `force` even then, which is logged. Says on
/// standard error what could not be judged.
///
/// # Errors
/// If the tickets cannot be used, or the registry cannot be written.
pub(super) fn activate(
    registry: &Registry,
    new: &Bundle,
    held_out: Option<&HeldOut<'_>>,
    force: bool,
) -> anyhow::Result<Activated> {
    let pointer = registry.hold()?;
    let judged = pointer.judge(new, |active| compare(active, new, held_out))?;
    for note in &judged.verdict.notes {
        eprintln!("note: {note}");
    }
    if judged.verdict.refused() && !force {
        let reasons = judged.verdict.reasons.iter();
        return Ok(Activated::Refused {
            active: judged.active.unwrap_or_default(),
            reasons: reasons.map(ToString::to_string).collect(),
        });
    }
    pointer.activate(new, Timestamp::now(), &judged.verdict, &By::default())?;
    Ok(Activated::Yes)
}

fn compare(
    active: &Bundle,
    new: &Bundle,
    held_out: Option<&HeldOut<'_>>,
) -> anyhow::Result<Verdict> {
    let Some(held_out) = held_out else {
        return Ok(judge_out_of_fold(active.into(), new.into()));
    };
    let compared = held_out
        .compare(active, new)
        .context("the tickets of --data cannot be judged by")?;
    let (files, comparison) = (held_out.checksums(), &compared.comparison);
    Ok(judge_held_out(
        active.into(),
        new.into(),
        &files,
        comparison,
    ))
}

/// Says why an activation was refused, and how to insist.
pub(super) fn print_refusal(version: &str, active: &str, reasons: &[String]) {
    let reasons: Vec<String> = reasons.iter().map(|own| format!("\n  {own}")).collect();
    eprintln!(
        "error: version {version} is not activated, {active} stays active:{}\n  (--force activates it all the same, which is logged)",
        reasons.concat()
    );
}
