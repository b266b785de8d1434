//! Model files whose bytes are not those that were written: every one is refused by name, and what
//! is active stays active.

use std::fs;

use crate::desk::{Desk, Run};
use crate::forge::{TABLE, TOKENIZER, WEIGHTS};

/// The files of a version but for its manifest.
const FILES: [&str; 3] = [WEIGHTS, TABLE, TOKENIZER];

const OTHER: &str = "--embedding table --seed 2";

/// A desk with two versions, the first one active, and the second one's folder.
fn two() -> (Desk, String, String) {
    let desk = Desk::new();
    desk.distill();
    let active = desk.fit("--embedding table --activate");
    let other = desk.fit(OTHER);
    (desk, active, other)
}

/// Tries all that loads the version and checks that each names `file`.
#[track_caller]
fn refused_everywhere(desk: &Desk, version: &str, file: &str, cause: &str) {
    let path = format!("error: models/{version}/{file}: ");
    for command in [
        format!("models show {version}"),
        format!("models activate {version}"),
        format!("evaluate --models models --version {version} --data tickets.csv"),
    ] {
        let run = desk.run(&command);
        run.refused_with(&[&path, cause]);
    }
}

fn list(desk: &Desk) -> Run {
    let run = desk.run("models list");
    run.done();
    run
}

#[test]
fn files_cut_short_are_refused() {
    let (desk, active, other) = two();
    for name in FILES {
        let file = format!("models/{other}/{name}");
        let whole = desk.read(&file);
        for length in [0, 1, 7, 8, 100, whole.len() / 2, whole.len() - 1] {
            desk.write(&file, &whole[..length]);
            refused_everywhere(&desk, &other, name, "altered or cut short");
        }
        desk.write(&file, [whole.as_slice(), b"\0"].concat());
        refused_everywhere(&desk, &other, name, "altered or cut short");
        assert_eq!(desk.read("models/active"), format!("{active}\n").as_bytes());
        desk.write(&file, &whole);
    }
    desk.run(&format!("models activate {other}")).done();
}

#[test]
fn any_flipped_byte_of_a_file_is_noticed() {
    let (desk, _, other) = two();
    for name in FILES {
        let file = format!("models/{other}/{name}");
        let whole = desk.read(&file);
        let step = whole.len() / 16;
        let positions = (0..16)
            .map(|n| n * step)
            .chain([1, 7, 8, 9, whole.len() - 1]);
        for position in positions {
            let mut bytes = whole.clone();
            bytes[position] ^= 1 << (position % 8);
            desk.write(&file, &bytes);
            desk.run(&format!("models show {other}"))
                .refused_with(&[&format!("models/{other}/{name}: checksum does not match")]);
        }
        desk.write(&file, &whole);
    }
    desk.run(&format!("models show {other}")).done();
}

#[test]
fn any_flipped_byte_of_the_manifest_is_noticed() {
    let (desk, _, other) = two();
    let file = format!("models/{other}/manifest.json");
    let whole = desk.read(&file);
    let step = whole.len() / 48;
    for position in (0..48).map(|n| n * step).chain([1, whole.len() - 1]) {
        let mut bytes = whole.clone();
        bytes[position] ^= 1 << (position % 8);
        desk.write(&file, &bytes);
        desk.run(&format!("models show {other}"))
            .refused_with(&[&format!("error: models/{other}/manifest.json: ")]);
        // A list of all versions is not spoiled by a bad one.
        assert!(list(&desk).stdout.contains(&other));
    }
}

#[test]
fn a_manifest_that_is_none_is_refused() {
    let (desk, _, other) = two();
    for content in [
        "",
        "{}",
        "[]",
        "null",
        "{\"format_version\": 3}",
        "\u{feff}{}",
        "not json",
    ] {
        desk.write(&format!("models/{other}/manifest.json"), content);
        refused_everywhere(&desk, &other, "manifest.json", "not a readable manifest");
    }
    desk.write(
        &format!("models/{other}/manifest.json"),
        "[".repeat(100_000),
    );
    refused_everywhere(&desk, &other, "manifest.json", "not a readable manifest");
}

#[test]
fn a_missing_file_is_named() {
    let (desk, active, other) = two();
    for name in FILES {
        let file = desk.path(&format!("models/{other}/{name}"));
        let kept = desk.path("kept");
        fs::rename(&file, &kept).unwrap();
        refused_everywhere(&desk, &other, name, "No such file");
        fs::create_dir(&file).unwrap();
        refused_everywhere(&desk, &other, name, "");
        fs::remove_dir(&file).unwrap();
        fs::rename(&kept, &file).unwrap();
    }
    // Without its manifest a folder is no version.
    fs::remove_file(desk.path(&format!("models/{other}/manifest.json"))).unwrap();
    desk.run(&format!("models activate {other}"))
        .refused_with(&[&format!(
            "models: no model version '{other}': it has {active}"
        )]);
    assert!(!list(&desk).stdout.contains(&other));
}

#[test]
fn a_version_under_another_name_is_refused() {
    let (desk, _, other) = two();
    let renamed = "0123456789abcdef";
    fs::rename(
        desk.path(&format!("models/{other}")),
        desk.path(&format!("models/{renamed}")),
    )
    .unwrap();
    refused_everywhere(&desk, renamed, "manifest.json", "checksum does not match");
}

#[test]
fn a_rollback_onto_a_damaged_version_changes_nothing() {
    let (desk, active, other) = two();
    desk.run(&format!("models activate {other}")).done();
    let pointer = desk.read("models/active");
    desk.write(&format!("models/{active}/weights.safetensors"), "damaged");
    desk.run("models rollback")
        .refused_with(&[&format!("models/{active}/weights.safetensors: checksum")]);
    assert_eq!(desk.read("models/active"), pointer);
}

#[test]
fn a_fit_mends_a_damaged_version_of_the_same_data() {
    let (desk, _, other) = two();
    let before = desk.files("models");
    for name in FILES {
        desk.write(&format!("models/{other}/{name}"), "damaged");
        assert_eq!(desk.fit(OTHER), other);
        assert!(before == desk.files("models"), "{name}");
    }
}
