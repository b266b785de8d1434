//! Linear equations with a large positive definite matrix, by Cholesky's factorisation in blocks.
//!
//! The work is in matrix products (`ndarray`), the small blocks on the diagonal are factored by
//! `linfa-linalg`. Each number is the same sum whatever the number of threads.

use linfa_linalg::LinalgError;
use linfa_linalg::cholesky::CholeskyInplace;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, s};
use rayon::prelude::*;

use super::KernelError;
use crate::cancel::{CalledOff, Cancelled, check};
use crate::features::dense::dot;

/// Rows of a block: its part of the matrix stays in the second-level cache.
const BLOCK: usize = 128;

/// A factored matrix: lower triangular L with L·Lᵀ = A.
#[derive(Debug)]
pub(super) struct Factored(Array2<f32>);

impl Factored {
    /// Factors a symmetric matrix, of which the lower triangle is read.
    ///
    /// # Errors
    /// If it is not square, or not positive definite, or the work was called off.
    pub(super) fn new(
        mut matrix: Array2<f32>,
        called_off: CalledOff<'_>,
    ) -> Result<Self, KernelError> {
        let rows = matrix.nrows();
        if matrix.ncols() != rows {
            let cols = matrix.ncols();
            return Err(LinalgError::NotSquare { rows, cols }.into());
        }
        for start in (0..rows).step_by(BLOCK) {
            let end = rows.min(start + BLOCK);
            // In doubles: the rounding of the small blocks would add up otherwise.
            let mut corner = matrix.slice(s![start..end, start..end]).mapv(f64::from);
            corner.cholesky_inplace()?;
            #[allow(clippy::cast_possible_truncation)] // the matrix is one of singles
            let corner = corner.mapv(|v| v as f32);
            matrix.slice_mut(s![start..end, start..end]).assign(&corner);
            let mut below = matrix.slice_mut(s![end.., start..]);
            below.outer_iter_mut().into_par_iter().for_each(|mut row| {
                let mut row = row.slice_mut(s![..end - start]);
                solve_lower(corner.view(), row.as_slice_mut().unwrap_or_default());
            });
            let panel = below.slice(s![.., ..end - start]).to_owned();
            below
                .axis_chunks_iter_mut(Axis(0), BLOCK)
                .into_par_iter()
                .enumerate()
                .try_for_each(|(chunk, mut rows)| {
                    check(called_off)?;
                    let first = chunk * BLOCK;
                    let last = first + rows.nrows();
                    let own = panel.slice(s![first..last, ..]);
                    let others = panel.slice(s![..last, ..]);
                    let mut rest = rows.slice_mut(s![.., end - start..end - start + last]);
                    general_mat_mul(-1.0, &own, &others.t(), 1.0, &mut rest);
                    Ok::<_, Cancelled>(())
                })?;
        }
        Ok(Self(matrix))
    }

    /// Solves A·X = B for X, in the place of B.
    ///
    /// # Errors
    /// If the work was called off.
    pub(super) fn solve(
        &self,
        sides: &mut Array2<f32>,
        called_off: CalledOff<'_>,
    ) -> Result<(), Cancelled> {
        let rows = self.0.nrows();
        let blocks: Vec<usize> = (0..rows).step_by(BLOCK).collect();
        for &start in &blocks {
            check(called_off)?;
            let end = rows.min(start + BLOCK);
            let (mut own, mut below) = sides.view_mut().split_at(Axis(0), end);
            let mut own = own.slice_mut(s![start.., ..]);
            let corner = self.0.slice(s![start..end, start..end]);
            solve_columns(corner, own.view_mut(), solve_lower);
            let panel = self.0.slice(s![end.., start..end]);
            subtract_product(&panel, &own.view(), &mut below);
        }
        for &start in blocks.iter().rev() {
            check(called_off)?;
            let end = rows.min(start + BLOCK);
            let (mut above, mut own) = sides.view_mut().split_at(Axis(0), start);
            let mut own = own.slice_mut(s![..end - start, ..]);
            let corner = self.0.slice(s![start..end, start..end]);
            solve_columns(corner, own.view_mut(), solve_upper);
            let panel = self.0.slice(s![start..end, ..start]);
            subtract_product(&panel.t(), &own.view(), &mut above);
        }
        Ok(())
    }
}

/// `sums − a·b`, in chunks of rows side by side.
fn subtract_product(
    a: &ArrayView2<'_, f32>,
    b: &ArrayView2<'_, f32>,
    sums: &mut ArrayViewMut2<'_, f32>,
) {
    sums.axis_chunks_iter_mut(Axis(0), BLOCK)
        .into_par_iter()
        .zip(a.axis_chunks_iter(Axis(0), BLOCK).into_par_iter())
        .for_each(|(mut sums, a)| general_mat_mul(-1.0, &a, b, 1.0, &mut sums));
}

/// Solves L·x = b for x, in the place of b.
fn solve_lower(lower: ArrayView2<'_, f32>, side: &mut [f32]) {
    for (index, row) in lower.outer_iter().enumerate() {
        let row = row.to_slice().unwrap_or_default();
        side[index] = (side[index] - dot(&row[..index], &side[..index])) / row[index];
    }
}

/// Solves Lᵀ·x = b for x, in the place of b.
fn solve_upper(lower: ArrayView2<'_, f32>, side: &mut [f32]) {
    for (index, row) in lower.outer_iter().enumerate().rev() {
        side[index] /= row[index];
        let own = side[index];
        for (x, l) in side.iter_mut().zip(row).take(index) {
            *x -= l * own;
        }
    }
}

/// Solves for each column of `sides`.
fn solve_columns(
    lower: ArrayView2<'_, f32>,
    mut sides: ArrayViewMut2<'_, f32>,
    solve: fn(ArrayView2<'_, f32>, &mut [f32]),
) {
    let mut columns = sides.t().as_standard_layout().into_owned();
    for mut column in columns.outer_iter_mut() {
        solve(lower, column.as_slice_mut().unwrap_or_default());
    }
    sides.assign(&columns.t());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cancel::NEVER;

    /// Entries of a Gaussian kernel of points on a spiral, and a ridge: positive definite.
    fn matrix(rows: usize) -> Array2<f32> {
        Array2::from_shape_fn((rows, rows), |(a, b)| {
            #[allow(clippy::cast_precision_loss)]
            let (a, b) = (a as f32 * 0.37, b as f32 * 0.37);
            let (x, y) = (a.cos() * a - b.cos() * b, a.sin() * a - b.sin() * b);
            (-x.mul_add(x, y * y) / 4.0).exp() + if a == b { 0.1 } else { 0.0 }
        })
    }

    #[test]
    fn the_solution_solves_the_equations_at_all_sizes_of_blocks() {
        for rows in [1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 17] {
            let matrix = matrix(rows);
            #[allow(clippy::cast_precision_loss)]
            let truth = Array2::from_shape_fn((rows, 3), |(r, c)| (r * 3 + c) as f32 % 7.0 - 3.0);
            let mut sides = matrix.dot(&truth);
            let factored = Factored::new(matrix, NEVER).unwrap();
            factored.solve(&mut sides, NEVER).unwrap();
            for (x, t) in sides.iter().zip(&truth) {
                assert!((x - t).abs() < 1e-3, "{rows} rows: {x} {t}");
            }
        }
    }

    #[test]
    fn a_matrix_that_is_not_positive_definite_is_refused() {
        let mut indefinite = matrix(BLOCK + 9);
        indefinite[[BLOCK + 3, BLOCK + 3]] = -1.0;
        assert!(Factored::new(indefinite, NEVER).is_err());
        assert!(Factored::new(Array2::zeros((2, 3)), NEVER).is_err());
    }

    #[test]
    fn no_rows_are_no_error() {
        let mut none = Array2::zeros((0, 4));
        let factored = Factored::new(Array2::zeros((0, 0)), NEVER).unwrap();
        factored.solve(&mut none, NEVER).unwrap();
        assert_eq!(none.dim(), (0, 4));
    }
}
