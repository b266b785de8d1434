//! Clocks that jump. What waits or ends after some time counts by a clock that never does; the time of day is told only
//! to what means it.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use triage::classifier::{Classification, Prediction};
use triage::grpc::v1;
use triage::routing::{DecisionInput, Policy, ReservationLimits, Reservations, Roster};
use triage::ticket::Ticket;

use crate::desk::route_refund;
use crate::raw::Frames;
use crate::running::{Server, within_deadline};
use crate::tickets::{SMOKE, classify};

const POLICY: &str = "\
version: 1
queues: {desk: {}}
rules:
  - id: all
    when: \"true\"
    steps: [{queue: desk}]
default: {queue: desk}
";
const ROSTER: &str = "\
version: 1
agents: [{id: ana, presence: available, capacity: 1}]
";
const TIME_TO_LIVE: u64 = 120;

/// One agent with room for one ticket.
struct Desk {
    policy: Policy,
    roster: Arc<Roster>,
    reservations: Reservations,
    start: Instant,
    ticket: Ticket,
    classification: Classification,
}

impl Desk {
    fn new() -> Self {
        let limits = ReservationLimits {
            time_to_live: Duration::from_secs(TIME_TO_LIVE),
            most: 10,
        };
        Self {
            policy: Policy::parse(POLICY, "policy.yaml").unwrap(),
            roster: Arc::new(Roster::parse(ROSTER, "roster.yaml").unwrap()),
            reservations: Reservations::new(limits),
            start: Instant::now(),
            ticket: Ticket::default(),
            classification: Classification {
                topic: Some(Prediction::given("late", 1.0)),
                area: None,
                urgency: Some(Prediction::given("normal", 1.0)),
                facets: Vec::new(),
            },
        }
    }

    /// Who gets a ticket after so many seconds, when the clock is at the others; the place is reserved.
    fn reserve(&mut self, id: &str, passed: u64, clock: i64) -> Option<String> {
        self.ticket.id = id.to_owned();
        let input = DecisionInput {
            ticket: &self.ticket,
            classification: &self.classification,
            roster: None,
            policy: &self.policy,
            now: time_of_day(clock),
            waited: SignedDuration::ZERO,
            deciding_words: &[],
        };
        let at = self.after(passed);
        let reserved = self.reservations.reserve(&input, &self.roster, at);
        let (decision, reservation) = reserved.unwrap();
        assert_eq!(decision.agent, reservation.map(|one| one.agent_id));
        decision.agent
    }

    fn after(&self, passed: u64) -> Instant {
        self.start + Duration::from_secs(passed)
    }
}

fn time_of_day(seconds: i64) -> Timestamp {
    let moment: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
    moment + SignedDuration::from_secs(seconds)
}

const YEAR: i64 = 86_400 * 365;

#[test]
fn a_clock_that_jumps_neither_ends_nor_lengthens_what_is_reserved() {
    for jump in [-YEAR, -3_600, -1, 1, 3_600, 100 * YEAR] {
        let mut desk = Desk::new();
        assert_eq!(desk.reserve("first", 0, 0).as_deref(), Some("ana"));
        for passed in [0, 1, TIME_TO_LIVE - 1] {
            assert_eq!(desk.reserve("second", passed, jump), None, "{jump}");
            let again = desk.reserve("first", passed, jump);
            assert_eq!(again.as_deref(), Some("ana"), "{jump}");
            assert_eq!(desk.reservations.count(desk.after(passed)), 1);
        }
        let next = desk.reserve("second", TIME_TO_LIVE, jump);
        assert_eq!(next.as_deref(), Some("ana"), "{jump}");
        // The clock is put right.
        assert_eq!(desk.reserve("third", TIME_TO_LIVE, 0), None, "{jump}");
        let next = desk.reserve("third", 2 * TIME_TO_LIVE, 0);
        assert_eq!(next.as_deref(), Some("ana"), "{jump}");
    }
}

#[test]
fn a_place_can_be_given_back_whatever_the_clock_says() {
    let mut desk = Desk::new();
    for jump in [0, -YEAR, 100 * YEAR] {
        assert_eq!(desk.reserve("first", 1, jump).as_deref(), Some("ana"));
        let released = desk.reservations.release("first", None, desk.after(2));
        assert_eq!(released.unwrap().agent_id, "ana");
    }
}

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

/// Makes the program of `command` ask another clock, which jumps as `folder` says.
fn with_other_clock(command: &mut Command, folder: &Path) {
    let (source, library) = (folder.join("clock.rs"), folder.join("libclock.so"));
    fs::write(&source, OTHER_CLOCK).unwrap();
    jump(folder, 0);
    let mut rustc = Command::new(Path::new(env!("CARGO")).with_file_name("rustc"));
    rustc.args(["--edition", "2021", "--crate-type", "cdylib", "-O", "-o"]);
    let built = rustc.arg(&library).arg(&source).output().unwrap();
    assert!(built.status.success(), "{built:?}");
    command.env("LD_PRELOAD", library);
    command.env("OTHER_CLOCK", folder.join("seconds"));
}

/// Lets the other clock be ahead by so many seconds, or behind.
fn jump(folder: &Path, seconds: i64) {
    fs::write(folder.join("new"), seconds.to_string()).unwrap();
    fs::rename(folder.join("new"), folder.join("seconds")).unwrap();
}

/// Calls until a line of the log has a time of this year.
async fn tells_year(server: &mut Server, year: i16) {
    let mut client = server.client().await;
    loop {
        client.classify(classify(SMOKE)).await.unwrap();
        let line = server.logged("answered").await;
        let time: Timestamp = line["timestamp"].as_str().unwrap().parse().unwrap();
        if time.to_zoned(TimeZone::UTC).year() == year {
            return;
        }
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[tokio::test(flavor = "multi_thread")]
async fn the_program_serves_on_while_its_clock_jumps() {
    let desk = crate::desk::Desk::new();
    let one_place =
        "version: 1\nagents: [{id: ana, presence: available, capacity: 1, skills: {billing: 3}}]\n";
    desk.write("roster.yaml", one_place);
    let mut command = desk.command();
    let clock = tempfile::tempdir().unwrap();
    with_other_clock(&mut command, clock.path());
    let mut server = Server::start_as(&mut command).await;
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
    let this_year = Timestamp::now().to_zoned(TimeZone::UTC).year();
    for years in [-1, 100, -30, 0] {
        jump(clock.path(), years * YEAR);
        // Leap days make a hundred years a little longer than as many of 365 days.
        let moment = Timestamp::now() + SignedDuration::from_secs(years * YEAR);
        let year = moment.to_zoned(TimeZone::UTC).year();
        assert!(years == 0 || year != this_year);
        tells_year(&mut server, year).await;
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

/// The modules that bound what a caller may take in time.
const BOUNDING: [&str; 6] = [
    "server",
    "routing/reservation",
    "grpc/reservation.rs",
    "grpc/fairness.rs",
    "access/limits.rs",
    "shadow/worker.rs",
];
/// What means the time of day among them: until when a certificate holds.
const OF_THE_DAY: &str = "server/tls/files.rs";

#[test]
fn no_bound_in_time_is_measured_by_the_time_of_day() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut seen = 0;
    for part in BOUNDING {
        each_file(&sources.join(part), &mut |path, text| {
            let name = path.strip_prefix(&sources).unwrap().to_string_lossy();
            seen += 1;
            for clock in ["SystemTime::now", "Timestamp::now", "Zoned::now"] {
                let may = name == OF_THE_DAY;
                assert!(may || !text.contains(clock), "{name} asks {clock}");
            }
        });
    }
    assert!(seen > 20, "{seen} files");
}

fn each_file(path: &Path, show: &mut impl FnMut(&Path, &str)) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            each_file(&entry.unwrap().path(), show);
        }
    } else {
        show(path, &fs::read_to_string(path).unwrap());
    }
}
