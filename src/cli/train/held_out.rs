//! Labelled tickets on which two versions are compared, and how messages name them.

use std::collections::BTreeMap;

use anyhow::bail;

use super::data::DataArgs;
use crate::cancel::NEVER;
use crate::classifier::HeadKind;
use crate::dataset::Source;
use crate::evaluation::{
    Comparison, LabelledHead, LabelledTexts, compare, evaluate, rows_with_text,
};
use crate::model::Bundle;

/// The rows of the files that have a text.
pub(super) struct HeldOut<'a> {
    args: &'a DataArgs,
    /// The files.
    pub(super) sources: Vec<Source>,
    /// The rows with their labels.
    pub(super) data: LabelledTexts,
    /// How each row is named.
    pub(super) tickets: Vec<Ticket>,
}

/// How a row is named.
pub(super) struct Ticket {
    /// Its own id, where it has one.
    pub(super) id: Option<String>,
    /// File and line.
    pub(super) place: String,
}

/// Two versions on the same tickets.
pub(super) struct Compared {
    pub(super) comparison: Comparison,
    /// Heads that are not compared, and why.
    pub(super) left_out: BTreeMap<String, String>,
}

impl<'a> HeldOut<'a> {
    /// Reads the files.
    ///
    /// # Errors
    /// If a file cannot be used.
    pub(super) fn read(args: &'a DataArgs) -> anyhow::Result<Self> {
        let (dataset, _) = args.read()?;
        let tickets = rows_with_text(&dataset)
            .into_iter()
            .map(|row| &dataset.examples[row])
            .map(|example| Ticket {
                id: example.id.clone(),
                place: dataset.location(example).to_string(),
            })
            .collect();
        Ok(Self {
            args,
            data: LabelledTexts::of(&dataset),
            tickets,
            sources: dataset.sources,
        })
    }

    /// The files' checksums.
    pub(super) fn checksums(&self) -> Vec<&str> {
        let sources = self.sources.iter();
        sources.map(|source| source.sha256.as_str()).collect()
    }

    /// Classifies all tickets with both versions. Compared are the heads that both have and the files
    /// have labels for.
    ///
    /// # Errors
    /// If there is no such head, or neither version has one whose column was named.
    pub(super) fn compare(&self, before: &Bundle, after: &Bundle) -> anyhow::Result<Compared> {
        let has = |bundle: &Bundle, kind: &HeadKind| !bundle.classifier.labels(kind).is_empty();
        let is_labelled = |head: &LabelledHead| head.labels.iter().any(Option::is_some);
        let mut kinds: Vec<&HeadKind> = self.data.heads.iter().map(|head| &head.kind).collect();
        let heads = before.classifier.heads().iter();
        kinds.extend(heads.chain(after.classifier.heads()).map(|head| &head.kind));
        let mut left_out = BTreeMap::new();
        for kind in kinds {
            let reason = match (has(before, kind), has(after, kind)) {
                (true, true)
                    if self
                        .data
                        .heads
                        .iter()
                        .any(|h| h.kind == *kind && is_labelled(h)) =>
                {
                    continue;
                }
                (true, true) => "no labels are given for it".to_owned(),
                (true, false) => format!("only version {} has it", before.version),
                (false, true) => format!("only version {} has it", after.version),
                (false, false) if self.args.asks_for(kind) => {
                    bail!("no head '{kind}': neither version has it");
                }
                (false, false) => "neither version has it".to_owned(),
            };
            left_out.insert(kind.to_string(), reason);
        }
        let mut data = self.data.clone();
        data.heads
            .retain(|head| !left_out.contains_key(head.kind.name()));
        if data.heads.is_empty() {
            let reasons: Vec<String> = left_out
                .iter()
                .map(|(head, reason)| format!("\n  {head}: {reason}"))
                .collect();
            bail!("there is nothing to compare:{}", reasons.concat());
        }
        let first = evaluate(&before.classifier, &data, NEVER)?;
        let second = evaluate(&after.classifier, &data, NEVER)?;
        Ok(Compared {
            comparison: compare(&first.answers, &second.answers)?,
            left_out,
        })
    }
}

impl Ticket {
    /// The ticket's id, or else where it stands.
    pub(super) fn name(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.place)
    }
}
