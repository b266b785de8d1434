//! Reads the bytes of a text file once, front to back: digests them, drops a byte order mark, and
//! stops with line and column at the first byte that is not UTF-8 or is NUL. Knows nothing of
//! rows.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::DatasetError;
use crate::checksum::hex;

const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// A file that is being read.
#[derive(Debug)]
pub(super) struct SourceReader {
    file: File,
    /// First bytes, read ahead to look for a byte order mark; what is left of them.
    head: Vec<u8>,
    digest: Sha256,
    check: Utf8Check,
}

impl SourceReader {
    /// Opens a file of text.
    pub(super) fn open(path: &Path) -> Result<Self, DatasetError> {
        let unreadable = |source| DatasetError::Read {
            path: path.to_owned(),
            source,
        };
        let mut file = File::open(path).map_err(unreadable)?;
        let mut head = Vec::with_capacity(BYTE_ORDER_MARK.len());
        file.by_ref()
            .take(BYTE_ORDER_MARK.len() as u64)
            .read_to_end(&mut head)
            .map_err(unreadable)?;
        if head.is_empty() {
            return Err(DatasetError::Empty {
                path: path.to_owned(),
            });
        }
        if matches!(head.as_slice(), [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
            return Err(DatasetError::Utf16 {
                path: path.to_owned(),
            });
        }
        let mut digest = Sha256::new();
        digest.update(&head);
        if head == BYTE_ORDER_MARK {
            head.clear();
        }
        Ok(Self {
            file,
            head,
            digest,
            check: Utf8Check::default(),
        })
    }

    /// The SHA-256 of the whole file, in hexadecimal; reads what is left of it.
    pub(super) fn finish(mut self) -> io::Result<String> {
        let mut buffer = [0; 8192];
        while self.read(&mut buffer)? > 0 {}
        Ok(hex(&self.digest.finalize()))
    }
}

impl Read for SourceReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = if self.head.is_empty() {
            let count = self.file.read(buffer)?;
            self.digest.update(&buffer[..count]);
            count
        } else {
            let count = self.head.len().min(buffer.len());
            buffer[..count].copy_from_slice(&self.head[..count]);
            self.head.drain(..count);
            count
        };
        let checked = if count == 0 && !buffer.is_empty() {
            self.check.end()
        } else {
            self.check.push(&buffer[..count])
        };
        checked.map_err(io::Error::other)?;
        Ok(count)
    }
}

/// The SHA-256 of a file of any kind, in hexadecimal, and its length in bytes.
pub(super) fn digest_file(path: &Path) -> Result<(String, u64), DatasetError> {
    let digest = || -> io::Result<(String, u64)> {
        let mut file = File::open(path)?;
        let mut digest = Sha256::new();
        let mut buffer = vec![0; 1 << 16];
        let mut length = 0;
        loop {
            let count = file.read(&mut buffer)?;
            if count == 0 {
                return Ok((hex(&digest.finalize()), length));
            }
            digest.update(&buffer[..count]);
            length += count as u64;
        }
    };
    digest().map_err(|source| DatasetError::Read {
        path: path.to_owned(),
        source,
    })
}

/// The error behind an [`io::Error`]: the byte that stopped a [`SourceReader`], or the file
/// system's.
pub(super) fn read_error(path: &Path, error: io::Error) -> DatasetError {
    let path = path.to_owned();
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(&BadByte {
            line,
            column,
            byte: 0,
        }) => DatasetError::NulByte {
            path,
            line,
            column: Some(column),
        },
        Some(&BadByte { line, column, byte }) => DatasetError::InvalidUtf8 {
            path,
            line,
            column,
            byte,
        },
        None => DatasetError::Read {
            path,
            source: error,
        },
    }
}

/// A byte that is no part of clean text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct BadByte {
    line: u64,
    column: u64,
    byte: u8,
}

impl fmt::Display for BadByte {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "byte 0x{:02x} at line {}, column {}",
            self.byte, self.line, self.column
        )
    }
}

impl std::error::Error for BadByte {}

/// Checks text that comes in pieces, which may end inside a character.
#[derive(Debug)]
struct Utf8Check {
    /// Position of the next byte that has not been found good, both 1-based.
    line: u64,
    column: u64,
    /// The beginning of a character whose end is still to come.
    partial: Vec<u8>,
}

impl Default for Utf8Check {
    fn default() -> Self {
        Self {
            line: 1,
            column: 1,
            partial: Vec::new(),
        }
    }
}

impl Utf8Check {
    fn push(&mut self, mut piece: &[u8]) -> Result<(), BadByte> {
        while let (false, Some((&byte, rest))) = (self.partial.is_empty(), piece.split_first()) {
            self.partial.push(byte);
            match std::str::from_utf8(&self.partial) {
                Ok(_) => {
                    self.column += self.partial.len() as u64;
                    self.partial.clear();
                }
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return self.end(),
            }
            piece = rest;
        }
        match std::str::from_utf8(piece) {
            Ok(_) => self.advance(piece),
            Err(error) => {
                let (good, bad) = piece.split_at(error.valid_up_to());
                self.advance(good)?;
                self.partial.extend_from_slice(&bad[..bad.len().min(4)]);
                match error.error_len() {
                    None => Ok(()),
                    Some(_) => self.end(),
                }
            }
        }
    }

    /// What is still partial can no longer become a character.
    fn end(&self) -> Result<(), BadByte> {
        match self.partial.first() {
            None => Ok(()),
            Some(&byte) => Err(BadByte {
                line: self.line,
                column: self.column,
                byte,
            }),
        }
    }

    fn advance(&mut self, good: &[u8]) -> Result<(), BadByte> {
        let nul = good.iter().position(|&byte| byte == 0);
        let clean = &good[..nul.unwrap_or(good.len())];
        match clean.iter().rposition(|&byte| byte == b'\n') {
            None => self.column += clean.len() as u64,
            Some(last) => {
                self.line += clean.iter().filter(|&&byte| byte == b'\n').count() as u64;
                self.column = (clean.len() - last) as u64;
            }
        }
        match nul {
            None => Ok(()),
            Some(_) => Err(BadByte {
                line: self.line,
                column: self.column,
                byte: 0,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_bad(bytes: &[u8], piece: usize) -> Option<(u64, u64, u8)> {
        let mut check = Utf8Check::default();
        let mut run = || {
            for piece in bytes.chunks(piece) {
                check.push(piece)?;
            }
            check.end()
        };
        run().err().map(|bad| (bad.line, bad.column, bad.byte))
    }

    #[test]
    fn the_place_does_not_depend_on_how_the_bytes_come_in() {
        for piece in 1..9 {
            assert_eq!(first_bad("a\nä€😀\n".as_bytes(), piece), None, "{piece}");
            assert_eq!(first_bad(b"a\n\xc3\xa4\xff", piece), Some((2, 3, 0xff)));
            assert_eq!(first_bad(b"a\n\nbc\xe2\x82", piece), Some((3, 3, 0xe2)));
            assert_eq!(first_bad(b"\xe2\x82x\n", piece), Some((1, 1, 0xe2)));
            assert_eq!(first_bad(b"ab\ncd\0e", piece), Some((2, 3, 0)));
        }
    }

    #[test]
    fn the_digest_is_that_of_the_file_with_its_mark() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, "\u{feff}text\n").unwrap();
        let mut reader = SourceReader::open(&path).unwrap();
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "text\n");
        assert_eq!(
            reader.finish().unwrap(),
            digest_file(&path).map(|(digest, _)| digest).unwrap()
        );
    }
}
