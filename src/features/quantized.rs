//! Matrices of eight-bit numbers: a model's folded weights, an embedding table.

use ndarray::{Array2, ArrayView2};

use super::gather::{self, Rows};
use super::lanes::LANES;

/// A matrix of which each row is stored as signed bytes times one scale.
///
/// Eight bits keep a row of 77 labels in two cache lines. What rounding costs is at most half a
/// step: the row's largest weight divided by 254.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantizedMatrix {
    columns: usize,
    scales: Vec<f32>,
    /// Row by row, and some more so that rows can be read in whole groups.
    values: Vec<i8>,
}

/// Why stored weights are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuantizedError {
    /// The number of values is not rows times columns.
    #[error("{values} values do not fill {rows} rows of {columns} columns")]
    Shape {
        /// Number of values found.
        values: usize,
        /// Number of rows, one a scale.
        rows: usize,
        /// Number of columns.
        columns: usize,
    },
    /// A scale is not a finite number of at least zero.
    #[error("the scale of row {row} is not a finite number of at least zero")]
    Scale {
        /// The row.
        row: usize,
    },
}

impl QuantizedMatrix {
    /// Rounds to eight bits a number.
    #[must_use]
    pub fn quantize(weights: ArrayView2<'_, f32>) -> Self {
        let columns = weights.ncols();
        let mut scales = Vec::with_capacity(weights.nrows());
        let mut values = Vec::with_capacity(weights.len());
        for row in weights.outer_iter() {
            let largest = row.iter().fold(0.0_f32, |m, v| m.max(v.abs()));
            let scale = largest / 127.0;
            scales.push(scale);
            values.extend(row.iter().map(|v| {
                if scale > 0.0 {
                    #[allow(clippy::cast_possible_truncation)] // within ±127 by the choice of scale
                    let byte = (v / scale).round() as i8;
                    byte
                } else {
                    0
                }
            }));
        }
        Self::padded(columns, scales, values)
    }

    fn padded(columns: usize, scales: Vec<f32>, mut values: Vec<i8>) -> Self {
        values.reserve_exact(LANES);
        values.resize(values.len() + LANES, 0);
        Self {
            columns,
            scales,
            values,
        }
    }

    /// Takes stored parts; one scale a row.
    ///
    /// # Errors
    /// If the parts do not fit together or a scale is not finite.
    pub fn from_parts(
        scales: Vec<f32>,
        values: Vec<i8>,
        columns: usize,
    ) -> Result<Self, QuantizedError> {
        if scales.len().checked_mul(columns) != Some(values.len()) {
            return Err(QuantizedError::Shape {
                values: values.len(),
                rows: scales.len(),
                columns,
            });
        }
        if let Some(row) = scales.iter().position(|s| !(s.is_finite() && *s >= 0.0)) {
            return Err(QuantizedError::Scale { row });
        }
        Ok(Self::padded(columns, scales, values))
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.scales.len()
    }

    /// Number of columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// One scale a row.
    #[must_use]
    pub fn scales(&self) -> &[f32] {
        &self.scales
    }

    /// All bytes, row by row.
    #[must_use]
    pub fn values(&self) -> &[i8] {
        &self.values[..self.scales.len() * self.columns]
    }

    /// The rows named by `rows`, in that order.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        let bytes = |&row: &usize| &self.values[row * self.columns..(row + 1) * self.columns];
        let scales = rows.iter().map(|&row| self.scales[row]).collect();
        let values = rows.iter().flat_map(bytes).copied().collect();
        Self::padded(self.columns, scales, values)
    }

    /// Adds rows, each times its factor, to `sums`, one a column, in the order of the rows.
    pub fn add_rows(&self, rows: impl Iterator<Item = (u32, f32)> + Clone, sums: &mut [f32]) {
        let matrix = Rows {
            values: &self.values,
            columns: self.columns,
        };
        let scaled = rows.map(|(id, factor)| (id as usize, factor * self.scales[id as usize]));
        gather::add_rows(&matrix, scaled, sums);
    }

    /// Dot product of row `row` and a vector of one number a column.
    #[must_use]
    pub fn dot_row(&self, row: usize, vector: &[f32]) -> f32 {
        let bytes = &self.values[row * self.columns..(row + 1) * self.columns];
        let mut sums = [0.0_f32; LANES];
        let (chunks, rest) = bytes.as_chunks::<LANES>();
        let (vector_chunks, vector_rest) = vector.as_chunks::<LANES>();
        for (bytes, numbers) in chunks.iter().zip(vector_chunks) {
            for lane in 0..LANES {
                sums[lane] += f32::from(bytes[lane]) * numbers[lane];
            }
        }
        let rest = rest.iter().zip(vector_rest);
        let rest: f32 = rest.map(|(&byte, number)| f32::from(byte) * number).sum();
        self.scales[row] * (sums.iter().sum::<f32>() + rest)
    }

    /// The value at row `id` and `column`.
    #[must_use]
    pub fn get(&self, id: u32, column: usize) -> f32 {
        let id = id as usize;
        self.scales[id] * f32::from(self.values[id * self.columns + column])
    }

    /// All values as numbers.
    #[must_use]
    pub fn to_array(&self) -> Array2<f32> {
        Array2::from_shape_fn((self.rows(), self.columns), |(row, column)| {
            self.scales[row] * f32::from(self.values[row * self.columns + column])
        })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn rounding_costs_at_most_half_a_step() {
        let weights = array![[1.0, -0.3, 0.001], [0.0, 0.0, 0.0], [1e-4, 5e-5, -2e-5]];
        let matrix = QuantizedMatrix::quantize(weights.view());
        for (row, back) in weights.outer_iter().zip(matrix.to_array().outer_iter()) {
            let largest = row.iter().fold(0.0_f32, |m, v: &f32| m.max(v.abs()));
            for (a, b) in row.iter().zip(back) {
                assert!((a - b).abs() <= largest / 254.0 * 1.0001);
            }
        }
    }

    #[test]
    fn rows_add_up() {
        let matrix = QuantizedMatrix::quantize(array![[1.27, -1.27], [0.0, 2.54]].view());
        let mut sums = [0.0; 2];
        matrix.add_rows([(0, 2.0), (1, 0.5)].into_iter(), &mut sums);
        assert!(
            (sums[0] - 2.54).abs() < 1e-5 && (sums[1] + 1.27).abs() < 1e-5,
            "{sums:?}"
        );
        assert!((matrix.get(1, 1) - 2.54).abs() < 1e-5);
    }

    #[test]
    fn rows_are_selected_with_their_scales() {
        let matrix = QuantizedMatrix::quantize(array![[1.27, 0.0], [0.5, 2.54], [3.0, 1.0]].view());
        let selected = matrix.select(&[2, 0]);
        assert_eq!(selected.rows(), 2);
        assert_eq!(
            (selected.get(0, 1), selected.get(1, 0)),
            (matrix.get(2, 1), matrix.get(0, 0))
        );
    }

    #[test]
    fn a_dot_product_is_that_of_the_rounded_row() {
        let weights = Array2::from_shape_fn((2, 37), |(row, column)| {
            [0.1, -0.3, 0.7, 0.2][(row + column) % 4]
        });
        let matrix = QuantizedMatrix::quantize(weights.view());
        let vector: Vec<f32> = (0..37_u8).map(|v| f32::from(v) / 10.0 - 1.5).collect();
        for row in 0..2 {
            let rounded = matrix.to_array();
            let expected = rounded.row(row).dot(&ndarray::aview1(&vector));
            assert!((matrix.dot_row(row, &vector) - expected).abs() < 1e-4);
        }
    }

    #[test]
    fn parts_that_do_not_fit_are_refused() {
        assert!(QuantizedMatrix::from_parts(vec![1.0], vec![1, 2, 3], 2).is_err());
        assert!(QuantizedMatrix::from_parts(vec![f32::INFINITY], vec![1, 2], 2).is_err());
        assert!(QuantizedMatrix::from_parts(vec![1.0], vec![1, 2], 2).is_ok());
    }
}
