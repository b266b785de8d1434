//! Activation behind the gate, for `models activate` and `fit --activate`.

use anyhow::Context;
use jiff::Timestamp;

use super::held_out::HeldOut;
use crate::model::gate::{Version, judge_held_out, judge_out_of_fold};
use crate::model::{Bundle, Registry, Verdict};

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
    let active = pointer.active()?;
    let verdict = match &active {
        // There is nothing that it could be worse than.
        None => Verdict::unjudged(Vec::new()),
        Some(active) if *active == new.version => return Ok(Activated::Yes),
        Some(active) => judge(registry, active, new, held_out)?,
    };
    for note in &verdict.notes {
        eprintln!("note: {note}");
    }
    let reasons: Vec<String> = verdict.reasons.iter().map(ToString::to_string).collect();
    let active = active.unwrap_or_default();
    if verdict.refused() && !force {
        return Ok(Activated::Refused { active, reasons });
    }
    pointer.activate(new, Timestamp::now(), &verdict)?;
    if verdict.refused() {
        tracing::warn!(
            before = %active,
            after = %new.version,
            judged_on = ?verdict.basis,
            reasons = ?reasons,
            "activated by force"
        );
    }
    Ok(Activated::Yes)
}

fn judge(
    registry: &Registry,
    active: &str,
    new: &Bundle,
    held_out: Option<&HeldOut<'_>>,
) -> anyhow::Result<Verdict> {
    let active = match registry.load(Some(active)) {
        Ok(bundle) => bundle,
        Err(error) => {
            let note = format!("version {active}, active so far, cannot be compared with: {error}");
            return Ok(Verdict::unjudged(vec![note]));
        }
    };
    let (before, after) = (version(&active), version(new));
    let Some(held_out) = held_out else {
        return Ok(judge_out_of_fold(before, after));
    };
    let compared = held_out
        .compare(&active, new)
        .context("the tickets of --data cannot be judged by")?;
    let files = held_out.checksums();
    Ok(judge_held_out(before, after, &files, &compared.comparison))
}

fn version(bundle: &Bundle) -> Version<'_> {
    Version {
        id: &bundle.version,
        manifest: &bundle.manifest,
    }
}

/// Says why an activation was refused, and how to insist.
pub(super) fn print_refusal(version: &str, active: &str, reasons: &[String]) {
    let reasons: Vec<String> = reasons.iter().map(|own| format!("\n  {own}")).collect();
    eprintln!(
        "error: version {version} is not activated, {active} stays active:{}\n  (--force activates it all the same, which is logged)",
        reasons.concat()
    );
}
