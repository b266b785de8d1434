//! Finds the line on which each row of a delimited file starts, and whether the file ends inside
//! quotes. The `csv` crate tells where a row begins in bytes, but counts that place before the
//! blank lines it skips, and takes an open quote at the end for a closed one.

use std::collections::VecDeque;
use std::io::{self, Read};

/// Passes bytes through and notes where rows start.
#[derive(Debug)]
pub(super) struct LineReader<R> {
    inner: R,
    delimiter: u8,
    state: State,
    /// Offset of the next byte.
    offset: u64,
    /// 1-based line of the next byte.
    line: u64,
    after_carriage_return: bool,
    /// Offset and line of the rows that were read but not asked for.
    starts: VecDeque<(u64, u64)>,
    last_line: u64,
}

/// Where in a row the next byte stands; the rules are those of the `csv` crate: a quote opens only
/// at the start of a field, and two quotes inside quotes are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    RowStart,
    FieldStart,
    Plain,
    Quoted,
    QuoteInQuoted,
}

impl<R> LineReader<R> {
    pub(super) fn new(inner: R, delimiter: u8) -> Self {
        Self {
            inner,
            delimiter,
            state: State::RowStart,
            offset: 0,
            line: 1,
            after_carriage_return: false,
            starts: VecDeque::new(),
            last_line: 1,
        }
    }

    /// The line of the first row that starts at `offset` or after it. Rows must be asked for in
    /// order.
    pub(super) fn line_of_record_at(&mut self, offset: u64) -> u64 {
        while let Some(&(start, line)) = self.starts.front() {
            self.starts.pop_front();
            self.last_line = line;
            if start >= offset {
                break;
            }
        }
        self.last_line
    }

    /// Whether the bytes so far end inside a quoted field.
    pub(super) fn is_inside_quotes(&self) -> bool {
        self.state == State::Quoted
    }

    pub(super) fn into_inner(self) -> R {
        self.inner
    }

    fn step(&mut self, byte: u8) {
        if byte == b'\n' && self.after_carriage_return {
            // The second half of one line break.
            self.line -= 1;
        }
        let ends_line = matches!(byte, b'\r' | b'\n');
        self.state = match (self.state, byte) {
            (State::Quoted, b'"') => State::QuoteInQuoted,
            (State::Quoted, _) | (State::QuoteInQuoted, b'"') => State::Quoted,
            _ if ends_line => State::RowStart,
            (state, _) => {
                if state == State::RowStart {
                    self.starts.push_back((self.offset, self.line));
                }
                match (state, byte) {
                    (_, byte) if byte == self.delimiter => State::FieldStart,
                    (State::RowStart | State::FieldStart, b'"') => State::Quoted,
                    _ => State::Plain,
                }
            }
        };
        self.after_carriage_return = byte == b'\r';
        self.line += u64::from(ends_line);
        self.offset += 1;
    }
}

impl<R: Read> Read for LineReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        for &byte in &buffer[..count] {
            self.step(byte);
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn starts(text: &str) -> (Vec<(u64, u64)>, bool) {
        let mut reader = LineReader::new(text.as_bytes(), b',');
        io::copy(&mut reader, &mut io::sink()).unwrap();
        (
            reader.starts.iter().copied().collect(),
            reader.is_inside_quotes(),
        )
    }

    #[test]
    fn rows_start_after_line_breaks_outside_quotes() {
        let lines = |text: &str| {
            starts(text)
                .0
                .into_iter()
                .map(|(_, line)| line)
                .collect::<Vec<_>>()
        };
        assert_eq!(lines("a\nb\nc"), [1, 2, 3]);
        assert_eq!(lines("a\r\nb\r\n\r\nc\r\n"), [1, 2, 4]);
        assert_eq!(lines("\na\rb\r\rc"), [2, 3, 5]);
        assert_eq!(lines("a,\"x\r\ny\"\"\n\",b\nc"), [1, 4]);
        assert_eq!(lines("5\" disk,b\nc"), [1, 2]);
    }

    #[test]
    fn an_open_quote_at_the_end_is_seen() {
        assert!(starts("a\nb,\"c\nd").1);
        assert!(!starts("a\nb,\"c\nd\"").1);
        assert!(!starts("a\nb \"c").1);
    }

    proptest! {
        #[test]
        fn rows_are_those_of_the_csv_crate(text in "[a\",\r\n]{0,30}") {
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .from_reader(text.as_bytes());
            let rows = reader.byte_records().count();
            prop_assert_eq!(starts(&text).0.len(), rows);
        }
    }
}
