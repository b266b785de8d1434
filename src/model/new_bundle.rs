//! A bundle that has just been trained: its files are laid out once, and the bytes that the manifest's
//! checksums are of are the ones that are written.

use std::path::{Path, PathBuf};

use super::bundle::{
    Bundle, BundleError, MANIFEST, MAX_WEIGHTS_BYTES, WEIGHTS, manifest_bytes, version_of,
};
use super::files::read_at_most;
use super::manifest::{
    DataSource, FORMAT_VERSION, HeadSummary, Manifest, OutOfFoldMeasures, SentenceSummary,
};
use super::new_folder::{NewFolder, make_ready};
use super::sentence::sentence_files;
use super::tensors::serialize_tensors;
use crate::checksum::sha256_hex;
use crate::classifier::{Classifier, Head};
use crate::training::report::HeadReport;
use crate::training::{FitParams, FitReport};

/// A model with the files that it is to be written as.
#[derive(Debug)]
pub struct NewBundle {
    bundle: Bundle,
    /// Names and bytes in the order of writing, the manifest last.
    files: Vec<(&'static str, Vec<u8>)>,
}

impl NewBundle {
    /// Lays out a model that was fitted with these parameters to these data, and what is known of it.
    ///
    /// # Errors
    /// If a measure of it is not a finite number, or the tensors cannot be laid out.
    pub fn new(
        classifier: Classifier,
        report: &FitReport,
        params: &FitParams,
        data: Vec<DataSource>,
    ) -> Result<Self, BundleError> {
        let pairs = classifier.heads().iter().zip(&report.heads);
        let heads = pairs
            .map(|(head, report)| summary(head, report))
            .collect::<Result<_, _>>()?;
        let tensors = serialize_tensors(&classifier).map_err(|error| BundleError::Content {
            path: PathBuf::from(WEIGHTS),
            cause: error.to_string(),
        })?;
        let encoder = classifier.sentence_encoder();
        let mut files = vec![(WEIGHTS, tensors)];
        files.extend(sentence_files(encoder)?);
        let checksums = files.iter();
        let vocabulary = classifier.vectorizer().vocabulary();
        let manifest = Manifest {
            format_version: FORMAT_VERSION,
            data,
            rows: report.rows,
            features: vocabulary.len(),
            word_features: vocabulary.words(),
            params: params.clone(),
            heads,
            sentence: encoder.map(SentenceSummary::new),
            files: checksums
                .map(|(name, bytes)| ((*name).to_owned(), sha256_hex(bytes)))
                .collect(),
        };
        let bytes = manifest_bytes(&manifest)?;
        let bundle = Bundle {
            version: version_of(&bytes),
            manifest,
            classifier,
        };
        files.push((MANIFEST, bytes));
        Ok(Self { bundle, files })
    }

    /// The bundle.
    #[must_use]
    pub const fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// Writes the bundle into the folder `<models>/<version>`, all of it or nothing, and returns it with that
    /// folder. One that is there already is left as it is, a damaged one replaced.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn save(self, models: &Path) -> Result<(Bundle, PathBuf), BundleError> {
        let folder = models.join(&self.bundle.version);
        make_ready(models)?;
        if !self.is_in(&folder) {
            let new = NewFolder::begin(models)?;
            for (name, bytes) in &self.files {
                new.write(name, bytes)?;
            }
            new.put_or_replace(&folder, || self.is_in(&folder))?;
        }
        Ok((self.bundle, folder))
    }

    /// Whether a folder holds these files, byte by byte.
    fn is_in(&self, folder: &Path) -> bool {
        self.files.iter().all(|(name, bytes)| {
            read_at_most(&folder.join(name), MAX_WEIGHTS_BYTES).is_ok_and(|own| own == *bytes)
        })
    }
}

/// What the manifest says of a head.
fn summary(head: &Head, report: &HeadReport) -> Result<HeadSummary, BundleError> {
    let metrics = &report.metrics;
    let ordered = metrics.ordered;
    let summary = HeadSummary {
        kind: head.kind.clone(),
        labels: head.labels.clone(),
        thresholds: head.thresholds.clone(),
        decision: head.decision.clone(),
        areas: head.areas.clone(),
        in_scope_from: head.in_scope_from,
        rows: metrics.rows,
        linear_cost: report.cost,
        pool: report.pool.clone(),
        out_of_fold: OutOfFoldMeasures {
            accuracy: metrics.accuracy,
            macro_f1: metrics.macro_f1,
            log_loss: metrics.log_loss,
            expected_calibration_error: metrics.expected_calibration_error,
            quadratic_weighted_kappa: ordered.map(|own| own.quadratic_weighted_kappa),
        },
    };
    // JSON has no word for such numbers: they would be written as null, and the manifest not be read again.
    match summary.not_finite() {
        Some(measure) => Err(BundleError::NotFinite {
            head: head.kind.to_string(),
            measure,
        }),
        None => Ok(summary),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::classifier::HeadKind;
    use crate::evaluation::{LabelledHead, LabelledTexts};
    use crate::features::encoder::tests::fixture::names;
    use crate::training::{Fitted, Sentences, TrainingData, Unobserved, fit};

    fn fitted() -> Fitted {
        let texts = (0..24).map(|row| match row % 2 {
            0 => format!("refund of the invoice {row}"),
            _ => format!("the parcel is late {row}"),
        });
        let labels = (0..24).map(|row| Some(["billing", "delivery"][row % 2].to_owned()));
        let labelled = LabelledTexts {
            texts: texts.collect(),
            heads: vec![LabelledHead {
                kind: HeadKind::Topic,
                labels: labels.collect(),
            }],
        };
        let data = TrainingData {
            labelled: &labelled,
            sentences: &Sentences::None,
        };
        fit(data, &FitParams::default(), &Unobserved).unwrap()
    }

    fn bundle() -> NewBundle {
        let Fitted { classifier, report } = fitted();
        NewBundle::new(classifier, &report, &FitParams::default(), Vec::new()).unwrap()
    }

    #[test]
    fn what_was_saved_is_loaded_again() {
        let models = tempfile::tempdir().unwrap();
        let (bundle, folder) = bundle().save(models.path()).unwrap();
        assert_eq!(folder, models.path().join(&bundle.version));
        assert_eq!(names(&folder), ["manifest.json", "weights.safetensors"]);
        let loaded = Bundle::load(&folder).unwrap();
        // The version is the manifest's checksum.
        assert_eq!(loaded.version, bundle.version);
        assert_eq!(loaded.manifest.files, bundle.manifest.files);
        assert_eq!(loaded.classifier, bundle.classifier);
    }

    #[test]
    fn one_that_is_there_is_left_alone_and_a_damaged_one_replaced() {
        let models = tempfile::tempdir().unwrap();
        let (_, folder) = bundle().save(models.path()).unwrap();
        let weights = folder.join(WEIGHTS);
        let written = || fs::metadata(&weights).unwrap().modified().unwrap();
        let before = (written(), fs::read(&weights).unwrap());
        bundle().save(models.path()).unwrap();
        assert_eq!(written(), before.0);
        for damage in [&before.1[..100], b""] {
            fs::write(&weights, damage).unwrap();
            bundle().save(models.path()).unwrap();
            assert!(fs::read(&weights).unwrap() == before.1);
        }
        fs::remove_file(folder.join(MANIFEST)).unwrap();
        bundle().save(models.path()).unwrap();
        assert!(Bundle::load(&folder).is_ok());
        assert_eq!(names(models.path()).len(), 1, "nothing else is left behind");
    }

    #[test]
    fn a_measure_that_is_no_number_is_not_written_as_null() {
        let refused = |change: fn(&mut HeadReport)| {
            let mut fitted = fitted();
            change(&mut fitted.report.heads[0]);
            let Fitted { classifier, report } = fitted;
            let params = FitParams::default();
            let error = NewBundle::new(classifier, &report, &params, Vec::new()).unwrap_err();
            assert!(matches!(error, BundleError::NotFinite { .. }), "{error}");
            error.to_string()
        };
        let message = refused(|head| head.metrics.log_loss = f64::NAN);
        assert!(
            message.starts_with("head 'topic': its log loss "),
            "{message}"
        );
        assert!(refused(|head| head.metrics.accuracy = f64::INFINITY).contains("accuracy"));
        assert!(refused(|head| head.pool[1] = f64::NAN).contains("weight of an expert"));
    }
}
