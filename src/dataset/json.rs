//! Reads JSON records, one object after the other (usually one a line) or one array of them, and
//! tickets of a Zendesk export. One record is held at a time, whatever the size of the file.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashSet;
use std::io::{self, BufReader, Read};

use serde::de::{DeserializeSeed, Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::rows::{Record, Rows, join_text};
use super::source::{SourceReader, read_error};
use super::zendesk::Fields;
use super::{DatasetError, Format};

/// Reads the file into `rows` and returns its SHA-256.
pub(super) fn read(rows: &mut Rows<'_>) -> Result<String, DatasetError> {
    let path = rows.path;
    let line = Cell::new(1);
    let mut counted = CountedLines {
        inner: BufReader::with_capacity(1 << 16, SourceReader::open(path)?),
        line: &line,
    };
    let mut records = Records {
        start: &line,
        current: 1,
        names: Names::default(),
        error: None,
        rows: &mut *rows,
    };
    let mut json = serde_json::Deserializer::from_reader(&mut counted);
    loop {
        match json.end() {
            Ok(()) => break,
            Err(error) if error.is_io() => return Err(read_error(path, error.into())),
            Err(_) => {}
        }
        records.current = line.get();
        if let Err(error) = json.deserialize_any(&mut records) {
            return Err(match records.error.take() {
                Some(known) => known,
                None if error.is_io() => read_error(path, error.into()),
                None => DatasetError::Json {
                    path: path.to_owned(),
                    line: records.current,
                    source: error,
                },
            });
        }
    }
    let names = records.names.in_order;
    if rows.examples.is_empty() {
        return Err(DatasetError::NoRows {
            path: path.to_owned(),
        });
    }
    let resolved = rows.columns.resolve(path, rows.format, &names)?;
    rows.present = resolved.heads.iter().map(Option::is_some).collect();
    let source = counted.inner.into_inner();
    source.finish().map_err(|error| read_error(path, error))
}

/// Counts the lines of what has been taken, byte by byte, so that the count is exact at each
/// record: the parser looks ahead by one byte only, and never past a line break it has not skipped.
struct CountedLines<'l, R> {
    inner: R,
    line: &'l Cell<u64>,
}

impl<R: Read> Read for CountedLines<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let breaks = buffer[..count]
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count();
        self.line.set(self.line.get() + breaks as u64);
        Ok(count)
    }
}

/// The names of the columns met so far, in the order they were met.
#[derive(Debug, Default)]
pub(super) struct Names {
    in_order: Vec<String>,
    known: HashSet<String>,
}

impl Names {
    pub(super) fn add(&mut self, name: &str) {
        if !self.known.contains(name) {
            self.known.insert(name.to_owned());
            self.in_order.push(name.to_owned());
        }
    }
}

/// Takes the values of the stream: objects are records, arrays hold them.
struct Records<'s, 'r, 'a> {
    start: &'s Cell<u64>,
    /// Line on which the current record starts.
    current: u64,
    names: Names,
    /// The reason where the parser was told to stop.
    error: Option<DatasetError>,
    rows: &'r mut Rows<'a>,
}

impl Records<'_, '_, '_> {
    fn stop<E: serde::de::Error>(&mut self, error: DatasetError) -> E {
        self.error = Some(error);
        E::custom("stopped")
    }

    fn refuse<E: serde::de::Error>(&mut self, found: &'static str) -> E {
        let error = DatasetError::NotAnObject {
            path: self.rows.path.to_owned(),
            line: self.current,
            found,
        };
        self.stop(error)
    }

    fn push(&mut self, object: &Map<String, Value>) -> Result<(), DatasetError> {
        let line = self.current;
        let rows = &mut *self.rows;
        let record = match rows.format {
            Format::Zendesk => Fields::of_ticket(object, rows, line, &mut self.names)?,
            Format::Csv | Format::Tsv | Format::Jsonl | Format::Parquet => {
                of_object(object, rows, line, &mut self.names)?
            }
        };
        rows.push(record)
    }
}

/// The fields of a flat object, by key.
fn of_object<'r>(
    object: &'r Map<String, Value>,
    rows: &Rows<'_>,
    line: u64,
    names: &mut Names,
) -> Result<Record<'r>, DatasetError> {
    for name in object.keys() {
        names.add(name);
    }
    let wrong = |column: &str, expected, found| DatasetError::WrongType {
        path: rows.path.to_owned(),
        line,
        column: column.to_owned(),
        expected,
        found,
    };
    let scalar_at = |column: &str| {
        scalar(object.get(column)).map_err(|(expected, found)| wrong(column, expected, found))
    };
    let mut parts = Vec::new();
    for column in rows
        .columns
        .text_columns(rows.format, |column| object.contains_key(column))
    {
        let part = string(object.get(column));
        parts.push(part.map_err(|(expected, found)| wrong(column, expected, found))?);
    }
    Ok(Record {
        line,
        id: scalar_at(rows.columns.id_column())?,
        text: join_text(parts.into_iter().flatten()),
        labels: rows
            .heads
            .iter()
            .map(|head| scalar_at(&head.column))
            .collect::<Result<_, _>>()?,
    })
}

/// What was expected and what was found.
pub(super) type Mismatch = (&'static str, &'static str);

/// A text; none where it is absent or null.
pub(super) fn string(value: Option<&Value>) -> Result<Option<&str>, Mismatch> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(("a string", name_of(other))),
    }
}

/// A label or an id: text, number or truth value; none where it is absent or null.
pub(super) fn scalar(value: Option<&Value>) -> Result<Option<Cow<'_, str>>, Mismatch> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(Cow::Borrowed(text))),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(Some(value.to_string().into())),
        Some(other) => Err(("a string, a number or true or false", name_of(other))),
    }
}

fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// The key under which a Zendesk export keeps its list of tickets.
const TICKETS: &str = "tickets";

impl<'de> Visitor<'de> for &mut Records<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object or an array of objects")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut object = Map::new();
        let mut holds_tickets = false;
        while let Some(key) = map.next_key::<String>()? {
            if key == TICKETS && self.rows.format == Format::Zendesk {
                holds_tickets = true;
                map.next_value_seed(List(&mut *self))?;
            } else {
                object.insert(key, map.next_value()?);
            }
        }
        match holds_tickets {
            true => Ok(()),
            false => self.push(&object).map_err(|error| self.stop(error)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Element(&mut *self))?.is_some() {}
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        Err(self.refuse("true or false"))
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        Err(self.refuse("a number"))
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<(), E> {
        Err(self.refuse("a number"))
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        Err(self.refuse("a number"))
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<(), E> {
        Err(self.refuse("a string"))
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Err(self.refuse("null"))
    }
}

/// A list of records that must be one.
struct List<'v, 's, 'r, 'a>(&'v mut Records<'s, 'r, 'a>);

impl<'de> DeserializeSeed<'de> for List<'_, '_, '_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, list: D) -> Result<(), D::Error> {
        list.deserialize_seq(self.0)
    }
}

/// One record in a list.
struct Element<'v, 's, 'r, 'a>(&'v mut Records<'s, 'r, 'a>);

impl<'de> DeserializeSeed<'de> for Element<'_, '_, '_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, element: D) -> Result<(), D::Error> {
        let records = self.0;
        records.current = records.start.get();
        let value: Value = serde::Deserialize::deserialize(element)?;
        match &value {
            Value::Object(object) => records.push(object).map_err(|error| records.stop(error)),
            other => Err(records.refuse(name_of(other))),
        }
    }
}
