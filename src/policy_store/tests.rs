//! What is kept of policies, also where the program is killed in between.

use super::*;

fn open(folder: &Path) -> PolicyStore {
    PolicyStore::open(folder).unwrap()
}

fn version_of(text: &str) -> String {
    sha256_hex(text.as_bytes())[..12].to_owned()
}

fn record(store: &PolicyStore, text: &str, source: PolicySource) -> PolicyRecord {
    PolicyRecord {
        version: version_of(text),
        source,
        author: Some("ana".to_owned()),
        caller: Some("desk".to_owned()),
        comment: String::new(),
        time: "2026-03-02T09:30:00Z".parse().unwrap(),
        before: store.live().map(|live| live.version.clone()),
    }
}

fn commit_as(store: &mut PolicyStore, text: &str, source: PolicySource) {
    let change = Change {
        record: record(store, text, source),
        text,
        diff: "diff",
        cases: 1,
        file_version: None,
    };
    store.commit(change).unwrap();
}

fn commit(store: &mut PolicyStore, text: &str) {
    commit_as(store, text, PolicySource::Apply);
}

fn audit(folder: &Path) -> Vec<AuditEntry> {
    let text = fs::read_to_string(folder.join(AUDIT_LOG)).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn previous(store: &PolicyStore) -> Option<&str> {
    store.previous().map(|record| record.version.as_str())
}

#[test]
fn what_was_kept_is_there_when_the_folder_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    assert_eq!((store.live(), store.previous()), (None, None));
    commit(&mut store, "one");
    commit(&mut store, "two");
    let (live, earlier) = (store.live().cloned(), store.earlier());
    drop(store);
    let store = open(folder.path());
    assert_eq!((store.live().cloned(), store.earlier()), (live, earlier));
    assert_eq!(store.live().unwrap().version, version_of("two"));
    assert_eq!(store.text(&version_of("one")).unwrap(), "one");
    let unknown = store.text("feedfacefeed").unwrap_err().to_string();
    assert!(unknown.contains(&version_of("one")), "{unknown}");
}

#[test]
fn going_back_leads_past_what_was_gone_back_from() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    for text in ["one", "two", "three"] {
        commit(&mut store, text);
    }
    assert_eq!(previous(&store), Some(&*version_of("two")));
    commit_as(&mut store, "two", PolicySource::Rollback);
    assert_eq!(previous(&store), Some(&*version_of("one")));
    commit(&mut store, "four");
    assert_eq!(previous(&store), Some(&*version_of("two")));
    commit_as(&mut store, "two", PolicySource::Rollback);
    commit_as(&mut store, "one", PolicySource::Rollback);
    assert_eq!(previous(&store), None);
    let kept: Vec<String> = store.earlier().into_iter().map(|one| one.version).collect();
    assert_eq!(kept, ["two", "four", "three"].map(version_of));
}

#[test]
fn one_program_holds_a_folder_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let refused = PolicyStore::open(folder.path()).unwrap_err();
    assert!(matches!(refused, StoreError::Held { .. }), "{refused}");
    drop(store);
    open(folder.path());
}

#[test]
fn a_change_that_cannot_be_kept_leaves_no_line_and_no_policy() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    commit(&mut store, "one");
    // A folder with something in it cannot be replaced by a file.
    fs::remove_file(folder.path().join(LIVE)).unwrap();
    fs::create_dir(folder.path().join(LIVE)).unwrap();
    fs::write(folder.path().join(LIVE).join("x"), "").unwrap();
    let change = Change {
        record: record(&store, "two", PolicySource::Apply),
        text: "two",
        diff: "",
        cases: 0,
        file_version: None,
    };
    let refused = store.commit(change).unwrap_err().to_string();
    assert!(refused.contains(LIVE), "{refused}");
    assert_eq!(store.live().unwrap().version, version_of("one"));
    assert_eq!(audit(folder.path()).len(), 1);
}

#[test]
fn whatever_is_left_of_the_last_line_of_the_log_every_line_is_whole_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    commit(&mut store, "one");
    let log = folder.path().join(AUDIT_LOG);
    let first = fs::read(&log).unwrap();
    commit(&mut store, "two");
    let whole = fs::read(&log).unwrap();
    drop(store);
    for length in [first.len() + 1, whole.len() - 2, whole.len() - 1] {
        fs::write(&log, &whole[..length]).unwrap();
        let mut store = open(folder.path());
        commit(&mut store, "three");
        let versions: Vec<String> = audit(folder.path())
            .into_iter()
            .map(|entry| entry.record.version)
            .collect();
        assert_eq!(versions, ["one", "three"].map(version_of), "{length}");
    }
}

#[test]
fn damaged_files_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    commit(&mut store, "one");
    let path = store.text_path(&version_of("one"));
    fs::write(&path, "other").unwrap();
    let refused = store.text(&version_of("one")).unwrap_err().to_string();
    assert!(refused.contains("checksum"), "{refused}");
    drop(store);
    let live = fs::read_to_string(folder.path().join(LIVE)).unwrap();
    let climbing = live.replace(&version_of("one"), "../../etc/passwd");
    for damaged in ["{", "[]", &climbing] {
        fs::write(folder.path().join(LIVE), damaged).unwrap();
        let refused = PolicyStore::open(folder.path()).unwrap_err().to_string();
        assert!(refused.contains(LIVE), "{refused}");
    }
}

#[test]
fn texts_that_nothing_leads_back_to_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    for number in 0..KEPT + 5 {
        commit(&mut store, &number.to_string());
    }
    let texts = fs::read_dir(folder.path().join(TEXTS)).unwrap().count();
    assert_eq!(texts, KEPT);
    assert_eq!(audit(folder.path()).len(), KEPT + 5);
}
