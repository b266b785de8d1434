//! How to train, as a request says it: parsed once, at the edge.

use tonic::Status;

use super::routing_request::by;
use super::status::{Violations, too_much, wrong};
use super::v1;
use crate::access::{Caller, Scope, Scopes};
use crate::classifier::thresholds::ThresholdParams;
use crate::dataset::Columns;
use crate::jobs::{BadFile, JobLimits, JobOptions, NamedFiles, Rare, SentRows, Vectors};
use crate::training::{FitParams, UrgencyCosts};

/// Most facets that tickets may have labels for.
const MAX_FACETS: usize = 100;
/// Most files of a kind.
const MAX_FILES: usize = 100;
/// Highest factor of rating an urgency too low.
const MAX_FACTOR: f32 = 1e6;

/// How to train, and what from: files, or tickets that are still to be sent.
#[derive(Debug)]
pub(super) struct TrainingWish {
    pub(super) options: JobOptions,
    pub(super) files: Option<NamedFiles>,
    /// Facets that tickets may have labels for.
    pub(super) facets: Vec<String>,
}

/// Parses the first message.
pub(super) fn options(
    request: Option<v1::StartTrainingRequest>,
    caller: Option<&Caller>,
    limits: &JobLimits,
) -> Result<TrainingWish, Box<Status>> {
    use v1::start_training_request::Part;
    let part = request.and_then(|request| request.part);
    let Some(Part::Options(options)) = part else {
        return Err(wrong("options", "must be the first message"));
    };
    let activate = activates(options.activation)?;
    if activate {
        check_may_activate(caller)?;
    }
    let mut violations = Violations::default();
    let by = by(options.author, options.comment, caller, &mut violations);
    if options.facets.len() > MAX_FACETS {
        let problem = format!("are more than {MAX_FACETS}");
        return Err(too_much("options.facets", &problem));
    }
    let params = FitParams {
        seed: options.seed.unwrap_or(FitParams::default().seed),
        thresholds: ThresholdParams {
            target_precision: target_precision(options.target_precision, &mut violations),
            ..ThresholdParams::default()
        },
        urgency_costs: urgency_costs(options.under_call_factor, &mut violations),
        ..FitParams::default()
    };
    let vectors = vectors(options.vectors, &mut violations);
    if let Err(error) = SentRows::new(&options.facets) {
        violations.bad("options.facets", error.to_string());
    }
    violations.into_result()?;
    let files = match options.files {
        Some(files) => Some(find_files(files, &options.facets, limits)?),
        None => None,
    };
    Ok(TrainingWish {
        options: JobOptions {
            by,
            params,
            asks_for_costs: options.under_call_factor != 0.0,
            rare: match options.drop_rare {
                true => Rare::LeaveOut,
                false => Rare::Refuse,
            },
            vectors,
            activate,
        },
        files,
        facets: options.facets,
    })
}

fn activates(activation: i32) -> Result<bool, Box<Status>> {
    match v1::TrainingActivation::try_from(activation) {
        Ok(v1::TrainingActivation::Unspecified | v1::TrainingActivation::Never) => Ok(false),
        Ok(v1::TrainingActivation::WhenGatePasses) => Ok(true),
        Err(_) => Err(wrong(
            "options.activation",
            &format!("{activation} is no number of an activation"),
        )),
    }
}

/// Whoever may train may not yet decide what is served.
fn check_may_activate(caller: Option<&Caller>) -> Result<(), Box<Status>> {
    let admin = Scopes::of(&[Scope::Admin]);
    match caller {
        Some(caller) if !caller.scopes.meets(admin) => Err(Box::new(Status::permission_denied(
            "activating the version needs the scope admin: train it with TRAINING_ACTIVATION_NEVER",
        ))),
        Some(_) | None => Ok(()),
    }
}

fn target_precision(given: f64, violations: &mut Violations) -> f64 {
    let usual = ThresholdParams::default().target_precision;
    if given == 0.0 {
        return usual;
    }
    if given > 0.0 && given < 1.0 {
        return given;
    }
    violations.bad("options.target_precision", "is not between 0 and 1");
    usual
}

fn urgency_costs(factor: f32, violations: &mut Violations) -> UrgencyCosts {
    if factor == 0.0 {
        return UrgencyCosts::default();
    }
    if !(factor > 0.0 && factor <= MAX_FACTOR) {
        violations.bad(
            "options.under_call_factor",
            format!("is not above 0 and up to {MAX_FACTOR}"),
        );
    }
    UrgencyCosts::UnderCallFactor(factor)
}

fn vectors(given: Option<v1::TrainingVectors>, violations: &mut Violations) -> Vectors {
    use v1::training_vectors::Source;
    match given.and_then(|vectors| vectors.source) {
        None | Some(Source::None(false)) => Vectors::Shipped,
        Some(Source::None(true)) => Vectors::None,
        Some(Source::Encoder(checksum)) => {
            let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            if checksum.len() != 64 || !checksum.bytes().all(is_digit) {
                violations.bad(
                    "options.vectors.encoder",
                    "is no SHA-256: 64 lower-case hexadecimal digits are",
                );
            }
            Vectors::Encoder(checksum)
        }
    }
}

fn find_files(
    files: v1::TrainingFiles,
    facets: &[String],
    limits: &JobLimits,
) -> Result<NamedFiles, Box<Status>> {
    if files.learned.is_empty() {
        return Err(wrong("options.files.learned", "is empty: name a file"));
    }
    let given = |column: String| Some(column).filter(|column| !column.is_empty());
    let columns = Columns {
        text: files.text_columns,
        topic: given(files.topic_column),
        urgency: given(files.urgency_column),
        id: given(files.id_column),
        facets: facets
            .iter()
            .map(|facet| (facet.clone(), facet.clone()))
            .collect(),
        ..Columns::default()
    };
    let mut violations = Violations::default();
    for (field, names) in [
        ("options.files.learned", &files.learned),
        ("options.files.held_out", &files.held_out),
    ] {
        if names.len() > MAX_FILES {
            violations.too_large(field, format!("are more than {MAX_FILES}"));
        }
    }
    violations.into_result()?;
    NamedFiles::find(&files.learned, &files.held_out, columns, limits).map_err(|bad| match bad {
        BadFile::File {
            held_out,
            index,
            problem,
        } => {
            let kind = if held_out { "held_out" } else { "learned" };
            wrong(
                &format!("options.files.{kind}[{index}]"),
                &problem.to_string(),
            )
        }
        BadFile::TooMuch(error) => too_much("options.files", &error.to_string()),
    })
}
