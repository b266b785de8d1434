//! What it costs to misjudge an urgency, as it is asked of a fit.

use serde::{Deserialize, Serialize};

use crate::classifier::cost_table::{CostTable, CostTableError};
use crate::ticket::Urgency;

/// What it costs to choose one urgency where another is true.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UrgencyCosts {
    /// Among the levels that the data has, `d` levels too high cost d² and `d` levels too low this
    /// factor (> 0) times d².
    UnderCallFactor(f32),
    /// The costs of all levels of [`Urgency`] in ascending order.
    Table(CostTable),
}

impl Default for UrgencyCosts {
    fn default() -> Self {
        Self::UnderCallFactor(1.2)
    }
}

impl UrgencyCosts {
    /// The costs of `labels`, which are levels in ascending order; a level that is not among them is
    /// dropped.
    ///
    /// # Errors
    /// If they do not make a table.
    pub fn of_labels(&self, labels: &[String]) -> Result<CostTable, CostTableError> {
        match self {
            Self::UnderCallFactor(factor) => CostTable::quadratic(labels.len(), *factor),
            Self::Table(table) => {
                let level = |label: &String| {
                    let position = Urgency::ALL.iter().position(|u| u.as_str() == label);
                    position.ok_or(CostTableError::Shape)
                };
                table.keep(&labels.iter().map(level).collect::<Result<Vec<_>, _>>()?)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_that_the_data_lacks_is_dropped() {
        let labels = ["low", "high", "urgent"].map(str::to_owned);
        let table = UrgencyCosts::Table(CostTable::quadratic(4, 2.0).unwrap());
        let expected = [[0.0, 4.0, 9.0], [8.0, 0.0, 1.0], [18.0, 2.0, 0.0]];
        assert_eq!(Vec::from(table.of_labels(&labels).unwrap()), expected);
        // A factor counts the levels that are there.
        let factor = UrgencyCosts::UnderCallFactor(2.0);
        let expected = CostTable::quadratic(3, 2.0);
        assert_eq!(factor.of_labels(&labels), expected);
    }
}
