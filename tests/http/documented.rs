//! `docs/http.md` is true: each command in it is run, and each answer that it shows is part of the one that comes.
//!
//! `sh status=N` is a command that is answered with N; without a status with 200. The answer in a `json` block after it
//! is what must be in the real one, with "…" for anything.

use std::path::Path;

use http::Request;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use crate::blocks::blocks;
use crate::calling::{Both, JSON, json};

/// The address that the guide calls.
const WRITTEN: &str = "http://127.0.0.1:8080";

/// A command of curl.
#[derive(Debug, Default)]
struct Call {
    path: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

/// The words of a command, as a shell splits them; quotes are single ones.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for (number, part) in command.split('\'').enumerate() {
        if number % 2 == 1 {
            words.last_mut().unwrap().push_str(part);
            continue;
        }
        for c in part.chars() {
            match c {
                c if c.is_whitespace() => words.push(String::new()),
                c => words.last_mut().unwrap().push(c),
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn parse(command: &str) -> Call {
    let mut words = words(command).into_iter();
    assert_eq!(words.next().as_deref(), Some("curl"), "{command}");
    let mut call = Call::default();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-H" => {
                let header = words.next().unwrap();
                let (name, value) = header.split_once(": ").unwrap();
                call.headers.push((name.to_owned(), value.to_owned()));
            }
            "--json" => call.body = words.next(),
            url => url
                .strip_prefix(WRITTEN)
                .unwrap_or_else(|| panic!("{command}"))
                .clone_into(&mut call.path),
        }
    }
    call
}

/// Where `real` lacks something of `shown`.
fn missing(shown: &Value, real: &Value, at: &str, found: &mut Vec<String>) {
    match (shown, real) {
        (Value::String(any), real) if any == "…" && !real.is_null() => {}
        (Value::Object(shown), Value::Object(real)) => {
            for (name, value) in shown {
                let real = real.get(name).unwrap_or(&Value::Null);
                missing(value, real, &format!("{at}.{name}"), found);
            }
        }
        (Value::Array(shown), Value::Array(real)) if shown.len() == real.len() => {
            for (number, (shown, real)) in shown.iter().zip(real).enumerate() {
                missing(shown, real, &format!("{at}[{number}]"), found);
            }
        }
        (shown, real) if shown == real => {}
        (shown, real) => found.push(format!("{at}: {shown} is shown, {real} came")),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_is_answered_as_the_guide_says() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/http.md");
    let text = std::fs::read_to_string(guide).unwrap();
    let both = Both::start().await;
    let mut answer = None;
    let (mut commands, mut answers, mut wrong) = (0, 0, Vec::new());
    for block in blocks(&text) {
        match block.language.as_str() {
            "sh" if block.has("start") => assert!(block.text.contains("TRIAGE_HTTP__LISTEN")),
            "sh" => {
                let call = parse(&block.text);
                let mut request = match call.body {
                    Some(_) => Request::post(&call.path).header(CONTENT_TYPE, JSON),
                    None => Request::get(&call.path),
                };
                for (name, value) in &call.headers {
                    request = request.header(name, value);
                }
                let came = both.send(request, call.body.unwrap_or_default()).await;
                let status = block.info.get("status").map_or("200", String::as_str);
                assert_eq!(
                    came.status().as_str(),
                    status,
                    "line {}: {came:?}",
                    block.line
                );
                answer = Some(json(&came));
                commands += 1;
            }
            "json" => {
                let shown: Value = serde_json::from_str(&block.text).unwrap();
                let real = answer
                    .take()
                    .unwrap_or_else(|| panic!("line {}", block.line));
                missing(&shown, &real, &format!("line {}: ", block.line), &mut wrong);
                answers += 1;
            }
            "toml" => assert!(block.text.contains("[http]\nlisten")),
            other => panic!(
                "line {}: nobody would notice if this {other} were wrong",
                block.line
            ),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(commands > 5 && answers > 5);
}
