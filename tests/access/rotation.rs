//! Keys that change while the server runs.

use rustix::process::Signal;
use tonic::Code;

use crate::calls::{Call, code, unauthenticated};
use crate::guarded::Guarded;
use crate::running::Server;
use crate::signer::{Signer, claims, key_set};

#[tokio::test(flavor = "multi_thread")]
async fn new_keys_are_taken_over_and_old_ones_end() {
    let (old, new) = (Signer::rs256("old"), Signer::es256("new"));
    let guarded = Guarded::trusting(&[&old], "");
    let mut server = guarded.start().await;
    let [by_old, by_new] = [&old, &new].map(|signer| signer.token(&claims("ana", "route")));
    assert_eq!(code(&server, Call::Route, &by_old).await, Code::Ok);
    assert!(
        unauthenticated(&server, &by_new)
            .await
            .contains("none of the keys")
    );

    guarded.write_keys(&key_set(&[&old, &new]));
    server.logged("other keys check tokens from now on").await;
    assert_eq!(code(&server, Call::Route, &by_old).await, Code::Ok);
    assert_eq!(code(&server, Call::Route, &by_new).await, Code::Ok);

    // A token that was found good before ends with its key.
    guarded.write_keys(&key_set(&[&new]));
    server.logged("other keys check tokens from now on").await;
    assert!(
        unauthenticated(&server, &by_old)
            .await
            .contains("none of the keys")
    );
    assert_eq!(code(&server, Call::Route, &by_new).await, Code::Ok);

    // As does one whose key has another's name.
    let other = Signer::es256("new");
    guarded.write_keys(&key_set(&[&other]));
    server.logged("other keys check tokens from now on").await;
    assert!(
        unauthenticated(&server, &by_new)
            .await
            .contains("signature is wrong")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_is_refused_and_the_old_keys_stay() {
    let signer = Signer::es256("one");
    let guarded = Guarded::trusting(&[&signer], "");
    let mut server = guarded.start().await;
    let token = signer.token(&claims("ana", "route"));
    let fresh = || signer.token(&claims("bob", "route"));
    for bad in [
        "",
        "{\"keys\": []}",
        "{\"keys\": [{\"kty\": \"oct\", \"k\": \"AA\"}]}",
    ] {
        guarded.write_keys(bad);
        let refused = server
            .logged("the changed file of keys is refused: the keys in force stay")
            .await;
        assert!(refused["error"].as_str().unwrap().contains("keys.json"));
        assert_eq!(code(&server, Call::Route, &token).await, Code::Ok);
        assert_eq!(code(&server, Call::Route, &fresh()).await, Code::Ok);
    }
    std::fs::remove_file(guarded.desk.path("keys.json")).unwrap();
    server
        .logged("the changed file of keys is refused: the keys in force stay")
        .await;
    assert_eq!(code(&server, Call::Route, &fresh()).await, Code::Ok);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_makes_the_server_look_at_the_keys() {
    let (old, new) = (Signer::es256("old"), Signer::es256("new"));
    let guarded = Guarded::trusting(&[&old], "");
    let mut command = guarded.command();
    command.env("TRIAGE_POLICY__WATCH_MS", "0");
    let mut server = Server::start_as(&mut command).await;
    guarded.write_keys(&key_set(&[&new]));
    server.signal(Signal::HUP);
    server.logged("other keys check tokens from now on").await;
    let token = new.token(&claims("ana", "route"));
    assert_eq!(code(&server, Call::Route, &token).await, Code::Ok);
}
