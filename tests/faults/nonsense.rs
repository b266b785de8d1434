//! Bytes that are no HTTP/2: they end their own connection and no other.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::raw::{PREFACE, closed, having_sent};
use crate::running::{Server, within_deadline};
use crate::tickets::{SMOKE, classify};

/// A frame whose head says this.
fn frame(length: u32, kind: u8, flags: u8, stream: u32, content: &[u8]) -> Vec<u8> {
    let mut bytes = length.to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(content);
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_and_oversized_frames_end_their_own_connection_alone() {
    let server = Server::start(&[]).await;
    let mut client = server.client().await;
    client.classify(classify(SMOKE)).await.unwrap();
    let (data, headers, rst, settings, ping, goaway, window, continuation) =
        (0, 1, 3, 4, 6, 7, 8, 9);
    let frames: Vec<(&str, Vec<u8>)> = vec![
        ("data on stream 0", frame(4, data, 0, 0, b"data")),
        (
            "data on a stream that is not open",
            frame(4, data, 0, 1, b"data"),
        ),
        (
            "headers on an even stream",
            frame(1, headers, 5, 2, b"\x82"),
        ),
        (
            "headers that cannot be unpacked",
            frame(4, headers, 5, 1, b"\xff\xff\xff\xff"),
        ),
        (
            "a table's index that is not there",
            frame(2, headers, 5, 1, b"\xff\x70"),
        ),
        (
            "a frame longer than allowed",
            frame(0xff_ffff, data, 0, 1, b""),
        ),
        (
            "a frame a little longer than allowed",
            frame(16_385, headers, 4, 1, &[0; 16_385]),
        ),
        (
            "settings of no whole length",
            frame(5, settings, 0, 0, b"12345"),
        ),
        ("a ping of the wrong length", frame(4, ping, 0, 0, b"ping")),
        (
            "a reset of a stream that never was",
            frame(4, rst, 0, 7, &[0; 4]),
        ),
        (
            "a window that overflows",
            frame(4, window, 0, 0, &[0x7f, 0xff, 0xff, 0xff]),
        ),
        (
            "a window that does not grow",
            frame(4, window, 0, 0, &[0; 4]),
        ),
        (
            "a continuation of nothing",
            frame(1, continuation, 4, 1, b"\x82"),
        ),
        ("an end that is cut short", frame(2, goaway, 0, 0, b"12")),
    ];
    for (what, frame) in frames {
        let stream = having_sent(&server.address, &[PREFACE, &frame].concat()).await;
        closed(stream).await;
        client
            .classify(classify(SMOKE))
            .await
            .unwrap_or_else(|status| panic!("after {what}: {status:?}"));
    }
    for (what, bytes) in [
        (
            "HTTP/1",
            b"GET / HTTP/1.1\r\nhost: triage\r\n\r\n".as_slice(),
        ),
        ("TLS", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"),
        ("no protocol", &[0xff; 100_000]),
        (
            "another preface",
            b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n\0\0\0\x04\0\0\0\0\0",
        ),
    ] {
        let mut stream = TcpStream::connect(&server.address).await.unwrap();
        // The server may have closed it before all was sent.
        let _ = within_deadline(stream.write_all(bytes)).await;
        closed(stream).await;
        client
            .classify(classify(SMOKE))
            .await
            .unwrap_or_else(|status| panic!("after {what}: {status:?}"));
    }
    let ended = server.stop().await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(ended.errors.is_empty(), "{ended:#?}");
}
