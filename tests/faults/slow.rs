//! Clients that send or read too slowly: they lose their connection or wait, and nobody else does.

use tokio::io::AsyncWriteExt;
use triage::grpc::v1;

use crate::raw::{Frames, PREFACE, closed, framed, frames, having_sent};
use crate::running::{Server, server_command, within_deadline};
use crate::tickets::{SMOKE, classify};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_begin_to_speak_is_closed_and_others_are_answered() {
    let mut command = server_command(&["--log-level", "debug"]);
    command.env("TRIAGE_SERVER__OPEN_TIMEOUT_MS", "200");
    let server = Server::start_as(&mut command).await;
    let mut client = server.client().await;
    client.classify(classify(SMOKE)).await.unwrap();
    let mut slow = Vec::new();
    for length in [0, 1, 10, 24, PREFACE.len() - 1] {
        for _ in 0..20 {
            slow.push(having_sent(&server.address, &PREFACE[..length]).await);
        }
    }
    client.classify(classify(SMOKE)).await.unwrap();
    for stream in slow {
        closed(stream).await;
    }
    // Whoever has spoken may be silent.
    client.classify(classify(SMOKE)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_now_and_then_does_not_keep_a_connection_open() {
    let mut command = server_command(&[]);
    command.env("TRIAGE_SERVER__OPEN_TIMEOUT_MS", "200");
    let server = Server::start_as(&mut command).await;
    let mut stream = having_sent(&server.address, b"").await;
    let dribble = async {
        for byte in PREFACE.iter().cycle() {
            if stream.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    within_deadline(dribble).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_no_answer_keeps_nobody_else_waiting() {
    let server = Server::start(&[]).await;
    let long = v1::ClassifyRequest {
        ticket: Some(v1::Ticket {
            body: SMOKE.repeat(200),
            ..v1::Ticket::default()
        }),
        options: Some(v1::ClassificationOptions {
            top: 26,
            evidence: true,
            ..v1::ClassificationOptions::default()
        }),
    };
    let mut silent = Vec::new();
    for _ in 0..4 {
        let mut frames = Frames::connect(&server.address).await;
        for _ in 0..200 {
            let (answer, mut body) = frames.begin(&[]).await;
            body.send_data(framed(&long), true).unwrap();
            // Answers are neither read nor refused: what has come takes up the window.
            silent.push((answer, body));
        }
        let mut client = server.client().await;
        for _ in 0..20 {
            within_deadline(client.classify(classify(SMOKE)))
                .await
                .unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_short_tickets_waits_for_its_reader_however_many_frames_they_come_in() {
    const TICKETS: usize = 4_000;
    let server = Server::start(&[]).await;
    let mut connection = Frames::connect(&server.address).await;
    let (answer, mut body) = connection
        .begin_to("/triage.v1.TriageService/StreamRoute", &[])
        .await;
    // Each in a frame of its own, as some clients send them, and all of them sooner than they are worked on.
    let ticket = framed(&v1::RouteRequest {
        ticket: Some(v1::Ticket {
            body: "broken kettle".to_owned(),
            ..v1::Ticket::default()
        }),
        ..v1::RouteRequest::default()
    });
    for number in 1..=TICKETS {
        body.send_data(ticket.clone(), number == TICKETS).unwrap();
    }
    let mut outcomes = within_deadline(answer).await.unwrap().into_body();
    let mut read = Vec::new();
    while let Some(data) = within_deadline(outcomes.data()).await {
        let data = data.unwrap();
        let window = outcomes.flow_control();
        window.release_capacity(data.len()).unwrap();
        read.extend_from_slice(&data);
    }
    let trailers = within_deadline(outcomes.trailers()).await.unwrap().unwrap();
    assert_eq!(trailers["grpc-status"], "0", "{trailers:?}");
    assert_eq!(frames(&read).len(), TICKETS);
}
