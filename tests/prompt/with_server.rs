//! Asking a server is no different from asking in process.

use std::io::Write;
use std::net::TcpListener;

use serde_json::Value;
use tokio::net::TcpSocket;

use crate::program::{SMOKE, run};
use crate::running::Server;

/// Takes away what depends on when the question was asked, having checked that it is there.
fn without_times(mut answer: Value) -> Value {
    let decision = answer["decision"].as_object_mut().unwrap();
    for name in ["first_response_due", "next_evaluation_at"] {
        assert!(decision.remove(name).unwrap().is_string(), "{name}");
    }
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_gives_the_same_answer_as_the_program_itself() {
    let server = Server::start(&[]).await;
    let url = format!("http://{}", server.address);
    let details = [
        "--text",
        SMOKE,
        "--subject",
        " Größere Störung ",
        "--channel",
        "phone",
        "--language",
        "de",
        "--tier",
        "vip",
        "--last-agent",
        "amara",
        "--json",
    ];
    let here = [&["classify"][..], &details].concat();
    let there = [&here[..], &["--server", &url]].concat();
    assert_eq!(run(&there).json(), run(&here).json());

    let here = [&["route", "--trace", "--waited", "9m"][..], &details].concat();
    let there = [&here[..], &["--server", &url]].concat();
    assert_eq!(
        without_times(run(&there).json()),
        without_times(run(&here).json())
    );

    let readable = ["classify", "--text", SMOKE];
    let by_server = [&readable[..], &["--server", &url]].concat();
    assert_eq!(run(&by_server).printed(), run(&readable).printed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_by_a_server_is_shown() {
    let server = Server::start(&[]).await;
    let url = format!("http://{}", server.address);
    run(&["route", "--text", "", "--server", &url]).refused(&[
        "ticket.body",
        "empty",
        "InvalidArgument",
    ]);
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_named() {
    // Taken, but nobody listens.
    let silent = TcpSocket::new_v4().unwrap();
    silent.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    run(&["route", "--text", SMOKE, "--server", &url]).refused(&["no server answers at", &url]);
    let by_tls = url.replace("http:", "https:");
    run(&["route", "--text", SMOKE, "--server", &by_tls]).refused(&[&by_tls]);
    for wrong in ["not a url", "127.0.0.1:50051", "ftp://127.0.0.1"] {
        run(&["route", "--text", SMOKE, "--server", wrong]).refused(&[&format!(
            "'{wrong}' is no address: give one such as http://127.0.0.1:50051"
        )]);
    }
}

#[test]
fn something_else_that_listens_there_is_told_apart() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", other.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut caller, _) = other.accept().unwrap();
        caller
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .unwrap();
    });
    run(&["route", "--text", SMOKE, "--server", &url])
        .refused(&["no usable answer from the server: transport error: "]);
}
