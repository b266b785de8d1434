//! What one ticket costs in process, one thread: features, classification, decision.
//!
//! `cargo bench --bench serving` measures the shipped model on `training-data/test.csv`;
//! `BENCH_MODELS` and `BENCH_DATA` name other models and another file.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::sync::LazyLock;

use divan::{Bencher, black_box};
use jiff::{SignedDuration, Timestamp};
use prost::Message;
use triage::classifier::Workspace;
use triage::dataset::{Columns, Dataset};
use triage::features::Encoding;
use triage::grpc::v1;
use triage::model::{Bundle, Registry};
use triage::routing::{DecisionInput, Policy, Roster, decide};
use triage::ticket::Ticket;
use triage::triage::{Sources, Triage};

fn main() {
    // Loading is not what is measured.
    LazyLock::force(&BUNDLE);
    LazyLock::force(&TEXTS);
    divan::main();
}

fn path(variable: &str, default: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| PathBuf::from(default), PathBuf::from)
}

static BUNDLE: LazyLock<Bundle> = LazyLock::new(|| {
    Registry::new(path("BENCH_MODELS", "models"))
        .load(None)
        .expect("models")
});

static TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let data = path("BENCH_DATA", "training-data/test.csv");
    let (dataset, _) = Dataset::read(&[data], None, &Columns::default()).expect("data");
    dataset.texts().into_iter().map(str::to_owned).collect()
});

/// The texts in turn, so that no ticket finds its own features still in the cache.
fn next_text(turn: &Cell<usize>) -> &'static str {
    let index = turn.get();
    turn.set((index + 1) % TEXTS.len());
    &TEXTS[index]
}

#[divan::bench(sample_count = 3_000)]
fn encode(bencher: Bencher<'_, '_>) {
    let turn = Cell::new(0);
    let mut encoding = Encoding::default();
    let vectorizer = BUNDLE.classifier.vectorizer();
    bencher.bench_local(|| {
        vectorizer.encode(next_text(&turn), &mut encoding);
        black_box(encoding.ids().len())
    });
}

#[divan::bench(sample_count = 3_000)]
fn classify(bencher: Bencher<'_, '_>) {
    let turn = Cell::new(0);
    let mut workspace = Workspace::default();
    bencher.bench_local(|| BUNDLE.classifier.classify(next_text(&turn), &mut workspace));
}

/// The bytes of a request made into those of an answer: what a call of Classify costs beside its way through the
/// server. On two threads as well, since under load no core is idle.
#[divan::bench(sample_count = 3_000, threads = [1, 2])]
fn classify_call(bencher: Bencher<'_, '_>) {
    thread_local! {
        static TURN: Cell<usize> = const { Cell::new(0) };
        static WORKSPACE: RefCell<Workspace> = RefCell::default();
    }
    let request = || {
        let request = v1::ClassifyRequest {
            ticket: Some(v1::Ticket {
                id: "T-1".to_owned(),
                body: TURN.with(next_text).to_owned(),
                ..v1::Ticket::default()
            }),
            options: None,
        };
        request.encode_to_vec()
    };
    bencher.with_inputs(request).bench_values(|bytes| {
        let request = v1::ClassifyRequest::decode(bytes.as_slice()).unwrap();
        WORKSPACE.with_borrow_mut(|workspace| {
            let answer = triage::grpc::triage_service::classify(&BUNDLE, request, workspace);
            answer.unwrap().encode_to_vec()
        })
    });
}

/// A request made into an answer, as a call does between reading and writing its messages.
#[divan::bench(sample_count = 3_000)]
fn route(bencher: Bencher<'_, '_>) {
    let sources = Sources {
        models: PathBuf::from("models"),
        version: None,
        policy: PathBuf::from("policies/sample.yaml"),
        roster: Some(PathBuf::from("policies/roster.yaml")),
    };
    let triage = Triage::load(&sources).expect("model, policy and roster");
    let turn = Cell::new(0);
    let mut workspace = Workspace::default();
    let request = || v1::RouteRequest {
        ticket: Some(v1::Ticket {
            id: "T-1".to_owned(),
            body: next_text(&turn).to_owned(),
            ..v1::Ticket::default()
        }),
        ..v1::RouteRequest::default()
    };
    bencher.with_inputs(request).bench_local_values(|request| {
        triage::grpc::route::route(&triage, request, Timestamp::UNIX_EPOCH, &mut workspace)
    });
}

/// The sample policy and roster on the shipped model.
#[divan::bench(sample_count = 3_000)]
fn decide_with_sample_policy(bencher: Bencher<'_, '_>) {
    let policy = Policy::load("policies/sample.yaml".as_ref()).expect("policy");
    let roster = Roster::load("policies/roster.yaml".as_ref()).expect("roster");
    let bundle = Registry::new("models").load(None).expect("models");
    let mut workspace = Workspace::default();
    let ticket = Ticket {
        body: "the parcel was marked delivered on Monday and nothing has come".to_owned(),
        ..Ticket::default()
    };
    let classification = bundle.classifier.classify(&ticket.text(), &mut workspace);
    bencher.bench_local(|| {
        decide(&DecisionInput {
            ticket: &ticket,
            classification: &classification,
            roster: Some(&roster),
            policy: &policy,
            now: Timestamp::UNIX_EPOCH,
            waited: SignedDuration::ZERO,
            deciding_words: &[],
        })
    });
}
