//! Which column of a file means what: the mapping as the user gives it, the names taken when
//! nothing is given, and how both meet the columns a file has.

use std::path::Path;

use super::error::FORMAT_OPTION;
use super::{DatasetError, Format};

/// The head of the topic.
pub const TOPIC: &str = "topic";
/// The head of the urgency.
pub const URGENCY: &str = "urgency";

/// Which column means what; what is not given is looked for under its usual name.
///
/// A column is named as in the header, or by its key in JSON. In a Zendesk export it is one of:
///
/// * `subject`, `type`, `via.channel`: a field of the ticket, with dots into objects;
/// * `custom_field:ID`: the value of the custom field with that number;
/// * `tags:PREFIX`: the one tag that begins with PREFIX, less the prefix, so that `tags:topic_`
///   reads `billing` from the tag `topic_billing`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    /// Columns of the text, joined in order by line breaks. Empty: `subject` and `body`, or
    /// `text`; in a Zendesk export `subject` and `description`.
    pub text: Vec<String>,
    /// Column of the topic. None: `topic`, if there is one.
    pub topic: Option<String>,
    /// Column of the urgency. None: `urgency` (Zendesk: `priority`), if there is one.
    pub urgency: Option<String>,
    /// Whether an urgency may be any word, for who checks it later; else one that is no urgency is an error.
    pub any_urgency: bool,
    /// Name and column of each further head.
    pub facets: Vec<(String, String)>,
    /// Name and column of heads beyond those, where a file has the column; a file without it is no error.
    pub optional: Vec<(String, String)>,
    /// Column of the record's id. None: `id`, if there is one.
    pub id: Option<String>,
}

/// A head and the column its labels come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HeadColumn {
    pub(super) name: String,
    pub(super) column: String,
    /// Whether the user named the column, so that it must be there.
    pub(super) asked: bool,
}

/// The indices, among a file's columns, of those that are used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resolved {
    /// In the order they are joined.
    pub(super) text: Vec<usize>,
    /// One for each head of [`Columns::heads`].
    pub(super) heads: Vec<Option<usize>>,
    pub(super) id: Option<usize>,
}

impl Columns {
    /// The heads a file of this format may have: topic, urgency, then the facets by name.
    pub(super) fn heads(&self, format: Format) -> Result<Vec<HeadColumn>, DatasetError> {
        let asked = self.facets.iter().map(|facet| (facet, true));
        let optional = self.optional.iter().map(|facet| (facet, false));
        let mut facets: Vec<_> = asked.chain(optional).collect();
        facets.sort();
        let mut heads = vec![
            HeadColumn {
                name: TOPIC.to_owned(),
                column: self.topic.clone().unwrap_or_else(|| TOPIC.to_owned()),
                asked: self.topic.is_some(),
            },
            HeadColumn {
                name: URGENCY.to_owned(),
                column: self.urgency_column(format).to_owned(),
                asked: self.urgency.is_some(),
            },
        ];
        for ((name, column), asked) in facets {
            let problem = match name.as_str() {
                "" => Some("has no name"),
                TOPIC | URGENCY => Some("has a name that is taken"),
                _ if heads.iter().any(|head| head.name == *name) => Some("is given twice"),
                _ => None,
            };
            if let Some(problem) = problem {
                return Err(DatasetError::FacetName {
                    name: name.clone(),
                    problem,
                });
            }
            heads.push(HeadColumn {
                name: name.clone(),
                column: column.clone(),
                asked,
            });
        }
        Ok(heads)
    }

    /// The column of the urgency in a file of this format.
    pub(crate) fn urgency_column(&self, format: Format) -> &str {
        let usual = match format {
            Format::Csv | Format::Tsv | Format::Jsonl | Format::Parquet => URGENCY,
            Format::Zendesk => "priority",
        };
        self.urgency.as_deref().unwrap_or(usual)
    }

    /// The column of the ids.
    pub(super) fn id_column(&self) -> &str {
        self.id.as_deref().unwrap_or("id")
    }

    /// Names of the text's columns, given which columns there are; empty if none is known.
    pub(super) fn text_columns(&self, format: Format, has: impl Fn(&str) -> bool) -> Vec<&str> {
        if !self.text.is_empty() {
            return self.text.iter().map(String::as_str).collect();
        }
        let body = match format {
            Format::Csv | Format::Tsv | Format::Jsonl | Format::Parquet => "body",
            Format::Zendesk => "description",
        };
        let usual: &[&str] = match (has("subject"), has(body), has("text")) {
            (true, true, _) => &["subject", body],
            (false, true, _) => &[body],
            (_, false, true) => &["text"],
            (true, false, false) => &["subject"],
            (false, false, false) => &[],
        };
        usual.to_vec()
    }

    /// Finds the columns among `names`.
    pub(super) fn resolve(
        &self,
        path: &Path,
        format: Format,
        names: &[String],
    ) -> Result<Resolved, DatasetError> {
        let position = |column: &str| names.iter().position(|name| name == column);
        let asked = |purpose: &str, column: &str| {
            position(column).ok_or_else(|| missing(path, purpose, column, format, names))
        };
        let text = self
            .text_columns(format, |column| position(column).is_some())
            .into_iter()
            .map(|column| asked("the text", column))
            .collect::<Result<Vec<_>, _>>()?;
        if text.is_empty() {
            return Err(DatasetError::NoTextColumn {
                path: path.to_owned(),
                columns: names.to_vec(),
            });
        }
        let heads = self
            .heads(format)?
            .iter()
            .map(|head| match head.asked {
                true => asked(&head.name, &head.column).map(Some),
                false => Ok(position(&head.column)),
            })
            .collect::<Result<Vec<_>, _>>()?;
        let id = match &self.id {
            Some(column) => Some(asked("the id", column)?),
            None => position(self.id_column()),
        };
        Ok(Resolved { text, heads, id })
    }
}

fn missing(
    path: &Path,
    purpose: &str,
    column: &str,
    format: Format,
    names: &[String],
) -> DatasetError {
    let of_zendesk = column.starts_with("tags:") || column.starts_with("custom_field:");
    if of_zendesk && format != Format::Zendesk {
        return DatasetError::NotZendesk {
            path: path.to_owned(),
            column: column.to_owned(),
            option: FORMAT_OPTION,
        };
    }
    DatasetError::MissingColumn {
        path: path.to_owned(),
        purpose: purpose.to_owned(),
        column: column.to_owned(),
        columns: names.to_vec(),
        nearest: nearest(column, names),
    }
}

/// The most similar name, unless none is similar; the first of equals.
fn nearest(column: &str, names: &[String]) -> Option<String> {
    const SIMILAR: f64 = 0.75;
    let asked = column.to_lowercase();
    let mut best: Option<(f64, &String)> = None;
    for name in names {
        let similarity = strsim::jaro_winkler(&asked, &name.trim().to_lowercase());
        if similarity >= SIMILAR && best.is_none_or(|(known, _)| similarity > known) {
            best = Some((similarity, name));
        }
    }
    best.map(|(_, name)| name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn resolve(columns: &Columns, header: &[&str]) -> Result<Resolved, String> {
        columns
            .resolve(Path::new("a.csv"), Format::Csv, &names(header))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn usual_names_are_found() {
        let usual = Columns::default();
        let resolved = resolve(&usual, &["id", "urgency", "body", "subject", "text"]).unwrap();
        assert_eq!(resolved.text, [3, 2]);
        assert_eq!(resolved.heads, [None, Some(1)]);
        assert_eq!(resolved.id, Some(0));
        assert_eq!(resolve(&usual, &["subject", "text"]).unwrap().text, [1]);
        assert!(resolve(&usual, &["a", "b"]).unwrap_err().contains("a, b"));
    }

    #[test]
    fn what_was_asked_for_must_be_there() {
        let columns = Columns {
            topic: Some("Category".into()),
            ..Columns::default()
        };
        let message = resolve(&columns, &["text", "categories"]).unwrap_err();
        assert!(message.contains("did you mean 'categories'"), "{message}");
        let columns = Columns {
            topic: Some("tags:t_".into()),
            ..Columns::default()
        };
        let message = resolve(&columns, &["text"]).unwrap_err();
        assert!(message.contains("--format zendesk"), "{message}");
    }

    #[test]
    fn facets_come_sorted_and_have_names_of_their_own() {
        let facets = |facets: &[(&str, &str)]| Columns {
            facets: facets.iter().map(|&(n, c)| (n.into(), c.into())).collect(),
            ..Columns::default()
        };
        let heads = facets(&[("z", "a"), ("mood", "b")])
            .heads(Format::Csv)
            .unwrap();
        let names: Vec<&str> = heads.iter().map(|head| head.name.as_str()).collect();
        assert_eq!(names, ["topic", "urgency", "mood", "z"]);
        assert!(facets(&[("topic", "a")]).heads(Format::Csv).is_err());
        assert!(
            facets(&[("m", "a"), ("m", "b")])
                .heads(Format::Csv)
                .is_err()
        );
    }
}
