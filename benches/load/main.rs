//! Load over real gRPC on loopback: how many tickets a second, at which cost to the server, at which latency.
//!
//! `cargo bench --bench load -- --help`. Starts the server of this build, or takes the address of one with `--address`.
//! Beside it: `--target echo`, a bare tonic server of the same design that answers messages of the same sizes with
//! nothing done, and `--target fasttext --address …` for fasttext-serving. `docs/performance.md` says what was found.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs
)]

mod calls;
mod client;
mod echo;
mod messages;
mod process;
mod report;
mod trouble;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use calls::Run;
use messages::Messages;
use process::Serving;
use report::Report;

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Target {
    /// `triage-server`.
    Triage,
    /// A bare tonic server that answers messages of the same sizes.
    Echo,
    /// fasttext-serving in gRPC mode, at `--address`.
    Fasttext,
}

/// How it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// One ticket a call, `--in-flight` at a time.
    Unary,
    /// `--batch` tickets a call.
    Batch,
    /// Streams, one a connection.
    Stream,
    /// One ticket a call at `--rate` a second, whether or not those before are answered.
    Paced,
}

/// Which method single tickets are sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Method {
    Route,
    Classify,
}

#[derive(Debug, Parser)]
struct Options {
    #[arg(long, value_enum, default_value = "triage")]
    target: Target,
    /// Several run one after the other
    #[arg(long, value_enum, value_delimiter = ',', default_value = "unary")]
    mode: Vec<Mode>,
    #[arg(long, value_enum, default_value = "route")]
    method: Method,
    /// Tickets in flight over all connections
    #[arg(long, default_value_t = 64)]
    in_flight: usize,
    #[arg(long, default_value_t = 4)]
    connections: usize,
    /// Tickets of a batch
    #[arg(long, default_value_t = 100)]
    batch: usize,
    /// Tickets a second in mode `paced`; 0 for half of what a short unary run before it reaches
    #[arg(long, default_value_t = 0.0)]
    rate: f64,
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Seconds before the measurement
    #[arg(long, default_value_t = 1.0)]
    warm_up: f64,
    /// Threads of the caller
    #[arg(long, default_value_t = 2)]
    client_threads: usize,
    /// Address of a server that runs, such as 127.0.0.1:50051
    #[arg(long)]
    address: Option<String>,
    /// Folder of models, if not the sample model's
    #[arg(long)]
    models: Option<PathBuf>,
    /// Policy, if not the sample one; given without a roster
    #[arg(long)]
    policy: Option<PathBuf>,
    /// File of the texts to send; `text` is the column
    #[arg(long, default_value = "training-data/test.csv")]
    data: PathBuf,
    /// Further arguments of the server's program, separated by spaces
    #[arg(long, default_value = "", allow_hyphen_values = true)]
    server: String,
    /// In mode `paced`: meanwhile train on this file, and swap between two versions of the registry each second
    #[arg(long, value_name = "FILE")]
    trouble: Option<PathBuf>,
    /// Bytes of an answer of the bare server; as Route's of the sample help desk unless given
    #[arg(long)]
    answer_bytes: Option<usize>,
    /// Write one JSON object for each mode to this file
    #[arg(long)]
    json: Option<PathBuf>,
    /// Be the bare server: bytes of an answer
    #[arg(long, hide = true)]
    serve_echo: Option<usize>,
    /// Cargo hands this on
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let options = Options::parse();
    if let Some(bytes) = options.serve_echo {
        return echo::serve(bytes);
    }
    let messages = Messages::read(&options);
    let serving = Serving::start(&options);
    println!("{}", report::HEADER);
    let mut rate = options.rate;
    let mut reports = Vec::new();
    for &mode in &options.mode {
        if mode == Mode::Paced && rate <= 0.0 {
            let highest = measure(&options, Mode::Unary, 0.0, &messages, &serving);
            rate = highest.tickets_per_second / 2.0;
        }
        let report = measure(&options, mode, rate, &messages, &serving);
        println!("{}", report.line());
        if mode == Mode::Unary && options.rate <= 0.0 {
            rate = report.tickets_per_second / 2.0;
        }
        reports.push(report);
    }
    println!("{}", serving.describe());
    if let Some(path) = &options.json {
        report::write(path, &reports, &serving);
    }
}

fn measure(
    options: &Options,
    mode: Mode,
    rate: f64,
    messages: &Messages,
    serving: &Serving,
) -> Report {
    let run = Run {
        mode,
        address: serving.address.clone(),
        path: messages.path(options, mode),
        in_flight: options.in_flight,
        connections: options.connections,
        threads: options.client_threads,
        rate,
        warm_up: Duration::from_secs_f64(options.warm_up),
        measured: Duration::from_secs_f64(options.seconds),
        trouble: options.trouble.clone().filter(|_| mode == Mode::Paced),
    };
    let found = calls::run(&run, messages.of(mode), serving);
    Report::new(
        options,
        mode,
        messages.tickets_a_call(options, mode),
        &found,
    )
}
