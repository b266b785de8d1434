//! What is taken from the file, what is encoded again, and what two programs do to each other.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use ndarray::Array2;
use tempfile::TempDir;

use super::*;
use crate::features::encoder::tests::fixture::Tiny;

const TEXTS: [&str; 4] = ["lost card", "refund my card?", "lost card", "my cards"];
/// Bytes of a record: a key, 24 numbers and a check.
const RECORD: usize = 16 + 24 * 4 + 16;
const HEADER: usize = 64;

fn encoder() -> Encoder {
    Encoder::load(Tiny::new().write().path()).unwrap()
}

/// Encodes texts through the cache and returns the vectors with how many texts were done.
fn encode(folder: &Path, encoder: &Encoder, texts: &[&str]) -> Array2<f32> {
    let done = AtomicUsize::new(0);
    let progress = |texts| {
        done.fetch_add(texts, Ordering::Relaxed);
    };
    let mut cache = VectorCache::open(folder, encoder).unwrap();
    let vectors = cache.encode(encoder, texts, &progress).unwrap();
    assert_eq!(done.into_inner(), texts.len());
    assert_eq!(vectors, encoder.encode(texts, &|_| ()).unwrap());
    vectors
}

/// A folder with the vectors of [`TEXTS`], and the file there.
fn filled(encoder: &Encoder) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    encode(folder.path(), encoder, &TEXTS);
    let path = folder
        .path()
        .join(format!("{}.vectors", encoder.checksum()));
    assert_eq!(records(&path), 3);
    (folder, path)
}

fn records(path: &Path) -> usize {
    let bytes = fs::metadata(path).unwrap().len() as usize - HEADER;
    assert_eq!(bytes % RECORD, 0);
    bytes / RECORD
}

#[test]
fn what_is_there_is_not_encoded_again() {
    let encoder = encoder();
    let (folder, path) = filled(&encoder);
    let before = fs::read(&path).unwrap();
    encode(folder.path(), &encoder, &TEXTS);
    assert_eq!(fs::read(&path).unwrap(), before);
    encode(folder.path(), &encoder, &["my cards", "??", "lost card"]);
    assert_eq!(records(&path), 4);
    assert!(fs::read(&path).unwrap().starts_with(&before));
}

#[test]
fn vectors_come_from_the_file() {
    let encoder = encoder();
    let (folder, path) = filled(&encoder);
    // A vector that no encoder gives, with a check that fits.
    let file = VectorFile::open(&path, identity(&encoder)).unwrap();
    file.append(&[(&key_of("lost"), vec![7.0; 24])]).unwrap();
    let mut cache = VectorCache::open(folder.path(), &encoder).unwrap();
    let vectors = cache.encode(&encoder, &["lost"], &|_| ()).unwrap();
    assert_eq!(vectors, Array2::from_elem((1, 24), 7.0));
}

fn identity(encoder: &Encoder) -> Identity {
    let mut workspace = EncoderWorkspace::default();
    Identity::new(
        encoder.checksum(),
        encoder.encode_one(PROBE, &mut workspace).unwrap(),
    )
}

#[test]
fn a_torn_end_is_cut_off_and_encoded_again() {
    let encoder = encoder();
    for cut in [1, 17, RECORD - 1] {
        let (folder, path) = filled(&encoder);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - cut]).unwrap();
        encode(folder.path(), &encoder, &TEXTS);
        assert_eq!(fs::read(&path).unwrap(), whole);
    }
}

#[test]
fn a_flipped_byte_is_noticed_wherever_it_is() {
    let encoder = encoder();
    let (folder, path) = filled(&encoder);
    let whole = fs::read(&path).unwrap();
    for place in (0..whole.len()).step_by(7) {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x10;
        fs::write(&path, &bytes).unwrap();
        encode(folder.path(), &encoder, &TEXTS);
        // A damaged header takes all with it; a damaged record stays, and its vector is added.
        let expected = if place < HEADER { 3 } else { 4 };
        assert_eq!(records(&path), expected, "byte {place}");
        // Nothing is missing the next time.
        encode(folder.path(), &encoder, &TEXTS);
        assert_eq!(records(&path), expected, "byte {place}");
    }
}

#[test]
fn other_content_is_replaced() {
    let encoder = encoder();
    let (folder, path) = filled(&encoder);
    let whole = fs::read(&path).unwrap();
    for other in [&b""[..], b"text", &[0; 5_000], &whole[..HEADER / 2]] {
        fs::write(&path, other).unwrap();
        encode(folder.path(), &encoder, &TEXTS);
        assert_eq!(fs::read(&path).unwrap(), whole);
    }
}

#[test]
fn vectors_that_were_calculated_otherwise_are_not_taken() {
    let encoder = encoder();
    let (folder, path) = filled(&encoder);
    let whole = fs::read(&path).unwrap();
    let other = Identity::new(encoder.checksum(), &[0.5; 24]);
    let file = VectorFile::open(&path, other).unwrap();
    file.append(&[(&key_of("lost card"), vec![7.0; 24])])
        .unwrap();
    assert_ne!(fs::read(&path).unwrap(), whole);
    encode(folder.path(), &encoder, &TEXTS);
    assert_eq!(fs::read(&path).unwrap(), whole);
    // Who had it open before does not write into it any more.
    let refused = file.append(&[(&key_of("lost card"), vec![7.0; 24])]);
    assert!(refused.is_err());
    assert_eq!(fs::read(&path).unwrap(), whole);
}

#[test]
fn another_encoder_has_another_file() {
    let first = encoder();
    let (folder, path) = filled(&first);
    let mut tiny = Tiny::new();
    tiny.sentence = serde_json::json!({"max_seq_length": 3});
    let second = Encoder::load(tiny.write().path()).unwrap();
    encode(folder.path(), &second, &TEXTS);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    assert_eq!(records(&path), 3);
    let mut cache = VectorCache::open(folder.path(), &first).unwrap();
    let error = cache.encode(&second, &TEXTS, &|_| ()).unwrap_err();
    assert!(matches!(error, CacheError::OtherEncoder { .. }));
}

#[test]
fn an_interrupted_run_keeps_what_is_done() {
    let encoder = encoder();
    let folder = tempfile::tempdir().unwrap();
    let texts: Vec<String> = (0..2 * CHUNK).map(|n| format!("card {n}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let done = AtomicUsize::new(0);
    let mut cache = VectorCache::open(folder.path(), &encoder).unwrap();
    let path = cache.path().to_owned();
    let interrupted = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        cache.encode(&encoder, &texts, &|texts| {
            let before = done.fetch_add(texts, Ordering::Relaxed);
            assert!(before < CHUNK + CHUNK / 2, "interrupted");
        })
    }));
    assert!(interrupted.is_err());
    assert_eq!(records(&path), CHUNK);
    encode(folder.path(), &encoder, &texts);
    assert_eq!(records(&path), 2 * CHUNK);
}

#[test]
fn several_writers_do_not_harm_each_other() {
    let encoder = encoder();
    let folder = tempfile::tempdir().unwrap();
    // Each opens the file for itself, as programs do: locks are held by open files.
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let (encoder, folder) = (&encoder, folder.path());
            scope.spawn(move || {
                for round in 0..10 {
                    let texts = [0, 1, 2].map(|n| format!("{} {n} {round}", writer % 2));
                    encode(folder, encoder, &texts.each_ref().map(String::as_str));
                }
            });
        }
    });
    let path = VectorCache::open(folder.path(), &encoder).unwrap();
    let path = path.path().to_owned();
    let before = records(&path);
    // The same text may have been added by two of them.
    assert!((60..=120).contains(&before), "{before}");
    let texts: Vec<String> = (0..60)
        .map(|n| format!("{} {} {}", n / 30, n % 3, n / 3 % 10))
        .collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    encode(folder.path(), &encoder, &texts);
    assert_eq!(records(&path), before);
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = VectorCache::open(&file, &encoder())
        .unwrap_err()
        .to_string();
    assert!(error.contains("/file/"), "{error}");
    assert!(error.contains("delete the file"), "{error}");
}

#[test]
#[cfg(unix)]
fn only_the_owner_reads_it() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, path) = filled(&encoder());
    assert_eq!(
        fs::metadata(path).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn a_tail_of_zeros_is_passed_over() {
    // As a power failure leaves it: the length was written, the bytes were not.
    let encoder = encoder();
    let (folder, path) = filled(&encoder);
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(&[0; RECORD + 3]).unwrap();
    encode(folder.path(), &encoder, &["lost", "lost card"]);
    assert_eq!(records(&path), 5);
}
