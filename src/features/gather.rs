//! Sums of weighted rows of a matrix, in registers as wide as the processor has.
//!
//! Each column's sum is taken over the rows in their order, a product and its sum rounded once (fused multiplication, as
//! all x86-64 processors since 2013 and all ARM ones have it; on others the same bits come slowly), so the bits do not
//! depend on the processor, on the width of its registers, or on how columns are grouped. Rows lie scattered in memory:
//! short loops let the processor wait for many of them at a time.

use pulp::{Arch, NullaryFnOnce};

use super::lanes::LANES;

/// Most groups of so many columns that are kept in registers.
const MAX_GROUPS: usize = 8;
/// Columns of one pass over the rows.
const PASS: usize = MAX_GROUPS * LANES;

/// What matrices are made of.
pub(super) trait Number: Copy {
    fn value(self) -> f32;
}

impl Number for i8 {
    #[inline(always)]
    fn value(self) -> f32 {
        f32::from(self)
    }
}

impl Number for f32 {
    #[inline(always)]
    fn value(self) -> f32 {
        self
    }
}

/// A matrix, row after row.
pub(super) struct Rows<'a, T> {
    /// At least [`LANES`] − 1 numbers longer than the rows that are added up: groups are read whole.
    pub(super) values: &'a [T],
    pub(super) columns: usize,
}

/// Adds rows, each times its factor, to `sums`, one a column. `rows` is gone through once for each 128 columns.
pub(super) fn add_rows<T: Number>(
    matrix: &Rows<'_, T>,
    rows: impl Iterator<Item = (usize, f32)> + Clone,
    sums: &mut [f32],
) {
    Arch::new().dispatch(AddRows { matrix, rows, sums });
}

/// Adds all rows of a matrix of `columns`, each times its factor, to `sums`, one a column.
pub fn add_all_rows(matrix: &[f32], columns: usize, factors: &[f32], sums: &mut [f32]) {
    Arch::new().dispatch(AddAllRows {
        matrix: &Rows {
            values: matrix,
            columns,
        },
        factors,
        sums,
    });
}

struct AddAllRows<'a> {
    matrix: &'a Rows<'a, f32>,
    factors: &'a [f32],
    sums: &'a mut [f32],
}

impl NullaryFnOnce for AddAllRows<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self {
            matrix,
            factors,
            sums,
        } = self;
        let columns = matrix.columns.max(1);
        // The last rows are not followed by enough to be read in whole groups.
        let group_ends = columns.next_multiple_of(LANES);
        let whole = match matrix.values.len().checked_sub(group_ends) {
            Some(room) => (room / columns + 1).min(factors.len()),
            None => 0,
        };
        let rows = factors[..whole].iter().copied().enumerate();
        AddRows {
            matrix,
            rows,
            sums: &mut *sums,
        }
        .call();
        let rest = factors.iter().zip(matrix.values.chunks_exact(columns));
        for (&factor, row) in rest.skip(whole) {
            for (sum, &weight) in sums.iter_mut().zip(row) {
                *sum = factor.mul_add(weight, *sum);
            }
        }
    }
}

/// Does the same for the place of each group that there may be.
macro_rules! for_each_group {
    (|$at:ident| $work:block) => {
        const { assert!(MAX_GROUPS == 8, "as many places as groups") };
        for_each_group!(|$at| $work; 0 1 2 3 4 5 6 7)
    };
    (|$at:ident| $work:block; $($place:literal)*) => {
        $({
            let $at: usize = $place;
            $work
        })*
    };
}

struct AddRows<'a, T, R> {
    matrix: &'a Rows<'a, T>,
    rows: R,
    sums: &'a mut [f32],
}

impl<T: Number, R: Iterator<Item = (usize, f32)> + Clone> NullaryFnOnce for AddRows<'_, T, R> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (pass, sums) in self.sums.chunks_mut(PASS).enumerate() {
            let (matrix, rows, first) = (self.matrix, self.rows.clone(), pass * PASS);
            match sums.len().div_ceil(LANES) {
                1 => add_groups::<1, T>(matrix, first, rows, sums),
                2 => add_groups::<2, T>(matrix, first, rows, sums),
                3 => add_groups::<3, T>(matrix, first, rows, sums),
                4 => add_groups::<4, T>(matrix, first, rows, sums),
                5 => add_groups::<5, T>(matrix, first, rows, sums),
                6 => add_groups::<6, T>(matrix, first, rows, sums),
                7 => add_groups::<7, T>(matrix, first, rows, sums),
                _ => add_groups::<MAX_GROUPS, T>(matrix, first, rows, sums),
            }
        }
    }
}

/// Adds up the columns from `first` on, at most `GROUPS` groups of them.
#[inline(always)]
fn add_groups<const GROUPS: usize, T: Number>(
    matrix: &Rows<'_, T>,
    first: usize,
    rows: impl Iterator<Item = (usize, f32)>,
    sums: &mut [f32],
) {
    let mut padded = [[0.0_f32; LANES]; GROUPS];
    for (to, from) in padded.as_flattened_mut().iter_mut().zip(sums.iter()) {
        *to = *from;
    }
    // A copy whose place in memory nothing depends on stays in registers.
    let mut lanes = padded;
    for (row, factor) in rows {
        let start = row * matrix.columns + first;
        let (groups, _) = matrix.values[start..start + GROUPS * LANES].as_chunks::<LANES>();
        // Written out: of a loop over them the compiler may make one through memory.
        for_each_group!(|at| {
            if let (Some(group), Some(numbers)) = (lanes.get_mut(at), groups.get(at)) {
                for lane in 0..LANES {
                    group[lane] = factor.mul_add(numbers[lane].value(), group[lane]);
                }
            }
        });
    }
    padded = lanes;
    for (to, from) in sums.iter_mut().zip(padded.as_flattened()) {
        *to = *from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As plainly as can be.
    fn expected(matrix: &Rows<'_, i8>, rows: &[(usize, f32)], sums: &mut [f32]) {
        for &(row, factor) in rows {
            for (column, sum) in sums.iter_mut().enumerate() {
                let weight = f32::from(matrix.values[row * matrix.columns + column]);
                *sum = factor.mul_add(weight, *sum);
            }
        }
    }

    #[test]
    fn all_rows_of_a_matrix_give_the_bits_of_the_plain_sum() {
        for (rows, columns) in [
            (1, 1),
            (3, 2),
            (20, 3),
            (2, 16),
            (5, 77),
            (4, 140),
            (1, 300),
        ] {
            let matrix: Vec<f32> = (0..rows * columns).map(|i| (i as f32).sin()).collect();
            let factors: Vec<f32> = (0..rows).map(|row| 0.3 - row as f32 / 7.0).collect();
            let mut sums = vec![0.25; columns];
            let mut plain = sums.clone();
            add_all_rows(&matrix, columns, &factors, &mut sums);
            for (row, factor) in factors.iter().enumerate() {
                for (column, sum) in plain.iter_mut().enumerate() {
                    *sum = factor.mul_add(matrix[row * columns + column], *sum);
                }
            }
            let bits = |sums: &[f32]| sums.iter().map(|sum| sum.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&sums), bits(&plain), "{rows} rows of {columns}");
        }
    }

    #[test]
    fn every_number_of_columns_gives_the_bits_of_the_plain_sum() {
        let values: Vec<i8> = (0..4_000_i32).map(|i| (i * i % 251 - 125) as i8).collect();
        for columns in [1, 2, 15, 16, 17, 77, 128, 129, 150, 256, 300] {
            let matrix = Rows {
                values: &values,
                columns,
            };
            let rows: Vec<(usize, f32)> = [3, 0, 7, 7, 9]
                .iter()
                .map(|&row| (row, 0.1 + row as f32 / 3.0))
                .collect();
            let start: Vec<f32> = (0..columns).map(|c| c as f32 * 0.01).collect();
            let (mut sums, mut plain) = (start.clone(), start);
            add_rows(&matrix, rows.iter().copied(), &mut sums);
            expected(&matrix, &rows, &mut plain);
            let bits = |sums: &[f32]| sums.iter().map(|sum| sum.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&sums), bits(&plain), "{columns} columns");
        }
    }
}
