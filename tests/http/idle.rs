//! Connections that say nothing more.

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::calling::{Both, command};
use crate::running::within_deadline;

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_without_a_further_request_is_closed() {
    let mut command = command(&[]);
    // The test's own request must come as quickly.
    command.env("TRIAGE_SERVER__OPEN_TIMEOUT_MS", "3000");
    let both = Both::start_as(&mut command).await;
    let ends = ["", "GET /healthz HT"].map(async |further| {
        let mut stream = TcpStream::connect(both.http).await.unwrap();
        let request = format!("GET /healthz HTTP/1.1\r\nhost: triage.test\r\n\r\n{further}");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut read = Vec::new();
        // The end comes only once the server has closed the connection; half a request may be told of first.
        within_deadline(stream.read_to_end(&mut read))
            .await
            .unwrap();
        let read = String::from_utf8(read).unwrap();
        assert!(read.starts_with("HTTP/1.1 200 OK"), "{read}");
        assert!(!read.contains("connection: close"), "{read}");
    });
    join_all(ends).await;
}
