//! The structure is what ARCHITECTURE.md says: modules use only what stands below them, files stay
//! small, and the map names every module.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Longest file in lines.
const MAX_LINES: usize = 400;

/// The modules from the bottom up; each may use itself and those on lower floors.
const FLOORS: [&[&str]; 15] = [
    &["background", "cancel", "checksum", "text", "ticket"],
    &["features", "dataset"],
    &["classifier"],
    &["evaluation", "routing"],
    &["training", "metrics"],
    &["model"],
    &["triage"],
    &["policy_test", "policy_store", "access", "arriving"],
    &["shadow"],
    &["live"],
    &["jobs"],
    &["settings", "grpc"],
    &["telemetry", "http"],
    &["server"],
    &["cli"],
];

fn floors() -> BTreeMap<&'static str, usize> {
    FLOORS
        .iter()
        .enumerate()
        .flat_map(|(floor, modules)| modules.iter().map(move |module| (*module, floor)))
        .collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The module of `src/…` that a file belongs to; `None` for `lib.rs` and the programs.
fn module_of(file: &Path) -> Option<String> {
    let relative = file.strip_prefix(root().join("src")).unwrap();
    let first = relative.iter().next()?.to_str()?;
    let module = first.strip_suffix(".rs").unwrap_or(first);
    (!["lib", "bin"].contains(&module)).then(|| module.to_owned())
}

/// The modules named after `crate::` in a file's code, those in braces included.
fn used_modules(text: &str) -> Vec<String> {
    let mut used = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        let list = match rest.strip_prefix('{') {
            Some(inner) => inner.split('}').next().unwrap_or_default(),
            None => rest,
        };
        let single = !rest.starts_with('{');
        for part in list.split(',').take(if single { 1 } else { usize::MAX }) {
            let name: String = part
                .trim()
                .chars()
                .take_while(|c| c.is_ascii_lowercase() || *c == '_')
                .collect();
            if !name.is_empty() {
                used.push(name);
            }
        }
    }
    used
}

#[test]
fn modules_use_only_what_stands_below_them() {
    let floors = floors();
    let mut wrong = Vec::new();
    for file in rust_files(&root().join("src")) {
        let Some(module) = module_of(&file) else {
            continue;
        };
        let own = floors.get(module.as_str());
        let own = *own.unwrap_or_else(|| panic!("module '{module}' has no floor"));
        for used in used_modules(&fs::read_to_string(&file).unwrap()) {
            let Some(&floor) = floors.get(used.as_str()) else {
                continue; // a macro or an item at the crate's root
            };
            if used != module && floor >= own {
                wrong.push(format!("{}: {module} uses {used}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_settings_reads_the_environment_and_only_cli_and_log_print() {
    let mut wrong = Vec::new();
    for file in rust_files(&root().join("src")) {
        let text = fs::read_to_string(&file).unwrap();
        let module = module_of(&file).unwrap_or_default();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        if module != "settings" && (code.contains("env::var") || code.contains("Environment::")) {
            wrong.push(format!("{} reads the environment", file.display()));
        }
        let prints = code.contains("println!") || code.contains("io::stdout()");
        if prints && !matches!(module.as_str(), "cli" | "telemetry") {
            wrong.push(format!("{} prints", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_stay_small() {
    let mut long = Vec::new();
    for folder in ["src", "tests", "benches"] {
        for file in rust_files(&root().join(folder)) {
            let lines = fs::read_to_string(&file).unwrap().lines().count();
            if lines > MAX_LINES {
                long.push(format!("{}: {lines} lines", file.display()));
            }
        }
    }
    assert!(
        long.is_empty(),
        "over {MAX_LINES} lines:\n{}",
        long.join("\n")
    );
}

#[test]
fn every_file_says_what_it_is() {
    for folder in ["src", "tests", "benches"] {
        for file in rust_files(&root().join(folder)) {
            let text = fs::read_to_string(&file).unwrap();
            assert!(
                text.starts_with("//! "),
                "{} has no //! line",
                file.display()
            );
        }
    }
}

#[test]
fn the_map_names_every_module() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    for module in floors().keys() {
        assert!(
            map.contains(&format!("`{module}`")),
            "ARCHITECTURE.md does not name `{module}`"
        );
    }
    for file in rust_files(&root().join("src/bin")) {
        let program = file.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(
            map.contains(&format!("`{program}`")),
            "ARCHITECTURE.md does not name `{program}`"
        );
    }
}
