//! Rows of activations, and columns of weights, as 16-bit integers.
//!
//! A vector is scaled so that its Euclidean length stays below [`LENGTH`]: by the Cauchy–Schwarz
//! inequality no dot product of two such vectors, nor any part of one, then leaves 32 bits. Rounding
//! moves a dot product by about 2·10⁻⁴ of the product of the two lengths divided by the square root
//! of their number of components.

use pulp::{Arch, NullaryFnOnce};

use super::product::{block_rows, pair};
use crate::features::lanes::{largest_magnitude, sum_of_squares};

/// Euclidean length that vectors of integers are scaled to. Rounding adds at most √n / 2, which for
/// [`MAX_INPUTS`] inputs is 64, and (46,000 + 65)² < 2³¹.
const LENGTH: f32 = 46_000.0;

/// Largest integer of a scaled vector.
const LARGEST: f32 = 32_767.0;

/// Most inputs of a layer: the bound that [`LENGTH`] relies on.
pub(super) const MAX_INPUTS: usize = 16_384;

/// Rows of activations as integers; a reusable buffer.
#[derive(Default)]
pub(super) struct QuantizedRows {
    /// Numbers of rows of the blocks.
    sizes: Vec<usize>,
    /// Blocks one after the other; each holds, for every pair of inputs, one number a row.
    pairs: Vec<i32>,
    /// What an integer of each row stands for.
    scales: Vec<f32>,
}

/// Rows that are multiplied together.
pub(super) struct Block<'a> {
    /// For every pair of inputs, one number a row.
    pub(super) pairs: &'a [i32],
    /// What an integer of each row stands for.
    pub(super) scales: &'a [f32],
}

impl QuantizedRows {
    /// Quantizes `rows` of `width` numbers each, in blocks that suit the processor.
    pub(super) fn fill(&mut self, arch: Arch, rows: &[f32], width: usize) {
        let half = width.div_ceil(2);
        let count = rows.len() / width;
        self.sizes.clear();
        self.sizes.extend(block_sizes(count, block_rows(arch)));
        self.pairs.resize(count * half, 0);
        self.scales.clear();
        let mut pairs = self.pairs.as_mut_slice();
        let mut rows = rows.chunks_exact(width);
        for &size in &self.sizes {
            let (block, rest) = pairs.split_at_mut(size * half);
            pairs = rest;
            for (index, row) in rows.by_ref().take(size).enumerate() {
                let scale = arch.dispatch(QuantizeRow {
                    row,
                    pairs: &mut block[index..],
                    step: size,
                });
                self.scales.push(scale);
            }
        }
    }

    /// The blocks in order.
    pub(super) fn blocks(&self) -> impl Iterator<Item = Block<'_>> {
        let half = self.pairs.len() / self.scales.len().max(1);
        let (mut pairs, mut scales) = (self.pairs.as_slice(), self.scales.as_slice());
        self.sizes.iter().map(move |&size| {
            let block = Block {
                pairs: &pairs[..size * half],
                scales: &scales[..size],
            };
            pairs = &pairs[size * half..];
            scales = &scales[size..];
            block
        })
    }
}

/// Sizes of blocks of at most `limit` rows, as even as can be.
fn block_sizes(rows: usize, limit: usize) -> impl Iterator<Item = usize> {
    let count = rows.div_ceil(limit);
    (0..count).map(move |index| rows / count + usize::from(index < rows % count))
}

/// The factor that turns a vector's numbers into integers, and what an integer then stands for.
#[inline(always)]
#[allow(clippy::inline_always)] // must take over the caller's instruction set
pub(super) fn scaling(vector: &[f32]) -> (f32, f32) {
    let length = sum_of_squares(vector).sqrt();
    let largest = largest_magnitude(vector);
    if length > 0.0 {
        let factor = (LENGTH / length).min(LARGEST / largest);
        (factor, 1.0 / factor)
    } else {
        (0.0, 0.0)
    }
}

/// One or two numbers as integers, rounded to the nearest, halves to even.
#[inline(always)]
#[allow(clippy::inline_always)] // must take over the caller's instruction set
pub(super) fn quantized_pair(numbers: &[f32], factor: f32) -> i32 {
    // 1.5 · 2²³ leaves no room for fractions: the sum's lowest 16 bits are the rounded number. Unlike a
    // conversion, this needs no check for numbers out of range, which the factor rules out.
    let quantize = |number: f32| (number * factor + 12_582_912.0).to_bits().cast_signed();
    match *numbers {
        [first, second] => pair(quantize(first), quantize(second)),
        [first] => pair(quantize(first), 0),
        _ => 0,
    }
}

/// Quantizes one row of a block and returns what an integer stands for.
struct QuantizeRow<'a> {
    row: &'a [f32],
    /// From the row's first number on.
    pairs: &'a mut [i32],
    /// From one of the row's numbers to the next.
    step: usize,
}

impl NullaryFnOnce for QuantizeRow<'_> {
    type Output = f32;

    #[inline(always)]
    fn call(self) -> f32 {
        let (factor, scale) = scaling(self.row);
        let mut own = self.pairs.iter_mut().step_by(self.step);
        // First into a whole register, then to their places.
        let (chunks, rest) = self.row.as_chunks::<32>();
        for chunk in chunks {
            let mut pairs = [0; 16];
            for (pair, numbers) in pairs.iter_mut().zip(chunk.as_chunks::<2>().0) {
                *pair = quantized_pair(numbers, factor);
            }
            // Its end must not be asked for, or `own` would lose a number: pairs go first.
            for (pair, to) in pairs.into_iter().zip(own.by_ref()) {
                *to = pair;
            }
        }
        for (to, numbers) in own.zip(rest.chunks(2)) {
            *to = quantized_pair(numbers, factor);
        }
        scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_as_even_as_can_be() {
        assert_eq!(block_sizes(15, 14).collect::<Vec<_>>(), [8, 7]);
        assert_eq!(block_sizes(0, 14).sum::<usize>(), 0);
        assert!((1..100).all(|rows| block_sizes(rows, 6).sum::<usize>() == rows));
        assert!((1..100).all(|rows| block_sizes(rows, 6).all(|size| (1..=6).contains(&size))));
    }
}
