//! Policies are swapped while requests are in flight: none fails, and none sees half of one and half of another.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::desk::{Desk, apply, client, route_refund, with_priority};

#[tokio::test(flavor = "multi_thread")]
async fn every_request_is_answered_by_one_policy_whole_while_others_are_applied() {
    const CALLERS: usize = 4;
    const CHANGES: usize = 20;
    let desk = Desk::new();
    let server = desk.start().await;
    let mut admin = client(&server).await;
    let mut priorities = BTreeMap::new();
    for priority in [20, 30] {
        let answer = admin
            .apply_policy(apply(with_priority(priority)))
            .await
            .unwrap();
        let version = answer.into_inner().record.unwrap().version;
        priorities.insert(version, u32::from(priority));
    }
    let priorities = Arc::new(priorities);
    let done = Arc::new(AtomicBool::new(false));
    let mut callers = Vec::new();
    for _ in 0..CALLERS {
        let mut client = server.client().await;
        let (priorities, done) = (Arc::clone(&priorities), Arc::clone(&done));
        callers.push(tokio::spawn(async move {
            let mut seen = BTreeMap::<String, usize>::new();
            while !done.load(Ordering::Relaxed) {
                let answer = client.route(route_refund()).await.unwrap().into_inner();
                let decision = answer.decision.unwrap();
                assert_eq!(decision.priority, priorities[&answer.policy_version]);
                *seen.entry(answer.policy_version).or_default() += 1;
            }
            seen
        }));
    }
    for change in 0..CHANGES {
        let priority = if change % 2 == 0 { 20 } else { 30 };
        let answer = admin
            .apply_policy(apply(with_priority(priority)))
            .await
            .unwrap();
        assert!(answer.into_inner().changed);
    }
    done.store(true, Ordering::Relaxed);
    let mut seen = BTreeMap::<String, usize>::new();
    for caller in callers {
        for (version, count) in caller.await.unwrap() {
            *seen.entry(version).or_default() += count;
        }
    }
    assert_eq!(seen.len(), 2, "both policies answered: {seen:?}");
    assert_eq!(desk.audit().len(), 3 + CHANGES);
}
