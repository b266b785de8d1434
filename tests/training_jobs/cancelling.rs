//! A job that is called off ends without a version and leaves nothing behind.

use triage::grpc::v1;

use crate::desk::{Desk, begin, cancel, client, ended, example, many, midway, options, until};
use crate::tickets::{many_tickets, tickets};

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

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_job_is_at_it_ends_without_a_version_once_it_is_called_off() {
    let desk = Desk::new();
    let server = desk.start().await;
    let mut client = client(&server).await;
    let mut examples: Vec<_> = tickets(2).iter().map(example).collect();
    // Enough to be measured on for longer than a call takes.
    examples.extend(
        many_tickets(3, 3_000, 20)
            .iter()
            .map(|ticket| v1::TrainingExample {
                held_out: true,
                ..example(ticket)
            }),
    );
    let options = v1::TrainingOptions {
        activation: v1::TrainingActivation::WhenGatePasses.into(),
        ..options()
    };
    for stage in [
        v1::TrainingStage::Reading,
        v1::TrainingStage::Fold,
        v1::TrainingStage::Measuring,
    ] {
        let begun = begin(&mut client, options.clone(), examples.clone()).await;
        let id = begun.unwrap().id;
        // It may be further when that is told.
        until(&mut client, &id, |job| job.stage() >= stage).await;
        client.cancel_training(cancel(&id)).await.unwrap();
        let job = ended(&mut client, &id).await;
        assert_eq!(
            job.state(),
            v1::TrainingState::Cancelled,
            "{stage:?}: {job:?}"
        );
        assert!(job.version.is_none(), "{job:?}");
        assert_eq!(
            desk.versions(),
            std::slice::from_ref(&desk.active),
            "{stage:?}"
        );
    }
}
