//! Bytes in hexadecimal digits, and SHA-256 in them. Knows nothing of files.

use std::io::{self, Read};
use std::thread;

use sha2::{Digest, Sha256};

/// Bytes that are read at a time: about as many microseconds' work as they have kilobytes.
const PART: usize = 64 << 10;

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

/// SHA-256 of all that `reader` has in lower-case hexadecimal digits. Nothing of it is kept, and between its parts other
/// threads have their turn.
///
/// # Errors
/// If it cannot be read.
pub fn sha256_hex_of(mut reader: impl Read) -> io::Result<String> {
    let mut part = vec![0; PART];
    let mut digest = Sha256::new();
    loop {
        match reader.read(&mut part) {
            Ok(0) => return Ok(hex(&digest.finalize())),
            Ok(length) => digest.update(&part[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        thread::yield_now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_in_parts_has_the_checksum_of_the_whole() {
        for length in [0, 3, PART - 1, PART, PART + 1, 3 * PART + 7] {
            let bytes: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
            assert_eq!(sha256_hex_of(&bytes[..]).unwrap(), sha256_hex(&bytes));
        }
    }

    #[test]
    fn checksum_of_a_known_text() {
        assert_eq!(
            sha256_hex(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
