//! Tickets of the past out of data files, to try policies on: with their labels where there are any, with channel,
//! subject, language, customer's tier and time of arrival where a column has them.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::classifier::{Classification, Prediction};
use crate::dataset::{self, Columns, Dataset, DatasetError, Example, Format};
use crate::ticket::{Channel, Customer, Ticket, Urgency};

/// Where the tickets are, and which columns tell what besides the text and the labels.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The files.
    pub files: Vec<PathBuf>,
    /// The format of all files; `None` goes by their extensions.
    pub format: Option<Format>,
    /// The columns of text, labels and id.
    pub columns: Columns,
    /// Column of the subject line, be it part of the text or not; `None`: `subject`, where the text begins with it.
    pub subject: Option<String>,
    /// Column of the time of arrival; `None`: `arrived`, in an export of Zendesk `created_at`, if there is one.
    pub arrived: Option<String>,
    /// Column of the channel.
    pub channel: Option<String>,
    /// Column of the language tag.
    pub language: Option<String>,
    /// Column of the customer's tier.
    pub tier: Option<String>,
}

/// A ticket of the past.
#[derive(Debug, Clone)]
pub struct PastTicket {
    /// The ticket; its id is the record's or else its file and line.
    pub ticket: Ticket,
    /// When it came, where known.
    pub arrived: Option<Timestamp>,
    /// What its labels say; `None` where it has a text and no label for the topic.
    pub labelled: Option<Classification>,
}

/// Why the tickets cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// A file cannot be read.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// Fields cannot be read; each with its file, line and column. Never empty.
    #[error("{}", listing(.0))]
    Fields(Vec<String>),
    /// A ticket's text begins with its subject.
    #[error("the text must begin with the subject: name the column '{0}' first")]
    SubjectNotFirst(String),
}

/// How many faults are told; the rest are counted.
const MAX_TOLD: usize = 100;

fn listing(faults: &[String]) -> String {
    let mut told = faults.iter().take(MAX_TOLD).cloned().collect::<Vec<_>>();
    match faults.len().saturating_sub(MAX_TOLD) {
        0 => {}
        1 => told.push("and 1 more error".to_owned()),
        more => told.push(format!("and {more} more errors")),
    }
    told.join("\n")
}

/// Names of columns that are read as labels and are none; no facet can be called so.
const SUBJECT: &str = "=subject";
const ARRIVED: &str = "=arrived";
const CHANNEL: &str = "=channel";
const LANGUAGE: &str = "=language";
const TIER: &str = "=tier";

/// The column of the subject line where none is named.
const USUAL_SUBJECT: &str = "subject";

impl History {
    /// Reads all tickets, those without a text too, in the order of the files.
    ///
    /// # Errors
    ///
    /// If a file or any field cannot be read; of fields, all that cannot.
    pub fn read(&self) -> Result<Vec<PastTicket>, HistoryError> {
        let mut columns = Columns {
            any_urgency: true,
            ..self.columns.clone()
        };
        let further = [
            (ARRIVED, &self.arrived),
            (CHANNEL, &self.channel),
            (LANGUAGE, &self.language),
            (TIER, &self.tier),
        ];
        let facets: Vec<String> = columns
            .facets
            .iter()
            .map(|(name, _)| name.clone())
            .collect();
        columns.facets.extend(
            further
                .iter()
                .filter_map(|(name, column)| Some(((*name).to_owned(), (*column).clone()?))),
        );
        if self.arrived.is_none() {
            let usual = (ARRIVED.to_owned(), self.arrived_column().to_owned());
            columns.optional.push(usual);
        }
        match &self.subject {
            Some(column) if columns.text.iter().skip(1).any(|text| text == column) => {
                return Err(HistoryError::SubjectNotFirst(column.clone()));
            }
            Some(column) => columns.facets.push((SUBJECT.to_owned(), column.clone())),
            None if columns
                .text
                .first()
                .is_none_or(|first| first == USUAL_SUBJECT) =>
            {
                let usual = (SUBJECT.to_owned(), USUAL_SUBJECT.to_owned());
                columns.optional.push(usual);
            }
            None => {}
        }
        let (dataset, _) = Dataset::read(&self.files, self.format, &columns).map_err(by_option)?;
        let reader = Reader {
            topics: dataset.labels(dataset::TOPIC),
            urgencies: dataset.labels(dataset::URGENCY),
            facets: facets
                .into_iter()
                .map(|facet| {
                    let labels = dataset.labels(&facet);
                    (facet, labels)
                })
                .collect(),
            subjects: dataset.labels(SUBJECT),
            subject_asked: self.subject.is_some(),
            arrived: dataset.labels(ARRIVED),
            channels: dataset.labels(CHANNEL),
            languages: dataset.labels(LANGUAGE),
            tiers: dataset.labels(TIER),
            dataset: &dataset,
            history: self,
        };
        let mut faults = Vec::new();
        let tickets = dataset
            .examples
            .iter()
            .enumerate()
            .map(|(row, example)| reader.read(row, example, &mut faults))
            .collect();
        match faults.is_empty() {
            true => Ok(tickets),
            false => Err(HistoryError::Fields(faults)),
        }
    }

    /// The column of the time of arrival.
    fn arrived_column(&self) -> &str {
        let usual = match self.format {
            Some(Format::Zendesk) => "created_at",
            Some(Format::Csv | Format::Tsv | Format::Jsonl | Format::Parquet) | None => "arrived",
        };
        self.arrived.as_deref().unwrap_or(usual)
    }
}

/// The same error with the options that are called otherwise here.
fn by_option(mut error: DatasetError) -> DatasetError {
    match &mut error {
        DatasetError::MissingColumn { purpose, .. } => {
            if let Some(name) = purpose.strip_prefix('=') {
                *purpose = format!("--{name}");
            }
        }
        DatasetError::UnknownFormat { option, .. } | DatasetError::NotZendesk { option, .. } => {
            *option = "--tickets-format";
        }
        _ => {}
    }
    error
}

type Labels<'d> = Vec<Option<&'d str>>;

struct Reader<'d> {
    dataset: &'d Dataset,
    history: &'d History,
    topics: Labels<'d>,
    urgencies: Labels<'d>,
    facets: Vec<(String, Labels<'d>)>,
    subjects: Labels<'d>,
    /// Whether its column was named, so that it counts where the text does not begin with it too.
    subject_asked: bool,
    arrived: Labels<'d>,
    channels: Labels<'d>,
    languages: Labels<'d>,
    tiers: Labels<'d>,
}

impl Reader<'_> {
    /// One ticket; fields that cannot be read are noted.
    fn read(&self, row: usize, example: &Example, faults: &mut Vec<String>) -> PastTicket {
        let place = || self.dataset.location(example).to_string();
        let mut fault = |column: &str, word: &str, what: &str| {
            let at = place();
            faults.push(format!("{at}: column '{column}': '{word}' is no {what}"));
        };
        let urgency = label(&self.urgencies, row).and_then(|word| {
            let level = word.to_lowercase().parse::<Urgency>().ok();
            if level.is_none() {
                let what = "urgency: use one of low, normal, high, urgent, or leave it empty";
                fault(&self.urgency_column(example), word, what);
            }
            level
        });
        let channel = label(&self.channels, row).and_then(|word| {
            let channel = word.parse::<Channel>().ok();
            if channel.is_none() {
                let what =
                    "channel: use one of email, chat, web_form, phone, social, sms, app_review";
                fault(
                    self.history.channel.as_deref().unwrap_or_default(),
                    word,
                    what,
                );
            }
            channel
        });
        let arrived = label(&self.arrived, row).and_then(|word| {
            let time = parse_time(word);
            if time.is_none() {
                let what =
                    "time: write it as 2026-03-02T09:30:00Z (without an offset it is taken as UTC)";
                fault(self.history.arrived_column(), word, what);
            }
            time
        });
        let owned = |labels: &Labels<'_>| label(labels, row).map(str::to_owned);
        let subject = label(&self.subjects, row).unwrap_or_default();
        let (subject, body) = part(subject, &example.text, self.subject_asked);
        let ticket = Ticket {
            id: example.id.clone().unwrap_or_else(place),
            channel,
            subject,
            body,
            language: owned(&self.languages),
            customer: Customer {
                tier: owned(&self.tiers).unwrap_or_default(),
                ..Customer::default()
            },
            ..Ticket::default()
        };
        PastTicket {
            labelled: self.labelled(row, urgency, !ticket.text().is_empty()),
            ticket,
            arrived,
        }
    }

    /// The column that the urgency of this ticket is from.
    fn urgency_column(&self, example: &Example) -> String {
        let source = self.dataset.sources.get(example.file);
        let format = self
            .history
            .format
            .or_else(|| Format::of_path(Path::new(&source?.path)).ok());
        let columns = &self.history.columns;
        columns
            .urgency_column(format.unwrap_or(Format::Csv))
            .to_owned()
    }

    /// What the labels of a row say. Without a text nothing more needs to be said: no rule is tried.
    fn labelled(
        &self,
        row: usize,
        urgency: Option<Urgency>,
        has_text: bool,
    ) -> Option<Classification> {
        let pin = |labels: &Labels<'_>| {
            let label = label(labels, row)?;
            Some(Prediction::given(label, 1.0))
        };
        let topic = pin(&self.topics);
        if topic.is_none() && has_text {
            return None;
        }
        let mut facets: Vec<_> = self
            .facets
            .iter()
            .filter_map(|(name, labels)| Some((name.clone(), pin(labels)?)))
            .collect();
        facets.sort_by(|a, b| a.0.cmp(&b.0));
        Some(Classification {
            topic,
            area: None,
            urgency: urgency.map(|urgency| Prediction::given(urgency.as_str(), 1.0)),
            facets,
        })
    }
}

fn label<'d>(labels: &Labels<'d>, row: usize) -> Option<&'d str> {
    labels.get(row).copied().flatten()
}

/// Subject and body of a ticket of this text.
fn part(subject: &str, text: &str, asked: bool) -> (String, String) {
    let body = match text.strip_prefix(subject) {
        Some("") => Some(""),
        Some(rest) if !subject.is_empty() => rest.strip_prefix('\n'),
        Some(_) | None => None,
    };
    match (body, asked) {
        (Some(body), _) => (subject.to_owned(), body.to_owned()),
        (None, true) => (subject.to_owned(), text.to_owned()),
        (None, false) => (String::new(), text.to_owned()),
    }
}

fn parse_time(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    let civil: DateTime = text.parse().ok()?;
    let zoned = civil.to_zoned(TimeZone::UTC).ok()?;
    Some(zoned.timestamp())
}
