//! Rows that a job does not learn from: its version is measured on them, and held against the active one.

use std::path::Path;

use crate::cancel::{CalledOff, Cancelled};
use crate::classifier::HeadKind;
use crate::dataset::Dataset;
use crate::evaluation::{Evaluation, EvaluationError, LabelledTexts, compare, evaluate};
use crate::model::gate::judge_held_out;
use crate::model::{Bundle, Registry};

/// Labelled tickets to measure on.
pub(super) struct HeldOutRows {
    data: LabelledTexts,
    checksums: Vec<String>,
}

impl HeldOutRows {
    /// The rows with text, if a data set was given.
    pub(super) fn new(dataset: &Option<Dataset>) -> Option<Self> {
        let dataset = dataset.as_ref()?;
        let sources = dataset.sources.iter();
        Some(Self {
            data: LabelledTexts::of(dataset),
            checksums: sources.map(|source| source.sha256.clone()).collect(),
        })
    }

    /// Measures each head that the model has.
    ///
    /// # Errors
    /// If none of the rows has a label for a head of the model, or it was called off.
    pub(super) fn measure(
        &self,
        bundle: &Bundle,
        called_off: CalledOff<'_>,
    ) -> Result<Evaluation, EvaluationError> {
        let knows = |kind: &HeadKind| !bundle.classifier.labels(kind).is_empty();
        evaluate(&bundle.classifier, &self.with_heads(knows), called_off)
    }

    /// What speaks against a version in the place of the active one of the registry `models`, as far as these rows tell.
    ///
    /// # Errors
    /// If it was called off.
    pub(super) fn objections(
        &self,
        models: &Path,
        new: &Bundle,
        called_off: CalledOff<'_>,
    ) -> Result<Vec<String>, Cancelled> {
        let registry = Registry::new(models);
        let Ok(active) = registry.load(None) else {
            // There is none that it could be worse than; or it is unusable, and so no measure.
            return Ok(Vec::new());
        };
        if active.version == new.version {
            return Ok(Vec::new());
        }
        let has = |bundle: &Bundle, kind: &HeadKind| !bundle.classifier.labels(kind).is_empty();
        let data = self.with_heads(|kind| has(&active, kind) && has(new, kind));
        let measured = evaluate(&active.classifier, &data, called_off)
            .and_then(|before| Ok((before, evaluate(&new.classifier, &data, called_off)?)));
        let comparison = match measured {
            Ok((before, after)) => compare(&before.answers, &after.answers),
            Err(EvaluationError::Cancelled(cancelled)) => return Err(cancelled),
            Err(error) => return Ok(unjudged(&error)),
        };
        let comparison = match comparison {
            Ok(comparison) => comparison,
            Err(error) => return Ok(unjudged(&error)),
        };
        let files: Vec<&str> = self.checksums.iter().map(String::as_str).collect();
        let verdict = judge_held_out((&active).into(), new.into(), &files, &comparison);
        Ok(verdict.reasons.iter().map(ToString::to_string).collect())
    }

    fn with_heads(&self, keep: impl Fn(&HeadKind) -> bool) -> LabelledTexts {
        let mut data = self.data.clone();
        data.heads.retain(|head| keep(&head.kind));
        data
    }
}

fn unjudged(error: &impl std::fmt::Display) -> Vec<String> {
    vec![format!("the held-out rows cannot be judged by: {error}")]
}
