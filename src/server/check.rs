//! All that a start would read, tried without a start: nothing is served and nothing is left behind.
//!
//! Parts are tried one by one, so that all problems are told at once and not only the first.

use std::fmt::Display;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;

use super::tls;
use crate::access::Access;
use crate::live::{cases_pass, foresee};
use crate::model::{Bundle, Registry};
use crate::policy_store::PolicyStore;
use crate::routing::{Policy, Roster};
use crate::settings::Settings;
use crate::triage::{Sources, Triage};

/// What was found.
#[derive(Debug, Default)]
pub struct Findings {
    /// What a server would start with, one part each.
    pub parts: Vec<String>,
    /// What is no fault but should be known.
    pub notes: Vec<String>,
    /// What a server would not start with, or would refuse.
    pub problems: Vec<String>,
}

impl Findings {
    /// What came of trying a part, if it is usable.
    fn tried<T, E: Display>(&mut self, result: Result<T, E>) -> Option<T> {
        match result {
            Ok(part) => Some(part),
            Err(error) => {
                self.problems.push(error.to_string());
                None
            }
        }
    }

    fn found(&mut self, part: String) {
        self.parts.push(part);
    }
}

/// Tries model, policy, its cases, roster, certificates, keys of callers, folders and addresses that the settings name.
#[must_use]
pub fn check(settings: &Settings) -> Findings {
    let mut findings = Findings::default();
    check_decisions(settings, &mut findings);
    check_tls(settings, &mut findings);
    check_access(settings, &mut findings);
    check_folders(settings, &mut findings);
    let addresses = [
        ("server.listen", Some(settings.server.listen)),
        ("http.listen", settings.http.listen),
    ];
    check_addresses(&addresses, &mut findings);
    findings
}

fn check_decisions(settings: &Settings, findings: &mut Findings) {
    let sources = settings.sources();
    let registry = Registry::new(&sources.models);
    let bundle = findings.tried(registry.load(sources.version.as_deref()));
    let bundle: Option<Arc<Bundle>> = bundle.map(Arc::new);
    if let Some(bundle) = &bundle {
        findings.found(format!("model {}", bundle.version));
    }
    if let Some((version, _)) = settings.shadow.wanted()
        && let Some(shadow) = findings.tried(registry.load(Some(version)))
    {
        findings.found(format!("shadow model {}", shadow.version));
    }
    let kept = settings.state.folder();
    let kept = kept.and_then(|folder| findings.tried(PolicyStore::look(folder)));
    let policy = findings.tried(Policy::load(&sources.policy)).map(Arc::new);
    let roster = match &sources.roster {
        Some(path) => findings.tried(Roster::load(path)).map(Arc::new),
        None => None,
    };
    if let Some(roster) = &roster {
        findings.found(format!("roster of {} agents", roster.agents().len()));
    }
    let (Some(bundle), Some(policy)) = (bundle, policy) else {
        return;
    };
    if let Some(kept) = kept.filter(|kept| kept.live().is_some())
        && kept_decides(&sources, &kept, &policy, findings)
    {
        return;
    }
    findings.found(format!("policy {}", policy.version()));
    findings.tried(Triage::new(
        Arc::clone(&bundle),
        Arc::clone(&policy),
        roster,
    ));
    if let Some(cases) = findings.tried(cases_pass(&policy, &bundle, &sources.policy)) {
        findings.found(format!("{cases} cases of the policy pass"));
    }
}

/// Whether a policy that is kept decides, because that of the file was not changed since it was last taken over.
fn kept_decides(
    sources: &Sources,
    kept: &PolicyStore,
    of_file: &Policy,
    findings: &mut Findings,
) -> bool {
    let is_unchanged = kept.file_version() == Some(of_file.version());
    match findings.tried(foresee(sources, kept)) {
        Some(record) if record.version == of_file.version() => false,
        Some(record) => {
            let (path, version) = (sources.policy.display(), of_file.version());
            findings.found(format!("policy {}", record.version));
            if is_unchanged {
                findings.notes.push(format!(
                    "policy {} decides, which was put into force on {}: that of {path}, {version}, was not changed \
                     since",
                    record.version, record.time
                ));
            }
            // Else what is wrong with the file is found next.
            is_unchanged
        }
        None => true,
    }
}

fn check_tls(settings: &Settings, findings: &mut Findings) {
    if let Some(Some(verified)) = findings.tried(tls::check(&settings.tls)) {
        let until = verified.valid_until();
        findings.found(format!(
            "certificate {}, valid until {until}",
            verified.fingerprint()
        ));
    }
}

fn check_access(settings: &Settings, findings: &mut Findings) {
    findings.tried(Access::load(&settings.access()));
}

/// Folders that must be there, or be made by a start.
fn check_folders(settings: &Settings, findings: &mut Findings) {
    if let Some(folder) = settings.state.folder() {
        findings.tried(is_or_can_be_folder("state.folder", folder));
    }
    if let Some(folder) = &settings.training.limits().data_folder
        && !folder.is_dir()
    {
        let path = folder.display();
        findings
            .problems
            .push(format!("training.data_folder: {path} is no folder"));
    }
}

/// Tries by a file that is gone at once: rights do not tell all.
fn is_or_can_be_folder(key: &str, folder: &Path) -> Result<(), String> {
    let path = folder.display();
    let existing = folder.ancestors().find(|above| above.exists());
    // A relative path of one part stands where the program was started.
    let existing = existing.filter(|above| !above.as_os_str().is_empty());
    let existing = existing.unwrap_or(Path::new("."));
    if !existing.is_dir() {
        let above = existing.display();
        return Err(match existing == folder {
            true => format!("{key}: {path} is no folder"),
            false => format!("{key}: {path} cannot be made: {above} is no folder"),
        });
    }
    let tried = tempfile::Builder::new()
        .prefix(".triage-check-")
        .tempfile_in(existing)
        .and_then(tempfile::NamedTempFile::close);
    tried.map_err(|error| match existing == folder {
        true => format!("{key}: {path} cannot be written: {error}"),
        false => format!(
            "{key}: {path} cannot be made: {} cannot be written: {error}",
            existing.display()
        ),
    })
}

/// Tries the addresses, all at the same time. One that is taken is no fault: the server that is to be replaced may have
/// it.
fn check_addresses(addresses: &[(&str, Option<SocketAddr>)], findings: &mut Findings) {
    let mut tried: Vec<(&str, SocketAddr, Option<TcpListener>)> = Vec::new();
    for (key, address) in addresses {
        let Some(address) = *address else {
            continue;
        };
        let listener = match TcpListener::bind(address) {
            Ok(listener) => {
                findings.found(format!("{key} {address}"));
                Some(listener)
            }
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                match tried.iter().find(|(_, other, _)| collide(*other, address)) {
                    Some((other, taken, _)) => findings.problems.push(format!(
                        "{key}: cannot listen on {address} besides {other}, {taken}: give each a port of its own"
                    )),
                    None => findings.notes.push(format!(
                        "{key}: {address} is taken at the moment: end the program that listens there before the start"
                    )),
                }
                None
            }
            Err(error) => {
                let problem = format!("{key}: cannot listen on {address}: {error}");
                findings.problems.push(problem);
                None
            }
        };
        tried.push((key, address, listener));
    }
}

/// Whether nobody can listen on both.
fn collide(one: SocketAddr, other: SocketAddr) -> bool {
    let all = |address: SocketAddr| address.ip().is_unspecified();
    one.port() == other.port() && (one.ip() == other.ip() || all(one) || all(other))
}
