//! `RoutingService`: policy and roster of the running server.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use tonic::{Request, Response, Status};

use super::agents;
use super::answer::saturate;
use super::roster_edit::{RosterEdit, not_on_roster};
use super::routing_answer::{applied, fault, record, trial, warning};
use super::routing_status::{bad_policy, bad_suites, no_case_called, refused};
use super::status::Violations;
use super::v1::routing_service_server::RoutingService;
use super::with_live::with_live;
use super::{routing_request, v1};
use crate::live::{Application, Applied, Live};

/// Looks at and changes policy and roster.
#[derive(Debug, Clone)]
pub struct RoutingApi {
    live: Arc<OnceLock<Arc<Live>>>,
}

impl RoutingApi {
    /// A service over `live`, which is empty until all is loaded.
    #[must_use]
    pub fn new(live: Arc<OnceLock<Arc<Live>>>) -> Self {
        Self { live }
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Live) -> Result<T, Box<Status>> + Send + 'static,
    ) -> Result<Response<T>, Status> {
        with_live(&self.live, work).await
    }
}

fn get_policy(live: &Live, version: Option<&str>) -> Result<v1::GetPolicyResponse, Box<Status>> {
    if let Some(version) = version {
        let kept = live.kept(version).map_err(|error| refused(error, false))?;
        return Ok(v1::GetPolicyResponse {
            policy: kept.1,
            record: Some(record(&kept.0)),
            earlier: Vec::new(),
        });
    }
    let current = live.current();
    let policy = current.policy();
    Ok(v1::GetPolicyResponse {
        policy: policy.text.clone(),
        record: Some(record(&policy.record)),
        earlier: policy.earlier.iter().map(record).collect(),
    })
}

fn check_policy(live: &Live, text: &str) -> v1::CheckPolicyResponse {
    let current = live.current();
    let text = match text {
        "" => &current.policy().text,
        text => text,
    };
    let version = crate::routing::policy_version_of(text);
    let (faults, warnings) = live.examine_text(text);
    v1::CheckPolicyResponse {
        version,
        faults: faults.into_iter().map(fault).collect(),
        warnings: warnings.into_iter().map(warning).collect(),
    }
}

fn test_policy(
    live: &Live,
    wish: &routing_request::TestWish,
) -> Result<v1::TestPolicyResponse, Box<Status>> {
    let policy = match &wish.policy {
        None => Arc::clone(live.current().triage().policy()),
        Some(text) => live.check(text).map_err(bad_policy)?.policy,
    };
    let tried = live
        .test(&policy, &wish.sent, wish.run.as_ref())
        .map_err(bad_suites)?;
    if let (Some(pattern), 0) = (&wish.run, tried.cases) {
        return Err(no_case_called(pattern));
    }
    Ok(trial(&tried, policy.version()))
}

/// What the answer says of a policy that was not given a record, because nothing changed.
fn unchanged_record(live: &Live, outcome: &Applied, application: &Application) -> v1::PolicyRecord {
    let current = live.current();
    let decides = &current.policy().record;
    if decides.version == outcome.version {
        return record(decides);
    }
    let by = application.by.clone();
    v1::PolicyRecord {
        version: outcome.version.clone(),
        author: by.author.unwrap_or_default(),
        caller: by.caller.unwrap_or_default(),
        comment: by.comment,
        applied_at: None,
        source: v1::PolicySource::Apply.into(),
    }
}

fn list_agents(live: &Live, ids: &[String]) -> Result<v1::ListAgentsResponse, Box<Status>> {
    let current = live.current();
    let roster = current.triage().roster().map(Arc::as_ref);
    let known = |id: &str| roster.is_some_and(|roster| roster.agent(id).is_some());
    let wanted: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
    let unknown: BTreeSet<&str> = wanted.iter().copied().filter(|id| !known(id)).collect();
    if !unknown.is_empty() {
        return Err(not_on_roster(&unknown, roster));
    }
    let agents = roster.iter().flat_map(|roster| roster.agents());
    let reserved = current.reservations().by_agent(Instant::now());
    Ok(v1::ListAgentsResponse {
        agents: agents
            .filter(|agent| wanted.is_empty() || wanted.contains(agent.id.as_str()))
            .map(|agent| agents::message(agent, reserved.get(&agent.id).copied().unwrap_or(0)))
            .collect(),
        has_roster: roster.is_some(),
    })
}

#[tonic::async_trait]
impl RoutingService for RoutingApi {
    async fn get_policy(
        &self,
        request: Request<v1::GetPolicyRequest>,
    ) -> Result<Response<v1::GetPolicyResponse>, Status> {
        let mut violations = Violations::default();
        let version =
            routing_request::version(request.into_inner().version, "version", &mut violations);
        violations.into_result().map_err(|status| *status)?;
        self.blocking(move |live| get_policy(live, version.as_deref()))
            .await
    }

    async fn check_policy(
        &self,
        request: Request<v1::CheckPolicyRequest>,
    ) -> Result<Response<v1::CheckPolicyResponse>, Status> {
        let text = request.into_inner().policy;
        self.blocking(move |live| Ok(check_policy(live, &text)))
            .await
    }

    async fn test_policy(
        &self,
        request: Request<v1::TestPolicyRequest>,
    ) -> Result<Response<v1::TestPolicyResponse>, Status> {
        let wish = routing_request::test(request.into_inner()).map_err(|status| *status)?;
        self.blocking(move |live| test_policy(live, &wish)).await
    }

    async fn apply_policy(
        &self,
        request: Request<v1::ApplyPolicyRequest>,
    ) -> Result<Response<v1::ApplyPolicyResponse>, Status> {
        let (_, extensions, request) = request.into_parts();
        let dry_run = request.dry_run;
        let application =
            routing_request::apply(request, extensions.get()).map_err(|status| *status)?;
        // Gone once the caller is, or the time for the request is over: then nothing is applied any more.
        let caller = Arc::new(());
        let waiting = Arc::downgrade(&caller);
        let answer = self.blocking(move |live| {
            let outcome = match dry_run {
                true => live.rehearse(&application),
                false => live.apply(&application, || waiting.strong_count() > 0),
            };
            let outcome = outcome.map_err(|error| refused(error, true))?;
            let of = unchanged_record(live, &outcome, &application);
            Ok(applied(outcome, of))
        });
        let answer = answer.await;
        drop(caller);
        answer
    }

    async fn rollback_policy(
        &self,
        request: Request<v1::RollbackPolicyRequest>,
    ) -> Result<Response<v1::RollbackPolicyResponse>, Status> {
        let (_, extensions, request) = request.into_parts();
        let wish =
            routing_request::rollback(request, extensions.get()).map_err(|status| *status)?;
        self.blocking(move |live| {
            let outcome = live.go_back(&wish).map_err(|error| refused(error, false))?;
            Ok(v1::RollbackPolicyResponse {
                record: outcome.record.as_ref().map(record),
                previous_version: outcome.previous,
                diff: outcome.diff,
            })
        })
        .await
    }

    async fn put_agents(
        &self,
        request: Request<v1::PutAgentsRequest>,
    ) -> Result<Response<v1::PutAgentsResponse>, Status> {
        let edit = RosterEdit::read(request.into_inner()).map_err(|status| *status)?;
        self.blocking(move |live| {
            let roster = live
                .edit_roster(|triage| edit.apply(triage))
                .map_err(|refused| refused.0)?;
            let agents = roster.agents().len();
            tracing::debug!(agents, "the roster was changed by a call");
            Ok(v1::PutAgentsResponse {
                agents: saturate(agents),
            })
        })
        .await
    }

    async fn list_agents(
        &self,
        request: Request<v1::ListAgentsRequest>,
    ) -> Result<Response<v1::ListAgentsResponse>, Status> {
        let ids = request.into_inner().ids;
        self.blocking(move |live| list_agents(live, &ids)).await
    }
}
