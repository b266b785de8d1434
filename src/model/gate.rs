//! The gate before an activation: whether a version is worse than the active one, as far as is known.
//!
//! There are two things to judge by. *Held-out tickets*, a labelled file that neither version was
//! trained on, are the better one: both versions answer the same rows, and McNemar's test says
//! whether the difference is more than chance. Without such a file there are the *out-of-fold
//! measures* of the manifests, which can be compared only where both versions were trained on the same
//! files; see [`judge_out_of_fold`]. What cannot be compared is let through with a note.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::bundle::Bundle;
use super::manifest::{DataSource, HeadSummary, Manifest};
use crate::evaluation::Comparison;

/// The standard normal distribution's quantile at 0.95, for one-sided bounds.
const Z: f64 = 1.644_853_626_951_472;

/// A version with its manifest.
#[derive(Debug, Clone, Copy)]
pub struct Version<'a> {
    /// The version.
    pub id: &'a str,
    /// Its manifest.
    pub manifest: &'a Manifest,
}

impl<'a> From<&'a Bundle> for Version<'a> {
    fn from(bundle: &'a Bundle) -> Self {
        Self {
            id: &bundle.version,
            manifest: &bundle.manifest,
        }
    }
}

/// What a version is judged to be beside the active one.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// What they were compared on.
    pub basis: Basis,
    /// What speaks against activation; it is refused if there is anything.
    pub reasons: Vec<Refusal>,
    /// What could not be judged, and why.
    pub notes: Vec<String>,
}

/// What two versions were compared on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Nothing: there was no other version, or no common ground.
    Nothing,
    /// The out-of-fold measures of their manifests.
    OutOfFold,
    /// Labelled tickets that neither was trained on.
    HeldOut,
}

/// A reason not to activate a version.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// A head would be lost.
    #[error("{head}: the active version answers it, this one does not")]
    MissingHead {
        /// The head's name.
        head: String,
    },
    /// The tickets are not held out.
    #[error(
        "version {version} was trained on {file}: measures on it say nothing of new tickets; name a file that neither version was trained on"
    )]
    TrainedOn {
        /// The version that knows the tickets.
        version: String,
        /// The file as its manifest names it.
        file: String,
    },
    /// Significantly worse on held-out tickets.
    #[error(
        "{head}: accuracy {after:.4} on the held-out tickets, {before:.4} of the active version ({lost} lost, {gained} gained, McNemar's p {})", P(*p_value)
    )]
    WorseOnHeldOut {
        /// The head's name.
        head: String,
        /// Accuracy of the active version.
        before: f64,
        /// Accuracy of this version.
        after: f64,
        /// Rows that only this version has right.
        gained: usize,
        /// Rows that only the active version has right.
        lost: usize,
        /// Mid-p value of the test.
        p_value: f64,
    },
    /// Worse out of fold by more than chance explains.
    #[error(
        "{head}: {measure} {after:.4} out of fold, {before:.4} of the active version: lower by more than the {margin:.4} that chance explains"
    )]
    WorseOutOfFold {
        /// The head's name.
        head: String,
        /// Which measure.
        measure: &'static str,
        /// The active version's.
        before: f64,
        /// This version's.
        after: f64,
        /// How much lower it might be by chance.
        margin: f64,
    },
}

/// A p-value as messages give it.
#[derive(Debug)]
struct P(f64);

impl fmt::Display for P {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 1e-4 {
            f.write_str("below 0.0001")
        } else {
            write!(f, "{:.4}", self.0)
        }
    }
}

impl Verdict {
    /// A version that cannot be compared with any other.
    #[must_use]
    pub fn unjudged(notes: Vec<String>) -> Self {
        Self {
            basis: Basis::Nothing,
            reasons: Vec::new(),
            notes,
        }
    }

    /// Whether something speaks against activation.
    #[must_use]
    pub fn refused(&self) -> bool {
        !self.reasons.is_empty()
    }
}

/// The first file with one of these checksums that a version was trained on. Rows are not compared:
/// the same tickets in another file go unnoticed.
#[must_use]
pub fn trained_on<'m>(manifest: &'m Manifest, files: &[&str]) -> Option<&'m DataSource> {
    let mut data = manifest.data.iter();
    data.find(|source| files.contains(&source.sha256.as_str()))
}

/// Judges by tickets from files with these checksums, on which `comparison` compares the active version
/// (before) with the new one (after).
///
/// Refused is a version that lacks a head of the active one, or any of whose heads is significantly less
/// often right: by McNemar's mid-p value below 0.05, two-sided. Of versions that are as good as the
/// active one it thereby refuses about one in 40 a head. Refused too is a file that either version was
/// trained on.
#[must_use]
pub fn judge_held_out(
    active: Version<'_>,
    new: Version<'_>,
    files: &[&str],
    comparison: &Comparison,
) -> Verdict {
    let mut verdict = Verdict {
        basis: Basis::HeldOut,
        reasons: missing_heads(active.manifest, new.manifest),
        notes: Vec::new(),
    };
    let seen = [active, new].into_iter().filter_map(|version| {
        Some(Refusal::TrainedOn {
            version: version.id.to_owned(),
            file: trained_on(version.manifest, files)?.file.clone(),
        })
    });
    verdict.reasons.extend(seen);
    let held_out =
        trained_on(active.manifest, files).is_none() && trained_on(new.manifest, files).is_none();
    if !held_out {
        verdict.basis = Basis::Nothing;
        return verdict;
    }
    for (head, _) in common_heads(active.manifest, new.manifest) {
        if !comparison.heads.contains_key(head.kind.name()) {
            let note = format!("{} is not judged: no labels are given for it", head.kind);
            verdict.notes.push(note);
        }
    }
    let worse = comparison
        .worse()
        .map(|(head, compared)| Refusal::WorseOnHeldOut {
            head: head.to_owned(),
            before: compared.before.accuracy,
            after: compared.after.accuracy,
            gained: compared.gained,
            lost: compared.lost,
            p_value: compared.p_value,
        });
    verdict.reasons.extend(worse);
    verdict
}

/// Judges by the measures of the manifests, which are of rows that the experts were not trained on (the
/// folds of each fit).
///
/// They can be compared where both versions were trained on the same files (by SHA-256) and the same
/// number of rows with text, and for heads with the same labels. Refused is a version that lacks a head
/// of the active one, or whose accuracy (for urgency: quadratic weighted kappa) is lower by more than
/// chance explains: more than z·√(2v/n), with n rows, z = 1.645 (one-sided, 5 %) and v the variance of
/// one row's share in the measure.
///
/// - *Accuracy* is a share: v = p(1 − p), with p the mean of both.
/// - *Quadratic weighted kappa* is an intraclass correlation (Fleiss and Cohen 1973, Educational and
///   Psychological Measurement 33:613–619), for which v = (1 − κ²)² is the usual large-sample value. It
///   vanishes near κ = 1, where the few rows that still differ decide; there the value of a share,
///   κ(1 − κ), is larger and is used.
///
/// The manifests do not say which rows were right, so the bound is that for two independent sets of
/// rows. The rows are the same, and both versions tend to fail on the same ones; so chance explains less
/// than this bound allows it to, and only clear losses are refused. n counts all rows with text: where
/// many of them have no label for a head, the bound is too narrow for it. Held-out tickets have neither
/// fault.
#[must_use]
pub fn judge_out_of_fold(active: Version<'_>, new: Version<'_>) -> Verdict {
    let mut verdict = Verdict::unjudged(Vec::new());
    verdict.reasons = missing_heads(active.manifest, new.manifest);
    let files = |manifest: &Manifest| -> BTreeSet<String> {
        let sources = manifest.data.iter();
        sources.map(|source| source.sha256.clone()).collect()
    };
    if files(active.manifest) != files(new.manifest) || active.manifest.rows != new.manifest.rows {
        verdict.notes.push(format!(
            "the versions are not compared: they were trained on different data, of which out-of-fold measures say nothing to each other; on tickets that neither was trained on, 'triage-train compare {} {} --data FILE' compares them",
            active.id, new.id
        ));
        return verdict;
    }
    for (before, after) in common_heads(active.manifest, new.manifest) {
        if before.labels == after.labels {
            verdict.basis = Basis::OutOfFold;
            let worse = worse_out_of_fold(before, after, new.manifest.rows);
            verdict.reasons.extend(worse);
        } else {
            let head = &before.kind;
            let note = format!("{head} is not judged: the versions have different labels for it");
            verdict.notes.push(note);
        }
    }
    verdict
}

fn worse_out_of_fold(before: &HeadSummary, after: &HeadSummary, rows: usize) -> Option<Refusal> {
    let kappa = |head: &HeadSummary| head.out_of_fold.quadratic_weighted_kappa;
    let ordered = kappa(before).zip(kappa(after));
    let (measure, (was, is)) = match ordered {
        Some(kappas) => ("quadratic weighted kappa", kappas),
        None => (
            "accuracy",
            (before.out_of_fold.accuracy, after.out_of_fold.accuracy),
        ),
    };
    let mean = f64::midpoint(was, is);
    let share = mean * (1.0 - mean);
    let variance = if ordered.is_some() {
        f64::max(share, (1.0 - mean * mean) * (1.0 - mean * mean))
    } else {
        share
    };
    #[allow(clippy::cast_precision_loss)] // row counts are far below 2^52
    let margin = Z * (2.0 * variance.max(0.0) / rows.max(1) as f64).sqrt();
    (was - is > margin).then(|| Refusal::WorseOutOfFold {
        head: before.kind.to_string(),
        measure,
        before: was,
        after: is,
        margin,
    })
}

fn common_heads<'m>(
    active: &'m Manifest,
    new: &'m Manifest,
) -> impl Iterator<Item = (&'m HeadSummary, &'m HeadSummary)> {
    active.heads.iter().filter_map(|head| {
        let same = new.heads.iter().find(|own| own.kind == head.kind)?;
        Some((head, same))
    })
}

fn missing_heads(active: &Manifest, new: &Manifest) -> Vec<Refusal> {
    let missing = |head: &&HeadSummary| new.heads.iter().all(|own| own.kind != head.kind);
    let heads = active.heads.iter().filter(missing);
    heads
        .map(|head| Refusal::MissingHead {
            head: head.kind.to_string(),
        })
        .collect()
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
