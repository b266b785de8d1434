//! A fit that is killed, or cannot write, leaves the registry as it was.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use crate::desk::{Desk, PROGRAM, shell};
use crate::tickets::{csv, many_tickets};

/// A desk with an active version and, in `larger.csv`, more than it was trained on.
fn busy() -> (Desk, String) {
    let desk = Desk::new();
    let version = desk.fit("--activate");
    desk.write("larger.csv", csv(&many_tickets(3, 20, 30)));
    (desk, version)
}

const FIT: [&str; 6] = [
    "fit",
    "--data",
    "larger.csv",
    "--models",
    "models",
    "--activate",
];

fn fit(desk: &Desk) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(FIT).current_dir(desk.path(""));
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Starts a fit and kills it as soon as `moment` has come; returns whether it was still running.
fn kill_at(desk: &Desk, moment: impl Fn(&Path) -> bool) -> bool {
    let models = desk.path("models");
    let mut child = fit(desk).spawn().unwrap();
    while !moment(&models) && child.try_wait().unwrap().is_none() {
        thread::yield_now();
    }
    child.kill().unwrap();
    !child.wait().unwrap().success()
}

/// Whether a name in a folder begins like this.
fn holds(folder: &Path, prefix: &str) -> bool {
    let Ok(entries) = fs::read_dir(folder) else {
        return false;
    };
    entries
        .flatten()
        .any(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
}

/// Whether a temporary folder holds this file.
fn half_written(models: &Path, file: &str) -> bool {
    let Ok(entries) = fs::read_dir(models) else {
        return false;
    };
    entries.flatten().any(|entry| {
        entry.file_name().to_string_lossy().starts_with(".tmp-") && holds(&entry.path(), file)
    })
}

/// Versions that can be seen, each of which must load.
fn versions(desk: &Desk) -> Vec<String> {
    let list = desk.run("models list").done().to_owned();
    let mut names = desk.names("models");
    names.retain(|name| !name.starts_with(".tmp-"));
    names.retain(|name| !["active", "activations.log"].contains(&name.as_str()));
    for name in &names {
        assert!(list.contains(name), "{list}");
        desk.run(&format!("models show {name}")).done();
    }
    assert_eq!(list.lines().count(), names.len() + 1, "{list}");
    names
}

/// Temporary folders and files that a fit did not live to take away.
fn leftovers(desk: &Desk) -> Vec<String> {
    let mut names = desk.names("models");
    names.retain(|name| name.starts_with(".tmp-"));
    names
}

/// Takes them away.
fn clear(desk: &Desk) {
    for leftover in leftovers(desk) {
        let path = desk.path(&format!("models/{leftover}"));
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn a_killed_fit_leaves_the_registry_as_it_was() {
    let (desk, version) = busy();
    let before = desk.files("models");
    let moments: [fn(&Path) -> bool; 4] = [
        |_| true,
        |models| holds(models, ".tmp-"),
        |models| half_written(models, "weights.safetensors"),
        |models| half_written(models, "manifest.json"),
    ];
    for moment in moments {
        clear(&desk);
        let killed = kill_at(&desk, moment);
        let now = versions(&desk);
        assert!(now.contains(&version), "{now:?}");
        if now.len() == 1 {
            assert!(killed, "it ended but left no version");
            for (name, bytes) in &before {
                assert_eq!(&desk.read(&format!("models/{name}")), bytes, "{name}");
            }
            desk.run("evaluate --models models --data tickets.csv")
                .done();
        }
        // The kill may have come too late: then the version is whole, and is taken away again.
        for name in now.iter().filter(|name| **name != version) {
            fs::remove_dir_all(desk.path(&format!("models/{name}"))).unwrap();
            desk.write("models/active", format!("{version}\n"));
        }
    }
    let later = desk.run(&FIT.join(" "));
    later.done();
    assert_eq!(versions(&desk).len(), 2);
    assert_eq!(
        desk.run("models rollback").done(),
        format!("active: {version}\n")
    );
}

#[test]
fn a_fit_killed_as_its_version_appears_leaves_one_that_is_whole() {
    let (desk, version) = busy();
    kill_at(&desk, |models| {
        let entries = fs::read_dir(models).unwrap().flatten();
        entries
            .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
            .count()
            > 3
    });
    let now = versions(&desk);
    assert_eq!(now.len(), 2, "{now:?}");
    let pointer = String::from_utf8(desk.read("models/active")).unwrap();
    let active: Vec<&str> = pointer.lines().collect();
    assert_eq!(active.last(), Some(&version.as_str()), "{pointer}");
    assert!(now.iter().any(|name| name == active[0]), "{pointer}");
    desk.run("evaluate --models models --data tickets.csv")
        .done();
}

/// Limits the size of files to 4 KiB or a little more; standard output is a pipe and has none.
const LIMIT: &str = "ulimit -f 8; exec \"$@\"";

fn arguments(desk: &Desk, script: &str) -> Command {
    let mut all = vec![PROGRAM];
    all.extend(FIT);
    let all: Vec<_> = all.iter().map(std::ffi::OsStr::new).collect();
    let mut command = shell(script, &all);
    command.current_dir(desk.path(""));
    command
}

#[test]
#[cfg(unix)]
fn a_fit_that_dies_in_the_middle_of_the_weights_leaves_the_registry_as_it_was() {
    use std::os::unix::process::ExitStatusExt;
    let (desk, version) = busy();
    let before = desk.files("models");
    let output = arguments(&desk, &format!("ulimit -c 0; {LIMIT}"))
        .output()
        .unwrap();
    assert!(output.status.signal().is_some(), "{output:?}");
    // Part of the weights is there, in a folder that is no version.
    let leftover = leftovers(&desk);
    assert_eq!(leftover.len(), 1, "{leftover:?}");
    assert_eq!(
        desk.names(&format!("models/{}", leftover[0])),
        ["weights.safetensors"]
    );
    assert_eq!(versions(&desk), [version.as_str()]);
    for (name, bytes) in before {
        assert_eq!(desk.read(&format!("models/{name}")), bytes, "{name}");
    }
    desk.run("evaluate --models models --data tickets.csv")
        .done();
    desk.run(&FIT.join(" ")).done();
    assert_eq!(versions(&desk).len(), 2);
}

#[test]
#[cfg(unix)]
fn a_fit_that_cannot_write_says_so_and_cleans_up() {
    let (desk, _) = busy();
    let before = desk.files("models");
    let output = arguments(&desk, &format!("trap '' XFSZ; {LIMIT}"))
        .output()
        .unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.contains("/models/.tmp-"), "{message}");
    assert!(
        message.ends_with("/weights.safetensors: File too large (os error 27)\n"),
        "{message}"
    );
    assert!(before == desk.files("models"), "something was left behind");
}
