//! Logs of one JSON object a line, which are only ever appended to: a line is on disk before its writer goes on,
//! and half a line, left by a program that was killed, never spoils the next.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::Serialize;

use super::files::{parent_of, sync_folder};

/// How much of a log is read at a time when the end of its last whole line is looked for, in bytes.
const CHUNK: u64 = 64 << 10;

/// Lines that have just been written and can still be taken back.
#[derive(Debug)]
pub struct Appended {
    file: File,
    length_before: u64,
}

/// Adds a line and waits until it is on disk. What was there stays as it is; a last line that was cut short is
/// ended first.
///
/// # Errors
/// If the log cannot be written; it is then as it was.
pub fn append(path: &Path, entry: &impl Serialize) -> io::Result<Appended> {
    append_all(path, std::slice::from_ref(entry))
}

/// Adds lines as [`append`] does one, all of them or none.
///
/// # Errors
/// If the log cannot be written; it is then as it was.
pub fn append_all(path: &Path, entries: &[impl Serialize]) -> io::Result<Appended> {
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .open(path)?;
    let length_before = file.metadata()?.len();
    let mut lines = Vec::new();
    if length_before > 0 {
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            lines.push(b'\n');
        }
    }
    for entry in entries {
        serde_json::to_writer(&mut lines, entry)?;
        lines.push(b'\n');
    }
    let written = file.write_all(&lines).and_then(|()| file.sync_all());
    let appended = Appended {
        file,
        length_before,
    };
    if let Err(error) = written.and_then(|()| sync_folder(parent_of(path))) {
        appended.take_back();
        return Err(error);
    }
    Ok(appended)
}

impl Appended {
    /// Takes the lines away again, since what they tell of did not happen.
    pub fn take_back(self) {
        // The failure that is being reported says more than a second one would.
        let _ = self.file.set_len(self.length_before);
        let _ = self.file.sync_all();
    }
}

/// Takes away what follows the last whole line, which a program left that was killed while it wrote, and returns
/// how many bytes that were. No log is an empty one.
///
/// # Errors
/// If the log cannot be read or written.
pub fn cut_half_line(path: &Path) -> io::Result<u64> {
    let mut file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    let mut end = length;
    let mut chunk = Vec::new();
    let whole = loop {
        let start = end.saturating_sub(CHUNK);
        file.seek(SeekFrom::Start(start))?;
        chunk.clear();
        Read::by_ref(&mut file)
            .take(end - start)
            .read_to_end(&mut chunk)?;
        if let Some(at) = chunk.iter().rposition(|&byte| byte == b'\n') {
            break start + at as u64 + 1;
        }
        if start == 0 {
            break 0;
        }
        end = start;
    };
    if whole < length {
        file.set_len(whole)?;
        file.sync_all()?;
    }
    Ok(length - whole)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn half_a_line_is_cut_and_whole_ones_stay() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log.jsonl");
        assert_eq!(cut_half_line(&log).unwrap(), 0, "no log");
        append(&log, &"first").unwrap();
        append(&log, &"x".repeat(200_000)).unwrap();
        let whole = fs::read(&log).unwrap();
        let first_line = 8;
        assert_eq!(cut_half_line(&log).unwrap(), 0);
        for length in [first_line + 1, first_line + 100_000, whole.len() - 1] {
            fs::write(&log, &whole[..length]).unwrap();
            assert_eq!(cut_half_line(&log).unwrap(), (length - first_line) as u64);
            assert_eq!(fs::read(&log).unwrap(), b"\"first\"\n");
        }
        fs::write(&log, "half").unwrap();
        assert_eq!(cut_half_line(&log).unwrap(), 4);
        assert_eq!(fs::read(&log).unwrap(), b"");
    }
}
