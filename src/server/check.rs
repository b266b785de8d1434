//! All that a start would read, tried without a start: nothing is served and nothing is written.
//!
//! Parts are tried one by one, so that all problems are told at once and not only the first.

use std::fmt::Display;
use std::fs;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;

use super::tls;
use crate::access::Access;
use crate::live::cases_pass;
use crate::model::{Bundle, Registry};
use crate::routing::{Policy, Roster};
use crate::settings::Settings;
use crate::triage::Triage;

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
    for (key, address) in addresses {
        if let Some(address) = address {
            check_address(key, address, &mut findings);
        }
    }
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

fn is_or_can_be_folder(key: &str, folder: &Path) -> Result<(), String> {
    let path = folder.display();
    match fs::metadata(folder) {
        Ok(found) if found.is_dir() && !found.permissions().readonly() => Ok(()),
        Ok(found) if found.is_dir() => Err(format!("{key}: {path} cannot be written")),
        Ok(_) => Err(format!("{key}: {path} is no folder")),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            match folder.ancestors().skip(1).find(|above| above.exists()) {
                Some(above) if !above.is_dir() => Err(format!(
                    "{key}: {path} cannot be made: {} is no folder",
                    above.display()
                )),
                _ => Ok(()),
            }
        }
        Err(error) => Err(format!("{key}: {path}: {error}")),
    }
}

/// An address that is taken is no fault: the server that is to be replaced may have it.
fn check_address(key: &str, address: SocketAddr, findings: &mut Findings) {
    match TcpListener::bind(address) {
        Ok(_) => findings.found(format!("{key} {address}")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => findings.notes.push(format!(
            "{key}: {address} is taken at the moment: end the program that listens there before the start"
        )),
        Err(error) => findings
            .problems
            .push(format!("{key}: cannot listen on {address}: {error}")),
    }
}
