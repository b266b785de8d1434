//! Answers about models: manifests, the log of activations, and what a shadow found, as messages.

use super::answer::{saturate, timestamp};
use super::v1;
use crate::classifier::Decision;
use crate::live::ModelActivated;
use crate::model::manifest::SentenceSummary;
use crate::model::{Action, Activation, Basis, HeadSummary, Manifest};
use crate::shadow::{Disagreement, HeadAgreement, Report};

/// Which versions the registry and this server use.
pub(super) struct InUse {
    /// The registry's active version.
    pub(super) active: Option<String>,
    /// The version that this server answers with.
    pub(super) served: String,
}

impl InUse {
    fn is_active(&self, version: &str) -> bool {
        self.active.as_deref() == Some(version)
    }
}

/// A version in short; `manifest` may not be readable.
pub(super) fn summary(
    version: &str,
    manifest: &Result<Manifest, impl ToString>,
    in_use: &InUse,
) -> v1::ModelSummary {
    let known = manifest.as_ref().ok();
    v1::ModelSummary {
        version: version.to_owned(),
        active: in_use.is_active(version),
        served: in_use.served == version,
        problem: manifest
            .as_ref()
            .err()
            .map(ToString::to_string)
            .unwrap_or_default(),
        rows: known.map_or(0, |manifest| manifest.rows as u64),
        features: known.map_or(0, |manifest| manifest.features as u64),
        heads: known
            .iter()
            .flat_map(|manifest| &manifest.heads)
            .map(|head| v1::HeadScore {
                name: head.kind.to_string(),
                labels: saturate(head.labels.len()),
                accuracy: head.out_of_fold.accuracy,
            })
            .collect(),
    }
}

/// All that a manifest says for people.
pub(super) fn model(version: &str, manifest: &Manifest, in_use: &InUse) -> v1::Model {
    v1::Model {
        version: version.to_owned(),
        active: in_use.is_active(version),
        served: in_use.served == version,
        rows: manifest.rows as u64,
        features: manifest.features as u64,
        files: manifest
            .data
            .iter()
            .map(|source| v1::TrainingFile {
                name: source.file.clone(),
                sha256: source.sha256.clone(),
                rows: source.rows as u64,
            })
            .collect(),
        seed: manifest.params.seed,
        sentence_vectors: manifest.sentence.as_ref().map(sentence),
        heads: manifest.heads.iter().map(head).collect(),
    }
}

fn sentence(sentence: &SentenceSummary) -> v1::SentenceVectors {
    use v1::sentence_vectors::Source;
    let (source, dimensions) = match sentence {
        SentenceSummary::Embedding { name, dimensions } => {
            (Source::Table(name.clone()), dimensions)
        }
        SentenceSummary::Encoder {
            checksum,
            dimensions,
        } => (Source::Encoder(checksum.clone()), dimensions),
    };
    v1::SentenceVectors {
        source: Some(source),
        dimensions: saturate(*dimensions),
    }
}

fn head(head: &HeadSummary) -> v1::ModelHead {
    let labels = head.labels.iter().zip(&head.thresholds);
    let measures = &head.out_of_fold;
    v1::ModelHead {
        name: head.kind.to_string(),
        rows: head.rows as u64,
        labels: labels
            .map(|(label, thresholds)| v1::LabelThresholds {
                label: label.clone(),
                suggest_at: thresholds.suggest_at,
                automate_at: thresholds.automate_at,
            })
            .collect(),
        areas: head
            .areas
            .iter()
            .map(|area| v1::AreaThresholdValue {
                area: area.label.clone(),
                suggest_at: area.suggest_at,
            })
            .collect(),
        in_scope_from: head.in_scope_from,
        by_cost: match head.decision {
            Decision::MostProbable => false,
            Decision::LeastCost { .. } => true,
        },
        measures: Some(v1::HeadMeasures {
            accuracy: measures.accuracy,
            macro_f1: measures.macro_f1,
            log_loss: measures.log_loss,
            expected_calibration_error: measures.expected_calibration_error,
            quadratic_weighted_kappa: measures.quadratic_weighted_kappa,
        }),
    }
}

/// A line of the log of activations.
pub(super) fn activation(activation: Activation) -> v1::ModelActivation {
    let judged_on = activation
        .judged_on
        .map_or(v1::JudgedOn::Unspecified, judged_on);
    v1::ModelActivation {
        time: Some(timestamp(activation.time)),
        rollback: activation.action == Action::Rollback,
        previous_version: activation.before.unwrap_or_default(),
        judged_on: judged_on.into(),
        overruled: activation.reasons,
        author: activation.by.author.unwrap_or_default(),
        caller: activation.by.caller.unwrap_or_default(),
        comment: activation.by.comment,
    }
}

fn judged_on(basis: Basis) -> v1::JudgedOn {
    match basis {
        Basis::Nothing => v1::JudgedOn::Nothing,
        Basis::OutOfFold => v1::JudgedOn::OutOfFold,
        Basis::HeldOut => v1::JudgedOn::HeldOut,
    }
}

/// What came, or would come, of an activation.
pub(super) fn activated(done: ModelActivated) -> v1::ActivateModelResponse {
    let verdict = done.judged.verdict;
    let reasons = verdict.reasons.iter().map(ToString::to_string);
    v1::ActivateModelResponse {
        version: done.version,
        previous_version: done.judged.active.unwrap_or_default(),
        changed: done.changed,
        judged_on: judged_on(verdict.basis).into(),
        overruled: reasons.collect(),
        notes: verdict.notes,
        cases: saturate(done.cases),
    }
}

/// What a shadow found; without a shadow, nothing.
pub(super) fn shadow(report: Option<Report>) -> v1::ShadowReport {
    let Some(report) = report else {
        return v1::ShadowReport::default();
    };
    let message = v1::ShadowReport {
        version: report.version,
        sample: report.sample.get(),
        dropped: report.dropped,
        ..v1::ShadowReport::default()
    };
    let Some(found) = report.found else {
        return message;
    };
    v1::ShadowReport {
        served_version: found.served_version,
        since: Some(timestamp(found.since)),
        compared: found.compared,
        failed: found.failed,
        heads: found.heads.into_iter().map(agreement).collect(),
        routed: found.routed,
        moved: found.moved,
        not_routed: found.not_routed.unwrap_or_default(),
        disagreements: found.disagreements.into_iter().map(disagreement).collect(),
        ..message
    }
}

fn agreement(head: HeadAgreement) -> v1::ShadowHead {
    v1::ShadowHead {
        name: head.name,
        agreed: head.agreed,
        differed: head.differed,
        only_shadow_abstained: head.only_shadow_abstained,
        only_served_abstained: head.only_served_abstained,
    }
}

fn disagreement(one: Disagreement) -> v1::ShadowDisagreement {
    let (served_destination, shadow_destination) = one.destinations.unwrap_or_default();
    v1::ShadowDisagreement {
        ticket_id: one.ticket_id,
        time: Some(timestamp(one.time)),
        heads: one
            .heads
            .into_iter()
            .map(|head| v1::ShadowDifference {
                head: head.head,
                served_label: head.served.unwrap_or_default(),
                shadow_label: head.shadow.unwrap_or_default(),
            })
            .collect(),
        served_destination,
        shadow_destination,
    }
}
