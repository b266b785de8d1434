//! What becomes of a job when its server ends.

use rustix::process::Signal;
use triage::grpc::v1;

use crate::desk::{Desk, begin, client, many, midway, options, told};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_leaves_no_half_model() {
    let desk = Desk::new();
    let server = desk.start().await;
    let mut killed = client(&server).await;
    let begun = begin(&mut killed, options(), many()).await.unwrap();
    midway(&mut killed, &begun.id).await;
    server.signal(Signal::KILL);
    assert_eq!(server.ended().await.code, None);
    assert_eq!(desk.versions(), std::slice::from_ref(&desk.active));
    let server = desk.start().await;
    let list = client(&server).await;
    let list = list
        .clone()
        .list_trainings(v1::ListTrainingsRequest::default())
        .await;
    assert!(list.unwrap().into_inner().jobs.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_drains_calls_the_job_off_and_tells_who_watches_it() {
    let desk = Desk::new();
    let server = desk.start().await;
    let mut client = client(&server).await;
    let begun = begin(&mut client, options(), many()).await.unwrap();
    midway(&mut client, &begun.id).await;
    let request = v1::WatchTrainingRequest {
        id: begun.id.clone(),
    };
    let mut stream = client.watch_training(request).await.unwrap().into_inner();
    server.signal(Signal::TERM);
    let mut last = None;
    while let Some(job) = told(&mut stream).await {
        last = Some(job);
    }
    assert_eq!(last.unwrap().state(), v1::TrainingState::Cancelled);
    drop((stream, client));
    assert_eq!(server.ended().await.code, Some(0));
    assert_eq!(desk.versions(), std::slice::from_ref(&desk.active));
}
