//! Numbers folded to one, sixteen side by side.
//!
//! Written over arrays of fixed size so that the compiler uses the registers of whatever instruction set the caller has,
//! always in the same order, so that every processor gives the same bits.

/// Numbers that are worked on side by side.
pub(super) const LANES: usize = 16;

/// The sum of the squares.
#[inline(always)]
#[allow(clippy::inline_always)] // must take over the caller's instruction set
pub(super) fn sum_of_squares(values: &[f32]) -> f32 {
    fold(values, 0.0, |sum, x| sum + x * x, |a, b| a + b)
}

/// The largest magnitude; 0 if there is none.
#[inline(always)]
#[allow(clippy::inline_always)] // must take over the caller's instruction set
pub(super) fn largest_magnitude(values: &[f32]) -> f32 {
    fold(values, 0.0, |largest, x| larger(largest, x.abs()), larger)
}

#[inline(always)]
#[allow(clippy::inline_always)] // must take over the caller's instruction set
pub(super) fn sum(values: &[f32]) -> f32 {
    fold(values, 0.0, |sum, x| sum + x, |a, b| a + b)
}

/// Unlike `f32::max`, one instruction.
#[inline(always)]
#[allow(clippy::inline_always)] // must take over the caller's instruction set
pub(super) fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// Folds every sixteenth number by `step`, then merges the sixteen results by halves: always in the
/// same order, and in few steps that wait for each other.
#[inline(always)]
#[allow(clippy::inline_always)] // must take over the caller's instruction set
pub(super) fn fold(
    values: &[f32],
    start: f32,
    step: impl Fn(f32, f32) -> f32,
    merge: impl Fn(f32, f32) -> f32,
) -> f32 {
    let mut results = [start; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (result, &value) in results.iter_mut().zip(chunk) {
            *result = step(*result, value);
        }
    }
    for (result, &value) in results.iter_mut().zip(rest) {
        *result = step(*result, value);
    }
    for half in [8, 4, 2, 1] {
        for index in 0..half {
            results[index] = merge(results[index], results[index + half]);
        }
    }
    results[0]
}
