//! Clocks that jump. What waits or ends after some time counts by a clock that never does; the time of day is told only
//! to what means it.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use triage::classifier::{Classification, Prediction};
use triage::routing::{DecisionInput, Policy, ReservationLimits, Reservations, Roster};
use triage::ticket::Ticket;

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
