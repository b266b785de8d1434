//! Sentence vectors kept on disk, so that training again does not encode the same texts again.
//!
//! One file an encoder in a folder that may be deleted at any time. It grows to 4 GiB at most (2.7
//! million vectors of 384 numbers); further vectors are not kept. The file holds hashes in place of
//! texts, but a vector tells what its text is about: guard the folder like the tickets.

mod file;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use ndarray::{Array2, ArrayView1};

use self::file::{Identity, Key, VectorFile, key_of};
use super::{Encoder, EncoderError, EncoderWorkspace};

/// Texts that are encoded before their vectors are kept: what an interrupted run loses at most.
const CHUNK: usize = 512;

/// Some text whose vector tells apart versions of this program that calculate or mask differently.
const PROBE: &str =
    "Card 4111 1111 1111 1111 was charged twice for #48213, write to a@b.org or call 555-0132";

/// The vectors of one encoder on disk.
#[derive(Debug)]
pub struct VectorCache {
    file: VectorFile,
    checksum: String,
}

/// Why texts cannot be encoded through the cache.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The cache cannot be read or made.
    #[error("{}: {source}: delete the file, or allow this program to read and write it", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The encoder failed.
    #[error(transparent)]
    Encoder(#[from] EncoderError),
    /// The cache was opened for another encoder.
    #[error("the vector cache belongs to encoder {cache}, not to {encoder}")]
    OtherEncoder {
        /// Checksum of the cache's encoder.
        cache: String,
        /// Checksum of the encoder that was to fill it.
        encoder: String,
    },
}

impl VectorCache {
    /// The cache of `encoder` in `folder`, which is made if need be. A file of another version, or of an
    /// encoder that gave other vectors, is begun anew.
    ///
    /// # Errors
    /// If the folder or the file cannot be read or written, or the encoder gives no vector.
    pub fn open(folder: &Path, encoder: &Encoder) -> Result<Self, CacheError> {
        let mut workspace = EncoderWorkspace::default();
        let probe = encoder.encode_one(PROBE, &mut workspace)?;
        let identity = Identity::new(encoder.checksum(), probe);
        let path = folder.join(format!("{}.vectors", encoder.checksum()));
        let file = std::fs::create_dir_all(folder)
            .and_then(|()| VectorFile::open(&path, identity))
            .map_err(|source| CacheError::Io { path, source })?;
        Ok(Self {
            file,
            checksum: encoder.checksum().to_owned(),
        })
    }

    /// The vectors of `texts` as [`Encoder::encode`] gives them, bit by bit: from the file where they are
    /// there, else from `encoder`, and then kept. `progress` is told how many more texts are done.
    ///
    /// Vectors that cannot be written are used all the same, and the log tells why they are not kept.
    ///
    /// # Errors
    /// If the file cannot be read, the encoder fails, or is not the one that the cache was opened for.
    pub fn encode<T: AsRef<str> + Sync>(
        &mut self,
        encoder: &Encoder,
        texts: &[T],
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<Array2<f32>, CacheError> {
        if encoder.checksum() != self.checksum {
            return Err(CacheError::OtherEncoder {
                cache: self.checksum.clone(),
                encoder: encoder.checksum().to_owned(),
            });
        }
        let mut wanted = Wanted::new(texts, encoder.dimensions());
        let taken = self.file.read(|key, record| {
            if wanted.lacks(key)
                && let Some(vector) = record.vector()
            {
                progress(wanted.take(key, &vector));
            }
        });
        taken.map_err(|source| self.failed(source))?;
        let missing = wanted.missing();
        let mut keeping = true;
        for chunk in missing.chunks(CHUNK) {
            let texts: Vec<&str> = chunk
                .iter()
                .map(|(_, index)| texts[*index].as_ref())
                .collect();
            let vectors = encoder.encode(&texts, progress)?;
            let keys = chunk.iter().map(|(key, _)| key);
            let rows = vectors.outer_iter().map(|row| row.to_vec());
            let records: Vec<(&Key, Vec<f32>)> = keys.zip(rows).collect();
            if keeping {
                keeping = self.keep(&records);
            }
            for (key, vector) in &records {
                // The encoder has told of one of them.
                progress(wanted.take(key, vector).saturating_sub(1));
            }
        }
        Ok(wanted.vectors)
    }

    /// Where the vectors are kept.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Writes vectors; whether more can be written.
    fn keep(&mut self, records: &[(&Key, Vec<f32>)]) -> bool {
        let kept = self.file.append(records);
        if let Err(error) = &kept {
            let path = self.path().display();
            tracing::warn!(%path, %error, "vectors are not kept for the next time");
        }
        kept.is_ok()
    }

    fn failed(&self, source: io::Error) -> CacheError {
        CacheError::Io {
            path: self.path().to_owned(),
            source,
        }
    }
}

/// The texts' vectors, as far as they are there.
struct Wanted {
    /// The rows of each text, and whether their vector is there.
    rows: HashMap<Key, (Vec<usize>, bool)>,
    vectors: Array2<f32>,
}

impl Wanted {
    fn new<T: AsRef<str>>(texts: &[T], dimensions: usize) -> Self {
        let mut rows: HashMap<Key, (Vec<usize>, bool)> = HashMap::with_capacity(texts.len());
        for (index, text) in texts.iter().enumerate() {
            rows.entry(key_of(text.as_ref())).or_default().0.push(index);
        }
        Self {
            rows,
            vectors: Array2::zeros((texts.len(), dimensions)),
        }
    }

    fn lacks(&self, key: &Key) -> bool {
        self.rows.get(key).is_some_and(|(_, there)| !there)
    }

    /// Puts a vector into the rows of its text, and returns how many these are.
    fn take(&mut self, key: &Key, vector: &[f32]) -> usize {
        let Some((rows, there)) = self.rows.get_mut(key) else {
            return 0;
        };
        *there = true;
        for &row in rows.iter() {
            self.vectors.row_mut(row).assign(&ArrayView1::from(vector));
        }
        rows.len()
    }

    /// What is not there, in the order of the texts: the key and the first row of each.
    fn missing(&self) -> Vec<(Key, usize)> {
        let lacking = self.rows.iter().filter(|(_, (_, there))| !there);
        let first = lacking.filter_map(|(key, (rows, _))| Some((*key, *rows.first()?)));
        let mut missing: Vec<(Key, usize)> = first.collect();
        missing.sort_unstable_by_key(|&(_, row)| row);
        missing
    }
}
