//! The ways to load a server, and what is found.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use prost::bytes::Bytes;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::LocalSet;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

use super::client::Client;
use super::process::Serving;
use super::{Mode, trouble};

/// Longest latency that is told apart, in microseconds.
const LONGEST: u64 = 60_000_000;

/// One measurement.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) mode: Mode,
    pub(crate) address: String,
    pub(crate) path: &'static str,
    pub(crate) in_flight: usize,
    pub(crate) connections: usize,
    pub(crate) threads: usize,
    /// Calls a second in mode `paced`.
    pub(crate) rate: f64,
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
    /// The file of tickets to train on meanwhile.
    pub(crate) trouble: Option<std::path::PathBuf>,
}

/// What one measurement found.
pub(crate) struct Found {
    pub(crate) answers: u64,
    pub(crate) failed: u64,
    pub(crate) bytes: u64,
    pub(crate) latencies: Histogram<u64>,
    pub(crate) seconds: f64,
    /// Of the server.
    pub(crate) processor_seconds: Option<f64>,
    pub(crate) resident_kib: Option<u64>,
    pub(crate) first_error: Option<String>,
    pub(crate) trouble: Option<trouble::Made>,
}

/// What one thread has counted.
struct Tally {
    from: Instant,
    until: Instant,
    answers: u64,
    failed: u64,
    bytes: u64,
    latencies: Histogram<u64>,
    first_error: Option<String>,
}

impl Tally {
    fn new(from: Instant, until: Instant) -> Self {
        Self {
            from,
            until,
            answers: 0,
            failed: 0,
            bytes: 0,
            latencies: Histogram::new_with_bounds(1, LONGEST, 3).unwrap(),
            first_error: None,
        }
    }

    /// Counts an answer to what was due at `due`, if it came while it is measured.
    fn count(&mut self, due: Instant, answer: Result<usize, tonic::Status>) {
        let now = Instant::now();
        match answer {
            // A call that fails counts whenever it does.
            Err(error) => {
                self.failed += 1;
                self.first_error.get_or_insert(error.to_string());
            }
            Ok(bytes) if now >= self.from && now < self.until => {
                self.answers += 1;
                self.bytes += bytes as u64;
                let micros = u64::try_from((now - due).as_micros()).unwrap();
                self.latencies.saturating_record(micros.max(1));
            }
            Ok(_) => {}
        }
    }
}

/// Loads the server and counts.
pub(crate) fn run(run: &Run, messages: &[Bytes], serving: &Serving) -> Found {
    let threads = run.threads.clamp(1, run.connections.max(1));
    let from = Instant::now() + run.warm_up;
    let until = from + run.measured;
    let messages: Arc<[Bytes]> = messages.into();
    // The server shares connections out as they come: an operator's among them would leave one of its threads with more
    // of those that call all the time.
    let connected = Arc::new(Barrier::new(threads + 1));
    let callers: Vec<_> = (0..threads)
        .map(|number| {
            let (run, messages) = (run.clone(), Arc::clone(&messages));
            let connected = Arc::clone(&connected);
            thread::spawn(move || {
                let share = (number, threads);
                thread_of(&run, share, &connected, &messages, (from, until))
            })
        })
        .collect();
    connected.wait();
    let troubling = run.trouble.clone().map(|file| {
        let address = run.address.clone();
        thread::spawn(move || trouble::make(&address, &file, until))
    });
    thread::sleep(from.saturating_duration_since(Instant::now()));
    let before = serving.processor_seconds();
    thread::sleep(until.saturating_duration_since(Instant::now()));
    let processor_seconds = before
        .zip(serving.processor_seconds())
        .map(|(before, after)| after - before);
    let resident_kib = serving.resident_kib();
    let mut all = Tally::new(from, until);
    for caller in callers {
        let tally = caller.join().unwrap();
        all.answers += tally.answers;
        all.failed += tally.failed;
        all.bytes += tally.bytes;
        all.latencies.add(&tally.latencies).unwrap();
        all.first_error = all.first_error.or(tally.first_error);
    }
    Found {
        answers: all.answers,
        failed: all.failed,
        bytes: all.bytes,
        latencies: all.latencies,
        seconds: run.measured.as_secs_f64(),
        processor_seconds,
        resident_kib,
        first_error: all.first_error,
        trouble: troubling.map(|made| made.join().unwrap()),
    }
}

/// One thread's share of the connections and calls.
fn thread_of(
    run: &Run,
    (number, threads): (usize, usize),
    connected: &Barrier,
    messages: &Arc<[Bytes]>,
    (from, until): (Instant, Instant),
) -> Tally {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let tally = Rc::new(RefCell::new(Tally::new(from, until)));
    let local = LocalSet::new();
    let connections = (number..run.connections).step_by(threads);
    local.block_on(&runtime, async {
        let mut clients = Vec::new();
        for _ in connections {
            clients.push(Client::connect(&run.address, run.path).await);
        }
        connected.wait();
        let each = run.in_flight.div_ceil(run.connections).max(1);
        match run.mode {
            Mode::Unary | Mode::Batch => closed(&clients, each, messages, &tally).await,
            Mode::Stream => streams(&clients, each, messages, &tally).await,
            Mode::Paced => {
                let rate = run.rate / threads as f64;
                paced(&clients, rate, messages, &tally).await;
            }
        }
    });
    drop(local);
    Rc::try_unwrap(tally)
        .ok()
        .expect("all calls have ended")
        .into_inner()
}

/// Calls one after the other, `each` at a time on each connection.
async fn closed(
    clients: &[Client],
    each: usize,
    messages: &Arc<[Bytes]>,
    tally: &Rc<RefCell<Tally>>,
) {
    let until = tally.borrow().until;
    let mut calls = Vec::new();
    for (number, client) in clients.iter().enumerate() {
        for place in 0..each {
            let (client, messages, tally) =
                (client.clone(), Arc::clone(messages), Rc::clone(tally));
            let mut next = number * 7_919 + place * 104_729;
            calls.push(tokio::task::spawn_local(async move {
                while Instant::now() < until {
                    next = (next + 1) % messages.len();
                    let began = Instant::now();
                    let answer = client.call(messages[next].clone()).await;
                    tally.borrow_mut().count(began, answer);
                }
            }));
        }
    }
    for call in calls {
        call.await.unwrap();
    }
}

/// One stream a connection, with `each` tickets that are sent and not answered.
async fn streams(
    clients: &[Client],
    each: usize,
    messages: &Arc<[Bytes]>,
    tally: &Rc<RefCell<Tally>>,
) {
    let until = tally.borrow().until;
    let mut readers = Vec::new();
    for (number, client) in clients.iter().enumerate() {
        let (client, messages, tally) = (client.clone(), Arc::clone(messages), Rc::clone(tally));
        readers.push(tokio::task::spawn_local(async move {
            let (tickets, sent) = mpsc::channel(each);
            let room = Rc::new(Semaphore::new(each));
            let due = Rc::new(RefCell::new(VecDeque::with_capacity(each)));
            let (writing, begun) = (Rc::clone(&room), Rc::clone(&due));
            let writer = tokio::task::spawn_local(async move {
                let mut next = number * 7_919;
                while Instant::now() < until {
                    writing.acquire().await.unwrap().forget();
                    next = (next + 1) % messages.len();
                    begun.borrow_mut().push_back(Instant::now());
                    if tickets.send(messages[next].clone()).await.is_err() {
                        break;
                    }
                }
            });
            match client.stream(ReceiverStream::new(sent)).await {
                Err(error) => tally.borrow_mut().count(Instant::now(), Err(error)),
                Ok(mut outcomes) => {
                    while let Some(outcome) = outcomes.next().await {
                        let began = due.borrow_mut().pop_front();
                        tally
                            .borrow_mut()
                            .count(began.unwrap_or_else(Instant::now), outcome);
                        room.add_permits(1);
                    }
                }
            }
            writer.abort();
            // An error means that it was stopped.
            let _ = writer.await;
        }));
    }
    for reader in readers {
        reader.await.unwrap();
    }
}

/// How often calls are begun in mode `paced`, if any are due. A timer of the runtime would come a millisecond or two late;
/// more often, the caller would take the cores from the server each time.
const PACE: Duration = Duration::from_micros(500);

/// `rate` calls a second, whether or not those before are answered. Latencies count from the time a call was due, so
/// that one that had to wait for the caller is not taken for a fast one.
async fn paced(clients: &[Client], rate: f64, messages: &Arc<[Bytes]>, tally: &Rc<RefCell<Tally>>) {
    let until = tally.borrow().until;
    let began = Instant::now();
    let (tell, mut told) = mpsc::unbounded_channel();
    let pacer = thread::spawn(move || {
        let mut due = 0;
        while Instant::now() < until {
            thread::sleep(PACE);
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let now_due = (began.elapsed().as_secs_f64() * rate) as usize;
            if now_due > due {
                tell.send(due..now_due).unwrap();
                due = now_due;
            }
        }
    });
    let mut calls = tokio::task::JoinSet::new();
    while let Some(numbers) = told.recv().await {
        for number in numbers {
            let due = began + Duration::from_secs_f64(number as f64 / rate);
            let client = clients[number % clients.len()].clone();
            let message = messages[number % messages.len()].clone();
            let tally = Rc::clone(tally);
            calls.spawn_local(async move {
                let answer = client.call(message).await;
                tally.borrow_mut().count(due, answer);
            });
        }
        while calls.try_join_next().is_some() {}
    }
    pacer.join().unwrap();
    while calls.join_next().await.is_some() {}
}
