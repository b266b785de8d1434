//! Several fits and readers at work on one registry at the same time.

use std::process::{Child, Command, Stdio};

use crate::desk::{Desk, PROGRAM};

fn start(desk: &Desk, arguments: &str) -> Child {
    Command::new(PROGRAM)
        .args(arguments.split_whitespace())
        .current_dir(desk.path(""))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[track_caller]
fn all_done(children: Vec<Child>) {
    for child in children {
        let output = child.wait_with_output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{message}");
    }
}

#[test]
fn fits_of_the_same_data_at_once_agree_on_one_version() {
    let desk = Desk::new();
    desk.run("fit --data tickets.csv --models alone --activate")
        .done();
    let alone = desk.files("alone");
    for round in 0..8 {
        let models = format!("models{round}");
        let fit = format!("fit --data tickets.csv --models {models} --activate");
        all_done((0..3).map(|_| start(&desk, &fit)).collect());
        assert!(desk.files(&models) == alone, "{:?}", desk.names(&models));
    }
}

#[test]
fn fits_of_different_seeds_at_once_keep_out_of_each_others_way() {
    let desk = Desk::new();
    let fit = |seed| format!("fit --data tickets.csv --models models --seed {seed}");
    all_done((0..4).map(|seed| start(&desk, &fit(seed))).collect());
    let versions = desk.names("models");
    assert_eq!(versions.len(), 4, "{versions:?}");
    for version in versions {
        desk.run(&format!("models activate {version}")).done();
    }
}

#[test]
fn a_reader_never_meets_half_a_version() {
    let desk = Desk::new();
    let active = desk.fit("--activate");
    for seed in 0..4 {
        let mut fit = start(
            &desk,
            &format!("fit --data tickets.csv --models models --activate --seed {seed}"),
        );
        while fit.try_wait().unwrap().is_none() {
            desk.run("evaluate --models models --data tickets.csv")
                .done();
            let list = desk.run("models list");
            assert!(list.done().contains(&active), "{list:#?}");
            let whole = |line: &str| line.contains("topic, urgency");
            assert!(list.stdout.lines().skip(1).all(whole), "{list:#?}");
        }
        all_done(vec![fit]);
    }
    assert_eq!(desk.names("models").len(), 7);
}
