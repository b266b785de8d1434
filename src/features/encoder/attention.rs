//! Scaled dot-product attention with several heads (Vaswani et al. 2017), each text for itself.

use pulp::{Simd, WithSimd};

use crate::features::lanes::LANES;
use crate::features::softmax::softmax_here;

/// Tokens whose scores are worked on side by side, to keep the processor's adders busy.
const ROWS: usize = 4;

/// Attention over several texts, one below the other: a task for `Arch::dispatch`.
pub(super) struct Attend<'a> {
    /// The texts' tokens, at least one each; only their number matters.
    pub(super) texts: &'a [&'a [u32]],
    /// Query, key and value side by side: `tokens × 3 · hidden`.
    pub(super) projected: &'a [f32],
    /// Takes each token's context: `tokens × hidden`.
    pub(super) context: &'a mut [f32],
    pub(super) hidden: usize,
    /// Divides `hidden`.
    pub(super) heads: usize,
    pub(super) buffers: &'a mut AttentionBuffers,
}

/// Reusable buffers. Rows are filled up with zeros to a multiple of [`LANES`].
#[derive(Default)]
pub(super) struct AttentionBuffers {
    /// One head's keys, scaled, one component after the other: `width × tokens`.
    keys: Vec<f32>,
    /// One head's values: `tokens × width`.
    values: Vec<f32>,
    /// How much some tokens attend to each: `ROWS × tokens`.
    scores: Vec<f32>,
    /// Their contexts: `ROWS × width`.
    sums: Vec<f32>,
}

impl WithSimd for Attend<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (mut projected, mut context) = (self.projected, self.context);
        let width = self.hidden / self.heads;
        for text in self.texts {
            let size = text.len() * self.hidden;
            let (own, rest) = projected.split_at(3 * size);
            projected = rest;
            let (own_context, rest) = context.split_at_mut(size);
            context = rest;
            for start in (0..self.hidden).step_by(width) {
                let head = Head {
                    projected: own,
                    hidden: self.hidden,
                    start,
                    width,
                };
                head.attend(simd, own_context, self.buffers);
            }
        }
    }
}

/// One head's part of one text.
struct Head<'a> {
    projected: &'a [f32],
    hidden: usize,
    /// Where the head's components begin in each token's query, key and value.
    start: usize,
    width: usize,
}

impl Head<'_> {
    #[inline(always)]
    #[allow(clippy::inline_always)] // must take over the caller's instruction set
    fn attend<S: Simd>(&self, simd: S, context: &mut [f32], buffers: &mut AttentionBuffers) {
        let (start, width) = (self.start, self.width);
        let tokens = context.len() / self.hidden;
        let padded_tokens = tokens.next_multiple_of(LANES);
        let padded_width = width.next_multiple_of(LANES);
        let AttentionBuffers {
            keys,
            values,
            scores,
            sums,
        } = buffers;
        self.take_keys_and_values(padded_tokens, padded_width, keys, values);
        scores.resize(ROWS * padded_tokens, 0.0);
        sums.resize(ROWS * padded_width, 0.0);
        let rows = self.projected.chunks(ROWS * 3 * self.hidden);
        for (rows, context) in rows.zip(context.chunks_mut(ROWS * self.hidden)) {
            let count = context.len() / self.hidden;
            let stride = 3 * self.hidden;
            let queries = (&rows[start..], stride, width);
            let scores = &mut scores[..count * padded_tokens];
            multiply_rows(simd, queries, keys, scores, padded_tokens);
            for scores in scores.chunks_exact_mut(padded_tokens) {
                // What only fills has no part.
                scores[tokens..].fill(f32::NEG_INFINITY);
                softmax_here(scores);
            }
            let sums = &mut sums[..count * padded_width];
            multiply_rows(
                simd,
                (&*scores, padded_tokens, tokens),
                values,
                sums,
                padded_width,
            );
            let own = context.chunks_exact_mut(self.hidden);
            for (context, sums) in own.zip(sums.chunks_exact(padded_width)) {
                context[start..start + width].copy_from_slice(&sums[..width]);
            }
        }
    }

    #[inline(always)]
    #[allow(clippy::inline_always)] // must take over the caller's instruction set
    fn take_keys_and_values(
        &self,
        padded_tokens: usize,
        padded_width: usize,
        keys: &mut Vec<f32>,
        values: &mut Vec<f32>,
    ) {
        #[allow(clippy::cast_precision_loss)] // widths of heads are small
        let scale = 1.0 / (self.width as f32).sqrt();
        keys.clear();
        keys.resize(self.width * padded_tokens, 0.0);
        values.clear();
        for (token, row) in self.projected.chunks_exact(3 * self.hidden).enumerate() {
            let part = |index: usize| {
                let start = index * self.hidden + self.start;
                &row[start..start + self.width]
            };
            for (keys, &key) in keys.chunks_exact_mut(padded_tokens).zip(part(1)) {
                keys[token] = key * scale;
            }
            values.extend_from_slice(part(2));
            values.resize((token + 1) * padded_width, 0.0);
        }
    }
}

/// Writes left · right into `result`, up to [`ROWS`] rows of `columns` numbers, a multiple of
/// [`LANES`]. `left` is numbers, the distance of rows, and their length. Each sum runs in the order
/// of `right`'s rows, whatever the width of the registers.
#[inline(always)]
#[allow(clippy::inline_always)] // must take over the caller's instruction set
fn multiply_rows<S: Simd>(
    simd: S,
    left: (&[f32], usize, usize),
    right: &[f32],
    result: &mut [f32],
    columns: usize,
) {
    match result.len() / columns {
        1 => multiply_exactly::<S, 1>(simd, left, right, result, columns),
        2 => multiply_exactly::<S, 2>(simd, left, right, result, columns),
        3 => multiply_exactly::<S, 3>(simd, left, right, result, columns),
        _ => multiply_exactly::<S, ROWS>(simd, left, right, result, columns),
    }
}

#[inline(always)]
#[allow(clippy::inline_always)] // must take over the caller's instruction set
fn multiply_exactly<S: Simd, const COUNT: usize>(
    simd: S,
    (left, stride, length): (&[f32], usize, usize),
    right: &[f32],
    result: &mut [f32],
    columns: usize,
) {
    let registers = columns / S::F32_LANES;
    let right = S::as_simd_f32s(right).0;
    let result = S::as_mut_simd_f32s(result).0;
    let left: [&[f32]; COUNT] = std::array::from_fn(|row| &left[row * stride..][..length]);
    for register in 0..registers {
        let mut sums = [simd.splat_f32s(0.0); COUNT];
        for (index, right) in right.chunks_exact(registers).take(length).enumerate() {
            let numbers = right[register];
            for (sum, left) in sums.iter_mut().zip(left) {
                let product = simd.mul_f32s(simd.splat_f32s(left[index]), numbers);
                *sum = simd.add_f32s(*sum, product);
            }
        }
        for (row, sum) in sums.into_iter().enumerate() {
            result[row * registers + register] = sum;
        }
    }
}
