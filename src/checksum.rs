//! Bytes in hexadecimal digits, and SHA-256 in them. Knows nothing of files.

use sha2::{Digest, Sha256};

/// The lower-case hexadecimal digits of a byte, as ASCII.
#[must_use]
pub fn hex_digits(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [byte >> 4, byte & 15].map(|digit| DIGITS[usize::from(digit)])
}

/// Lower-case hexadecimal digits of `digest`, two a byte.
#[must_use]
pub fn hex(digest: &[u8]) -> String {
    let digits = digest.iter().flat_map(|byte| hex_digits(*byte));
    digits.map(char::from).collect()
}

/// SHA-256 of `bytes` in lower-case hexadecimal digits.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_of_a_known_text() {
        assert_eq!(
            sha256_hex(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
