//! The time of a line of the log.

use std::cell::RefCell;
use std::fmt::{self, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{self, FormatTime};

/// Writes the time of day in UTC, to the microsecond, as RFC 3339 has it.
///
/// Many lines are of one second: each thread keeps the text of its last one, up to the decimal point.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock;

thread_local! {
    static SECOND: RefCell<Second> = const { RefCell::new(Second { since_epoch: None, text: String::new() }) };
}

/// A second and its text, such as `2026-03-01T09:30:00`.
struct Second {
    since_epoch: Option<u64>,
    text: String,
}

impl Second {
    /// Makes this the second of a time.
    fn turn_to(&mut self, since_epoch: u64) -> fmt::Result {
        if self.since_epoch == Some(since_epoch) {
            return Ok(());
        }
        let seconds = i64::try_from(since_epoch).map_err(|_| fmt::Error)?;
        let time = Timestamp::from_second(seconds).map_err(|_| fmt::Error)?;
        self.since_epoch = None;
        self.text.clear();
        write!(self.text, "{}", time.strftime("%Y-%m-%dT%H:%M:%S"))?;
        self.since_epoch = Some(since_epoch);
        Ok(())
    }
}

impl FormatTime for Clock {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since_epoch) => write_time(since_epoch, writer),
            // Before 1970: a clock that nobody has set.
            Err(_) => time::SystemTime.format_time(writer),
        }
    }
}

fn write_time(since_epoch: Duration, writer: &mut impl Write) -> fmt::Result {
    SECOND
        .try_with(|second| {
            let mut second = second.borrow_mut();
            second.turn_to(since_epoch.as_secs())?;
            writer.write_str(&second.text)
        })
        .map_err(|_| fmt::Error)??;
    write!(writer, ".{:06}Z", since_epoch.subsec_micros())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_to_the_microsecond_whatever_came_before() {
        for (seconds, nanos, expected) in [
            (0, 0, "1970-01-01T00:00:00.000000Z"),
            (1_772_357_400, 1_999, "2026-03-01T09:30:00.000001Z"),
            (1_772_357_400, 999_999_999, "2026-03-01T09:30:00.999999Z"),
            (1_772_357_401, 20_000, "2026-03-01T09:30:01.000020Z"),
            (1_772_357_400, 500_000_000, "2026-03-01T09:30:00.500000Z"),
            (951_782_399, 0, "2000-02-28T23:59:59.000000Z"),
            (951_868_799, 0, "2000-02-29T23:59:59.000000Z"),
        ] {
            let mut written = String::new();
            write_time(Duration::new(seconds, nanos), &mut written).unwrap();
            assert_eq!(written, expected);
        }
    }
}
