//! What is masked, what is not, and where it stood.

use proptest::prelude::*;

use super::*;

fn assert_masked(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(masked(text), *expected, "{text}");
    }
}

#[test]
fn addresses_of_e_mail() {
    assert_masked(&[
        (
            "write to Jane.O'Neil+shop@mail.example.co.uk.",
            "write to email_address.",
        ),
        ("(jörg@müller.de)", "(email_address)"),
        ("a@b.co,c@d.org", "email_address,email_address"),
        ("'x_1@y-z.io'", "'email_address'"),
        ("mailto:4711@example.com now", "mailto:email_address now"),
        (
            "meet @ 5, user@host, @handle",
            "meet @ 5, user@host, @handle",
        ),
    ]);
}

#[test]
fn telephone_numbers() {
    assert_masked(&[
        ("call +44 20 7946 0958 please", "call phone_number please"),
        ("call +49(0)30-901820", "call phone_number"),
        ("+1 (555) 010-9999 x", "phone_number x"),
        ("(020) 7946 0958", "phone_number"),
        ("0171/1234567", "phone_number"),
        ("07700900123", "phone_number"),
        ("0049 170 1234567 bitte", "phone_number bitte"),
        ("415-555-0132 or 555-0132", "phone_number or phone_number"),
        ("1-800-555-0199", "phone_number"),
        ("+４４ ２０ ７９４６ ０９５８", "phone_number"),
        ("٠٥٠١٢٣٤٥٦٧", "phone_number"),
    ]);
}

#[test]
fn card_numbers_pass_luhns_test() {
    assert_masked(&[
        (
            "card 4111 1111 1111 1111 exp 12/27",
            "card card_number exp 12/27",
        ),
        ("4111-1111-1111-1111", "card_number"),
        ("378282246310005", "card_number"),
        // One digit off: no card, but no number to be kept either.
        ("4111111111111112", "reference_number"),
    ]);
}

#[test]
fn bank_accounts_have_the_right_remainder() {
    assert_masked(&[
        (
            "IBAN DE89 3704 0044 0532 0130 00, thanks",
            "IBAN bank_account, thanks",
        ),
        ("gb29nwbk60161331926819", "bank_account"),
        ("DE89370400440532013001", "reference_number"),
    ]);
}

#[test]
fn order_like_numbers() {
    assert_masked(&[
        ("order 48213 is late", "order reference_number is late"),
        ("order #482", "order reference_number"),
        ("ORD-2024-0913/B", "ORD-reference_number"),
        ("ref: AB12CD345.", "ref: reference_number."),
        ("tracking 1Z999AA10123456784", "tracking reference_number"),
    ]);
}

#[test]
fn dates_times_prices_sizes_and_short_numbers_stay() {
    for text in [
        "on 2026-03-02 at 10:30, or 02/03/2026 10:45",
        "ordered 3.11.2025 and 12.11.25",
        "49.99 + 1,299.00 EUR, 1.299.000 points, 50% off 2 for 1",
        "size 42, 100 x 200 cm, 3000 pieces, error 404, 24/7",
        "iPhone 15, Windows 11, 4K, mp3, covid-19, #1, #42",
        "no digits at all",
        "version 192.168.10.12",
    ] {
        assert_masked(&[(text, text)]);
        assert!(matches!(masked(text), Cow::Borrowed(_)), "{text}");
    }
}

#[test]
fn a_text_of_the_longest_kind_takes_time_in_proportion() {
    // Each would take minutes if looked at again from every place.
    for unit in ["a@", "1 ", "1-", "A1 ", "DE89 ", "@", "0", "+1("] {
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
    fn what_is_masked_is_masked_for_good(text in "[a-z0-9@. +#/-]{0,40}") {
        let once = masked(&text).into_owned();
        for (start, _) in once.match_indices(char::is_numeric) {
            let run = once[start..].chars().take_while(char::is_ascii_digit).count();
            prop_assert!(run < 5, "{} of {}", once, text);
        }
        prop_assert_eq!(masked(&once), once.as_str());
    }
}
