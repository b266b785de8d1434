//! Whoever watches a fit: told how far it is, and free to call it off.

use super::{FitParams, Stage};
use crate::cancel::{Cancelled, check};

/// Watches a fit, from any of its threads.
pub trait Observer: Sync {
    /// The fit is at `stage`, and about this share of all its work is done: from 0 to 1, never falling.
    fn progress(&self, stage: Stage, done: f64);

    /// Whether the fit was called off; once it says so, it always does. Asked between pieces of work that each take
    /// well under a second on ten thousand rows.
    fn called_off(&self) -> bool {
        false
    }
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn progress(&self, _stage: Stage, _done: f64) {}
}

/// How much work the pieces of a fit are beside each other.
#[derive(Debug, Clone, Copy)]
pub(super) enum Piece {
    /// Learning the vocabulary and encoding the rows.
    Features,
    /// The kernel expert of all heads.
    Kernel,
    /// The linear expert of a head at one cost.
    Linear,
    /// The other experts of a head.
    Others,
    /// The pool of a head.
    Pool,
}

impl Piece {
    const fn work(self) -> usize {
        match self {
            Self::Features | Self::Pool => 2,
            Self::Kernel => 30,
            Self::Linear => 4,
            Self::Others => 1,
        }
    }
}

/// The pieces of a fit, ticked off one after another.
pub(super) struct Steps<'a> {
    observer: &'a dyn Observer,
    stage: Stage,
    done: usize,
    total: usize,
}

/// What a fit is made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    pub(super) heads: usize,
    /// Whether there is a kernel expert.
    pub(super) kernel: bool,
    /// Folds on which all costs of the linear expert are tried.
    pub(super) cost_folds: usize,
    /// Whether a model is fitted on all rows at the end.
    pub(super) model: bool,
}

impl<'a> Steps<'a> {
    /// Nothing is done yet.
    pub(super) fn new(observer: &'a dyn Observer, extent: Extent, params: &FitParams) -> Self {
        let kernel = if extent.kernel {
            Piece::Kernel.work()
        } else {
            0
        };
        let learn = |linear_fits: usize| {
            let head = linear_fits * Piece::Linear.work() + Piece::Others.work();
            Piece::Features.work() + kernel + extent.heads * head
        };
        let trying = extent.cost_folds.min(params.folds);
        let folds = trying * learn(params.linear_costs.len()) + (params.folds - trying) * learn(1);
        let pool = extent.heads * Piece::Pool.work();
        let model = if extent.model { learn(1) } else { 0 };
        Self {
            observer,
            stage: Stage::Pool,
            done: 0,
            total: folds + pool + model,
        }
    }

    /// Begins a stage.
    pub(super) fn begin(&mut self, stage: Stage) {
        self.stage = stage;
        self.tell();
    }

    /// Ticks off a piece.
    ///
    /// # Errors
    /// If the fit was called off.
    pub(super) fn done(&mut self, piece: Piece) -> Result<(), Cancelled> {
        self.done += piece.work();
        self.tell();
        check(&|| self.called_off())
    }

    /// Whether the fit was called off.
    pub(super) fn called_off(&self) -> bool {
        self.observer.called_off()
    }

    fn tell(&self) {
        #[allow(clippy::cast_precision_loss)] // some hundreds at most
        let share = self.done as f64 / self.total.max(1) as f64;
        self.observer.progress(self.stage, share.min(1.0));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::classifier::HeadKind;
    use crate::evaluation::{LabelledHead, LabelledTexts};
    use crate::training::{FitError, Sentences, TrainingData, fit};

    /// Notes all that it is told, and calls the fit off when it was asked so many times.
    struct Notes {
        told: Mutex<Vec<(Stage, f64)>>,
        asked: AtomicUsize,
        called_off_at: usize,
    }

    impl Notes {
        fn new(called_off_at: usize) -> Self {
            Self {
                told: Mutex::default(),
                asked: AtomicUsize::new(0),
                called_off_at,
            }
        }
    }

    impl Observer for Notes {
        fn progress(&self, stage: Stage, done: f64) {
            self.told.lock().unwrap().push((stage, done));
        }

        fn called_off(&self) -> bool {
            self.asked.fetch_add(1, Ordering::Relaxed) >= self.called_off_at
        }
    }

    fn watched(notes: &Notes) -> Result<(), FitError> {
        let words = ["parcel courier", "invoice tax"];
        let head = |kind, labels: [&str; 2]| LabelledHead {
            kind,
            labels: (0..40)
                .map(|row| Some(labels[row % 2].to_owned()))
                .collect(),
        };
        let labelled = LabelledTexts {
            texts: (0..40)
                .map(|row| format!("{} {row}", words[row % 2]))
                .collect(),
            heads: vec![
                head(HeadKind::Topic, ["delivery", "billing"]),
                head(HeadKind::Facet("mood".to_owned()), ["sad", "glad"]),
            ],
        };
        let data = TrainingData {
            labelled: &labelled,
            sentences: &Sentences::None,
        };
        fit(data, &FitParams::default(), notes).map(drop)
    }

    #[test]
    fn the_share_that_is_done_grows_from_nothing_to_all() {
        let notes = Notes::new(usize::MAX);
        watched(&notes).unwrap();
        let told = notes.told.into_inner().unwrap();
        assert!(told.is_sorted_by(|a, b| a.1 <= b.1), "{told:?}");
        let fold = |index| Stage::Fold { index, of: 5 };
        assert_eq!(told[0], (fold(1), 0.0));
        assert_eq!(told[told.len() - 1], (Stage::Final, 1.0));
        let mut stages: Vec<Stage> = told.into_iter().map(|(stage, _)| stage).collect();
        stages.dedup();
        let folds = (1..=5).map(fold);
        let expected: Vec<Stage> = folds.chain([Stage::Pool, Stage::Final]).collect();
        assert_eq!(stages, expected);
    }

    #[test]
    fn a_fit_can_be_called_off_whenever_it_asks() {
        let notes = Notes::new(usize::MAX);
        watched(&notes).unwrap();
        let asked = notes.asked.into_inner();
        assert!(asked > 100, "asked {asked} times");
        for at in (0..asked).step_by(asked / 50) {
            let ended = watched(&Notes::new(at));
            assert!(matches!(ended, Err(FitError::Cancelled(_))), "{at}");
        }
    }
}
