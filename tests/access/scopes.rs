//! Every call that there is has its scope.

use std::collections::BTreeSet;

use prost_reflect::DescriptorPool;
use triage::access::{Method, Need, Scope, Scopes};
use triage::grpc::DESCRIPTORS;

/// All calls of our own services, as `package.Service/Method`.
fn calls() -> BTreeSet<String> {
    let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
    pool.services()
        .flat_map(|service| {
            let name = service.full_name().to_owned();
            let methods = service.methods().map(|method| method.name().to_owned());
            methods
                .map(move |method| format!("{name}/{method}"))
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn every_call_has_its_scope_and_every_scope_its_call() {
    let known: BTreeSet<String> = Method::known().map(str::to_owned).collect();
    assert_eq!(
        known.len(),
        Method::known().count(),
        "a call is in the table twice"
    );
    let calls = calls();
    let without: Vec<&String> = calls.difference(&known).collect();
    assert!(
        without.is_empty(),
        "give these calls a scope in src/access/method.rs: {without:?}"
    );
    let gone: Vec<&String> = known.difference(&calls).collect();
    assert!(gone.is_empty(), "these calls are gone: {gone:?}");
}

#[test]
fn scopes_open_what_they_are_named_for() {
    for call in calls() {
        let Need::OneOf(scopes) = Method::of(&format!("/{call}")).need else {
            panic!("{call} needs no scope");
        };
        let (_, name) = call.split_once('/').unwrap();
        let opens = |scope| scopes.meets(Scopes::of(&[scope]));
        assert_eq!(opens(Scope::Classify), name == "Classify", "{call}");
        assert_eq!(
            opens(Scope::Route),
            call.contains(".TriageService/"),
            "{call}"
        );
        let trains = name.ends_with("Training") || name == "ListTrainings";
        let shows = ["ListModels", "GetModel", "GetShadow"].contains(&name);
        assert_eq!(opens(Scope::Train), trains || shows, "{call}");
        assert_eq!(
            opens(Scope::Admin),
            !trains && !call.contains(".TriageService/"),
            "{call}"
        );
    }
}
