//! The fuzz targets of `fuzz/` without cargo-fuzz: on each file of their corpus and on changes to them, the same in each
//! run.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
// The input that a target panics with.
#![allow(clippy::print_stderr)]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

use fastrand::Rng;

#[path = "../fuzz/targets.rs"]
mod targets;

/// What is shown an input, and says whether it was read.
type Target = fn(&[u8]) -> bool;

/// Changed inputs that each target gets, beside the corpus itself, unless the variable says how many.
const CHANGED: usize = 1_000;
const CHANGED_BY: &str = "TRIAGE_FUZZ_INPUTS";
/// Most changes to one input.
const MOST_CHANGES: usize = 6;
/// Longest input, in bytes.
const LONGEST: usize = 64 << 10;
/// What means something to one reader or another.
const WORDS: [&[u8]; 24] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"'",
    b",",
    b":",
    b"- ",
    b"\n",
    b"\t",
    b"\\u0000",
    b"null",
    b"1e999",
    b"-1",
    b"99999999999999999999",
    b"&a",
    b"*a",
    b"!!",
    b"@",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\0\0\0\0",
    b"\xff\xff\xff\x7f",
];

/// What a file of the corpus is named that must be read; others may be refused.
const READ: &str = "whole";

/// The files of a target's corpus by name. Those that must be read are.
fn corpus(target: &str, show: Target) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let input = fs::read(path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy();
        assert!(show(&input) || !name.starts_with(READ), "{name} is refused");
        input
    };
    paths.iter().map(read).collect()
}

/// One input of the corpus with a few changes.
fn changed(corpus: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let mut input = corpus[rng.usize(..corpus.len())].clone();
    for _ in 0..rng.usize(1..=MOST_CHANGES) {
        change(&mut input, corpus, rng);
    }
    input.truncate(LONGEST);
    input
}

fn change(input: &mut Vec<u8>, corpus: &[Vec<u8>], rng: &mut Rng) {
    let at = rng.usize(..=input.len());
    let end = rng.usize(at..=input.len().min(at + 64));
    match rng.usize(..7) {
        0 => drop(input.drain(at..end)),
        1 => input.truncate(at),
        2 => drop(input.splice(at..end, WORDS[rng.usize(..WORDS.len())].iter().copied())),
        3 => {
            let repeated = input[at..end].repeat(rng.usize(1..=64));
            drop(input.splice(at..at, repeated));
        }
        4 => {
            let other = &corpus[rng.usize(..corpus.len())];
            let from = rng.usize(..=other.len());
            let part = other[from..other.len().min(from + 256)].to_vec();
            drop(input.splice(at..end, part));
        }
        _ => {
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << rng.u8(..8);
            }
        }
    }
}

/// Shows the target each input; where it panics, the input is told before.
fn replay(target: Target, corpus: &[Vec<u8>]) {
    assert!(!corpus.is_empty());
    let asked = std::env::var(CHANGED_BY);
    let count = asked.map_or(CHANGED, |count| count.parse().unwrap());
    let mut rng = Rng::with_seed(1);
    let changed = std::iter::repeat_with(|| changed(corpus, &mut rng));
    for input in corpus.iter().cloned().chain(changed.take(count)) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(&input))) {
            eprintln!("with the input \"{}\"", input.escape_ascii());
            resume_unwind(panic);
        }
    }
}

#[test]
fn any_ticket_is_read() {
    replay(targets::ticket, &corpus("ticket", targets::ticket));
}

#[test]
fn any_file_of_a_model_loads_or_is_refused() {
    let mut corpus = corpus("bundle", targets::bundle);
    corpus.push(targets::small_files());
    replay(targets::bundle, &corpus);
}

#[test]
fn any_policy_and_any_roster_are_read_or_refused() {
    replay(targets::policy, &corpus("policy", targets::policy));
}

#[test]
fn any_file_of_tickets_is_read_or_refused() {
    replay(targets::dataset, &corpus("dataset", targets::dataset));
}

#[test]
fn any_json_goes_to_the_wire_and_back_or_is_refused() {
    replay(targets::json, &corpus("json", targets::json));
}

/// Every bit that is not as it was written is noticed, wherever it is.
#[test]
fn a_flipped_bit_at_any_byte_of_a_model_is_refused() {
    each_file(|folder, path, whole| {
        for at in 0..whole.len() {
            let mut bytes = whole.to_vec();
            bytes[at] ^= 1 << (at % 8);
            fs::write(path, bytes).unwrap();
            assert!(
                !targets::assert_loads_or_is_refused(folder),
                "{} at {at}",
                path.display()
            );
        }
    });
}

#[test]
fn a_file_of_a_model_cut_short_at_any_byte_is_refused() {
    each_file(|folder, path, whole| {
        for length in 0..whole.len() {
            fs::write(path, &whole[..length]).unwrap();
            assert!(
                !targets::assert_loads_or_is_refused(folder),
                "{} to {length}",
                path.display()
            );
        }
    });
}

/// Shows each file of a copy of the small model, which is whole before and after.
fn each_file(show: impl Fn(&Path, &Path, &[u8])) {
    let small = targets::small();
    let copy = tempfile::tempdir().unwrap();
    let folder = copy.path().join(&small.bundle.version);
    fs::create_dir(&folder).unwrap();
    let names = ["manifest.json", "weights.safetensors"];
    for name in names {
        let from = small.models.path().join(&small.bundle.version).join(name);
        fs::copy(from, folder.join(name)).unwrap();
    }
    for name in names {
        let path = folder.join(name);
        let whole = fs::read(&path).unwrap();
        assert!(targets::assert_loads_or_is_refused(&folder));
        show(&folder, &path, &whole);
        fs::write(&path, &whole).unwrap();
    }
    assert!(targets::assert_loads_or_is_refused(&folder));
}
