//! What a server should not mind while it answers: a training job, one after the other, and another model each second.

use std::path::Path;
use std::time::{Duration, Instant};

use tonic::transport::Channel;
use triage::grpc::v1::model_service_client::ModelServiceClient;
use triage::grpc::v1::start_training_request::Part;
use triage::grpc::v1::{self, TrainingState};

/// Who asks.
const AUTHOR: &str = "load driver";
/// How often another model is activated.
const PERIOD: Duration = Duration::from_secs(1);

/// What was done, and what did not work.
#[derive(Debug, Default)]
pub(crate) struct Made {
    pub(crate) swaps: u64,
    /// Training jobs that were started, and how many of them wrote a version; the last one is called off at the end.
    pub(crate) jobs: u64,
    pub(crate) trained: u64,
    pub(crate) failed: Vec<String>,
}

/// Trains on `file` and swaps the registry's versions until the time is over.
pub(crate) fn make(address: &str, file: &Path, until: Instant) -> Made {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let client = ModelServiceClient::connect(format!("http://{address}"))
            .await
            .unwrap();
        let mut made = Made::default();
        let versions = versions(client.clone()).await;
        assert!(
            versions.len() > 1,
            "the registry must have two versions to swap"
        );
        let mut job = None;
        while Instant::now() < until {
            if let Some(ended) = ended(client.clone(), job.as_deref()).await {
                made.trained += u64::from(ended.state() == TrainingState::Done);
                if ended.state() == TrainingState::Failed {
                    made.failed.push(ended.error);
                }
                job = None;
            }
            if job.is_none() {
                match start(client.clone(), file).await {
                    Ok(id) => {
                        made.jobs += 1;
                        job = Some(id);
                    }
                    Err(error) => made.failed.push(error.to_string()),
                }
            }
            let version = &versions[usize::try_from(made.swaps).unwrap() % versions.len()];
            match activate(client.clone(), version).await {
                Ok(()) => made.swaps += 1,
                Err(error) => made.failed.push(error.to_string()),
            }
            tokio::time::sleep(PERIOD).await;
        }
        if let Some(id) = job {
            // One that has ended by now is fine as well.
            let _ = client
                .clone()
                .cancel_training(v1::CancelTrainingRequest { id })
                .await;
        }
        made
    })
}

async fn versions(mut client: ModelServiceClient<Channel>) -> Vec<String> {
    let listed = client.list_models(v1::ListModelsRequest::default()).await;
    let models = listed.unwrap().into_inner().models.into_iter();
    models.take(2).map(|model| model.version).collect()
}

async fn activate(
    mut client: ModelServiceClient<Channel>,
    version: &str,
) -> Result<(), tonic::Status> {
    let request = v1::ActivateModelRequest {
        version: version.to_owned(),
        author: AUTHOR.to_owned(),
        force: true,
        ..v1::ActivateModelRequest::default()
    };
    client.activate_model(request).await.map(|_| ())
}

async fn start(
    mut client: ModelServiceClient<Channel>,
    file: &Path,
) -> Result<String, tonic::Status> {
    let options = v1::TrainingOptions {
        author: AUTHOR.to_owned(),
        files: Some(v1::TrainingFiles {
            learned: vec![file.file_name().unwrap().to_str().unwrap().to_owned()],
            ..v1::TrainingFiles::default()
        }),
        ..v1::TrainingOptions::default()
    };
    let part = v1::StartTrainingRequest {
        part: Some(Part::Options(options)),
    };
    let started = client.start_training(tokio_stream::once(part)).await?;
    Ok(started.into_inner().job.unwrap_or_default().id)
}

/// The job that was started last, if it has ended.
async fn ended(
    mut client: ModelServiceClient<Channel>,
    job: Option<&str>,
) -> Option<v1::TrainingJob> {
    let id = job?.to_owned();
    let found = client.get_training(v1::GetTrainingRequest { id }).await;
    let found = found.unwrap().into_inner().job;
    found.filter(|job| job.ended_at.is_some())
}
