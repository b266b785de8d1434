//! Who may call what, as the settings say, and the file of keys that is looked at for changes meanwhile.

use std::sync::Arc;

use super::ServeError;
use super::watch::{Read, Watch};
use crate::access::{Access, KeysLooked};
use crate::metrics::{Metrics, Outcome, Reload};
use crate::settings::Settings;

/// Reads what the settings name; the watch sees changes from before that.
///
/// # Errors
/// If the file of keys cannot be used, or the log of operators' calls gets no thread.
pub(super) fn load(
    settings: &Settings,
    metrics: &Metrics,
) -> Result<(Arc<Access>, Watch), ServeError> {
    let config = settings.access();
    let listening = [Some(settings.server.listen), settings.http.listen];
    let mut addresses = listening.into_iter().flatten();
    let is_afar = addresses.any(|address| !address.ip().is_loopback());
    if config.has_tokens() && is_afar && !settings.tls.is_on() {
        tracing::warn!(
            "tokens cross the network in the clear: set tls.certificate, unless something in front of this server \
             does it"
        );
    }
    let files: Vec<_> = config.jwt.iter().map(|jwt| jwt.keys.clone()).collect();
    let every = settings.policy.watch().filter(|_| !files.is_empty());
    let watch = Watch::new(files, every);
    let mut access = Access::load(&config)?;
    if let Some(folder) = settings.state.folder() {
        access = access.with_call_log(folder, metrics.clone())?;
    }
    Ok((Arc::new(access), watch))
}

/// Takes the file of keys over if it has changed; logs and counts what came of it.
pub(super) fn reload_keys(access: &Access, metrics: &Metrics) -> Read {
    match access.reload_keys() {
        // What was refused before is gone, if there was anything.
        Ok(KeysLooked::Unchanged) => metrics.in_force(Reload::JwtKeys),
        Ok(KeysLooked::Changed(keys)) => {
            metrics.reloaded(Reload::JwtKeys, Outcome::TakenOver);
            tracing::info!(keys, "other keys check tokens from now on");
        }
        Err(error) => {
            metrics.reloaded(Reload::JwtKeys, Outcome::Refused);
            tracing::error!(
                %error,
                "the changed file of keys is refused: the keys in force stay"
            );
            return Read::failed(&error);
        }
    }
    Read::Done
}
