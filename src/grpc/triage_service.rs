//! `TriageService`: Classify and Route.

use std::cell::RefCell;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use jiff::Timestamp;
use tonic::{Request, Response, Status};

use super::status::not_loaded;
use super::v1::triage_service_server::TriageService;
use super::{answer, request, v1};
use crate::classifier::Workspace;
use crate::triage::Triage;

thread_local! {
    /// Classification takes microseconds and runs on the thread that read the request.
    static WORKSPACE: RefCell<Workspace> = RefCell::new(Workspace::default());
}

/// Answers with whatever model, policy and roster are loaded when a request comes.
#[derive(Debug, Clone)]
pub struct TriageApi {
    loaded: Arc<ArcSwapOption<Triage>>,
}

impl TriageApi {
    /// A service over `loaded`, which may be empty at first.
    #[must_use]
    pub fn new(loaded: Arc<ArcSwapOption<Triage>>) -> Self {
        Self { loaded }
    }

    fn loaded(&self) -> Result<Arc<Triage>, Status> {
        self.loaded.load_full().ok_or_else(not_loaded)
    }
}

#[tonic::async_trait]
impl TriageService for TriageApi {
    async fn classify(
        &self,
        request: Request<v1::ClassifyRequest>,
    ) -> Result<Response<v1::ClassifyResponse>, Status> {
        let (ticket, wanted) = request::classify(request.into_inner()).map_err(|status| *status)?;
        let triage = self.loaded()?;
        let classification = WORKSPACE.with_borrow_mut(|workspace| {
            let classification = triage.classify(&ticket, workspace);
            answer::classification(&classification, &ticket, wanted, |kind, label| {
                triage.evidence(&ticket, kind, label, workspace)
            })
        });
        Ok(Response::new(v1::ClassifyResponse {
            ticket_id: ticket.id,
            classification: Some(classification),
            model_version: triage.model_version().to_owned(),
        }))
    }

    async fn route(
        &self,
        request: Request<v1::RouteRequest>,
    ) -> Result<Response<v1::RouteResponse>, Status> {
        let parsed = request::route(request.into_inner()).map_err(|status| *status)?;
        let triage = self.loaded()?;
        let ticket = &parsed.ticket;
        let (classification, decision) = WORKSPACE.with_borrow_mut(|workspace| {
            let routed = triage.route(ticket, Timestamp::now(), parsed.waited, workspace);
            let classification =
                answer::classification(&routed.classification, ticket, parsed.wanted, |kind, label| {
                    triage.evidence(ticket, kind, label, workspace)
                });
            (classification, routed.decision)
        });
        tracing::debug!(
            rule = %decision.rule,
            queue = decision.queue,
            requires_human = decision.requires_human,
            "routed"
        );
        Ok(Response::new(v1::RouteResponse {
            classification: Some(classification),
            decision: Some(answer::decision(decision, parsed.trace)),
            model_version: triage.model_version().to_owned(),
            policy_version: triage.policy_version().to_owned(),
            ticket_id: parsed.ticket.id,
        }))
    }
}
