//! One job from its data to its version. Runs on the job's own threads; what it tells of itself goes to its teller.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::held_out::HeldOutRows;
use super::request::{JobData, JobLimits, JobOptions, NamedFiles, TooMuch, Vectors};
use super::rows::{LearnableRows, NotLearnable};
use super::state::{Activation, Candidate, HeadFigures, JobStage, add_held_out, figures};
use super::teller::{FIT, Teller};
use super::{LearnError, Learned, learn};
use crate::cancel::{Cancelled, check};
use crate::classifier::HeadKind;
use crate::dataset::{Columns, Dataset, DatasetError, Finding, Severity};
use crate::evaluation::EvaluationError;
use crate::features::{Embedding, SentenceEncoder};
use crate::live::{Live, ModelActivation, ModelError};
use crate::model::{Bundle, By, EncodersError, encoders};
use crate::training::{FitError, Observer, Sentences};

/// Most warnings that are told.
const MAX_WARNINGS: usize = 100;

/// Why a job wrote no version.
#[derive(Debug, thiserror::Error)]
pub(super) enum JobFault {
    /// It was called off.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// A file or an example cannot be used.
    #[error(transparent)]
    Data(#[from] DatasetError),
    /// There is too much to learn from.
    #[error(transparent)]
    TooMuch(#[from] TooMuch),
    /// Nothing can be learned from the rows.
    #[error(transparent)]
    Rows(#[from] NotLearnable),
    /// Costs of urgencies are given for rows without any.
    #[error(
        "options.under_call_factor: is given, but the rows to learn from have no urgency: name its column in \
         options.files.urgency_column, or leave it out"
    )]
    NoUrgency,
    /// The encoder cannot be used.
    #[error(transparent)]
    Encoder(#[from] EncodersError),
    /// The program's own table cannot be used.
    #[error("the table that is part of the program cannot be used: {0}")]
    Table(String),
    /// The rows cannot be learned, or the model not be written.
    #[error(transparent)]
    Learn(LearnError),
}

impl From<LearnError> for JobFault {
    fn from(error: LearnError) -> Self {
        match error {
            LearnError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            error @ (LearnError::Fit(_) | LearnError::Write(_)) => Self::Learn(error),
        }
    }
}

impl From<FitError> for JobFault {
    fn from(error: FitError) -> Self {
        LearnError::from(error).into()
    }
}

impl JobFault {
    /// Whether what it says holds no word of the tickets, labels included.
    pub(super) fn is_wordless(&self) -> bool {
        match self {
            Self::Cancelled(_)
            | Self::TooMuch(_)
            | Self::NoUrgency
            | Self::Encoder(_)
            | Self::Table(_) => true,
            Self::Learn(error) => matches!(error, LearnError::Write(_)),
            Self::Data(_) | Self::Rows(_) => false,
        }
    }
}

/// What a job works with.
pub(super) struct Work {
    pub(super) options: JobOptions,
    pub(super) data: JobData,
    pub(super) limits: JobLimits,
    pub(super) live: Arc<Live>,
}

/// A version that is to be activated.
pub(super) struct ToActivate {
    live: Arc<Live>,
    version: String,
    by: By,
    /// Whether held-out tickets were there to compare it with the active version.
    was_compared: bool,
}

impl Work {
    /// Does all of it but activating the version, which is returned if it is to be.
    ///
    /// # Errors
    /// Why there is no version; nothing of it is left behind then.
    pub(super) fn run(self, teller: &Teller) -> Result<Option<ToActivate>, JobFault> {
        let options = self.options;
        let models = &self.live.sources().models;
        teller.begin(JobStage::Reading, 0.0)?;
        let called_off = || teller.called_off();
        let (learned, held_out) = read(self.data, &self.limits)?;
        check(&called_off)?;
        let held_out = HeldOutRows::new(&held_out);
        let rows = LearnableRows::new(learned.0, learned.1, options.rare)?;
        let mut heads = rows.data.heads.iter();
        if options.asks_for_costs && heads.all(|head| head.kind != HeadKind::Urgency) {
            return Err(JobFault::NoUrgency);
        }
        teller.tell(|state| {
            state.rows = rows.data.texts.len();
            state.warnings = warnings(&rows);
        });
        teller.begin(JobStage::Encoding, 0.01)?;
        let sentences = sentences(&options.vectors, &rows.data.texts, models, teller)?;
        let Learned { new, report } = learn(&rows, &options.params, &sentences, teller)?;
        drop((rows, sentences));
        let mut heads = figures(&report);
        let mut reasons = Vec::new();
        let was_compared = held_out.is_some();
        if let Some(held_out) = held_out {
            teller.begin(JobStage::Measuring, FIT.1)?;
            let models = options.activate.then_some(&**models);
            reasons = measure(new.bundle(), &mut heads, &held_out, models, teller)?;
        }
        check(&called_off)?;
        // From here on the version is there, whatever comes.
        let (bundle, _) = new.save(models).map_err(LearnError::from)?;
        let wanted = options.activate && reasons.is_empty();
        teller.tell(|state| {
            state.candidate = Some(Candidate {
                version: bundle.version.clone(),
                heads,
                activation: match reasons.is_empty() {
                    true => Activation::NotAsked,
                    false => Activation::Refused(reasons),
                },
            });
        });
        Ok(wanted.then_some(ToActivate {
            live: self.live,
            version: bundle.version,
            by: options.by,
            was_compared,
        }))
    }
}

/// Measures a new version on the held-out rows and adds what they say to its heads' figures. Returns what they say
/// against activating it, if it is to be in the registry `activate_in`.
fn measure(
    new: &Bundle,
    heads: &mut [HeadFigures],
    held_out: &HeldOutRows,
    activate_in: Option<&Path>,
    teller: &Teller,
) -> Result<Vec<String>, Cancelled> {
    let called_off = || teller.called_off();
    let measured = match held_out.measure(new, &called_off) {
        Ok(measured) => measured,
        Err(EvaluationError::Cancelled(cancelled)) => return Err(cancelled),
        Err(error) => {
            let told = format!("the held-out rows cannot be measured on: {error}");
            teller.tell(|state| state.warnings.push(told.clone()));
            return Ok(activate_in.map(|_| told).into_iter().collect());
        }
    };
    add_held_out(heads, &measured.heads);
    match activate_in {
        Some(models) => held_out.objections(models, new, &called_off),
        None => Ok(Vec::new()),
    }
}

impl ToActivate {
    /// Activates it and tells what came of that. Not on a thread of the job's pool: one that hardly gets a core must
    /// not hold what other changes of the server wait for.
    pub(super) fn activate(self, teller: &Teller) {
        teller.tell(|state| state.stage = JobStage::Activating);
        let wish = ModelActivation {
            version: self.version,
            by: self.by,
            expected: None,
            force: false,
            must_be_compared: !self.was_compared,
        };
        let is_wanted = || !teller.is_called_off();
        let activation = match self.live.activate_model(&wish, is_wanted) {
            Ok(_) => Activation::Activated,
            Err(ModelError::Abandoned) => {
                Activation::Refused(vec!["the job was called off".to_owned()])
            }
            Err(error) => Activation::Refused(vec![error.to_string()]),
        };
        teller.tell(|state| {
            if let Some(candidate) = &mut state.candidate {
                candidate.activation = activation;
            }
        });
    }
}

/// A data set, and what had to be changed when it was read.
type ReadRows = (Dataset, Vec<Finding>);

/// The rows to learn from and those to measure on.
fn read(data: JobData, limits: &JobLimits) -> Result<(ReadRows, Option<Dataset>), JobFault> {
    let (learned, held_out) = match data {
        JobData::Sent(sent) => {
            let held_out = match sent.held_out.is_empty() {
                true => None,
                false => Some(sent.held_out.finish()?.0),
            };
            (sent.learned.finish()?, held_out)
        }
        JobData::Files(files) => read_files(files)?,
    };
    let held_out_rows = held_out.as_ref().map_or(0, |own| own.examples.len());
    limits.check(learned.0.examples.len() + held_out_rows, 0)?;
    Ok((learned, held_out))
}

fn read_files(files: NamedFiles) -> Result<(ReadRows, Option<Dataset>), DatasetError> {
    let NamedFiles {
        learned,
        held_out,
        columns,
    } = files;
    let read = |paths: &[PathBuf], columns: &Columns| Dataset::read(paths, None, columns);
    let held_out = match held_out.as_slice() {
        [] => None,
        paths => {
            // A facet may have no held-out label.
            let columns = Columns {
                facets: Vec::new(),
                optional: columns.facets.clone(),
                ..columns.clone()
            };
            Some(read(paths, &columns)?.0)
        }
    };
    Ok((read(&learned, &columns)?, held_out))
}

/// What is to be told of the rows: what was found in them, and the labels left out.
fn warnings(rows: &LearnableRows) -> Vec<String> {
    let found = rows.checked.findings.iter();
    let found = found.filter(|finding| finding.severity != Severity::Error);
    let mut all: Vec<String> = found.map(ToString::to_string).collect();
    all.extend(
        rows.dropped
            .iter()
            .map(|label| format!("left out: {label}")),
    );
    if all.len() > MAX_WARNINGS {
        let more = all.len() - (MAX_WARNINGS - 1);
        all.truncate(MAX_WARNINGS - 1);
        all.push(format!("and {more} more"));
    }
    all
}

fn sentences(
    vectors: &Vectors,
    texts: &[String],
    models: &Path,
    teller: &Teller,
) -> Result<Sentences, JobFault> {
    let encoder = match vectors {
        Vectors::None => return Ok(Sentences::None),
        Vectors::Shipped => {
            let table = Embedding::shipped().map_err(|error| JobFault::Table(error.to_string()))?;
            SentenceEncoder::Embedding(Arc::new(table))
        }
        Vectors::Encoder(checksum) => SentenceEncoder::Encoder(encoders::load(models, checksum)?),
    };
    Ok(Sentences::fixed(encoder, texts, &|| teller.called_off())?)
}
