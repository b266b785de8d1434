//! Dense layers: rows · weights + bias, by 16-bit integers with one scale a column of the weights
//! and one a row of the activations. A row's result depends on that row alone, whatever stands
//! beside it.

use pulp::{Arch, NullaryFnOnce};

use super::product::{Lanes, MAX_ROWS, Multiply, PANEL};
use super::quantize::{QuantizedRows, quantized_pair, scaling};

/// A layer's weights, laid out for [`Multiply`].
pub(super) struct Dense {
    /// One panel after the other, each two [`Lanes`] for every pair of inputs; columns beyond
    /// `outputs` are zero.
    panels: Vec<Lanes>,
    /// What an integer of each column stands for; a whole number of panels.
    scales: Vec<f32>,
    /// Likewise one a column.
    bias: Vec<f32>,
    inputs: usize,
    outputs: usize,
}

impl Dense {
    /// Takes weights of shape `outputs × inputs`, row by row as PyTorch stores them, and one bias an
    /// output. `inputs` is at least 1 and at most [`MAX_INPUTS`](super::quantize::MAX_INPUTS).
    pub(super) fn new(weights: &[f32], bias: &[f32], inputs: usize) -> Self {
        let outputs = bias.len();
        let half = inputs.div_ceil(2);
        let panel_lanes = 2 * half;
        let panel_count = outputs.div_ceil(PANEL);
        let mut panels = vec![Lanes([0; 16]); panel_count * panel_lanes];
        let mut scales = vec![0.0; panel_count * PANEL];
        let mut padded_bias = bias.to_vec();
        padded_bias.resize(panel_count * PANEL, 0.0);
        for (column, weights) in weights.chunks_exact(inputs).take(outputs).enumerate() {
            let (factor, scale) = scaling(weights);
            scales[column] = scale;
            let start = column / PANEL * panel_lanes + column % PANEL / 16;
            for (index, weights) in weights.chunks(2).enumerate() {
                panels[start + 2 * index].0[column % 16] = quantized_pair(weights, factor);
            }
        }
        Self {
            panels,
            scales,
            bias: padded_bias,
            inputs,
            outputs,
        }
    }

    /// Replaces `result` by the layer's outputs for `rows`, row by row.
    pub(super) fn apply(
        &self,
        arch: Arch,
        rows: &[f32],
        quantized: &mut QuantizedRows,
        result: &mut Vec<f32>,
    ) {
        let count = rows.len() / self.inputs;
        quantized.fill(arch, rows, self.inputs);
        result.resize(count * self.outputs, 0.0);
        let half = self.inputs.div_ceil(2);
        let mut tile = [[0; PANEL]; MAX_ROWS];
        for (index, panel) in self.panels.chunks_exact(2 * half).enumerate() {
            let first_column = index * PANEL;
            let columns = first_column..first_column + PANEL;
            let mut below = result.as_mut_slice();
            for block in quantized.blocks() {
                let (own, rest) = below.split_at_mut(block.scales.len() * self.outputs);
                below = rest;
                Multiply {
                    rows: block.scales.len(),
                    pairs: block.pairs,
                    panel,
                    tile: &mut tile,
                }
                .run(arch);
                arch.dispatch(Restore {
                    tile: &tile,
                    row_scales: block.scales,
                    column_scales: &self.scales[columns.clone()],
                    bias: &self.bias[columns.clone()],
                    first_column,
                    result: own,
                });
            }
        }
    }
}

/// Turns a tile's sums back into numbers and writes them to their columns of `result`.
struct Restore<'a> {
    tile: &'a [[i32; PANEL]],
    row_scales: &'a [f32],
    /// Of the panel's columns, and their biases.
    column_scales: &'a [f32],
    bias: &'a [f32],
    first_column: usize,
    /// Whole rows, one a scale.
    result: &'a mut [f32],
}

impl NullaryFnOnce for Restore<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let outputs = self.result.len() / self.row_scales.len().max(1);
        let last_column = outputs.min(self.first_column + PANEL);
        let rows = self.result.chunks_exact_mut(outputs);
        for ((sums, &row_scale), row) in self.tile.iter().zip(self.row_scales).zip(rows) {
            let own = row[self.first_column..last_column].iter_mut().zip(sums);
            let columns = self.column_scales.iter().zip(self.bias);
            for ((to, &sum), (column_scale, bias)) in own.zip(columns) {
                #[allow(clippy::cast_precision_loss)] // 2⁻²⁴ is far below the rounding's error
                let sum = sum as f32;
                *to = sum * (row_scale * column_scale) + bias;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::quantize::MAX_INPUTS;
    use super::*;

    fn random(count: usize, seed: u64, scale: f32) -> Vec<f32> {
        let mut random = fastrand::Rng::with_seed(seed);
        (0..count).map(|_| (random.f32() - 0.5) * scale).collect()
    }

    fn apply(layer: &Dense, rows: &[f32]) -> Vec<f32> {
        let mut result = Vec::new();
        layer.apply(
            Arch::new(),
            rows,
            &mut QuantizedRows::default(),
            &mut result,
        );
        result
    }

    #[test]
    fn products_are_those_of_floating_point_to_four_digits() {
        for (inputs, outputs, count) in [(7, 5, 1), (64, 33, 3), (384, 96, 29)] {
            let weights = random(inputs * outputs, 1, 0.2);
            let bias = random(outputs, 2, 1.0);
            let rows = random(count * inputs, 3, 4.0);
            let result = apply(&Dense::new(&weights, &bias, inputs), &rows);
            for (row, result) in rows.chunks(inputs).zip(result.chunks(outputs)) {
                for (column, &found) in result.iter().enumerate() {
                    let weights = &weights[column * inputs..(column + 1) * inputs];
                    let product = |square: bool| -> f64 {
                        let each = row.iter().zip(weights);
                        each.map(|(&x, &w)| f64::from(x) * f64::from(w))
                            .map(|p| if square { p * p } else { p })
                            .sum()
                    };
                    let error = f64::from(found) - product(false) - f64::from(bias[column]);
                    assert!(
                        error.abs() < 2e-3 * product(true).sqrt(),
                        "{inputs}: {error}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_row_alone_gives_the_same_bits_as_among_others() {
        let layer = Dense::new(&random(64 * 40, 1, 0.2), &random(40, 2, 1.0), 64);
        let rows = random(31 * 64, 3, 4.0);
        let together = apply(&layer, &rows);
        for (row, expected) in rows.chunks(64).zip(together.chunks(40)) {
            assert_eq!(apply(&layer, row), expected);
        }
    }

    #[test]
    fn the_longest_vectors_do_not_overflow() {
        let inputs = MAX_INPUTS;
        // The sum is largest for two parallel vectors: all numbers alike, or one that outdoes all.
        for numbers in [vec![1.0; inputs], {
            let mut one = vec![1e-6; inputs];
            one[5] = 3.0;
            one
        }] {
            let exact: f64 = numbers.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
            let found = apply(&Dense::new(&numbers, &[0.0], inputs), &numbers)[0];
            // Equal numbers are all rounded the same way: 359.375 to 359.
            assert!(
                (f64::from(found) / exact - 1.0).abs() < 3e-3,
                "{found} {exact}"
            );
        }
    }

    #[test]
    fn zeros_give_the_bias() {
        assert_eq!(
            apply(&Dense::new(&[0.0; 6], &[1.5, -2.0], 3), &[0.0; 3]),
            [1.5, -2.0]
        );
    }
}
