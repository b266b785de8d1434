//! What is masked, what is not, and where it stood.

mod addresses;
mod kept;
mod numbers;
mod writings;

use proptest::prelude::*;

use super::*;

fn assert_masked(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(masked(text), *expected, "{text}");
    }
}

#[test]
fn dates_times_prices_sizes_and_short_numbers_stay() {
    for text in [
        "on 2026-03-02 at 10:30, or 02/03/2026 10:45",
        "at 10:05 02/03/2026, 10:00 2026-03-02, 10:30 3.11.2025",
        "from 01.02.-05.02.2026, 01.02.2026-05.02.2026, (02/03/2026 10:30)",
        "2026-03-02T10:30:45.123456Z, 2026-03-02 10:30:45,123456 +0100",
        "12-Mar-2025, 02-März-2026, Q3-2025, 2025-W12, FY2024/25, H1/2025",
        "ordered 3.11.2025 and 12.11.25, 2024-2025, 2-3 days, 10 - 20 - 30",
        "49.99 + 1,299.00 EUR, 1.299.000 points, 1 299 000, 50% off 2 for 1",
        "€12999, 12999.00 EUR, USD 12,999.00, 45999 $, £ 12345.50",
        "10000 users, 25000 rows, 1500000, 10000-20000, a 10000mAh pack",
        "size 42, 100 x 200 cm, 3000 pieces, error 404, 24/7",
        "1920x1080, 1920×1080, 100x200x300cm, 1920X1080px, 2560 x 1440",
        "iPhone 15, Windows 11, 4K, mp3, covid-19, #1, #42, # 100 errors",
        "version 192.168.10.12, 10.0.19045.3570, v1.2.3, 120.0.6099.129",
        "2026-03-02-10-30, dump_2026-03-02_10-30-45, CVE-2026-0292",
        "ISO-8859-15, covid-2019, report-2026-03-02, Mar-12-2025, A/B-10",
        "no digits at all",
    ] {
        assert_masked(&[(text, text)]);
        assert!(matches!(masked(text), Cow::Borrowed(_)), "{text}");
    }
}

#[test]
fn a_text_of_the_longest_kind_takes_time_in_proportion() {
    // Each would take minutes if looked at again from every place.
    for unit in [
        "a@",
        "1 ",
        "1-",
        "A1 ",
        "DE89 ",
        "@",
        "0",
        "+1(",
        "( ",
        "(at) ",
        "a @ ",
        "tel ",
        "tel 1 ",
        "1.1.",
        "\"@",
        "a%40",
        "&#64;",
        "&",
        "4111 ",
        "4111,",
        "MT84 MALT ",
        "④",
        "EUR 12999 ",
        "order 48213 MB ",
        "4 1 ",
        "41 ",
        "+44\n",
        "4111\n",
        "DE-89\n",
        "1&nbsp;",
        "a @b.com",
        "a@b,",
        "1\u{301}",
    ] {
        let text = unit.repeat(100_000);
        assert!(masked(&text).len() <= text.len() * 16);
    }
}

proptest! {
    #[test]
    fn ranges_of_the_masked_text_lead_back_to_the_original(
        pieces in prop::collection::vec("[a-z]{1,5}|[0-9]{1,12}|a@b\\.de|ü|[ +#/.-]{1,2}", 0..20)
    ) {
        let text = pieces.concat();
        let mut mask = Mask::default();
        let masked = mask.apply(&text).to_owned();
        let mut end = 0;
        for (at, c) in masked.char_indices() {
            let original = mask.original(at..at + c.len_utf8());
            let there = text.get(original.clone()).unwrap();
            let is_kept = mask.places.iter().all(|place| !place.masked.contains(&at));
            if is_kept {
                prop_assert_eq!(there.chars().next(), Some(c));
                prop_assert_eq!(original.start, end);
            }
            end = original.end;
        }
        prop_assert_eq!(end, text.len());
    }

    #[test]
    fn what_is_masked_is_masked_for_good(text in "[aehijo0-9@. +#/-]{0,40}") {
        let once = masked(&text).into_owned();
        for (start, _) in once.match_indices(char::is_numeric) {
            let run = once[start..].chars().take_while(char::is_ascii_digit).count();
            let number = &once[start..start + run];
            prop_assert!(run < 5 || number.ends_with("000"), "{} of {}", once, text);
        }
        // A word that took a place may become part of what hangs on an at sign.
        if !text.contains('@') {
            prop_assert_eq!(masked(&once), once.as_str());
        }
    }
}
