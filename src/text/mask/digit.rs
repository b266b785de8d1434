//! Digits of all scripts, and those in circles, brackets and above or below the line.

/// Characters that follow each other as their values do: the first of them, its value, and how many they are.
type Run = (char, u32, u32);

/// All decimal digits beyond ASCII (general category Nd), and other forms of the digits of ASCII (Unicode 16).
const RUNS: [Run; 91] = [
    ('\u{b2}', 2, 2),
    ('\u{b9}', 1, 1),
    ('\u{660}', 0, 10),
    ('\u{6f0}', 0, 10),
    ('\u{7c0}', 0, 10),
    ('\u{966}', 0, 10),
    ('\u{9e6}', 0, 10),
    ('\u{a66}', 0, 10),
    ('\u{ae6}', 0, 10),
    ('\u{b66}', 0, 10),
    ('\u{be6}', 0, 10),
    ('\u{c66}', 0, 10),
    ('\u{ce6}', 0, 10),
    ('\u{d66}', 0, 10),
    ('\u{de6}', 0, 10),
    ('\u{e50}', 0, 10),
    ('\u{ed0}', 0, 10),
    ('\u{f20}', 0, 10),
    ('\u{1040}', 0, 10),
    ('\u{1090}', 0, 10),
    ('\u{17e0}', 0, 10),
    ('\u{1810}', 0, 10),
    ('\u{1946}', 0, 10),
    ('\u{19d0}', 0, 10),
    ('\u{1a80}', 0, 10),
    ('\u{1a90}', 0, 10),
    ('\u{1b50}', 0, 10),
    ('\u{1bb0}', 0, 10),
    ('\u{1c40}', 0, 10),
    ('\u{1c50}', 0, 10),
    ('\u{2070}', 0, 1),
    ('\u{2074}', 4, 6),
    ('\u{2080}', 0, 10),
    ('\u{2460}', 1, 9),
    ('\u{2474}', 1, 9),
    ('\u{2488}', 1, 9),
    ('\u{24ea}', 0, 1),
    ('\u{24f5}', 1, 9),
    ('\u{24ff}', 0, 1),
    ('\u{2776}', 1, 9),
    ('\u{2780}', 1, 9),
    ('\u{278a}', 1, 9),
    ('\u{a620}', 0, 10),
    ('\u{a8d0}', 0, 10),
    ('\u{a900}', 0, 10),
    ('\u{a9d0}', 0, 10),
    ('\u{a9f0}', 0, 10),
    ('\u{aa50}', 0, 10),
    ('\u{abf0}', 0, 10),
    ('\u{ff10}', 0, 10),
    ('\u{104a0}', 0, 10),
    ('\u{10d30}', 0, 10),
    ('\u{10d40}', 0, 10),
    ('\u{11066}', 0, 10),
    ('\u{110f0}', 0, 10),
    ('\u{11136}', 0, 10),
    ('\u{111d0}', 0, 10),
    ('\u{112f0}', 0, 10),
    ('\u{11450}', 0, 10),
    ('\u{114d0}', 0, 10),
    ('\u{11650}', 0, 10),
    ('\u{116c0}', 0, 10),
    ('\u{116d0}', 0, 10),
    ('\u{116da}', 0, 10),
    ('\u{11730}', 0, 10),
    ('\u{118e0}', 0, 10),
    ('\u{11950}', 0, 10),
    ('\u{11bf0}', 0, 10),
    ('\u{11c50}', 0, 10),
    ('\u{11d50}', 0, 10),
    ('\u{11da0}', 0, 10),
    ('\u{11f50}', 0, 10),
    ('\u{16130}', 0, 10),
    ('\u{16a60}', 0, 10),
    ('\u{16ac0}', 0, 10),
    ('\u{16b50}', 0, 10),
    ('\u{16d70}', 0, 10),
    ('\u{1ccf0}', 0, 10),
    ('\u{1d7ce}', 0, 10),
    ('\u{1d7d8}', 0, 10),
    ('\u{1d7e2}', 0, 10),
    ('\u{1d7ec}', 0, 10),
    ('\u{1d7f6}', 0, 10),
    ('\u{1e140}', 0, 10),
    ('\u{1e2f0}', 0, 10),
    ('\u{1e4f0}', 0, 10),
    ('\u{1e5f1}', 0, 10),
    ('\u{1e950}', 0, 10),
    ('\u{1f100}', 0, 1),
    ('\u{1f101}', 0, 10),
    ('\u{1fbf0}', 0, 10),
];

/// The value of a digit.
pub(super) fn digit(c: char) -> Option<u32> {
    if c.is_ascii() {
        return c.to_digit(10);
    }
    let below = RUNS.partition_point(|&(first, _, _)| first <= c);
    let &(first, value, count) = RUNS.get(below.checked_sub(1)?)?;
    let after = u32::from(c) - u32::from(first);
    (after < count).then_some(value + after)
}

#[cfg(test)]
mod tests {
    use regex::Regex;
    use tokenizers::normalizers::unicode::NFKC;
    use tokenizers::pipeline::Normalizer;

    use super::*;

    #[test]
    fn every_decimal_digit_of_every_script_has_its_value() {
        let decimal = Regex::new(r"^\p{Nd}$").unwrap();
        let mut before = None;
        for c in '\u{80}'..=char::MAX {
            let mut utf8 = [0; 4];
            if decimal.is_match(c.encode_utf8(&mut utf8)) {
                // Each set begins with its zero, and some sets follow one another.
                let expected = match before {
                    Some((last, value)) if u32::from(last) + 1 == u32::from(c) => (value + 1) % 10,
                    _ => 0,
                };
                assert_eq!(digit(c), Some(expected), "{c:?}");
                before = Some((c, expected));
            } else if let Some(value) = digit(c) {
                assert!(value < 10 && c.is_numeric(), "{c:?}");
            }
        }
    }

    #[test]
    fn other_forms_of_digits_have_the_value_that_compatibility_gives_them() {
        let mut forms = 0;
        for &(first, value, count) in &RUNS {
            for after in 0..count {
                let c = char::from_u32(u32::from(first) + after).unwrap();
                let written = c.to_string();
                let plain = NFKC.normalize(&written, 0).unwrap();
                let plain = plain.chars().find(char::is_ascii_digit);
                if let Some(plain) = plain {
                    assert_eq!(plain.to_digit(10), Some(value + after), "{c:?}");
                    forms += 1;
                }
            }
        }
        assert!(forms > 90, "{forms}");
    }
}
