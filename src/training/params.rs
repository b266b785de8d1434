//! Whether parameters can be learned with: those of a fit come from options, but those of an earlier
//! version from its manifest, which may say anything.

use std::fmt::Display;
use std::ops::RangeInclusive;

use super::FitParams;

/// Folds that can be learned with.
const FOLDS: RangeInclusive<usize> = 2..=20;
/// Longest sentence vectors: far beyond any use, and their squares are numbers.
const MAX_SENTENCE_SCALE: f32 = 1e6;

/// A parameter that nothing can be learned with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("parameter '{name}' is {value}: it must be {allowed}")]
pub struct ParamsError {
    /// The parameter, as a manifest names it.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// What it may be.
    pub allowed: &'static str,
}

impl FitParams {
    /// Makes sure that something can be learned with these.
    ///
    /// # Errors
    /// At the first parameter out of its range.
    pub fn check(&self) -> Result<(), ParamsError> {
        const ABOVE_ZERO: &str = "a number above 0";
        const SHARE: &str = "from 0 to 1";
        let positive = |number: f64| number.is_finite() && number > 0.0;
        let share = |number: f64| (0.0..=1.0).contains(&number);
        check(
            "folds",
            self.folds,
            "from 2 to 20",
            FOLDS.contains(&self.folds),
        )?;
        if self.linear_costs.is_empty() {
            check("linear_costs", "empty", "one number above 0 or more", false)?;
        }
        for &cost in &self.linear_costs {
            check("linear_costs", cost, ABOVE_ZERO, positive(cost))?;
        }
        let tolerance = self.linear.tolerance;
        check(
            "linear.tolerance",
            tolerance,
            ABOVE_ZERO,
            positive(tolerance),
        )?;
        let balance = self.linear.balance;
        check("linear.balance", balance, SHARE, share(balance))?;
        let scale = self.sentence_scale;
        let fits = scale > 0.0 && scale <= MAX_SENTENCE_SCALE;
        check("sentence_scale", scale, "above 0 and up to 1000000", fits)?;
        let smoothing = self.naive_bayes.smoothing;
        check(
            "naive_bayes.smoothing",
            smoothing,
            ABOVE_ZERO,
            positive(smoothing),
        )?;
        let shrinkage = self.discriminant.shrinkage;
        check("discriminant.shrinkage", shrinkage, SHARE, share(shrinkage))?;
        let kernel = self.kernel;
        for (name, number) in [
            ("kernel.sharpness", kernel.sharpness),
            ("kernel.ridge", kernel.ridge),
        ] {
            check(name, number, ABOVE_ZERO, positive(f64::from(number)))?;
        }
        for (name, number) in [
            ("kernel.rows_at_once", kernel.rows_at_once),
            ("kernel.most_rows", kernel.most_rows),
        ] {
            check(name, number, "above 0", number > 0)?;
        }
        let target = self.thresholds.target_precision;
        check("thresholds.target_precision", target, SHARE, share(target))?;
        let above = self.thresholds.suggest_above;
        check("thresholds.suggest_above", above, SHARE, share(above))
    }
}

fn check(
    name: &'static str,
    value: impl Display,
    allowed: &'static str,
    holds: bool,
) -> Result<(), ParamsError> {
    if holds {
        return Ok(());
    }
    let value = value.to_string();
    Err(ParamsError {
        name,
        value,
        allowed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut FitParams)) -> String {
        let mut params = FitParams::default();
        change(&mut params);
        params.check().unwrap_err().to_string()
    }

    #[test]
    fn what_a_fit_takes_by_default_can_be_learned_with() {
        assert_eq!(FitParams::default().check(), Ok(()));
    }

    #[test]
    fn a_parameter_out_of_its_range_is_named_with_what_it_may_be() {
        assert_eq!(
            refused(|p| p.folds = 0),
            "parameter 'folds' is 0: it must be from 2 to 20"
        );
        assert!(refused(|p| p.folds = 21).contains("'folds' is 21"));
        assert!(refused(|p| p.linear_costs.clear()).contains("'linear_costs' is empty"));
        assert!(refused(|p| p.linear_costs[1] = -1.0).contains("'linear_costs' is -1"));
        assert!(refused(|p| p.linear.tolerance = 0.0).contains("'linear.tolerance' is 0"));
        assert!(refused(|p| p.linear.balance = f64::NAN).contains("'linear.balance' is NaN"));
        assert!(refused(|p| p.sentence_scale = 3e38).contains("'sentence_scale' is "));
        assert!(refused(|p| p.naive_bayes.smoothing = 0.0).contains("'naive_bayes.smoothing'"));
        assert!(refused(|p| p.discriminant.shrinkage = 1.1).contains("'discriminant.shrinkage'"));
        assert!(refused(|p| p.kernel.ridge = 0.0).contains("'kernel.ridge' is 0"));
        assert!(refused(|p| p.kernel.sharpness = f32::NAN).contains("'kernel.sharpness'"));
        assert!(refused(|p| p.kernel.rows_at_once = 0).contains("'kernel.rows_at_once'"));
        let target = refused(|p| p.thresholds.target_precision = 2.0);
        assert!(
            target.contains("'thresholds.target_precision' is 2"),
            "{target}"
        );
        assert!(refused(|p| p.thresholds.suggest_above = -0.1).contains("suggest_above"));
    }
}
