//! Keys of pairs of word pieces.

/// The key of a pair of neighbouring word pieces: both ids, mixed so that all bits depend on both
/// (the finaliser of SplitMix64; Steele, Lea and Flood 2014). Different pairs have different keys.
pub(super) fn pair_key(first: u32, second: u32) -> u64 {
    let mut key = (u64::from(first) << 32) | u64::from(second);
    key = (key ^ (key >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    key = (key ^ (key >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    key ^ (key >> 31)
}
