//! Tickets are answered while a job goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use triage::grpc::v1;

use crate::desk::{Desk, begin, cancel, client, ended, many, midway, options};

/// How often each caller asks.
const PACE: Duration = Duration::from_millis(5);

fn request() -> v1::RouteRequest {
    v1::RouteRequest {
        ticket: Some(v1::Ticket {
            id: "t-1".to_owned(),
            body: "the parcel is late and the courier lost its tracking".to_owned(),
            ..v1::Ticket::default()
        }),
        ..v1::RouteRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_ticket_is_answered_while_a_job_goes_on() {
    const CALLERS: usize = 4;
    let desk = Desk::new();
    let server = desk.start().await;
    let done = Arc::new(AtomicBool::new(false));
    let mut callers = Vec::new();
    for _ in 0..CALLERS {
        let mut client = server.client().await;
        let done = Arc::clone(&done);
        callers.push(tokio::spawn(async move {
            let mut answered: usize = 0;
            // Callers who left the server no moment of rest would leave none to the job.
            let mut pace = tokio::time::interval(PACE);
            pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while !done.load(Ordering::Relaxed) {
                pace.tick().await;
                client.route(request()).await.unwrap();
                answered += 1;
            }
            answered
        }));
    }
    let mut client = client(&server).await;
    let begun = begin(&mut client, options(), many()).await.unwrap();
    // The job gets on although it has the lowest priority.
    midway(&mut client, &begun.id).await;
    client.cancel_training(cancel(&begun.id)).await.unwrap();
    let job = ended(&mut client, &begun.id).await;
    assert_eq!(job.state(), v1::TrainingState::Cancelled);
    done.store(true, Ordering::Relaxed);
    for caller in callers {
        assert!(caller.await.unwrap() > 0);
    }
}
