//! The same data and seed give the same bytes, whatever the machine does meanwhile.

use crate::desk::{Desk, number};
use crate::tickets::{csv, tickets};

const FIT: &str = "fit --data tickets.csv --facet mood=mood --activate";

#[test]
fn two_fits_write_the_same_files() {
    let desk = Desk::new();
    desk.run(&format!("{FIT} --models one")).done();
    desk.run(&format!("{FIT} --models two")).done();
    let one = desk.files("one");
    assert_eq!(one.len(), 5, "{:?}", one.keys());
    assert!(one == desk.files("two"));
    // Where the data lie is not in the model; what they hold is.
    std::fs::create_dir(desk.path("elsewhere")).unwrap();
    desk.write("elsewhere/tickets.csv", csv(&tickets(1)));
    desk.run(&FIT.replace("tickets.csv", "elsewhere/tickets.csv --models three"))
        .done();
    assert!(one == desk.files("three"));
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let desk = Desk::new();
    for threads in ["1", "2", "3"] {
        desk.run_with(
            &format!("{FIT} --models threads{threads}"),
            &[("RAYON_NUM_THREADS", threads)],
        )
        .done();
    }
    let one = desk.files("threads1");
    assert!(one == desk.files("threads2"));
    assert!(one == desk.files("threads3"));
}

#[test]
fn a_second_fit_into_the_same_registry_changes_nothing() {
    let desk = Desk::new();
    let version = desk.fit("--activate");
    let before = desk.files("models");
    assert_eq!(desk.fit("--activate"), version);
    assert!(before == desk.files("models"));
}

#[test]
fn another_seed_gives_another_model_that_is_as_good() {
    let desk = Desk::new();
    desk.write("held_out.csv", csv(&tickets(2)));
    let versions = [desk.fit("--seed 1"), desk.fit("--seed 2")];
    assert_ne!(versions[0], versions[1]);
    for version in versions {
        let measured = desk
            .run(&format!(
                "evaluate --data held_out.csv --models models --version {version} --json"
            ))
            .json();
        assert!(number(&measured["heads"]["topic"]["accuracy"]) > 0.9);
    }
}

#[test]
fn one_changed_letter_in_the_data_gives_another_version() {
    let desk = Desk::new();
    let version = desk.fit("");
    let mut rows = tickets(1);
    rows[60].body.push('s');
    desk.write("tickets.csv", csv(&rows));
    assert_ne!(desk.fit(""), version);
    assert_eq!(desk.names("models").len(), 2);
}
