//! What is in the file of admin calls, whatever happens to it.

use std::fs;

use serde_json::Value;

use super::*;

fn call(id: &str) -> Call<'_> {
    Call {
        caller: None,
        method: "triage.v1.RoutingService/PutAgents",
        request_id: id,
        peer: None,
    }
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn start(folder: &Path) -> (Arc<CallLog>, Metrics) {
    let metrics = Metrics::new(["/a"]).unwrap();
    let log = CallLog::start(folder, metrics.clone()).unwrap();
    (Arc::new(log), metrics)
}

fn lost(metrics: &Metrics) -> String {
    let text = metrics.encode().unwrap();
    let mut lines = text.lines();
    let line = lines.find_map(|line| line.strip_prefix("triage_call_log_lost_lines_total "));
    line.unwrap().to_owned()
}

#[test]
fn every_call_is_a_whole_line_whatever_was_left_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state").join(CALL_LOG);
    let (log, metrics) = start(path.parent().unwrap());
    let written = log.begin(call("first")).end(Code::Ok).unwrap();
    written.blocking_recv().unwrap();
    assert_eq!(lines(&path).len(), 1);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, [whole.as_slice(), b"{\"time\": \"20"].concat()).unwrap();
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            let log = Arc::clone(&log);
            std::thread::spawn(move || {
                for number in 0..50 {
                    let id = format!("{thread}-{number}");
                    let logged = log.begin(call(&id));
                    match number % 2 {
                        0 => logged.end(Code::NotFound).unwrap().blocking_recv().unwrap(),
                        _ => drop(logged),
                    }
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    drop(log);
    let lines = lines(&path);
    assert_eq!(lines.len(), 401);
    let with = |code: &str| lines.iter().filter(|line| line["code"] == code).count();
    assert_eq!(
        (with("Ok"), with("NotFound"), with("Cancelled")),
        (1, 200, 200)
    );
    assert_eq!(lost(&metrics), "0");
}

#[test]
fn what_cannot_be_written_holds_nobody_up_and_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(CALL_LOG)).unwrap();
    let (log, metrics) = start(folder.path());
    let written = log.begin(call("first")).end(Code::Ok).unwrap();
    written.blocking_recv().unwrap();
    assert_eq!(lost(&metrics), "1");
}

#[test]
fn strangers_write_nothing_and_ids_are_cut() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = start(folder.path());
    log.begin(call("x")).refuse(Code::Unauthenticated);
    drop(log.begin(call(&"é".repeat(500))));
    drop(log);
    let lines = lines(&folder.path().join(CALL_LOG));
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["request_id"], "é".repeat(MAX_REQUEST_ID));
}

#[test]
fn of_many_calls_that_may_not_be_made_some_are_written_and_all_counted() {
    const MANY: u64 = 2_000;
    let folder = tempfile::tempdir().unwrap();
    let (log, metrics) = start(folder.path());
    for _ in 0..MANY {
        log.begin(call("x")).deny(Code::PermissionDenied);
    }
    let written = log.begin(call("y")).end(Code::Ok).unwrap();
    written.blocking_recv().unwrap();
    let lines = lines(&folder.path().join(CALL_LOG));
    let (last, denied) = lines.split_last().unwrap();
    assert!(
        denied.len() >= 100 && denied.len() < 200,
        "{}",
        denied.len()
    );
    let left_out: u64 = lines
        .iter()
        .filter_map(|line| line["left_out"].as_u64())
        .sum();
    assert_eq!(denied.len() as u64 + left_out, MANY);
    assert_eq!(last["request_id"], "y");
    assert_eq!(lost(&metrics), "0");
}
