//! Progress of a fit on a terminal; silent where standard error is not one.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::training::{Observer, Stage};

/// A bar of so many steps, with a message for each.
pub(super) fn stage_bar(steps: usize) -> ProgressBar {
    let template = "{elapsed:>4} {wide_bar} {pos}/{len} {msg}";
    styled(ProgressBar::new(steps as u64), template)
}

/// `bar` in this style, its clock running.
pub(super) fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Steps of a fit's bar: fine enough to see that it moves.
const FIT_STEPS: f64 = 1_000.0;

/// A bar over the work of a fit.
pub(super) struct FitProgress {
    bar: ProgressBar,
}

impl Observer for FitProgress {
    fn progress(&self, stage: Stage, done: f64) {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // from 0 to 1
        self.bar.set_position((done * FIT_STEPS) as u64);
        match stage {
            Stage::Fold { index, of } => self.bar.set_message(format!("fold {index} of {of}")),
            Stage::Pool => self.bar.set_message("weighing the experts"),
            Stage::Final => self.bar.set_message("learning from all rows"),
        }
    }
}

impl FitProgress {
    /// A bar for a fit.
    #[must_use]
    pub(super) fn new() -> Self {
        let template = "{elapsed:>4} {wide_bar} {percent:>3} % {msg}";
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a thousand
        let bar = ProgressBar::new(FIT_STEPS as u64);
        Self {
            bar: styled(bar, template),
        }
    }

    /// Takes the bar off the screen.
    pub(super) fn finish(self) {
        self.bar.finish_and_clear();
    }
}

/// A bar over things of one kind that are done one after another.
pub(super) struct CountProgress {
    bar: ProgressBar,
}

impl CountProgress {
    /// A bar over `total` of `what`, such as texts to encode.
    #[must_use]
    pub(super) fn new(what: &'static str, total: usize) -> Self {
        let template = "{elapsed:>4} {wide_bar} {pos}/{len} {msg}, {eta} left";
        let bar = styled(ProgressBar::new(total as u64), template);
        bar.set_message(what);
        Self { bar }
    }

    /// Shows that `more` are done.
    pub(super) fn add(&self, more: usize) {
        self.bar.inc(more as u64);
    }
}

impl Drop for CountProgress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
