//! What it costs to choose one label where another is true, and the label with the least expected
//! cost.

use serde::{Deserialize, Serialize};

/// Highest cost of one mistake; sums over labels stay far from what an `f32` can hold.
pub const MAX_COST: f32 = 1e9;

/// The cost of each label chosen for each true label: a square of numbers from 0 to [`MAX_COST`],
/// with nothing to pay on the diagonal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Vec<f32>>", into = "Vec<Vec<f32>>")]
pub struct CostTable {
    /// `rows[truth][chosen]`.
    rows: Vec<Vec<f32>>,
}

/// Why numbers are no cost table.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CostTableError {
    /// There is not one cost a label in each row.
    #[error("a cost table has as many rows as labels and as many costs in each row")]
    Shape,
    /// A cost is negative, too large, or not a number.
    #[error("a cost is not a number from 0 to {MAX_COST}")]
    Cost,
    /// The right choice costs something.
    #[error("a right choice has a cost other than 0")]
    Diagonal,
}

impl CostTable {
    /// A table of `rows[truth][chosen]`.
    ///
    /// # Errors
    /// If it is no square, a cost is not from 0 to [`MAX_COST`], or one on the diagonal is not 0.
    pub fn new(rows: Vec<Vec<f32>>) -> Result<Self, CostTableError> {
        if rows.iter().any(|row| row.len() != rows.len()) {
            return Err(CostTableError::Shape);
        }
        // A NaN is in no range.
        if !rows.iter().flatten().all(|c| (0.0..=MAX_COST).contains(c)) {
            return Err(CostTableError::Cost);
        }
        if rows.iter().enumerate().any(|(at, row)| row[at] != 0.0) {
            return Err(CostTableError::Diagonal);
        }
        Ok(Self { rows })
    }

    /// The table of ordered labels in which one `d` too high costs d² and one `d` too low costs
    /// `under_call_factor` · d². Without the factor these are the weights of quadratic weighted kappa
    /// (Cohen 1968).
    ///
    /// # Errors
    /// If the factor makes a cost that is not from 0 to [`MAX_COST`].
    pub fn quadratic(labels: usize, under_call_factor: f32) -> Result<Self, CostTableError> {
        let cost = |truth: usize, chosen: usize| {
            #[allow(clippy::cast_precision_loss)] // a handful of labels
            let distance = truth.abs_diff(chosen) as f32;
            let factor = if truth > chosen {
                under_call_factor
            } else {
                1.0
            };
            factor * distance * distance
        };
        let row = |truth| (0..labels).map(|chosen| cost(truth, chosen)).collect();
        Self::new((0..labels).map(row).collect())
    }

    /// The table of the labels at `indices` alone.
    ///
    /// # Errors
    /// If there is no label at one of them.
    pub fn keep(&self, indices: &[usize]) -> Result<Self, CostTableError> {
        let cost = |truth: usize, chosen: usize| self.rows.get(truth)?.get(chosen).copied();
        let row = |&truth: &usize| indices.iter().map(|&chosen| cost(truth, chosen)).collect();
        let rows: Option<Vec<Vec<f32>>> = indices.iter().map(row).collect();
        Self::new(rows.ok_or(CostTableError::Shape)?)
    }

    /// Number of labels.
    #[must_use]
    pub fn labels(&self) -> usize {
        self.rows.len()
    }

    /// What it costs on average to choose the label `chosen` where each label is true with its
    /// probability: Σ p(truth) · cost(truth, chosen).
    #[must_use]
    pub fn expected(&self, probabilities: &[f32], chosen: usize) -> f32 {
        let costs = self.rows.iter().filter_map(|row| row.get(chosen));
        probabilities.iter().zip(costs).map(|(p, c)| p * c).sum()
    }

    /// The label with the least expected cost, the higher of equals: the Bayes-optimal choice (Elkan
    /// 2001, "The Foundations of Cost-Sensitive Learning").
    #[must_use]
    pub fn choose(&self, probabilities: &[f32]) -> usize {
        let cost = |chosen| self.expected(probabilities, chosen);
        (0..probabilities.len())
            .rev()
            .min_by(|&a, &b| cost(a).total_cmp(&cost(b)))
            .unwrap_or(0)
    }
}

impl TryFrom<Vec<Vec<f32>>> for CostTable {
    type Error = CostTableError;

    fn try_from(rows: Vec<Vec<f32>>) -> Result<Self, Self::Error> {
        Self::new(rows)
    }
}

impl From<CostTable> for Vec<Vec<f32>> {
    fn from(table: CostTable) -> Self {
        table.rows
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::classifier::head::most_probable;

    fn quadratic(labels: usize, factor: f32) -> CostTable {
        CostTable::quadratic(labels, factor).unwrap()
    }

    #[test]
    fn the_table_of_three_levels_by_hand() {
        let expected = vec![
            vec![0.0, 1.0, 4.0],
            vec![1.5, 0.0, 1.0],
            vec![6.0, 1.5, 0.0],
        ];
        assert_eq!(Vec::from(quadratic(3, 1.5)), expected);
    }

    #[test]
    fn expected_costs_by_hand() {
        let table = quadratic(3, 1.5);
        let probabilities = [0.5, 0.25, 0.25];
        // 0.25 · 1.5 + 0.25 · 6; 0.5 · 1 + 0.25 · 1.5; 0.5 · 4 + 0.25 · 1.
        for (chosen, expected) in [(0, 1.875), (1, 0.875), (2, 2.25)] {
            assert_eq!(table.expected(&probabilities, chosen), expected);
        }
        assert_eq!(table.choose(&probabilities), 1);
    }

    #[test]
    fn the_middle_is_preferred_to_a_distant_favourite() {
        // The most probable level is the lowest, but two levels too low would be costly.
        let probabilities = [0.45, 0.10, 0.45];
        assert_eq!(most_probable(&probabilities), 0);
        assert_eq!(quadratic(3, 1.0).choose(&probabilities), 1);
    }

    #[test]
    fn a_higher_price_of_under_calling_raises_the_level() {
        let probabilities = [0.0, 0.6, 0.4];
        assert_eq!(quadratic(3, 1.0).choose(&probabilities), 1);
        assert_eq!(quadratic(3, 2.0).choose(&probabilities), 2);
    }

    #[test]
    fn the_higher_of_equals_is_chosen() {
        assert_eq!(quadratic(2, 1.0).choose(&[0.5, 0.5]), 1);
    }

    #[test]
    fn certainty_is_never_overruled() {
        for level in 0..4 {
            let mut probabilities = [0.0; 4];
            probabilities[level] = 1.0;
            assert_eq!(quadratic(4, 5.0).choose(&probabilities), level);
        }
    }

    #[test]
    fn labels_that_are_not_kept_leave_no_trace() {
        let kept = quadratic(4, 2.0).keep(&[0, 3]).unwrap();
        assert_eq!(Vec::from(kept), [[0.0, 9.0], [18.0, 0.0]]);
        assert_eq!(quadratic(2, 2.0).keep(&[2]), Err(CostTableError::Shape));
    }

    #[test]
    fn numbers_that_are_no_cost_table_are_refused() {
        let new = |rows: &[&[f32]]| CostTable::new(rows.iter().map(|r| r.to_vec()).collect());
        assert_eq!(new(&[&[0.0, 1.0]]), Err(CostTableError::Shape));
        assert_eq!(new(&[&[0.0, 1.0], &[0.0]]), Err(CostTableError::Shape));
        for cost in [-1.0, f32::NAN, f32::INFINITY, 2e9] {
            assert_eq!(
                new(&[&[0.0, cost], &[1.0, 0.0]]),
                Err(CostTableError::Cost),
                "{cost}"
            );
        }
        assert_eq!(
            new(&[&[0.0, 1.0], &[1.0, 0.5]]),
            Err(CostTableError::Diagonal)
        );
        assert_eq!(CostTable::quadratic(4, f32::MAX), Err(CostTableError::Cost));
    }

    #[test]
    fn a_table_in_a_file_is_checked_when_it_is_read() {
        let table = quadratic(4, 1.2);
        let json = serde_json::to_string(&table).unwrap();
        assert_eq!(serde_json::from_str::<CostTable>(&json).unwrap(), table);
        let error = serde_json::from_str::<CostTable>("[[0, 1], [-1, 0]]").unwrap_err();
        assert!(error.to_string().starts_with("a cost is not"), "{error}");
    }

    /// The rule as it was before there were tables.
    fn least_cost(probabilities: &[f32], under_call_factor: f32) -> (usize, Vec<f32>) {
        let cost = |chosen: usize| -> f32 {
            let each = probabilities.iter().enumerate();
            each.map(|(level, probability)| {
                let distance = level.abs_diff(chosen) as f32;
                let factor = match level > chosen {
                    true => under_call_factor,
                    false => 1.0,
                };
                probability * factor * distance * distance
            })
            .sum()
        };
        let costs: Vec<f32> = (0..probabilities.len()).map(cost).collect();
        let levels = (0..probabilities.len()).rev();
        let chosen = levels.min_by(|&a, &b| costs[a].total_cmp(&costs[b]));
        (chosen.unwrap(), costs)
    }

    fn probabilities(labels: usize) -> impl Strategy<Value = Vec<f32>> {
        proptest::collection::vec(0.001_f32..1.0, labels).prop_map(|parts| {
            let sum: f32 = parts.iter().sum();
            parts.into_iter().map(|part| part / sum).collect()
        })
    }

    proptest! {
        #[test]
        fn no_label_costs_less_than_the_one_chosen(
            costs in proptest::collection::vec(0.0_f32..100.0, 16),
            probabilities in probabilities(4),
        ) {
            let rows = costs.chunks(4).enumerate().map(|(truth, row)| {
                let mut row = row.to_vec();
                row[truth] = 0.0;
                row
            });
            let table = CostTable::new(rows.collect()).unwrap();
            let chosen = table.choose(&probabilities);
            for other in 0..4 {
                let (own, others) = (
                    table.expected(&probabilities, chosen),
                    table.expected(&probabilities, other),
                );
                prop_assert!(own < others || own == others && chosen >= other);
            }
        }

        #[test]
        fn the_quadratic_table_chooses_as_the_formula_does(
            labels in 2_usize..5,
            parts in proptest::collection::vec(0.001_f32..1.0, 4),
        ) {
            let sum: f32 = parts[..labels].iter().sum();
            let probabilities: Vec<f32> = parts[..labels].iter().map(|p| p / sum).collect();
            let (expected, costs) = least_cost(&probabilities, 1.2);
            let chosen = quadratic(labels, 1.2).choose(&probabilities);
            // Only where two levels cost the same but for rounding may the choice differ.
            prop_assert!(chosen == expected || (costs[chosen] - costs[expected]).abs() < 1e-6);
        }
    }
}
