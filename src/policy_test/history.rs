//! Tickets of the past out of data files, to try policies on: with their labels where there are any, with channel,
//! subject, language, customer's tier and time of arrival where a column has them.

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::classifier::{Classification, Prediction};
use crate::dataset::{self, Columns, Dataset, DatasetError, Format};
use crate::ticket::{Channel, Customer, Ticket};

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
    /// Column of the time of arrival.
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
    /// What its labels say; `None` without a label for the topic.
    pub labelled: Option<Classification>,
}

/// Why the tickets cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// A file cannot be read.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// A field cannot be read.
    #[error("{at}: '{word}' is no {what}: {advice}")]
    Field {
        /// File and line.
        at: String,
        /// What it should be.
        what: &'static str,
        /// What it says.
        word: String,
        /// What to write.
        advice: &'static str,
    },
    /// A ticket's text begins with its subject.
    #[error("the text must begin with the subject: name the column '{0}' first")]
    SubjectNotFirst(String),
    /// There is nothing to try.
    #[error("no row has a text")]
    NoRows,
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
    /// Reads all tickets that have a text, in the order of the files.
    ///
    /// # Errors
    ///
    /// If a file or a field cannot be read, or no row has a text.
    pub fn read(&self) -> Result<Vec<PastTicket>, HistoryError> {
        let mut columns = self.columns.clone();
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
        let (dataset, _) = Dataset::read(&self.files, self.format, &columns)?;
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
        };
        let tickets: Result<Vec<PastTicket>, HistoryError> = (0..dataset.examples.len())
            .filter_map(|row| reader.read(row).transpose())
            .collect();
        let tickets = tickets?;
        if tickets.is_empty() {
            return Err(HistoryError::NoRows);
        }
        Ok(tickets)
    }
}

type Labels<'d> = Vec<Option<&'d str>>;

struct Reader<'d> {
    dataset: &'d Dataset,
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
    /// One ticket; `None` where it has no text.
    fn read(&self, row: usize) -> Result<Option<PastTicket>, HistoryError> {
        let Some(example) = self.dataset.examples.get(row) else {
            return Ok(None);
        };
        let at = |labels: &Labels<'_>| labels.get(row).copied().flatten().map(str::to_owned);
        let subject = at(&self.subjects).unwrap_or_default();
        if example.text.is_empty() && subject.is_empty() {
            return Ok(None);
        }
        let place = || self.dataset.location(example).to_string();
        let fault = |what, word: String, advice| HistoryError::Field {
            at: place(),
            what,
            word,
            advice,
        };
        let channel = match at(&self.channels) {
            None => None,
            Some(word) => Some(word.parse::<Channel>().map_err(|_| {
                fault(
                    "channel",
                    word,
                    "use one of email, chat, web_form, phone, social, sms, app_review",
                )
            })?),
        };
        let arrived = match at(&self.arrived) {
            None => None,
            Some(word) => Some(parse_time(&word).ok_or_else(|| {
                fault(
                    "time",
                    word,
                    "write it as 2026-03-02T09:30:00Z (without an offset it is taken as UTC)",
                )
            })?),
        };
        let (subject, body) = part(&subject, &example.text, self.subject_asked);
        Ok(Some(PastTicket {
            ticket: Ticket {
                id: example.id.clone().unwrap_or_else(place),
                channel,
                subject,
                body,
                language: at(&self.languages),
                customer: Customer {
                    tier: at(&self.tiers).unwrap_or_default(),
                    ..Customer::default()
                },
                ..Ticket::default()
            },
            arrived,
            labelled: self.labelled(row),
        }))
    }

    fn labelled(&self, row: usize) -> Option<Classification> {
        let pin = |labels: &Labels<'_>| {
            let label = labels.get(row).copied().flatten()?;
            Some(Prediction::given(label, 1.0))
        };
        let mut facets: Vec<_> = self
            .facets
            .iter()
            .filter_map(|(name, labels)| Some((name.clone(), pin(labels)?)))
            .collect();
        facets.sort_by(|a, b| a.0.cmp(&b.0));
        Some(Classification {
            topic: Some(pin(&self.topics)?),
            area: None,
            urgency: pin(&self.urgencies),
            facets,
        })
    }
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
