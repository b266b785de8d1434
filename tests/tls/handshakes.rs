//! Who gets a connection: those who trust the server's authority, speak TLS and HTTP/2, and are not too slow.

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use crate::certificates::{Authority, Files};
use crate::client::{Client, NAME};
use crate::running::{Server, within_deadline};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_trusts_the_authority_is_answered_and_nobody_else() {
    let (authority, other) = (Authority::new("ours"), Authority::new("another"));
    let files = Files::of(&authority.sign(NAME));
    let server = Server::start_as(&mut files.server()).await;
    assert!(Client::trusting(&authority).is_answered(&server).await);
    assert!(!Client::trusting(&other).is_answered(&server).await);
    let unencrypted = tonic::transport::Endpoint::from_shared(format!("http://{}", server.address));
    if let Ok(channel) = unencrypted.unwrap().connect().await {
        let mut client = triage::grpc::v1::triage_service_client::TriageServiceClient::new(channel);
        assert!(!crate::client::answers(&mut client).await);
    }
    assert!(Client::trusting(&authority).is_answered(&server).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_http_2_is_spoken_where_grpc_is() {
    let authority = Authority::new("ours");
    let files = Files::of(&authority.sign(NAME));
    let server = Server::start_as(&mut files.server()).await;
    let stream = Client::speaking(&authority, &[b"http/1.1", b"h2"])
        .shake(&server.address)
        .await;
    assert_eq!(
        stream.unwrap().get_ref().1.alpn_protocol(),
        Some(b"h2".as_slice())
    );
    let refused = Client::speaking(&authority, &[b"http/1.1"])
        .shake(&server.address)
        .await;
    assert!(refused.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_handshakes_keep_nobody_waiting_and_are_ended() {
    let authority = Authority::new("ours");
    let files = Files::of(&authority.sign(NAME));
    let mut command = files.server();
    // The test's own client must be as quick.
    command.env("TRIAGE_SERVER__OPEN_TIMEOUT_MS", "3000");
    let server = Server::start_as(&mut command).await;
    let mut silent = Vec::new();
    for _ in 0..50 {
        silent.push(TcpStream::connect(&server.address).await.unwrap());
    }
    assert!(Client::trusting(&authority).is_answered(&server).await);
    // One that has shaken hands and then says nothing is as silent.
    let mut shaken = Client::trusting(&authority)
        .shake(&server.address)
        .await
        .unwrap();
    for mut stream in silent {
        let _ = within_deadline(stream.read_to_end(&mut Vec::new())).await;
    }
    let _ = within_deadline(shaken.read_to_end(&mut Vec::new())).await;
    assert!(Client::trusting(&authority).is_answered(&server).await);
}
