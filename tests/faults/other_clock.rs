//! The real program under a clock that jumps.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use triage::grpc::v1;

use crate::desk::{Desk, route_refund};
use crate::raw::Frames;
use crate::running::{Server, within_deadline};
use crate::tickets::{SMOKE, classify};

/// In seconds.
const DAY: i64 = 86_400;
const YEAR: i64 = 365 * DAY;

/// A library that takes the place of the system's clock for the time of day: the true time and so many seconds as a file
/// says.
const OTHER_CLOCK: &str = r#"
use std::ffi::{CStr, c_char, c_int, c_void};

#[repr(C)]
pub struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

extern "C" {
    fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
}

type Clock = unsafe extern "C" fn(c_int, *mut Timespec) -> c_int;

#[no_mangle]
pub unsafe extern "C" fn clock_gettime(clock: c_int, time: *mut Timespec) -> c_int {
    let name: &CStr = c"clock_gettime";
    let next = usize::MAX as *mut c_void;
    let real: Clock = std::mem::transmute(dlsym(next, name.as_ptr()));
    let result = real(clock, time);
    let is_time_of_day = clock == 0 || clock == 5;
    if result == 0 && is_time_of_day {
        let text = std::fs::read_to_string(std::env::var("OTHER_CLOCK").unwrap()).unwrap();
        (*time).seconds += text.trim().parse::<i64>().unwrap();
    }
    result
}
"#;

/// Makes the program of `command` ask another clock, which jumps as `folder` says, and returns what it has to load.
fn with_other_clock(command: &mut Command, folder: &Path) -> PathBuf {
    let (source, library) = (folder.join("clock.rs"), folder.join("libclock.so"));
    fs::write(&source, OTHER_CLOCK).unwrap();
    jump(folder, 0);
    let mut rustc = Command::new(Path::new(env!("CARGO")).with_file_name("rustc"));
    rustc.args(["--edition", "2021", "--crate-type", "cdylib", "-O", "-o"]);
    let built = rustc.arg(&library).arg(&source).output().unwrap();
    assert!(built.status.success(), "{built:?}");
    command.env("LD_PRELOAD", &library);
    command.env("OTHER_CLOCK", folder.join("seconds"));
    library
}

/// Checks that a library is part of the program: one that cannot be loaded is passed over.
fn assert_loaded(server: &Server, library: &Path) {
    let maps = fs::read_to_string(format!("/proc/{}/maps", server.id())).unwrap();
    let library = library.to_str().unwrap();
    assert!(maps.contains(library), "{library} was not loaded: {maps}");
}

/// Lets the other clock be ahead by so many seconds, or behind.
fn jump(folder: &Path, seconds: i64) {
    fs::write(folder.join("new"), seconds.to_string()).unwrap();
    fs::rename(folder.join("new"), folder.join("seconds")).unwrap();
}

/// Calls until a line of the log is ahead of the true time by so many seconds, to the day.
async fn tells_of_jump(server: &mut Server, seconds: i64) {
    let mut client = server.client().await;
    let told = async {
        loop {
            client.classify(classify(SMOKE)).await.unwrap();
            let line = server.logged("answered").await;
            let time: Timestamp = line["timestamp"].as_str().unwrap().parse().unwrap();
            let ahead = time.duration_since(Timestamp::now()).as_secs();
            if (ahead - seconds).abs() < DAY {
                return;
            }
        }
    };
    within_deadline(told).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_serves_on_while_its_clock_jumps() {
    let desk = Desk::new();
    let one_place =
        "version: 1\nagents: [{id: ana, presence: available, capacity: 1, skills: {billing: 3}}]\n";
    desk.write("roster.yaml", one_place);
    let mut command = desk.command();
    // Not among the system's temporary files, where it may be that nothing can be run.
    let clock = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let library = with_other_clock(&mut command, clock.path());
    let mut server = Server::start_as(&mut command).await;
    assert_loaded(&server, &library);
    let reserve = |id: &str| {
        let mut request = route_refund();
        request.ticket.as_mut().unwrap().id = id.to_owned();
        v1::RouteRequest {
            reserve: true,
            ..request
        }
    };
    let mut client = server.client().await;
    let mut agent = async |id: &str| {
        let answer = client.route(reserve(id)).await.unwrap().into_inner();
        answer.decision.unwrap().agent_id
    };
    assert_eq!(agent("first").await, "ana");
    for years in [-1, 100, -30, 0] {
        jump(clock.path(), years * YEAR);
        tells_of_jump(&mut server, years * YEAR).await;
        // What is reserved stays so, for whom it is.
        assert_eq!(agent("second").await, "", "{years}");
        assert_eq!(agent("first").await, "ana", "{years}");
        // A caller's time ends when it is over, and no sooner.
        let mut frames = Frames::connect(&server.address).await;
        let path = "/triage.v1.TriageService/StreamRoute";
        let begun = Instant::now();
        let (answer, _open) = frames.begin_to(path, &[("grpc-timeout", "50m")]).await;
        let mut answer = within_deadline(answer).await.unwrap().into_body();
        let trailers = within_deadline(answer.trailers()).await.unwrap().unwrap();
        assert_eq!(trailers["grpc-status"], "4", "{years}");
        assert!(begun.elapsed() >= Duration::from_millis(50), "{years}");
    }
    assert_eq!(server.stop().await.code, Some(0));
}
