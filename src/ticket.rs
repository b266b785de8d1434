//! The words of the trade: a ticket, its text, and what is known about it. Decides nothing.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Longest id, tag, label or key that a ticket may have where it comes from outside, in bytes.
pub const MAX_ID_BYTES: usize = 256;
/// Longest subject of such a ticket, in bytes.
pub const MAX_SUBJECT_BYTES: usize = 4_096;
/// Most tags of such a ticket.
pub const MAX_TAGS: usize = 100;
/// Most attributes of such a ticket, and of its customer.
pub const MAX_ATTRIBUTES: usize = 100;
/// Longest value of an attribute, in bytes.
pub const MAX_ATTRIBUTE_BYTES: usize = 4_096;

/// A customer's inquiry as it came in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ticket {
    /// The help desk's own id; not empty where a decision is to be traced back.
    pub id: String,
    /// How it arrived, where known.
    pub channel: Option<Channel>,
    /// Subject line; empty on channels that have none.
    pub subject: String,
    /// The customer's words.
    pub body: String,
    /// BCP 47 language tag, where known.
    pub language: Option<String>,
    /// Tags set by the help desk.
    pub tags: Vec<String>,
    /// Further attributes, free to name.
    pub attributes: BTreeMap<String, String>,
    /// Who writes.
    pub customer: Customer,
    /// The agent who handled this customer last, where known.
    pub last_agent_id: Option<String>,
}

impl Ticket {
    /// The text that is classified: subject and body, each on lines of its own.
    #[must_use]
    pub fn text(&self) -> String {
        match (self.subject.trim(), self.body.trim()) {
            ("", body) => body.to_owned(),
            (subject, "") => subject.to_owned(),
            (subject, body) => format!("{subject}\n{body}"),
        }
    }

    /// Where a byte range of [`text`](Self::text) stands in the ticket: the field, and the bytes in
    /// it. `None` if the range lies in neither.
    #[must_use]
    pub fn locate(&self, span: Range<usize>) -> Option<(TextField, Range<usize>)> {
        let leading = |field: &str| field.len() - field.trim_start().len();
        let subject = self.subject.trim().len();
        if span.end <= subject {
            let offset = leading(&self.subject);
            return Some((TextField::Subject, span.start + offset..span.end + offset));
        }
        let body_starts = if subject == 0 { 0 } else { subject + 1 };
        if span.start < body_starts || span.end > body_starts + self.body.trim().len() {
            return None;
        }
        let offset = leading(&self.body);
        Some((
            TextField::Body,
            span.start - body_starts + offset..span.end - body_starts + offset,
        ))
    }
}

/// A text field of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TextField {
    /// The subject line.
    Subject,
    /// The body.
    Body,
}

/// Who wrote a ticket, as far as the help desk knows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Customer {
    /// The help desk's id of the customer.
    pub id: String,
    /// Tier or plan, such as `vip`; empty where there is none.
    pub tier: String,
    /// Further attributes, free to name.
    pub attributes: BTreeMap<String, String>,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// All values, in order.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The value's name in files, on the command line and in messages.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord {
                        what: $what,
                        word: word.to_owned(),
                        known: &[$($word),+],
                    }),
                }
            }
        }
    };
}

words! {
    /// How a ticket arrived.
    Channel, "channel" {
        /// E-mail.
        Email = "email",
        /// Live chat.
        Chat = "chat",
        /// A form on the web site.
        WebForm = "web_form",
        /// A phone call's transcript.
        Phone = "phone",
        /// A public post or a direct message.
        Social = "social",
        /// A text message.
        Sms = "sms",
        /// A review in an app store.
        AppReview = "app_review",
    }
}

words! {
    /// How soon a ticket must be answered, from least to most.
    Urgency, "urgency" {
        /// Information, praise, suggestions; nothing is lost by waiting days.
        Low = "low",
        /// No special time pressure.
        Normal = "normal",
        /// The customer is blocked or about to leave.
        High = "high",
        /// Harm, money or data being lost; minutes matter.
        Urgent = "urgent",
    }
}

/// A word that is none of those allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} '{word}': use one of {}", known.join(", "))]
pub struct UnknownWord {
    /// What was to be named.
    pub what: &'static str,
    /// What was given.
    pub word: String,
    /// What could have been given.
    pub known: &'static [&'static str],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urgency_is_ordered() {
        assert!(Urgency::Low < Urgency::Normal);
        assert!(Urgency::High < Urgency::Urgent);
    }

    #[test]
    fn names_parse_back_to_their_values() {
        for &channel in Channel::ALL {
            assert_eq!(channel.as_str().parse(), Ok(channel));
            assert_eq!(serde_json::to_value(channel).unwrap(), channel.as_str());
        }
        for &urgency in Urgency::ALL {
            assert_eq!(urgency.as_str().parse(), Ok(urgency));
        }
    }

    #[test]
    fn an_unknown_name_says_what_is_known() {
        let error = "asap".parse::<Urgency>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown urgency 'asap': use one of low, normal, high, urgent"
        );
    }

    #[test]
    fn text_joins_subject_and_body() {
        let ticket = |subject: &str, body: &str| Ticket {
            subject: subject.into(),
            body: body.into(),
            ..Ticket::default()
        };
        assert_eq!(ticket("Late", "Where is it?").text(), "Late\nWhere is it?");
        assert_eq!(ticket("", " Where? ").text(), "Where?");
        assert_eq!(ticket("Late", "").text(), "Late");
    }

    #[test]
    fn a_place_in_the_text_is_found_in_its_field() {
        let ticket = Ticket {
            subject: "  Späte Lieferung ".into(),
            body: "\n wo bleibt sie".into(),
            ..Ticket::default()
        };
        let text = ticket.text();
        for word in ["Späte", "Lieferung", "wo", "sie"] {
            let start = text.find(word).unwrap();
            let (field, span) = ticket.locate(start..start + word.len()).unwrap();
            let field = match field {
                TextField::Subject => &ticket.subject,
                TextField::Body => &ticket.body,
            };
            assert_eq!(&field[span], word);
        }
    }
}
