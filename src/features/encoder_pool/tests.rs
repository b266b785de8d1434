//! Order, limits, cancelled callers, panics and the end of a pool.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;

use super::worker::{FULL_BATCH_BYTES, MAX_BATCH};
use super::*;
use crate::features::EncoderWorkspace;
use crate::features::encoder::tests::fixture::Tiny;

/// What a test's encoder was asked for: one entry a batch.
type Seen = Arc<Mutex<Vec<Vec<String>>>>;

/// Gives a vector of a text's length, stops at the text "wait" until the gate opens, and panics or fails
/// at texts that are called so.
struct Fake {
    seen: Seen,
    gate: crossbeam_channel::Receiver<()>,
}

impl Encode for Fake {
    fn encode(
        &self,
        texts: &[&str],
        _workspace: &mut EncoderWorkspace,
    ) -> Result<Vec<Vec<f32>>, EncoderError> {
        let batch = texts.iter().map(|text| (*text).to_owned()).collect();
        self.seen.lock().unwrap().push(batch);
        if texts.contains(&"wait") {
            // An error means that the gate is open for good.
            let _ = self.gate.recv();
        }
        assert!(!texts.contains(&"panic"), "a text that is called so");
        if texts.contains(&"fail") {
            return Err(EncoderError::Vector);
        }
        Ok(texts.iter().map(|text| vec![text.len() as f32]).collect())
    }
}

struct Bench {
    pool: Arc<EncoderPool>,
    seen: Seen,
    /// Dropping it opens the gate.
    gate: Sender<()>,
}

fn bench(threads: usize, queue: usize) -> Bench {
    let (gate, closed) = bounded(0);
    let seen = Seen::default();
    let fake = Fake {
        seen: Arc::clone(&seen),
        gate: closed,
    };
    let threads = NonZeroUsize::new(threads).unwrap();
    Bench {
        pool: Arc::new(EncoderPool::start(Arc::new(fake), threads, queue).unwrap()),
        seen,
        gate,
    }
}

impl Bench {
    /// Has a task ask for a text's vector.
    fn ask(&self, text: &str) -> tokio::task::JoinHandle<Result<Vec<f32>, PoolError>> {
        let (pool, text) = (Arc::clone(&self.pool), text.to_owned());
        tokio::spawn(async move { pool.encode(text).await })
    }

    /// Waits until the encoder was called this often.
    async fn called(&self, times: usize) {
        while self.seen.lock().unwrap().len() < times {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Waits until this many texts are in the queue.
    async fn queued(&self, texts: usize) {
        while self.pool.queue.as_ref().unwrap().len() < texts {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn seen(&self) -> Vec<Vec<String>> {
        self.seen.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn texts_are_taken_in_their_order_and_together() {
    let bench = bench(1, 100);
    let first = bench.ask("wait");
    bench.called(1).await;
    let mut others = Vec::new();
    for index in 0..10 {
        others.push(bench.ask(&"x".repeat(index)));
        bench.queued(index + 1).await;
    }
    bench.gate.send(()).unwrap();
    assert_eq!(first.await.unwrap().unwrap(), [4.0]);
    for (index, other) in others.into_iter().enumerate() {
        assert_eq!(other.await.unwrap().unwrap(), [index as f32]);
    }
    let sizes: Vec<usize> = bench.seen().iter().map(Vec::len).collect();
    assert_eq!(sizes, [1, MAX_BATCH, 2]);
    let lengths = bench.seen().concat();
    let lengths: Vec<usize> = lengths[1..].iter().map(String::len).collect();
    assert_eq!(lengths, (0..10).collect::<Vec<_>>());
}

#[tokio::test]
async fn long_texts_wait_for_no_others() {
    let bench = bench(1, 100);
    let first = bench.ask("wait");
    bench.called(1).await;
    let long = "x".repeat(FULL_BATCH_BYTES);
    let mut others = Vec::new();
    for (index, text) in [&*long, "x", "x", &long, "x"].into_iter().enumerate() {
        others.push(bench.ask(text));
        bench.queued(index + 1).await;
    }
    bench.gate.send(()).unwrap();
    first.await.unwrap().unwrap();
    for other in others {
        other.await.unwrap().unwrap();
    }
    let sizes: Vec<usize> = bench.seen().iter().map(Vec::len).collect();
    assert_eq!(sizes, [1, 1, 3, 1]);
}

#[tokio::test]
async fn threads_share_what_waits() {
    let bench = bench(2, 100);
    let held = [bench.ask("wait"), bench.ask("wait")];
    bench.called(2).await;
    let others: Vec<_> = (0..6).map(|_| bench.ask("x")).collect();
    bench.queued(6).await;
    bench.gate.send(()).unwrap();
    for other in others {
        other.await.unwrap().unwrap();
    }
    // The thread that was let go left the other one its share, and took it only when it was free again.
    let sizes: Vec<usize> = bench.seen().iter().map(Vec::len).collect();
    assert_eq!(sizes, [1, 1, 3, 2, 1]);
    bench.gate.send(()).unwrap();
    for held in held {
        held.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let bench = bench(1, 2);
    let held = bench.ask("wait");
    bench.called(1).await;
    let waiting = [bench.ask("x"), bench.ask("x")];
    bench.queued(2).await;
    let refused = bench.pool.encode("y".to_owned()).await.unwrap_err();
    assert!(matches!(refused, PoolError::Overloaded { queue: 2 }));
    assert!(refused.to_string().contains("try again"), "{refused}");
    bench.gate.send(()).unwrap();
    held.await.unwrap().unwrap();
    for waiting in waiting {
        waiting.await.unwrap().unwrap();
    }
    assert_eq!(bench.pool.encode("y".to_owned()).await.unwrap(), [1.0]);
}

#[tokio::test]
async fn texts_of_callers_who_have_gone_are_passed_over() {
    let bench = bench(1, 100);
    let held = bench.ask("wait");
    bench.called(1).await;
    let gone = [bench.ask("gone"), bench.ask("gone"), bench.ask("gone")];
    bench.queued(3).await;
    let stays = bench.ask("stays");
    bench.queued(4).await;
    for gone in gone {
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
    }
    // The caller of a text that is being encoded may go as well.
    held.abort();
    assert!(held.await.unwrap_err().is_cancelled());
    bench.gate.send(()).unwrap();
    assert_eq!(stays.await.unwrap().unwrap(), [5.0]);
    assert_eq!(bench.seen(), [["wait"], ["stays"]]);
}

#[tokio::test]
async fn only_the_text_at_fault_fails() {
    for (word, threads) in [("panic", 1), ("fail", 1), ("panic", 2)] {
        let bench = bench(threads, 100);
        let held: Vec<_> = (0..threads).map(|_| bench.ask("wait")).collect();
        bench.called(threads).await;
        let (good, bad, other) = (bench.ask("good"), bench.ask(word), bench.ask("other"));
        bench.queued(3).await;
        for held in held {
            bench.gate.send(()).unwrap();
            held.await.unwrap().unwrap();
        }
        assert_eq!(good.await.unwrap().unwrap(), [4.0]);
        assert_eq!(other.await.unwrap().unwrap(), [5.0]);
        match bad.await.unwrap().unwrap_err() {
            PoolError::Panicked => assert_eq!(word, "panic"),
            PoolError::Encoder(EncoderError::Vector) => assert_eq!(word, "fail"),
            other => panic!("{other}"),
        }
        // All threads are still there.
        let calls = bench.seen().len();
        let held: Vec<_> = (0..threads).map(|_| bench.ask("wait")).collect();
        bench.called(calls + threads).await;
        drop(bench.gate);
        for held in held {
            held.await.unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn a_pool_that_is_dropped_has_ended_its_threads() {
    let Bench { pool, seen, gate } = bench(3, 100);
    pool.encode("x".to_owned()).await.unwrap();
    drop(gate);
    // Every thread holds the encoder, and with it what it has seen.
    assert_eq!(Arc::strong_count(&seen), 2);
    let pool = Arc::into_inner(pool).unwrap();
    assert_eq!(pool.threads.len(), 3);
    drop(pool);
    assert_eq!(Arc::strong_count(&seen), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn vectors_are_those_of_encode_one() {
    let encoder = Arc::new(Encoder::load(Tiny::new().write().path()).unwrap());
    let threads = NonZeroUsize::new(3);
    let pool = Arc::new(EncoderPool::new(Arc::clone(&encoder), threads, 1_000).unwrap());
    let mut tasks = JoinSet::new();
    let waiting = Arc::new(AtomicUsize::new(0));
    for index in 0..200 {
        let (pool, waiting) = (Arc::clone(&pool), Arc::clone(&waiting));
        let text = "lost my card? ".repeat(index % 7) + &"refund ".repeat(index % 5);
        tasks.spawn(async move {
            waiting.fetch_add(1, Ordering::Relaxed);
            (pool.encode(text.clone()).await.unwrap(), text)
        });
    }
    let mut workspace = EncoderWorkspace::default();
    while let Some(done) = tasks.join_next().await {
        let (vector, text) = done.unwrap();
        assert_eq!(vector, encoder.encode_one(&text, &mut workspace).unwrap());
    }
    assert_eq!(waiting.load(Ordering::Relaxed), 200);
}

#[tokio::test]
async fn without_a_number_there_are_as_many_threads_as_cores() {
    let encoder = Arc::new(Encoder::load(Tiny::new().write().path()).unwrap());
    let pool = EncoderPool::new(encoder, None, 0).unwrap();
    let cores = thread::available_parallelism().unwrap().get();
    assert_eq!((pool.threads.len(), pool.queue_size()), (cores, 1));
    assert!(pool.encode("card".to_owned()).await.is_ok());
}
