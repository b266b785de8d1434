//! Which rows the kernel expert learns from.

use std::collections::BTreeMap;
use std::ops::Range;

use ndarray::Array2;

use super::FitParams;
use super::experts::ExpertError;
use super::fit::FeatureEncoders;
use super::target::Target;
use crate::cancel::CalledOff;
use crate::classifier::kernel::{KernelModel, KernelTargets};
use crate::features::{FeatureRows, SentenceEncoder};

/// Fits the kernel expert to `rows`, of which the first are those of `train` and the others the names of all heads'
/// labels. Only where a transformer gives the vectors: beside it the expert costs little, beside a table's
/// look-ups it would take most of the time.
///
/// # Errors
/// If its equations cannot be solved, or the fit was called off.
pub(super) fn fit_kernel(
    encoders: &FeatureEncoders,
    rows: &FeatureRows,
    heads: &[Target],
    train: &[usize],
    params: &FitParams,
    called_off: CalledOff<'_>,
) -> Result<Option<KernelModel>, ExpertError> {
    if !matches!(encoders.sentence, Some(SentenceEncoder::Encoder(_))) {
        return Ok(None);
    }
    let names = train.len()..rows.rows();
    let targets: Vec<KernelTargets> = heads
        .iter()
        .map(|head| targets(head, train, names.clone()))
        .collect();
    let vectors = unit_vectors(rows, params);
    let model = KernelModel::fit(vectors.view(), &targets, params.kernel, called_off)?;
    Ok(Some(model))
}

/// The sentence vectors of rows, at their length of 1.
pub(super) fn unit_vectors(rows: &FeatureRows, params: &FitParams) -> Array2<f32> {
    &rows.dense / params.sentence_scale
}

/// A head's rows. The names of other heads' labels are among them, without a label, so that heads that are
/// labelled in the same rows have the same.
fn targets(head: &Target, train: &[usize], names: Range<usize>) -> KernelTargets {
    let (kept, labels) = head.labelled_and_named(train);
    let mut rows: BTreeMap<usize, Option<usize>> = names.map(|row| (row, None)).collect();
    rows.extend(kept.into_iter().zip(labels.into_iter().map(Some)));
    KernelTargets {
        rows,
        labels: head.labels.len(),
    }
}
