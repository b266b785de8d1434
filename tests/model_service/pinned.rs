//! A version that the settings pin is neither changed by calls nor by the registry's pointer.

use rustix::process::Signal;
use triage::grpc::v1;

use crate::desk::{Desk, activate, client, rollback, served, unmet};
use crate::running::Server;

#[tokio::test(flavor = "multi_thread")]
async fn a_pinned_version_stays() {
    let (desk, first, second) = Desk::with_two();
    let mut command = desk.command();
    command.env("TRIAGE_MODEL__VERSION", &second);
    command.env("TRIAGE_POLICY__WATCH_MS", "0");
    let mut server = Server::start_as(&mut command).await;
    let mut client = client(&server).await;
    assert_eq!(served(&server).await, second);
    let listed = client.list_models(v1::ListModelsRequest::default()).await;
    let listed = listed.unwrap().into_inner();
    assert!(listed.pinned);
    assert_eq!(
        (&listed.active_version, &listed.served_version),
        (&first, &second)
    );
    let refused = [
        client.activate_model(activate(&first)).await.unwrap_err(),
        client.rollback_model(rollback()).await.unwrap_err(),
    ];
    for status in refused {
        let reasons = unmet(&status);
        assert_eq!(reasons[0].0, "PINNED");
        assert!(reasons[0].1.contains(&second), "{reasons:?}");
        assert!(reasons[0].1.contains("model.version"), "{reasons:?}");
    }
    assert_eq!(desk.active(), first);
    let third = desk.fit("tickets.csv", "--seed 9");
    desk.trained(&format!("models activate {third}"));
    server.signal(Signal::HUP);
    server.logged("the files are as they were").await;
    assert_eq!(served(&server).await, second);
}
