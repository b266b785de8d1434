//! What a text costs in a transformer encoder: one at a time on one thread, and many on all threads.
//!
//! `TRIAGE_ENCODER=FOLDER cargo bench --bench encoder` measures the encoder in that folder on
//! `training-data/test.csv`; `BENCH_DATA` names another file. Without `TRIAGE_ENCODER` it says so and
//! measures nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    missing_docs
)]

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::LazyLock;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use triage::dataset::{Columns, Dataset};
use triage::features::{Encoder, EncoderWorkspace};

fn main() {
    if std::env::var_os("TRIAGE_ENCODER").is_none() {
        eprintln!("skipped: TRIAGE_ENCODER names no folder of a sentence encoder");
        return;
    }
    // Loading is not what is measured.
    LazyLock::force(&ENCODER);
    LazyLock::force(&TEXTS);
    divan::main();
}

static ENCODER: LazyLock<Encoder> = LazyLock::new(|| {
    let folder = std::env::var_os("TRIAGE_ENCODER").expect("checked in main");
    Encoder::load(PathBuf::from(folder).as_path()).expect("encoder")
});

static TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let data = std::env::var_os("BENCH_DATA")
        .map_or_else(|| PathBuf::from("training-data/test.csv"), PathBuf::from);
    let (dataset, _) = Dataset::read(&[data], None, &Columns::default()).expect("data");
    dataset.texts().into_iter().map(str::to_owned).collect()
});

/// The texts in turn.
#[divan::bench(sample_count = 1_000, sample_size = 1)]
fn one_text(bencher: Bencher<'_, '_>) {
    let turn = Cell::new(0);
    let mut workspace = EncoderWorkspace::default();
    bencher.bench_local(|| {
        let text = &TEXTS[turn.get() % TEXTS.len()];
        turn.set(turn.get() + 1);
        black_box(ENCODER.encode_one(text, &mut workspace).expect("vector")[0])
    });
}

#[divan::bench(sample_count = 1_000)]
fn tokens_of_one_text(bencher: Bencher<'_, '_>) {
    let turn = Cell::new(0);
    bencher.bench_local(|| {
        let text = &TEXTS[turn.get() % TEXTS.len()];
        turn.set(turn.get() + 1);
        ENCODER.tokenize(text).expect("tokens").len()
    });
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn many_texts_on_all_threads(bencher: Bencher<'_, '_>) {
    let texts = &TEXTS[..TEXTS.len().min(1_000)];
    bencher
        .counter(ItemsCount::new(texts.len()))
        .bench_local(|| ENCODER.encode(texts, &|_| ()).expect("vectors"));
}
