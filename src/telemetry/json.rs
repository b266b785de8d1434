//! Lines of the log as JSON objects: one event a line, its fields beside the time, the level and the target, and the
//! innermost span's fields below `span`.
//!
//! A span's fields are made text once, when it begins, and go into each of its lines as they are; the formatter of
//! `tracing-subscriber` reads them again for every line, which under load took a seventh of the time of a request.

use std::cell::Cell;
use std::fmt::{self, Debug, Write};

use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use super::clock::Clock;

thread_local! {
    /// Room for a line or a span's members, with what was made last.
    static MADE: Cell<String> = const { Cell::new(String::new()) };
}

/// Makes events lines of JSON.
#[derive(Debug, Clone, Copy)]
pub(super) struct JsonLines;

/// Makes fields members of a JSON object, without its braces.
#[derive(Debug, Clone, Copy)]
pub(super) struct JsonMembers;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        in_one(&mut writer, |line| {
            let metadata = event.metadata();
            line.push_str("{\"timestamp\":\"");
            Clock.format_time(&mut Writer::new(line))?;
            line.push_str("\",\"level\":\"");
            line.push_str(metadata.level().as_str());
            line.push('"');
            let mut members = Members::new(line, false);
            event.record(&mut members);
            members.outcome?;
            line.push_str(",\"target\":");
            write_string(line, metadata.target())?;
            if let Some(span) = context.lookup_current() {
                line.push_str(",\"span\":{");
                if let Some(fields) = span.extensions().get::<FormattedFields<N>>() {
                    line.push_str(&fields.fields);
                    if !fields.fields.is_empty() {
                        line.push(',');
                    }
                }
                line.push_str("\"name\":");
                write_string(line, span.name())?;
                line.push('}');
            }
            line.push_str("}\n");
            Ok(())
        })
    }
}

/// Writes what `make` makes, all at once: what is handed over costs something for each piece. A field that logs while it is
/// written finds a text of its own.
fn in_one(writer: &mut Writer<'_>, make: impl FnOnce(&mut String) -> fmt::Result) -> fmt::Result {
    let mut made = MADE.try_with(Cell::take).unwrap_or_default();
    made.clear();
    let outcome = make(&mut made).and_then(|()| writer.write_str(&made));
    // A thread that ends keeps nothing any more.
    let _ = MADE.try_with(|kept| kept.set(made));
    outcome
}

impl<'writer> FormatFields<'writer> for JsonMembers {
    fn format_fields<R: RecordFields>(
        &self,
        mut writer: Writer<'writer>,
        fields: R,
    ) -> fmt::Result {
        in_one(&mut writer, |made| {
            let mut members = Members::new(made, true);
            fields.record(&mut members);
            members.outcome
        })
    }

    fn add_fields(
        &self,
        current: &'writer mut FormattedFields<Self>,
        fields: &Record<'_>,
    ) -> fmt::Result {
        let is_first = current.fields.is_empty();
        let mut members = Members::new(&mut current.fields, is_first);
        fields.record(&mut members);
        members.outcome
    }
}

/// Writes fields as members, with commas between them.
struct Members<'a, W> {
    writer: &'a mut W,
    is_first: bool,
    outcome: fmt::Result,
}

impl<'a, W: Write> Members<'a, W> {
    fn new(writer: &'a mut W, is_first: bool) -> Self {
        Self {
            writer,
            is_first,
            outcome: Ok(()),
        }
    }

    /// Writes a member whose value `value` writes.
    fn member(&mut self, field: &Field, value: impl FnOnce(&mut W) -> fmt::Result) {
        if self.outcome.is_err() {
            return;
        }
        let comma = if self.is_first { "" } else { "," };
        self.is_first = false;
        self.outcome = self
            .writer
            .write_str(comma)
            .and_then(|()| write_string(self.writer, field.name()))
            .and_then(|()| self.writer.write_char(':'))
            .and_then(|()| value(self.writer));
    }
}

impl<W: Write> Visit for Members<'_, W> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.member(field, |writer| {
            if value.is_finite() {
                write!(writer, "{value}")
            } else {
                // JSON has no such number.
                writer.write_str("null")
            }
        });
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.member(field, |writer| write!(writer, "{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.member(field, |writer| write!(writer, "{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.member(field, |writer| write!(writer, "{value}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.member(field, |writer| write_string(writer, value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.member(field, |writer| {
            writer.write_char('"')?;
            write!(Escaped(writer), "{value:?}")?;
            writer.write_char('"')
        });
    }
}

fn write_string(writer: &mut impl Write, text: &str) -> fmt::Result {
    writer.write_char('"')?;
    Escaped(writer).write_str(text)?;
    writer.write_char('"')
}

/// Writes text as it stands within a JSON string (RFC 8259, section 7).
struct Escaped<'a, W>(&'a mut W);

impl<W: Write> Write for Escaped<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // Without an early end, many bytes are looked at at a time.
        let is_plain = |byte| byte >= 0x20 && byte != b'"' && byte != b'\\';
        if text
            .bytes()
            .fold(true, |plain, byte| plain & is_plain(byte))
        {
            return self.0.write_str(text);
        }
        let mut written = 0;
        for (at, byte) in text.bytes().enumerate() {
            let escape = match byte {
                b'"' => "\\\"",
                b'\\' => "\\\\",
                b'\n' => "\\n",
                b'\r' => "\\r",
                b'\t' => "\\t",
                0x00..=0x1f => "",
                _ => continue,
            };
            // What must be escaped is one byte long, so these are boundaries of characters.
            self.0
                .write_str(text.get(written..at).unwrap_or_default())?;
            if escape.is_empty() {
                write!(self.0, "\\u{byte:04x}")?;
            } else {
                self.0.write_str(escape)?;
            }
            written = at + 1;
        }
        self.0.write_str(text.get(written..).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use proptest::prelude::*;
    use serde_json::{Value, json};
    use tracing::subscriber::with_default;
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::{fmt, registry};

    use super::{JsonLines, JsonMembers};

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The lines that are logged meanwhile.
    fn lines(meanwhile: impl FnOnce()) -> Vec<Value> {
        let kept = Kept::default();
        let to = kept.clone();
        let layer = fmt::layer()
            .fmt_fields(JsonMembers)
            .event_format(JsonLines)
            .with_writer(move || to.clone());
        with_default(registry().with(layer), meanwhile);
        let bytes = kept.0.lock().unwrap().clone();
        String::from_utf8(bytes)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn a_line_holds_the_fields_in_their_kinds() {
        let lines = lines(|| {
            let (ratio, none) = (0.5, f64::NAN);
            tracing::warn!(count = 3_u64, below = -2, ratio, none, fine = true, code = ?Some(1), "said \"so\"");
        });
        let line = lines[0].as_object().unwrap();
        assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
        assert_eq!(line["level"], "WARN");
        assert_eq!(line["target"], "triage::telemetry::json::tests");
        assert_eq!(line["message"], "said \"so\"");
        assert_eq!(
            [
                &line["count"],
                &line["below"],
                &line["ratio"],
                &line["none"]
            ],
            [&json!(3), &json!(-2), &json!(0.5), &Value::Null]
        );
        assert_eq!(
            [&line["fine"], &line["code"]],
            [&json!(true), &json!("Some(1)")]
        );
        assert!(!line.contains_key("span"));
    }

    #[test]
    fn a_line_within_a_span_holds_the_innermost_ones_fields() {
        let lines = lines(|| {
            let outer = tracing::info_span!("outer", of = "outer");
            let _outer = outer.enter();
            tracing::info!("one");
            let inner = tracing::info_span!("inner", id = "a\"b", later = tracing::field::Empty);
            let _inner = inner.enter();
            tracing::info!("two");
            inner.record("later", 7);
            tracing::info!("three");
            let bare = tracing::info_span!("bare", later = tracing::field::Empty);
            let _bare = bare.enter();
            tracing::info!("four");
            bare.record("later", 8);
            tracing::info!("five");
        });
        let spans: Vec<&Value> = lines.iter().map(|line| &line["span"]).collect();
        assert_eq!(
            spans,
            [
                &json!({"of": "outer", "name": "outer"}),
                &json!({"id": "a\"b", "name": "inner"}),
                &json!({"id": "a\"b", "later": 7, "name": "inner"}),
                &json!({"name": "bare"}),
                &json!({"later": 8, "name": "bare"}),
            ]
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_back_as_it_was(text in "(?s).{0,40}") {
            let lines = lines(|| {
                let span = tracing::info_span!("request", id = %text);
                let _entered = span.enter();
                tracing::info!(text, shown = ?text, "{text}");
            });
            let (line, shown) = (&lines[0], format!("{text:?}"));
            prop_assert_eq!(line["text"].as_str(), Some(text.as_str()));
            prop_assert_eq!(line["shown"].as_str(), Some(shown.as_str()));
            prop_assert_eq!(line["message"].as_str(), Some(text.as_str()));
            prop_assert_eq!(line["span"]["id"].as_str(), Some(text.as_str()));
        }
    }
}
