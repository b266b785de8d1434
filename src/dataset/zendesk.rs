//! Finds a ticket's fields in a Zendesk export, by the names [`Columns`](super::Columns) tells.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::json::{Mismatch, Names, scalar, string};
use super::rows::{Record, Rows, join_text};
use super::{DatasetError, Severity};

const TAGS: &str = "tags:";
const CUSTOM_FIELD: &str = "custom_field:";
const DESCRIPTION: &str = "description";

/// A ticket as it stands in the export.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'t> {
    ticket: &'t Map<String, Value>,
}

impl<'t> Fields<'t> {
    /// The fields of a ticket that are used.
    pub(super) fn of_ticket(
        ticket: &'t Map<String, Value>,
        rows: &mut Rows<'_>,
        line: u64,
        names: &mut Names,
    ) -> Result<Record<'t>, DatasetError> {
        let fields = Self { ticket };
        fields.add_names(names);
        if rows.heads.iter().any(|head| head.column.starts_with(TAGS)) {
            for tag in fields.tags("") {
                names.add(&format!("{TAGS}{tag}"));
            }
        }
        let path = rows.path;
        let wrong = |column: &str, (expected, found): Mismatch| DatasetError::WrongType {
            path: path.to_owned(),
            line,
            column: column.to_owned(),
            expected,
            found,
        };
        let columns = rows.columns;
        let mut parts = Vec::new();
        for column in columns.text_columns(rows.format, |column| fields.value(column).is_some()) {
            let value = fields.value(column);
            if value.is_some() {
                names.add(column);
            }
            parts.push(string(value).map_err(|mismatch| wrong(column, mismatch))?);
        }
        let mut labels = Vec::with_capacity(rows.heads.len());
        let mut torn = Vec::new();
        for head in &rows.heads {
            let label = match head.column.strip_prefix(TAGS) {
                Some(prefix) => match fields.tags(prefix).as_slice() {
                    [] => None,
                    [tag] => {
                        names.add(&head.column);
                        Some(Cow::Borrowed(*tag))
                    }
                    [..] => {
                        names.add(&head.column);
                        torn.push(head.name.clone());
                        None
                    }
                },
                None => fields
                    .named_scalar(&head.column, names)
                    .map_err(|mismatch| wrong(&head.column, mismatch))?,
            };
            labels.push(label);
        }
        for head in torn {
            let message = format!("tickets with two tags for {head} are read as without one");
            rows.note(Severity::Warning, message, line);
        }
        let id = columns.id_column();
        Ok(Record {
            line,
            id: fields
                .named_scalar(id, names)
                .map_err(|mismatch| wrong(id, mismatch))?,
            text: join_text(parts.into_iter().flatten()),
            labels,
        })
    }

    fn add_names(self, names: &mut Names) {
        for name in self.ticket.keys() {
            names.add(name);
        }
        for field in self.custom_fields() {
            if let Some(id) = field.get("id") {
                names.add(&format!("{CUSTOM_FIELD}{id}"));
            }
        }
    }

    fn named_scalar(
        self,
        column: &str,
        names: &mut Names,
    ) -> Result<Option<Cow<'t, str>>, Mismatch> {
        let value = self.value(column);
        if value.is_some() {
            names.add(column);
        }
        scalar(value)
    }

    /// The value of a field, of a custom field, or at the end of a dotted path.
    fn value(self, column: &str) -> Option<&'t Value> {
        if let Some(id) = column.strip_prefix(CUSTOM_FIELD) {
            return self
                .custom_fields()
                .find(|field| field.get("id").is_some_and(|known| is_id(known, id)))
                .and_then(|field| field.get("value"));
        }
        if let Some(value) = self.ticket.get(column) {
            return Some(value);
        }
        if column == DESCRIPTION {
            let first = self.ticket.get("comments")?.as_array()?.first()?;
            return first.get("plain_body").or_else(|| first.get("body"));
        }
        let mut parts = column.split('.');
        let mut value = self.ticket.get(parts.next()?)?;
        for part in parts {
            value = value.get(part)?;
        }
        Some(value)
    }

    fn custom_fields(self) -> impl Iterator<Item = &'t Value> {
        self.ticket
            .get("custom_fields")
            .or_else(|| self.ticket.get("fields"))
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    }

    /// The different tags that begin with the prefix, less the prefix.
    fn tags(self, prefix: &str) -> Vec<&'t str> {
        let mut found: Vec<&str> = self
            .ticket
            .get("tags")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|tag| tag.as_str()?.strip_prefix(prefix))
            .filter(|rest| !rest.is_empty())
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

fn is_id(known: &Value, asked: &str) -> bool {
    match known {
        Value::String(id) => id == asked,
        Value::Number(id) => id.to_string() == asked,
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn value(ticket: &Value, column: &str) -> Option<Value> {
        let ticket = ticket.as_object().unwrap();
        Fields { ticket }.value(column).cloned()
    }

    #[test]
    fn fields_are_found_by_name_number_and_path() {
        let ticket = json!({
            "type": "incident",
            "via": {"channel": "email"},
            "custom_fields": [{"id": 7, "value": null}, {"id": 360012, "value": "billing"}],
            "comments": [{"body": "first"}, {"body": "second"}],
        });
        assert_eq!(value(&ticket, "type"), Some(json!("incident")));
        assert_eq!(value(&ticket, "via.channel"), Some(json!("email")));
        assert_eq!(
            value(&ticket, "custom_field:360012"),
            Some(json!("billing"))
        );
        assert_eq!(value(&ticket, "custom_field:8"), None);
        assert_eq!(value(&ticket, "description"), Some(json!("first")));
        assert_eq!(value(&ticket, "via.source.rel"), None);
    }

    #[test]
    fn tags_lose_their_prefix() {
        let ticket = json!({"tags": ["vip", "topic_refund", "topic_billing", "topic_refund", 3]});
        let fields = Fields {
            ticket: ticket.as_object().unwrap(),
        };
        assert_eq!(fields.tags("topic_"), ["billing", "refund"]);
        assert!(fields.tags("area_").is_empty());
    }
}
