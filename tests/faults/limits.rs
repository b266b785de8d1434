//! How much is served at a time: what is beyond that is refused at once, and the rest goes on.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::raw::{Frames, PREFACE, closed, framed, having_sent, status};
use crate::running::{Server, server_command, within_deadline};
use crate::tickets::{SMOKE, classify};

/// A long message.
const MIB: usize = 1 << 20;
/// How often to try what depends on which requests meet.
const TRIES: usize = 1_000;

async fn start(settings: &[(&str, &str)]) -> Server {
    let mut command = server_command(&[]);
    for (name, value) in settings {
        command.env(name, value);
    }
    Server::start_as(&mut command).await
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_beyond_the_limit_are_refused_at_once_and_health_is_told_meanwhile() {
    let server = start(&[("TRIAGE_SERVER__MAX_IN_FLIGHT", "1")]).await;
    let client = server.client().await;
    let mut health = HealthClient::new(server.channel().await);
    for _ in 0..TRIES {
        let calls = (0..100).map(|_| {
            let mut client = client.clone();
            async move { client.classify(classify(SMOKE)).await }
        });
        let answers = within_deadline(join_all(calls)).await;
        let state = health.check(HealthCheckRequest::default()).await.unwrap();
        assert_eq!(state.into_inner().status(), ServingStatus::Serving);
        assert!(answers.iter().any(Result::is_ok));
        let refused: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
        for status in &refused {
            assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
            assert!(
                status.message().contains("server.max_in_flight"),
                "{status:?}"
            );
            assert!(status.metadata().contains_key("x-request-id"));
        }
        if !refused.is_empty() {
            return;
        }
    }
    panic!("a hundred requests at once were never too many");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_whose_messages_do_not_come_take_nobodys_place() {
    let settings = [
        ("TRIAGE_SERVER__MAX_IN_FLIGHT", "1"),
        ("TRIAGE_SERVER__REQUEST_TIMEOUT_MS", "3600000"),
    ];
    let server = start(&settings).await;
    let mut waiting = Vec::new();
    let mut frames = Frames::connect(&server.address).await;
    for _ in 0..20 {
        waiting.push(frames.begin(&[]).await);
    }
    let mut client = server.client().await;
    let mut answered = 0;
    // The first ones may meet a request that has just begun.
    for _ in 0..TRIES {
        match client.classify(classify(SMOKE)).await {
            Ok(_) => answered += 1,
            Err(status) => assert_eq!(status.code(), Code::ResourceExhausted),
        }
        if answered == 20 {
            return;
        }
    }
    panic!("those that wait for their messages keep others out");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_beyond_the_limit_are_closed_at_once_until_one_ends() {
    let mut server = start(&[("TRIAGE_SERVER__MAX_CONNECTIONS", "2")]).await;
    let mut client = server.client().await;
    client.classify(classify(SMOKE)).await.unwrap();
    let second = having_sent(&server.address, PREFACE).await;
    closed(having_sent(&server.address, PREFACE).await).await;
    let told = server
        .logged(
            "connections were closed at once: as many as may be are open (server.max_connections)",
        )
        .await;
    assert_eq!(told["max_connections"], 2);
    client.classify(classify(SMOKE)).await.unwrap();
    drop(second);
    // The server sees that a moment later.
    for _ in 0..TRIES {
        let stream = tokio::net::TcpStream::connect(&server.address)
            .await
            .unwrap();
        let Ok((mut requests, connection)) = h2::client::handshake::<_>(stream).await else {
            continue;
        };
        let connection = tokio::spawn(connection);
        let request = http::Request::post("http://triage/").body(()).unwrap();
        let Ok((answer, _)) = requests.send_request(request, true) else {
            continue;
        };
        if within_deadline(answer).await.is_ok() {
            connection.abort();
            return;
        }
    }
    panic!("a place that was given back was not given to anybody");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_waits_where_it_has_as_many_requests_as_it_may() {
    let settings = [
        ("TRIAGE_SERVER__MAX_STREAMS_PER_CONNECTION", "2"),
        ("TRIAGE_SERVER__REQUEST_TIMEOUT_MS", "3600000"),
    ];
    let server = start(&settings).await;
    let mut client = server.client().await;
    // A caller learns the limit with the server's first frames: what it sends before that may be refused.
    client.classify(classify(SMOKE)).await.unwrap();
    let calls = (0..50).map(|_| {
        let mut client = client.clone();
        async move { client.classify(classify(SMOKE)).await }
    });
    for answer in within_deadline(join_all(calls)).await {
        answer.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_are_too_long_are_refused_and_others_answered() {
    let server = start(&[]).await;
    let mut frames = Frames::connect(&server.address).await;
    let long = "a".repeat(20_000);
    let (answer, _body) = frames.begin(&[("x-long", &long)]).await;
    match within_deadline(answer).await {
        Ok(answer) => assert_eq!(answer.status(), 431),
        Err(error) => assert!(error.is_reset() || error.is_go_away(), "{error:?}"),
    }
    let mut client = server.client().await;
    client.classify(classify(SMOKE)).await.unwrap();
}

/// The head of a message of `length` bytes and the first `sent` of them.
fn begun(length: usize, sent: usize) -> Vec<u8> {
    let mut message = vec![0; 5 + sent];
    message[1..5].copy_from_slice(&u32::try_from(length).unwrap().to_be_bytes());
    message
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_half_takes_so_much_memory_and_no_more_and_tickets_are_answered_meanwhile() {
    let settings = [
        // What a refused message took is given back a moment later: on the other thread one more may be refused before.
        ("TRIAGE_SERVER__THREADS", "2"),
        ("TRIAGE_SERVER__MAX_ARRIVING_BYTES", "8388608"),
        ("TRIAGE_SERVER__REQUEST_TIMEOUT_MS", "3600000"),
    ];
    let server = start(&settings).await;
    let mut answers = FuturesUnordered::new();
    let mut senders = BTreeMap::new();
    for number in 0..20 {
        let mut frames = Frames::connect(&server.address).await;
        let (answer, mut body) = frames.begin(&[]).await;
        body.send_data(begun(MIB + 1, MIB).into(), false).unwrap();
        answers.push(async move { (number, answer.await.unwrap()) });
        senders.insert(number, (frames, body));
    }
    // Long messages may have six of the eight MiB, and each has a few bytes more than one.
    for _ in 0..15 {
        let (number, answer) = within_deadline(answers.next()).await.unwrap();
        let (status, _) = status(&answer);
        assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
        assert!(
            status.message().contains("server.max_arriving_bytes"),
            "{status:?}"
        );
        senders.remove(&number);
    }

    let mut client = server.client().await;
    client.classify(classify(SMOKE)).await.unwrap();
    // The beginning of a message has room too.
    let whole = framed(&classify(SMOKE));
    let (first, rest) = whole.split_at(whole.len() / 2);
    let mut frames = Frames::connect(&server.address).await;
    let (answer, mut body) = frames.begin(&[]).await;
    body.send_data(first.to_vec().into(), false).unwrap();
    client.classify(classify(SMOKE)).await.unwrap();
    body.send_data(rest.to_vec().into(), true).unwrap();
    let answer = within_deadline(answer).await.unwrap();
    assert!(tonic::Status::from_header_map(answer.headers()).is_none());

    // Those that were not refused go on, and are refused for what they hold.
    for (_frames, body) in senders.values_mut() {
        // It may have been refused by now.
        let _ = body.send_data(vec![0].into(), true);
    }
    let mut went_on = 0;
    while let Some((_, answer)) = within_deadline(answers.next()).await {
        let (status, _) = status(&answer);
        match status.code() {
            Code::InvalidArgument => went_on += 1,
            code => assert_eq!(code, Code::ResourceExhausted, "{status:?}"),
        }
    }
    assert!(went_on >= 4, "{went_on}");
}
