//! Which scope each call needs: one table of all of them.

use super::{Scope, Scopes};

/// What a call needs of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing, and it is not counted either: whoever watches over the server must always be answered.
    NothingAtAll,
    /// No scope.
    NoScope,
    /// One of these scopes.
    OneOf(Scopes),
}

const CLASSIFY: Scopes = Scopes::of(&[Scope::Classify, Scope::Route]);
const ROUTE: Scopes = Scopes::of(&[Scope::Route]);
const TRAIN: Scopes = Scopes::of(&[Scope::Train]);
/// Whoever trains may see what came of it.
const SEE_MODELS: Scopes = Scopes::of(&[Scope::Train, Scope::Admin]);
const ADMIN: Scopes = Scopes::of(&[Scope::Admin]);

/// The calls of our own services, by path.
const CALLS: [(&str, Scopes); 25] = [
    ("/triage.v1.TriageService/Classify", CLASSIFY),
    ("/triage.v1.TriageService/Route", ROUTE),
    ("/triage.v1.TriageService/BatchRoute", ROUTE),
    ("/triage.v1.TriageService/StreamRoute", ROUTE),
    ("/triage.v1.TriageService/AssignBacklog", ROUTE),
    ("/triage.v1.TriageService/ConfirmReservation", ROUTE),
    ("/triage.v1.TriageService/ReleaseReservation", ROUTE),
    ("/triage.v1.RoutingService/GetPolicy", ADMIN),
    ("/triage.v1.RoutingService/CheckPolicy", ADMIN),
    ("/triage.v1.RoutingService/TestPolicy", ADMIN),
    ("/triage.v1.RoutingService/ApplyPolicy", ADMIN),
    ("/triage.v1.RoutingService/RollbackPolicy", ADMIN),
    ("/triage.v1.RoutingService/PutAgents", ADMIN),
    ("/triage.v1.RoutingService/ListAgents", ADMIN),
    ("/triage.v1.ModelService/ListModels", SEE_MODELS),
    ("/triage.v1.ModelService/GetModel", SEE_MODELS),
    ("/triage.v1.ModelService/ActivateModel", ADMIN),
    ("/triage.v1.ModelService/RollbackModel", ADMIN),
    ("/triage.v1.ModelService/GetShadow", SEE_MODELS),
    ("/triage.v1.ModelService/SetShadow", ADMIN),
    ("/triage.v1.ModelService/StartTraining", TRAIN),
    ("/triage.v1.ModelService/WatchTraining", TRAIN),
    ("/triage.v1.ModelService/GetTraining", TRAIN),
    ("/triage.v1.ModelService/ListTrainings", TRAIN),
    ("/triage.v1.ModelService/CancelTraining", TRAIN),
];

/// A call by its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method {
    /// `package.Service/Method`; empty for a call that no service of ours has, whose name is the caller's own word.
    pub name: &'static str,
    /// What it needs.
    pub need: Need,
}

impl Method {
    /// The call with this path. What is not in the table needs `admin`, so that nothing is ever open by oversight.
    #[must_use]
    pub fn of(path: &str) -> Self {
        if let Some((path, scopes)) = CALLS.iter().find(|(known, _)| *known == path) {
            return Self {
                name: path.strip_prefix('/').unwrap_or(path),
                need: Need::OneOf(*scopes),
            };
        }
        let need = if path.starts_with("/grpc.health.v1.Health/") {
            Need::NothingAtAll
        } else if path.starts_with("/grpc.reflection.v1.ServerReflection/")
            || path.starts_with("/grpc.reflection.v1alpha.ServerReflection/")
        {
            Need::NoScope
        } else {
            Need::OneOf(ADMIN)
        };
        Self { name: "", need }
    }

    /// Whether the call is an operator's, which needs credentials from afar and is logged: one that cannot be made
    /// with the scopes of a help desk.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        match self.need {
            Need::NothingAtAll | Need::NoScope => false,
            Need::OneOf(scopes) => !scopes.meets(CLASSIFY),
        }
    }

    /// Whether the call is logged as an operator's: only one that there is, whose name is not its caller's own word.
    pub(super) fn is_logged(&self) -> bool {
        self.is_admin() && !self.name.is_empty()
    }

    /// The calls of our own services that are in the table, as `package.Service/Method`.
    pub fn known() -> impl Iterator<Item = &'static str> {
        CALLS
            .iter()
            .map(|(path, _)| path.strip_prefix('/').unwrap_or(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_in_the_table_needs_admin() {
        for path in [
            "",
            "/",
            "/triage.v1.TriageService/",
            "/triage.v1.TriageService/route",
            "/triage.v1.TriageService/Route/",
            "//triage.v1.TriageService/Route",
            "triage.v1.TriageService/Route",
            "/grpc.health.v1.Healthy/Check",
            "/grpc.reflection.v2.ServerReflection/ServerReflectionInfo",
        ] {
            let method = Method::of(path);
            assert_eq!(method.need, Need::OneOf(ADMIN), "{path}");
            assert!(method.name.is_empty() && method.is_admin());
        }
        assert_eq!(
            Method::of("/grpc.health.v1.Health/Check").need,
            Need::NothingAtAll
        );
    }

    #[test]
    fn operators_calls_are_those_that_no_scope_of_a_help_desk_opens() {
        for name in Method::known() {
            let method = Method::of(&format!("/{name}"));
            assert_eq!(method.name, name);
            assert_eq!(
                method.is_admin(),
                !name.contains(".TriageService/"),
                "{name}"
            );
        }
    }
}
