//! Personal data in writings that are rare, and over the end of a line.

use super::*;

#[test]
fn letters_may_be_followed_by_marks() {
    assert_masked(&[
        ("jose\u{301}@example.com", "email_address"),
        ("to ja\u{301}ne@example.com.", "to email_address."),
        ("anna@mu\u{308}ller.de", "email_address"),
        ("anna@example.me\u{301}", "email_address"),
        ("te\u{301}l. 12 34 56 78", "te\u{301}l. phone_number"),
        ("AB\u{308}12CD345", "reference_number"),
        ("4️⃣8️⃣2️⃣1️⃣3️⃣", "reference_number"),
        ("4111\u{301}1111 11111111", "card_number"),
        ("DE89370400440532013000\u{fe0f}", "bank_account"),
    ]);
}

#[test]
fn addresses_of_e_mail_that_are_mistyped() {
    assert_masked(&[
        ("jane.doe @example.com", "email_address"),
        ("mail jane.doe @example.de.", "mail email_address."),
        ("jane.doe@example,com", "email_address"),
        ("jane.doe@example,de, thanks", "email_address, thanks"),
        (
            "thanks @support.team, @example",
            "thanks @support.team, @example",
        ),
        ("user@host,item and", "user@host,item and"),
        ("a@b.de,it@c.de", "email_address,email_address"),
    ]);
}

#[test]
fn labels_of_telephones() {
    for label in [
        "Ph:",
        "T:",
        "t: ",
        "Tlf",
        "telefonnr",
        "telefonnummer",
        "telefoonnummer",
        "mobiltelefon",
        "Handynr.",
        "GSM",
        "puh.",
        "тел.",
        "телефон",
        "电话",
        "手机：",
        "電話",
        "我的手机是",
        "llámame al",
        "phone: home",
        "Tel. privat:",
        "tel. kom.",
        "my number",
        "mein Kontakt",
        "meine Nr.",
        "meine Nummer ist",
    ] {
        let text = format!("{label} 601 234 567");
        let expected = format!("{label} phone_number");
        assert_masked(&[(text.as_str(), expected.as_str())]);
    }
    assert_masked(&[
        ("part T 601 234 567", "part T 601 234 567"),
        ("part: 601 234 567", "part: 601 234 567"),
        ("my order number 60 12 34 56", "my order number 60 12 34 56"),
    ]);
}

#[test]
fn card_numbers_digit_by_digit() {
    assert_masked(&[
        ("4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "card_number"),
        ("is 41 11 11 11 11 11 11 11 ok", "is card_number ok"),
        ("41-11-11-11-11-11-11-11", "card_number"),
        ("37 82 82 24 63 10 00 5", "card_number"),
        (
            "7 4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 12 27",
            "7 card_number 12 27",
        ),
        // Sizes, each more than the one before, and one that fails the test.
        (
            "30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48",
            "30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48",
        ),
        (
            "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 2",
            "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 2",
        ),
    ]);
}

#[test]
fn bank_accounts_with_a_hyphen_after_their_country() {
    assert_masked(&[
        ("DE-89 3704 0044 0532 0130 00", "bank_account"),
        ("DE‑89370400440532013000", "bank_account"),
        ("UK-89 is a room", "UK-89 is a room"),
    ]);
}

#[test]
fn order_like_numbers_that_are_short_or_have_a_hyphen() {
    assert_masked(&[
        ("order 1234-5678", "order reference_number"),
        ("order no. 482-193", "order no. reference_number"),
        ("Bestellung Nr. 482-193", "Bestellung Nr. reference_number"),
        (
            "ORD-1234 and INV-2041",
            "ORD-reference_number and INV-reference_number",
        ),
        ("order 2024-2025", "order 2024-2025"),
        ("1234-5678 and PO-12", "1234-5678 and PO-12"),
        ("ISO-9001, A-1234", "ISO-9001, A-1234"),
    ]);
}

#[test]
fn values_over_the_end_of_a_line() {
    assert_masked(&[
        ("DE89 3704 0044\n0532 0130 00", "bank_account"),
        ("DE89\r\n3704 0044 0532 0130 00", "bank_account"),
        ("4111 1111\n1111 1111 ok", "card_number ok"),
        ("4111 1111 1111 \r\n 1111", "card_number"),
        ("3782\n822463 10005", "card_number"),
        ("+44 20\n7946 0958", "phone_number"),
        ("call +44\n20 7946 0958.", "call phone_number."),
    ]);
    for lines in [
        "4111 1111\n1111 1112",
        "4111 1111\n\n1111 1111",
        "4111\n1111\n1111\n1111",
        "DE89 3704 0044\n\n9532 0130 00",
        "+44 20\n\n7946 0958",
        "+5\n12 34",
        "+12\n02.03.2026 10",
        "12 + 44\n7946 0958",
    ] {
        assert_masked(&[(lines, lines)]);
    }
    assert_masked(&[
        ("+44 20 7946 0958\n7946 0958", "phone_number\n7946 0958"),
        // The first line and what the next one begins with pass the test too.
        ("3333 3339\n4111 1111 1111 1111", "card_number"),
        ("+44 20 7946\n7946 0958", "phone_number\n7946 0958"),
        ("4111 1111 1111 1111\n4111 1111", "card_number\n4111 1111"),
    ]);
}

#[test]
fn spaces_of_web_pages() {
    assert_masked(&[
        ("4111&nbsp;1111&nbsp;1111&nbsp;1111", "card_number"),
        ("4111&#160;1111&#160;1111&#160;1111", "card_number"),
        ("4111&#xa0;1111&#xA0;1111 1111", "card_number"),
        (
            "DE89&nbsp;3704&nbsp;0044&nbsp;0532&nbsp;0130&nbsp;00",
            "bank_account",
        ),
        ("+44&nbsp;20&#160;7946&nbsp;0958", "phone_number"),
        (
            "tel&nbsp;12&nbsp;34&nbsp;56&nbsp;78",
            "tel&nbsp;phone_number",
        ),
        ("x&nbsp;y & 4 &copy; 5", "x&nbsp;y & 4 &copy; 5"),
    ]);
}
