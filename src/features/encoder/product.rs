//! Products of 16-bit integer matrices with exact 32-bit sums.
//!
//! Integer sums do not depend on their order: every kernel here gives the same bits, whichever the
//! processor has and however rows are grouped. That no sum overflows is for the caller to see to
//! (`dense` does, by the Cauchy–Schwarz inequality). Knows nothing of scales or layers.
//!
//! Why 16 bits: the multiply-and-add of pairs that AVX2 and AVX-512 offer does twice the products of
//! a 32-bit float's in the same time on half the memory, at a rounding error near 10⁻⁴ of an
//! activation. Eight bits are faster again but cost accuracy.

use pulp::{Arch, NullaryFnOnce};

/// Columns of a panel.
pub(super) const PANEL: usize = 32;

/// Most rows of a block.
pub(super) const MAX_ROWS: usize = 14;

/// Sixteen columns of a panel, aligned to a cache line; each number holds the weights of two
/// consecutive inputs, the first in the low half.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Lanes(pub(super) [i32; 16]);

/// The sums of one block of rows and one panel.
pub(super) type Tile = [[i32; PANEL]; MAX_ROWS];

/// The lowest 16 bits of two integers in one number.
#[inline(always)]
#[allow(clippy::inline_always)] // must take over the caller's instruction set
pub(super) fn pair(first: i32, second: i32) -> i32 {
    (first & 0xFFFF) | (second << 16)
}

/// Rows of a block that fill the processor's registers.
pub(super) fn block_rows(arch: Arch) -> usize {
    match arch {
        #[cfg(target_arch = "x86_64")]
        Arch::V4(_) => MAX_ROWS,
        #[cfg(target_arch = "x86_64")]
        Arch::V3(_) => 6,
        _ => 4,
    }
}

/// Calls a kernel with the number of rows as a constant.
macro_rules! with_rows {
    ($rows:expr, [$($count:literal)*], $kernel:ident $arguments:tt) => {
        match $rows {
            $($count => $kernel::<$count> $arguments,)*
            // Blocks are never larger: see `block_rows`.
            _ => {}
        }
    };
}

/// One block of rows times one panel.
pub(super) struct Multiply<'a> {
    /// Rows of the block, at most [`block_rows`].
    pub(super) rows: usize,
    /// For each pair of inputs, one number a row.
    pub(super) pairs: &'a [i32],
    /// For each pair of inputs, two [`Lanes`].
    pub(super) panel: &'a [Lanes],
    /// Takes the sums in its first rows.
    pub(super) tile: &'a mut Tile,
}

impl<'a> Multiply<'a> {
    /// For each pair of inputs, the numbers of all rows and of all columns.
    #[inline(always)]
    #[allow(clippy::inline_always)] // must take over the caller's instruction set
    fn operands<const ROWS: usize>(&self) -> (&'a [[i32; ROWS]], &'a [[Lanes; 2]]) {
        (self.pairs.as_chunks().0, self.panel.as_chunks().0)
    }

    /// Computes the sums.
    pub(super) fn run(self, arch: Arch) {
        match arch {
            #[cfg(target_arch = "x86_64")]
            Arch::V4(simd) => simd.vectorize(With512(simd, self)),
            #[cfg(target_arch = "x86_64")]
            Arch::V3(simd) => simd.vectorize(With256(simd, self)),
            _ => with_rows!(self.rows, [1 2 3 4], multiply_plain(self)),
        }
    }
}

#[cfg(target_arch = "x86_64")]
struct With512<'a>(pulp::x86::V4, Multiply<'a>);

#[cfg(target_arch = "x86_64")]
impl NullaryFnOnce for With512<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self(simd, task) = self;
        with_rows!(task.rows, [1 2 3 4 5 6 7 8 9 10 11 12 13 14], multiply_512(simd, task));
    }
}

#[cfg(target_arch = "x86_64")]
struct With256<'a>(pulp::x86::V3, Multiply<'a>);

#[cfg(target_arch = "x86_64")]
impl NullaryFnOnce for With256<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self(simd, task) = self;
        with_rows!(task.rows, [1 2 3 4 5 6], multiply_256(simd, task));
    }
}

/// AVX-512: two registers a row, for up to 14 rows.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(clippy::inline_always)] // must take over the caller's instruction set
fn multiply_512<const ROWS: usize>(simd: pulp::x86::V4, task: Multiply<'_>) {
    let (f, bw) = (simd.avx512f, simd.avx512bw);
    let (pairs, weights) = task.operands::<ROWS>();
    let mut sums = [[f._mm512_setzero_si512(); 2]; ROWS];
    for (pairs, weights) in pairs.iter().zip(weights) {
        let weights = [pulp::cast(weights[0].0), pulp::cast(weights[1].0)];
        for (sums, &pair) in sums.iter_mut().zip(pairs) {
            let pair = f._mm512_set1_epi32(pair);
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum = f._mm512_add_epi32(*sum, bw._mm512_madd_epi16(pair, weight));
            }
        }
    }
    for (row, sums) in task.tile.iter_mut().zip(sums) {
        *row = pulp::cast(sums);
    }
}

/// AVX2: two registers a row for half a panel, for up to 6 rows.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(clippy::inline_always)] // must take over the caller's instruction set
fn multiply_256<const ROWS: usize>(simd: pulp::x86::V3, task: Multiply<'_>) {
    use std::arch::x86_64::__m256i;
    let (avx, avx2) = (simd.avx, simd.avx2);
    let (pairs, weights) = task.operands::<ROWS>();
    for half in 0..2 {
        let mut sums = [[avx._mm256_setzero_si256(); 2]; ROWS];
        for (pairs, weights) in pairs.iter().zip(weights) {
            let weights: [__m256i; 2] = pulp::cast(weights[half].0);
            for (sums, &pair) in sums.iter_mut().zip(pairs) {
                let pair = avx._mm256_set1_epi32(pair);
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum = avx2._mm256_add_epi32(*sum, avx2._mm256_madd_epi16(pair, weight));
                }
            }
        }
        for (row, sums) in task.tile.iter_mut().zip(sums) {
            let halves: &mut [[i32; PANEL / 2]] = row.as_chunks_mut().0;
            halves[half] = pulp::cast(sums);
        }
    }
}

/// Any processor.
fn multiply_plain<const ROWS: usize>(task: Multiply<'_>) {
    let (pairs, weights) = task.operands::<ROWS>();
    let mut sums = [[0_i32; PANEL]; ROWS];
    for (pairs, weights) in pairs.iter().zip(weights) {
        for (sums, &pair) in sums.iter_mut().zip(pairs) {
            let weights = weights.iter().flat_map(|lanes| &lanes.0);
            for (sum, &weight) in sums.iter_mut().zip(weights) {
                let product = (low(pair) * low(weight)).wrapping_add(high(pair) * high(weight));
                *sum = sum.wrapping_add(product);
            }
        }
    }
    for (row, sums) in task.tile.iter_mut().zip(sums) {
        *row = sums;
    }
}

fn low(pair: i32) -> i32 {
    (pair << 16) >> 16
}

fn high(pair: i32) -> i32 {
    pair >> 16
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// All instruction sets that this processor has.
    pub(crate) fn instruction_sets() -> Vec<Arch> {
        #[allow(unused_mut)]
        let mut kernels = vec![Arch::Scalar];
        #[cfg(target_arch = "x86_64")]
        {
            kernels.extend(pulp::x86::V3::try_new().map(Arch::V3));
            kernels.extend(pulp::x86::V4::try_new().map(Arch::V4));
        }
        kernels
    }

    #[test]
    fn every_kernel_gives_the_exact_sums_for_every_number_of_rows() {
        let inputs = 10;
        let number = |seed: usize| (seed * 7_919 % 4_001) as i32 - 2_000;
        let weight = |input: usize, column: usize| number(input * 97 + column * 13 + 5);
        let panel: Vec<Lanes> = (0..inputs / 2)
            .flat_map(|p| {
                [0, 16].map(|start| {
                    Lanes(std::array::from_fn(|lane| {
                        pair(weight(2 * p, start + lane), weight(2 * p + 1, start + lane))
                    }))
                })
            })
            .collect();
        for arch in instruction_sets() {
            for rows in 1..=block_rows(arch) {
                let value = |row: usize, input: usize| number(row * 31 + input * 3 + 1);
                let pairs: Vec<i32> = (0..inputs / 2)
                    .flat_map(|p| {
                        (0..rows).map(move |r| pair(value(r, 2 * p), value(r, 2 * p + 1)))
                    })
                    .collect();
                let mut tile = [[0; PANEL]; MAX_ROWS];
                Multiply {
                    rows,
                    pairs: &pairs,
                    panel: &panel,
                    tile: &mut tile,
                }
                .run(arch);
                for (row, sums) in tile.iter().enumerate().take(rows) {
                    for (column, &sum) in sums.iter().enumerate() {
                        let exact: i32 =
                            (0..inputs).map(|i| value(row, i) * weight(i, column)).sum();
                        assert_eq!(
                            sum, exact,
                            "{arch:?} {rows} rows, row {row}, column {column}"
                        );
                    }
                }
                assert!(tile[rows..].iter().flatten().all(|&sum| sum == 0));
            }
        }
    }
}
