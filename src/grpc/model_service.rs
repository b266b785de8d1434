//! `ModelService`: the models of the running server. Everything here may wait for a disk, so it runs on threads that
//! may block.

use std::sync::{Arc, OnceLock};

use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status, Streaming};

use super::model_answer::{InUse, activated, activation, model, shadow, summary};
use super::model_request::{self, Page, ShadowWish};
use super::model_status::{no_shadow, refused, registry};
use super::training_calls;
use super::v1;
use super::v1::model_service_server::ModelService;
use super::with_live::with_live;
use crate::jobs::Jobs;
use crate::live::Live;
use crate::model::{Registry, RegistryError};

/// Most activations of a version that are listed.
const MAX_ACTIVATIONS: usize = 100;

/// Looks at and changes which model is served.
#[derive(Debug, Clone)]
pub struct ModelApi {
    live: Arc<OnceLock<Arc<Live>>>,
    jobs: Arc<Jobs>,
}

impl ModelApi {
    /// A service over `live`, which is empty until all is loaded, and the training jobs.
    #[must_use]
    pub fn new(live: Arc<OnceLock<Arc<Live>>>, jobs: Arc<Jobs>) -> Self {
        Self { live, jobs }
    }
}

fn registry_of(live: &Live) -> Registry {
    Registry::new(&live.sources().models)
}

fn in_use(live: &Live) -> Result<InUse, RegistryError> {
    let active = match registry_of(live).active() {
        Ok(version) => Some(version),
        Err(RegistryError::NoActive { .. }) => None,
        Err(error) => return Err(error),
    };
    Ok(InUse {
        active,
        served: live.current().triage().model_version().to_owned(),
    })
}

fn list(live: &Live, page: &Page) -> Result<v1::ListModelsResponse, RegistryError> {
    let (models, in_use) = (registry_of(live), in_use(live)?);
    let mut versions = models.versions()?;
    if let Some(after) = &page.after {
        versions.retain(|version| version > after);
    }
    let more = versions.len() > page.size;
    versions.truncate(page.size);
    Ok(v1::ListModelsResponse {
        models: versions
            .iter()
            .map(|version| summary(version, &models.manifest(version), &in_use))
            .collect(),
        next_page_token: versions.pop().filter(|_| more).unwrap_or_default(),
        active_version: in_use.active.unwrap_or_default(),
        served_version: in_use.served,
        pinned: live.sources().version.is_some(),
    })
}

fn get(live: &Live, version: Option<&str>) -> Result<v1::GetModelResponse, RegistryError> {
    let (models, in_use) = (registry_of(live), in_use(live)?);
    let current = live.current();
    let served = current.triage().bundle();
    let message = match version {
        Some(version) if version != served.version => {
            model(version, &models.manifest(version)?, &in_use)
        }
        Some(_) | None => model(&served.version, &served.manifest, &in_use),
    };
    let changes = models.activations()?.entries.into_iter().rev();
    Ok(v1::GetModelResponse {
        activations: changes
            .filter(|change| change.after == message.version)
            .take(MAX_ACTIVATIONS)
            .map(activation)
            .collect(),
        model: Some(message),
    })
}

fn set_shadow(live: &Live, wish: &ShadowWish) -> Result<v1::SetShadowResponse, Box<Status>> {
    let before = match &wish.version {
        None => live.shadow().stop(),
        Some(version) => {
            let started = live.start_shadow(version, wish.sample);
            started.map_err(|error| no_shadow(&error))?
        }
    };
    Ok(v1::SetShadowResponse {
        previous: Some(shadow(before)),
    })
}

#[tonic::async_trait]
impl ModelService for ModelApi {
    async fn list_models(
        &self,
        request: Request<v1::ListModelsRequest>,
    ) -> Result<Response<v1::ListModelsResponse>, Status> {
        let page = model_request::list(request.into_inner()).map_err(|status| *status)?;
        with_live(&self.live, move |live| {
            list(live, &page).map_err(|error| registry(&error))
        })
        .await
    }

    async fn get_model(
        &self,
        request: Request<v1::GetModelRequest>,
    ) -> Result<Response<v1::GetModelResponse>, Status> {
        let version = model_request::get(request.into_inner()).map_err(|status| *status)?;
        with_live(&self.live, move |live| {
            get(live, version.as_deref()).map_err(|error| registry(&error))
        })
        .await
    }

    async fn activate_model(
        &self,
        request: Request<v1::ActivateModelRequest>,
    ) -> Result<Response<v1::ActivateModelResponse>, Status> {
        let (_, extensions, request) = request.into_parts();
        let dry_run = request.dry_run;
        let wish = model_request::activate(request, extensions.get()).map_err(|status| *status)?;
        // Gone once the caller is, or the time for the request is over: then nothing is activated any more.
        let caller = Arc::new(());
        let waiting = Arc::downgrade(&caller);
        let answer = with_live(&self.live, move |live| {
            let done = match dry_run {
                true => live.rehearse_model(&wish),
                false => live.activate_model(&wish, || waiting.strong_count() > 0),
            };
            done.map(activated).map_err(refused)
        });
        let answer = answer.await;
        drop(caller);
        answer
    }

    async fn rollback_model(
        &self,
        request: Request<v1::RollbackModelRequest>,
    ) -> Result<Response<v1::RollbackModelResponse>, Status> {
        let (_, extensions, request) = request.into_parts();
        let wish = model_request::rollback(request, extensions.get()).map_err(|status| *status)?;
        with_live(&self.live, move |live| {
            let done = live.roll_model_back(&wish).map_err(refused)?;
            Ok(v1::RollbackModelResponse {
                version: done.version,
                previous_version: done.previous,
            })
        })
        .await
    }

    async fn get_shadow(
        &self,
        _request: Request<v1::GetShadowRequest>,
    ) -> Result<Response<v1::GetShadowResponse>, Status> {
        with_live(&self.live, |live| {
            Ok(v1::GetShadowResponse {
                report: Some(shadow(live.shadow().report())),
            })
        })
        .await
    }

    async fn set_shadow(
        &self,
        request: Request<v1::SetShadowRequest>,
    ) -> Result<Response<v1::SetShadowResponse>, Status> {
        let wish = model_request::shadow(request.into_inner()).map_err(|status| *status)?;
        with_live(&self.live, move |live| set_shadow(live, &wish)).await
    }

    async fn start_training(
        &self,
        request: Request<Streaming<v1::StartTrainingRequest>>,
    ) -> Result<Response<v1::StartTrainingResponse>, Status> {
        let (_, extensions, requests) = request.into_parts();
        training_calls::start(&self.jobs, &self.live, requests, extensions.get())
            .await
            .map(Response::new)
    }

    type WatchTrainingStream = BoxStream<v1::WatchTrainingResponse>;

    async fn watch_training(
        &self,
        request: Request<v1::WatchTrainingRequest>,
    ) -> Result<Response<Self::WatchTrainingStream>, Status> {
        let states = training_calls::watch(&self.jobs, &request.into_inner().id)?;
        Ok(Response::new(Box::pin(states)))
    }

    async fn get_training(
        &self,
        request: Request<v1::GetTrainingRequest>,
    ) -> Result<Response<v1::GetTrainingResponse>, Status> {
        training_calls::get(&self.jobs, &request.into_inner().id).map(Response::new)
    }

    async fn list_trainings(
        &self,
        _request: Request<v1::ListTrainingsRequest>,
    ) -> Result<Response<v1::ListTrainingsResponse>, Status> {
        Ok(Response::new(training_calls::list(&self.jobs)))
    }

    async fn cancel_training(
        &self,
        request: Request<v1::CancelTrainingRequest>,
    ) -> Result<Response<v1::CancelTrainingResponse>, Status> {
        training_calls::cancel(&self.jobs, &request.into_inner().id).map(Response::new)
    }
}
