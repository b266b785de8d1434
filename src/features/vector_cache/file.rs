//! The file of a vector cache: a header, then records of one length, each with a check of its own.
//!
//! A record is added at the end under a lock of the file. Reading needs none: a record that is half
//! written, altered, or of another encoder does not pass its check, and is passed over.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// How the file begins.
const MAGIC: [u8; 8] = *b"tr-vecs\n";
/// Version of the layout.
const VERSION: u32 = 1;
/// Bytes of a key, and of a check.
const HASH: usize = 16;
/// Magic, version, dimensions, identity, check.
const HEADER: usize = 8 + 4 + 4 + 32 + HASH;
/// Largest file in bytes.
const MAX_BYTES: u64 = 4 << 30;

/// Stands for a text: the first half of its SHA-256.
pub(super) type Key = [u8; HASH];

/// The key of a text.
pub(super) fn key_of(text: &str) -> Key {
    short_hash(&[text.as_bytes()])
}

/// Which encoder, as calculated by which version of this program, the vectors are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    digest: [u8; 32],
    dimensions: usize,
}

impl Identity {
    /// From the encoder's checksum and its vector of some text.
    pub(super) fn new(checksum: &str, probe: &[f32]) -> Self {
        let mut hasher = Sha256::new_with_prefix(checksum.as_bytes());
        hasher.update(bytes_of(probe));
        Self {
            digest: hasher.finalize().into(),
            dimensions: probe.len(),
        }
    }

    /// The header of a file of these vectors.
    fn header(&self) -> Vec<u8> {
        let dimensions = u32::try_from(self.dimensions).unwrap_or(u32::MAX);
        let mut header = Vec::with_capacity(HEADER);
        header.extend(MAGIC);
        header.extend(VERSION.to_le_bytes());
        header.extend(dimensions.to_le_bytes());
        header.extend(self.digest);
        header.extend(short_hash(&[&header]));
        header
    }

    /// Bytes of a record: key, vector, check.
    fn record_bytes(&self) -> usize {
        HASH + 4 * self.dimensions + HASH
    }
}

/// A record whose check was not yet made.
pub(super) struct Record<'a> {
    bytes: &'a [u8],
    identity: &'a Identity,
}

impl Record<'_> {
    /// The vector, if the record is as it was written.
    pub(super) fn vector(&self) -> Option<Vec<f32>> {
        let (content, check) = self.bytes.split_last_chunk::<HASH>()?;
        let whole = *check == short_hash(&[&self.identity.digest, content]);
        let (numbers, _) = content.get(HASH..)?.as_chunks::<4>();
        whole.then(|| numbers.iter().map(|b| f32::from_le_bytes(*b)).collect())
    }
}

/// An open file of vectors.
#[derive(Debug)]
pub(super) struct VectorFile {
    path: PathBuf,
    file: File,
    identity: Identity,
}

impl VectorFile {
    /// Opens the file, or makes one. What is not of this identity is thrown away.
    pub(super) fn open(path: &Path, identity: Identity) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        {
            // Vectors tell what their texts are about: they are their owner's alone.
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        let vectors = Self {
            path: path.to_owned(),
            file: options.open(path)?,
            identity,
        };
        vectors.locked(|| {
            if !vectors.is_own()? {
                vectors.file.set_len(0)?;
                vectors.write_at(0, &vectors.identity.header())?;
            }
            Ok(())
        })?;
        Ok(vectors)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Hands all records to `each`, in the order in which they were written.
    pub(super) fn read(&self, mut each: impl FnMut(&Key, &Record<'_>)) -> io::Result<()> {
        let mut reader = BufReader::with_capacity(1 << 20, &self.file);
        reader.seek(SeekFrom::Start(HEADER as u64))?;
        let mut bytes = vec![0; self.identity.record_bytes()];
        loop {
            match reader.read_exact(&mut bytes) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(()),
                Err(error) => return Err(error),
            }
            let record = Record {
                bytes: &bytes,
                identity: &self.identity,
            };
            if let Some(key) = bytes.first_chunk() {
                each(key, &record);
            }
        }
    }

    /// Adds records behind the last one that is whole, and waits until they are on disk.
    pub(super) fn append(&self, records: &[(&Key, Vec<f32>)]) -> io::Result<()> {
        let length = self.identity.record_bytes();
        let mut bytes = Vec::with_capacity(records.len() * length);
        for (key, vector) in records {
            let vector = bytes_of(vector);
            bytes.extend(*key);
            bytes.extend(&vector);
            bytes.extend(short_hash(&[&self.identity.digest, *key, &vector]));
        }
        self.locked(|| {
            if !self.is_own()? {
                return Err(io::Error::other("another version of this program uses it"));
            }
            let held = self.file.metadata()?.len().saturating_sub(HEADER as u64);
            let end = HEADER as u64 + held - held % length as u64;
            if end + bytes.len() as u64 > MAX_BYTES {
                return Err(io::Error::new(
                    ErrorKind::FileTooLarge,
                    "it has reached its limit of 4 GiB: delete it to begin anew",
                ));
            }
            self.file.set_len(end)?;
            self.write_at(end, &bytes)
        })
    }

    /// Whether the header is the one that this identity asks for.
    fn is_own(&self) -> io::Result<bool> {
        let mut header = Vec::with_capacity(HEADER);
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0))?;
        file.take(HEADER as u64).read_to_end(&mut header)?;
        Ok(header == self.identity.header())
    }

    fn write_at(&self, place: u64, bytes: &[u8]) -> io::Result<()> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(place))?;
        file.write_all(bytes)?;
        file.sync_data()
    }

    /// Does something while no other program writes.
    fn locked<T>(&self, action: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        self.file.lock()?;
        let done = action();
        let unlocked = self.file.unlock();
        done.and_then(|value| unlocked.map(|()| value))
    }
}

fn bytes_of(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// The first half of the SHA-256 of `parts`, one after the other.
fn short_hash(parts: &[&[u8]]) -> [u8; HASH] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    let digest: [u8; 32] = hasher.finalize().into();
    let mut short = [0; HASH];
    short.copy_from_slice(&digest[..HASH]);
    short
}
