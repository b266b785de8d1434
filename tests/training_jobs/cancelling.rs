//! A job that is called off ends without a version and leaves nothing behind.

use triage::grpc::v1;

use crate::desk::{Desk, begin, cancel, client, ended, example, many, midway, options};
use crate::tickets::tickets;

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_called_off_midway_leaves_nothing_behind() {
    let desk = Desk::new();
    let server = desk.start().await;
    let mut client = client(&server).await;
    let begun = begin(&mut client, options(), many()).await.unwrap();
    midway(&mut client, &begun.id).await;
    client.cancel_training(cancel(&begun.id)).await.unwrap();
    let job = ended(&mut client, &begun.id).await;
    assert_eq!(job.state(), v1::TrainingState::Cancelled);
    assert!(job.version.is_none() && job.done < 1.0, "{job:?}");
    assert_eq!(desk.versions(), std::slice::from_ref(&desk.active));
    // It stays as it ended, and another may begin.
    let again = client.cancel_training(cancel(&begun.id)).await.unwrap();
    assert_eq!(again.into_inner().job, Some(job));
    let examples = tickets(2).iter().map(example).collect();
    let next = begin(&mut client, options(), examples).await.unwrap();
    let next = ended(&mut client, &next.id).await;
    assert_eq!(next.state(), v1::TrainingState::Done);
    assert_eq!(desk.versions().len(), 2);
}
