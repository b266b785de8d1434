//! Clocks that jump. What waits or ends after some time counts by a clock that never does; the time of day is told only
//! to what means it.

use std::fs;
use std::path::Path;
use std::sync::Arc;

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
const TIME_TO_LIVE: i64 = 120;

/// One agent with room for one ticket.
struct Desk {
    policy: Policy,
    roster: Arc<Roster>,
    reservations: Reservations,
    ticket: Ticket,
    classification: Classification,
}

impl Desk {
    fn new() -> Self {
        let limits = ReservationLimits {
            time_to_live: SignedDuration::from_secs(TIME_TO_LIVE),
            most: 10,
        };
        Self {
            policy: Policy::parse(POLICY, "policy.yaml").unwrap(),
            roster: Arc::new(Roster::parse(ROSTER, "roster.yaml").unwrap()),
            reservations: Reservations::new(limits),
            ticket: Ticket::default(),
            classification: Classification {
                topic: Some(Prediction::given("late", 1.0)),
                area: None,
                urgency: Some(Prediction::given("normal", 1.0)),
                facets: Vec::new(),
            },
        }
    }

    /// Who gets a ticket at this time, in seconds from some moment, with the place reserved.
    fn reserve(&mut self, id: &str, seconds: i64) -> Option<String> {
        self.ticket.id = id.to_owned();
        let input = DecisionInput {
            ticket: &self.ticket,
            classification: &self.classification,
            roster: None,
            policy: &self.policy,
            now: at(seconds),
            waited: SignedDuration::ZERO,
            deciding_words: &[],
        };
        let (decision, reservation) = self.reservations.reserve(&input, &self.roster).unwrap();
        assert_eq!(decision.agent, reservation.map(|one| one.agent_id));
        decision.agent
    }
}

fn at(seconds: i64) -> Timestamp {
    let moment: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
    moment + SignedDuration::from_secs(seconds)
}

#[test]
fn a_clock_that_goes_back_gives_no_place_twice_and_loses_none() {
    let mut desk = Desk::new();
    assert_eq!(desk.reserve("first", 0).as_deref(), Some("ana"));
    for seconds in [-1, -3_600, -86_400 * 365] {
        assert_eq!(desk.reserve("second", seconds), None, "{seconds}");
        assert_eq!(desk.reserve("first", seconds).as_deref(), Some("ana"));
        assert_eq!(desk.reservations.count(at(seconds)), 1);
    }
    // It can be given back meanwhile, and else it runs out when its time comes.
    let released = desk.reservations.release("first", None, at(-3_600));
    assert_eq!(released.unwrap().agent_id, "ana");
    assert_eq!(desk.reserve("second", -3_600).as_deref(), Some("ana"));
    assert_eq!(
        desk.reserve("third", TIME_TO_LIVE - 3_600).as_deref(),
        Some("ana")
    );
}

#[test]
fn a_clock_that_leaps_forward_ends_what_is_reserved_and_nothing_else() {
    let mut desk = Desk::new();
    assert_eq!(desk.reserve("first", 0).as_deref(), Some("ana"));
    let leap = 86_400 * 365 * 100;
    assert_eq!(desk.reserve("second", leap).as_deref(), Some("ana"));
    // Back again: the place of the second is held for as long as the clock says so, and never beside another's.
    assert_eq!(desk.reserve("first", 1), None);
    assert_eq!(desk.reservations.count(at(1)), 1);
    assert!(desk.reservations.release("second", None, at(1)).is_ok());
    assert_eq!(desk.reserve("first", 1).as_deref(), Some("ana"));
}

/// The modules that bound what a caller may take in time.
const BOUNDING: [&str; 4] = [
    "server",
    "grpc/fairness.rs",
    "access/limits.rs",
    "shadow/worker.rs",
];
/// Those in them that mean the time of day: until when a certificate holds, and which places have run out.
const OF_THE_DAY: [&str; 2] = ["server/tls/files.rs", "server/levels.rs"];

#[test]
fn no_bound_in_time_is_measured_by_the_time_of_day() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut seen = 0;
    for part in BOUNDING {
        each_file(&sources.join(part), &mut |path, text| {
            let name = path.strip_prefix(&sources).unwrap().to_string_lossy();
            seen += 1;
            for clock in ["SystemTime::now", "Timestamp::now", "Zoned::now"] {
                let may = OF_THE_DAY.contains(&name.as_ref());
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
