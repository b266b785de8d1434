//! Tickets that are sent to learn from: parsed once, at the edge. They are told apart by their index among all that were
//! sent.

use tonic::Status;

use super::request::MAX_BODY_BYTES;
use super::status::{Violations, too_much, wrong};
use super::v1;
use crate::dataset::ExampleFields;
use crate::jobs::{JobData, JobLimits, SentRows};
use crate::ticket::{MAX_ID_BYTES, MAX_SUBJECT_BYTES, Urgency};

/// Most tickets of a message.
const MAX_TICKETS: usize = 10_000;

/// Tickets as they are sent.
#[derive(Debug)]
pub(super) struct SentTickets {
    rows: SentRows,
    facets: Vec<String>,
    /// Whether one of those to learn from has an urgency.
    has_urgency: bool,
}

impl SentTickets {
    /// None yet.
    pub(super) fn new(facets: Vec<String>) -> Result<Self, Box<Status>> {
        let rows = SentRows::new(&facets);
        Ok(Self {
            rows: rows.map_err(|error| wrong("options.facets", &error.to_string()))?,
            facets,
            has_urgency: false,
        })
    }

    /// Parses a message of tickets and adds them.
    pub(super) fn add(
        &mut self,
        request: v1::StartTrainingRequest,
        limits: &JobLimits,
    ) -> Result<(), Box<Status>> {
        use v1::start_training_request::Part;
        let sent = match request.part {
            Some(Part::Examples(sent)) => sent.examples,
            Some(Part::Options(_)) => return Err(wrong("options", "are given twice")),
            None => return Err(wrong("part", "is missing: send tickets")),
        };
        if sent.len() > MAX_TICKETS {
            let problem = format!("are more than {MAX_TICKETS} in one message");
            return Err(too_much("examples", &problem));
        }
        let mut violations = Violations::default();
        for example in sent {
            let (rows, bytes) = self.rows.extent();
            let field = format!("examples[{rows}]");
            let held_out = example.held_out;
            let fields = self.fields(example, &field, &mut violations);
            self.has_urgency |= !held_out && fields.urgency.is_some();
            let into = match held_out {
                true => &mut self.rows.held_out,
                false => &mut self.rows.learned,
            };
            if let Err(error) = into.push(fields) {
                violations.bad(field, error.to_string());
            }
            // What was there before fits.
            limits
                .check(rows + 1, bytes)
                .map_err(|error| too_much("examples", &error.to_string()))?;
        }
        violations.into_result()?;
        let (rows, bytes) = self.rows.extent();
        limits
            .check(rows, bytes)
            .map_err(|error| too_much("examples", &error.to_string()))
    }

    /// What a job learns from, which `asks_for_costs` of misjudged urgencies or does not.
    pub(super) fn finish(self, asks_for_costs: bool) -> Result<JobData, Box<Status>> {
        if self.rows.learned.is_empty() {
            return Err(wrong(
                "examples",
                "are missing: send tickets to learn from, or name files",
            ));
        }
        if asks_for_costs && !self.has_urgency {
            return Err(wrong(
                "options.under_call_factor",
                "is given, but no ticket to learn from has an urgency: label some, or leave it out",
            ));
        }
        Ok(JobData::Sent(self.rows))
    }

    fn fields(
        &self,
        example: v1::TrainingExample,
        field: &str,
        violations: &mut Violations,
    ) -> ExampleFields {
        let texts = [
            ("id", &example.id, MAX_ID_BYTES),
            ("subject", &example.subject, MAX_SUBJECT_BYTES),
            ("body", &example.body, MAX_BODY_BYTES),
            ("topic", &example.topic, MAX_ID_BYTES),
        ];
        for (name, text, most) in texts {
            check_text(&format!("{field}.{name}"), text, most, violations);
        }
        for (facet, label) in &example.facets {
            if violations.is_full() {
                break;
            }
            let field = format!("{field}.facets[\"{facet}\"]");
            if !self.facets.contains(facet) {
                violations.bad(field, "is none of options.facets");
            } else {
                check_text(&field, label, MAX_ID_BYTES, violations);
            }
        }
        ExampleFields {
            urgency: urgency(example.urgency, field, violations),
            id: example.id,
            subject: example.subject,
            body: example.body,
            topic: example.topic,
            facets: example
                .facets
                .into_iter()
                .filter(|(_, label)| !label.is_empty())
                .collect(),
        }
    }
}

fn check_text(field: &str, text: &str, most: usize, violations: &mut Violations) {
    let length = text.len();
    if length > most {
        let problem = format!("has {length} bytes, at most {most} are allowed");
        violations.too_large(field, problem);
    }
    if text.contains('\0') {
        violations.bad(field, "holds a NUL byte");
    }
}

fn urgency(number: i32, field: &str, violations: &mut Violations) -> Option<Urgency> {
    match v1::Urgency::try_from(number) {
        Ok(v1::Urgency::Unspecified) => None,
        Ok(v1::Urgency::Low) => Some(Urgency::Low),
        Ok(v1::Urgency::Normal) => Some(Urgency::Normal),
        Ok(v1::Urgency::High) => Some(Urgency::High),
        Ok(v1::Urgency::Urgent) => Some(Urgency::Urgent),
        Err(_) => {
            let problem = format!("{number} is no number of an urgency");
            violations.bad(format!("{field}.urgency"), problem);
            None
        }
    }
}
