//! What serves and how full it is, told whenever the metrics are read.

use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwapOption;

use crate::live::Loaded;
use crate::metrics::{Level, Levels, Metrics};

/// Lets `metrics` tell the levels of what is loaded at each moment.
pub(super) fn show(metrics: &Metrics, loaded: &Arc<ArcSwapOption<Loaded>>) {
    // What is loaded counts into the metrics, which so must not keep it.
    let loaded = Arc::downgrade(loaded);
    metrics.ask_levels(move || Some(levels(&*loaded.upgrade()?.load_full()?)));
}

fn levels(loaded: &Loaded) -> Levels {
    let reservations = loaded.reservations();
    Levels {
        model_version: loaded.triage().model_version().to_owned(),
        policy_version: loaded.triage().policy_version().to_owned(),
        encoder_queue: loaded.encoder_queue(),
        reservations: Level {
            now: reservations.count(Instant::now()),
            most: reservations.most(),
        },
    }
}
