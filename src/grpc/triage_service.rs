//! `TriageService`: Classify, Route of one ticket and of many, backlogs and reservations.

use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwapOption;
use futures_util::stream::{BoxStream, StreamExt};
use tokio::sync::{Semaphore, watch};
use tonic::{Request, Response, Status, Streaming};

use super::fairness::Aside;
use super::outcomes::Answering;
use super::request::Wanted;
use super::route::{Prepared, classification, explained, is_long, with_workspace};
use super::status::{no_vector, not_loaded};
use super::unread::UnreadLines;
use super::v1::triage_service_server::TriageService;
use super::{backlog, batch, explanation, request, reservation, stream, v1};
use crate::classifier::{Classification, Workspace};
use crate::live::Loaded;
use crate::model::Bundle;
use crate::ticket::Ticket;

/// How many backlogs are given out at the same time: each may take a processor core for a second.
const MAX_BACKLOGS_AT_ONCE: usize = 2;

/// Answers with whatever model, policy and roster are loaded when a request comes.
#[derive(Debug, Clone)]
pub struct TriageApi {
    loaded: Arc<ArcSwapOption<Loaded>>,
    /// Whether the server is shutting down.
    draining: watch::Receiver<bool>,
    aside: Aside,
    backlogs: Arc<Semaphore>,
    /// Longest answer to a batch, in bytes.
    max_batch_bytes: usize,
}

impl TriageApi {
    /// A service over `loaded`, which may be empty at first. Streams on which no ticket comes end soon after
    /// `draining` turns true; the answer to a batch has at most `max_batch_bytes`.
    #[must_use]
    pub fn new(
        loaded: Arc<ArcSwapOption<Loaded>>,
        draining: watch::Receiver<bool>,
        max_batch_bytes: usize,
    ) -> Self {
        Self {
            loaded,
            draining,
            aside: Aside::new(),
            backlogs: Arc::new(Semaphore::new(MAX_BACKLOGS_AT_ONCE)),
            max_batch_bytes,
        }
    }

    fn loaded(&self) -> Result<Arc<Loaded>, Status> {
        self.loaded.load_full().ok_or_else(not_loaded)
    }
}

/// Answers a request to classify.
///
/// # Errors
/// INVALID_ARGUMENT or RESOURCE_EXHAUSTED with every violation.
#[allow(clippy::result_large_err)] // the protocol's own error
pub fn classify(
    bundle: &Bundle,
    request: v1::ClassifyRequest,
    workspace: &mut Workspace,
) -> Result<v1::ClassifyResponse, Status> {
    let (ticket, wanted) = parse_classify(request, bundle)?;
    let unnoted = |_: &Ticket, _: &Classification| {};
    Ok(classified(
        bundle,
        (ticket, wanted),
        None,
        unnoted,
        workspace,
    ))
}

/// The answer to a request to classify. `vector` is the text's sentence vector if it was made elsewhere; `note` is told
/// what came of the ticket.
fn classified(
    bundle: &Bundle,
    (ticket, wanted): (Ticket, Wanted),
    vector: Option<&[f32]>,
    note: impl FnOnce(&Ticket, &Classification),
    workspace: &mut Workspace,
) -> v1::ClassifyResponse {
    let classification = classification(bundle, &ticket, vector, workspace);
    note(&ticket, &classification);
    let classification = explained(bundle, &classification, &ticket, &wanted, workspace);
    v1::ClassifyResponse {
        ticket_id: ticket.id,
        classification: Some(classification),
        model_version: bundle.version.clone(),
    }
}

/// A request to classify by this model.
#[allow(clippy::result_large_err)] // the protocol's own error
fn parse_classify(
    request: v1::ClassifyRequest,
    bundle: &Bundle,
) -> Result<(Ticket, Wanted), Status> {
    let (ticket, wanted) = request::classify(request).map_err(|status| *status)?;
    explanation::check(&wanted, &bundle.classifier).map_err(|status| *status)?;
    Ok((ticket, wanted))
}

#[tonic::async_trait]
impl TriageService for TriageApi {
    type StreamRouteStream = BoxStream<'static, Result<v1::RouteOutcome, Status>>;

    async fn classify(
        &self,
        request: Request<v1::ClassifyRequest>,
    ) -> Result<Response<v1::ClassifyResponse>, Status> {
        let loaded = self.loaded()?;
        let parsed = parse_classify(request.into_inner(), loaded.triage().bundle())?;
        let vector = loaded.vector(&parsed.0).await;
        let vector = vector.map_err(|error| no_vector(&error))?;
        let long = is_long(&parsed.0);
        let answer = move || {
            let bundle = loaded.triage().bundle();
            let note = |ticket: &Ticket, classification: &Classification| {
                loaded.note(ticket, classification, None);
            };
            with_workspace(|workspace| {
                classified(bundle, parsed, vector.as_deref(), note, workspace)
            })
        };
        let answer = match long {
            true => self.aside.run(move || Ok(answer())).await?,
            false => answer(),
        };
        Ok(Response::new(answer))
    }

    async fn route(
        &self,
        request: Request<v1::RouteRequest>,
    ) -> Result<Response<v1::RouteResponse>, Status> {
        let prepared = Prepared::read(request.into_inner(), self.loaded()?, None, &self.aside);
        let answer = prepared.await?.answer(&self.aside).await?;
        Ok(Response::new(answer))
    }

    async fn batch_route(
        &self,
        request: Request<v1::BatchRouteRequest>,
    ) -> Result<Response<v1::BatchRouteResponse>, Status> {
        let aside = self.aside.clone();
        let (loaded, most) = (self.loaded()?, self.max_batch_bytes);
        let answer = batch::answer(request.into_inner(), loaded, aside, most).await?;
        Ok(Response::new(answer))
    }

    async fn stream_route(
        &self,
        request: Request<Streaming<v1::RouteRequest>>,
    ) -> Result<Response<Self::StreamRouteStream>, Status> {
        // Refused as a whole, as a call for one ticket is.
        self.loaded()?;
        let api = self.clone();
        let by = move || {
            let loaded = api.loaded()?;
            Ok(Answering {
                loaded,
                roster: None,
            })
        };
        let (draining, aside) = (self.draining.clone(), self.aside.clone());
        let unread = request.extensions().get::<UnreadLines>().cloned();
        let answers = stream::answers(request.into_inner(), unread, by, draining, aside);
        Ok(Response::new(answers.boxed()))
    }

    async fn assign_backlog(
        &self,
        request: Request<v1::AssignBacklogRequest>,
    ) -> Result<Response<v1::AssignBacklogResponse>, Status> {
        let loaded = self.loaded()?;
        let Ok(turn) = Arc::clone(&self.backlogs).try_acquire_owned() else {
            return Err(Status::resource_exhausted(
                "as many backlogs as can be are given out at the moment: try again shortly",
            ));
        };
        let answer = backlog::answer(request.into_inner(), loaded, turn).await?;
        Ok(Response::new(answer))
    }

    async fn confirm_reservation(
        &self,
        request: Request<v1::ConfirmReservationRequest>,
    ) -> Result<Response<v1::ConfirmReservationResponse>, Status> {
        let request = request.into_inner();
        let answer = reservation::confirm(request, self.loaded()?.reservations(), Instant::now())?;
        Ok(Response::new(answer))
    }

    async fn release_reservation(
        &self,
        request: Request<v1::ReleaseReservationRequest>,
    ) -> Result<Response<v1::ReleaseReservationResponse>, Status> {
        let request = request.into_inner();
        let answer = reservation::release(request, self.loaded()?.reservations(), Instant::now())?;
        Ok(Response::new(answer))
    }
}
