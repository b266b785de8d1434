//! The shadow that the settings name.

use std::sync::Arc;

use crate::live::Live;
use crate::settings::ShadowSettings;

/// Starts the shadow that the settings name, if they name one, on a thread that may block. What stands in its way is
/// logged and harms nobody else: the server serves without one.
pub(super) fn start(live: &Arc<Live>, settings: &ShadowSettings) {
    let Some((version, sample)) = settings.wanted() else {
        return;
    };
    let (live, version) = (Arc::clone(live), version.to_owned());
    tokio::task::spawn_blocking(move || {
        if let Err(error) = live.start_shadow(&version, sample) {
            tracing::error!(%error, version, "the shadow of the settings cannot be started");
        }
    });
}
