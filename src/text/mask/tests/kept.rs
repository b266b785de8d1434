//! What tells the matter and stays.

use super::*;

fn assert_kept(texts: &[&str]) {
    for text in texts {
        assert_masked(&[(text, text)]);
    }
}

#[test]
fn amounts_with_a_currency_before_or_after_stay() {
    assert_kept(&[
        "EUR 12999, USD 12999, AUD 12999, INR 12999, GBP 12999, CHF 12999",
        "Rs 12999, Rs. 12999, ₹12999, ₹ 12999, R$ 12999",
        "12999 Kč, 12999 HUF, 12999 Ft, 12999 kr, 12999 kr., 12999 zł, 12999 RON, 12999 TL",
        "12999 CAD, 12999 CZK, 12999 BRL, 12999 PLN, 12999 SEK, 12999 NOK, 12999 DKK",
        "12999 JPY, 12999 INR, 12999 AUD, 12999 руб, 12999 руб., 12999 ₽, 12999円, 12999元",
        "12999EUR, 12999kr",
    ]);
    assert_masked(&[
        ("order 482193 kr", "order reference_number kr"),
        ("EUR 123456789", "EUR reference_number"),
        ("krone-12999", "krone-reference_number"),
    ]);
}

#[test]
fn measured_and_counted_things_stay() {
    assert_kept(&[
        "12345 MB, 45321 kWh, 123456 km, 12500 points, 65536 rows, 26800mAh",
        "error code 10061, Fehler 10061, error: 10061, Errno 10061, port 65535",
        "0x80070005, (0x8007000E)",
    ]);
    assert_masked(&[
        (
            "order 48213 files are missing",
            "order reference_number files are missing",
        ),
        ("error 48213701", "error reference_number"),
        ("code 48213", "code reference_number"),
        ("0x4111111111111111", "reference_number"),
        ("ORD-26800mAh1", "ORD-reference_number"),
    ]);
}

#[test]
fn labelled_postcodes_and_numbers_of_goods_stay() {
    assert_kept(&[
        "PLZ 10115, postcode 90210, zip 90210, zip code 90210, CAP 20121, code postal 75011",
        "EAN 4006381333930, GTIN: 04006381333930, barcode 4006381333930, EAN-13: 4006381333930",
    ]);
    assert_masked(&[
        ("PLZ 10115 48213", "PLZ 10115 reference_number"),
        ("zip 48213701", "zip reference_number"),
        // It passes Luhn's test.
        ("EAN 4222222222222", "EAN card_number"),
        ("ean 4111111111111111", "ean card_number"),
    ]);
}

#[test]
fn names_of_files_keep_dates() {
    assert_kept(&[
        "IMG_20240913.jpg, IMG_20240913_142233.jpg, invoice_2024_03.pdf, 20240913.png",
        "see scan-2024-09-13.pdf",
    ]);
    assert_masked(&[
        ("invoice_48213701.pdf", "invoice_reference_number.pdf"),
        ("ORD_20240913", "ORD_reference_number"),
        ("IMG_20249913.jpg", "IMG_reference_number.jpg"),
        ("4111111111111111.pdf", "card_number.pdf"),
        ("4111_1111_1111_1111.jpg", "card_number.jpg"),
        ("20240913.142233", "reference_number.reference_number"),
    ]);
}
