//! Addresses of e-mail and telephone numbers.

use super::*;

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
            "meet @ 5, user@host, @handle, 3@9.99, thanks @support.team",
            "meet @ 5, user@host, @handle, 3@9.99, thanks @support.team",
        ),
        ("root@10.0.0.1", "email_address"),
        (
            "react@18.2.0, lodash@4.17.21",
            "react@18.2.0, lodash@4.17.21",
        ),
    ]);
}

#[test]
fn addresses_of_e_mail_with_another_at_sign() {
    assert_masked(&[
        ("anna＠example.com", "email_address"),
        ("ａｎｎａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "email_address"),
        ("anna﹫example。com", "email_address"),
        ("anna@exam\u{ad}ple.com", "email_address"),
        ("mail anna(at)example.com", "mail email_address"),
        ("anna [at] example.com, please", "email_address, please"),
        ("anna (AT) example (dot) co", "email_address"),
        ("anna @ example.com", "email_address"),
        ("anna@ example.com", "email_address"),
        ("Error @ parent.cpp:414", "Error @ parent.cpp:414"),
        ("look (at) this. Or [that]", "look (at) this. Or [that]"),
    ]);
}

#[test]
fn addresses_of_e_mail_in_other_writings() {
    assert_masked(&[
        (
            "?user=jane.doe%40example.com&x=1",
            "?user=email_address&x=1",
        ),
        ("jane&#64;example.com", "email_address"),
        ("<jane&#X40;example.com>", "<email_address>"),
        ("jane&commat;example.com", "email_address"),
        ("\"jane doe\"@example.com", "email_address"),
        ("5\" wide\nor 7\"@c.de", "5\" wide\nor 7\"@c.de"),
        (
            "say \"hi\" @home or 50%40 & more",
            "say \"hi\" @home or 50%40 & more",
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
fn telephone_numbers_however_they_are_separated() {
    assert_masked(&[
        ("+44-20-7946-0958", "phone_number"),
        ("+44.20.7946.0958", "phone_number"),
        ("+44/20/7946/0958", "phone_number"),
        ("+44‑20‑7946‑0958", "phone_number"),
        ("+44–20–7946–0958", "phone_number"),
        ("+44 − 20 − 7946 0958", "phone_number"),
        ("+44\u{2009}20\u{202f}7946\u{a0}0958", "phone_number"),
        ("＋４４－２０－７９４６－０９５８", "phone_number"),
        (
            "\u{202a}+44 20\u{200b}7946 0958\u{202c}",
            "\u{202a}phone_number\u{202c}",
        ),
        ("+44 [0] 20 7946 0958", "phone_number"),
        ("(+44) 20 7946 0958 now", "phone_number now"),
        ("(+44 20 7946 0958)", "(phone_number)"),
        ("+ 49 170 1234567", "phone_number"),
        ("+१२ ३४५ ६७८ ९०१", "phone_number"),
        ("01.23.45.67.89", "phone_number"),
        ("01-23-45-67-89", "phone_number"),
        (
            "06.12.03.25.04 s'il vous plaît",
            "phone_number s'il vous plaît",
        ),
        ("+33 6.12.03.25", "phone_number"),
        ("+1.12.25.4567", "phone_number"),
        ("00.33.1.23.45.67", "phone_number"),
        ("0171 / 123 45 67", "phone_number"),
        ("[020] 7946 0958", "phone_number"),
        ("(020) - 7946 - 0958", "phone_number"),
        ("（０２０）７９４６ ０９５８", "phone_number"),
        ("(415) 555-0132", "phone_number"),
        ("011 44 20 7946 0958 from here", "phone_number from here"),
        ("8-916-123-45-67", "phone_number"),
        ("8 (916) 123-45-67", "phone_number"),
        (
            "138 1234 5678 or 1300 655 506",
            "phone_number or phone_number",
        ),
        ("601-234-567", "phone_number"),
    ]);
}

#[test]
fn a_word_before_says_that_a_number_is_a_telephones() {
    assert_masked(&[
        ("Tel.: 12 34 56 78", "Tel.: phone_number"),
        ("phone number is 6123 4567", "phone number is phone_number"),
        ("call me on 612 345 678.", "call me on phone_number."),
        ("my mobile no. 612.345.678", "my mobile no. phone_number"),
        ("text me at 6123-4567", "text me at phone_number"),
        ("reach us on 6123 4567", "reach us on phone_number"),
        ("mi teléfono es 612 345 678", "mi teléfono es phone_number"),
        ("chiamami al 347 123 4567", "chiamami al phone_number"),
        ("Mi número es 612 34 56 78", "Mi número es phone_number"),
        ("text 2000000 people", "text 2000000 people"),
        ("we ring 52 54 56 58 sizes", "we ring 52 54 56 58 sizes"),
        ("a call of 12 34 56 78", "a call of 12 34 56 78"),
        ("call 911 at 10", "call 911 at 10"),
        ("call me on 12.03.2025 10:30", "call me on 12.03.2025 10:30"),
        (
            "my phone, 120 000 000 points",
            "my phone, 120 000 000 points",
        ),
    ]);
}

#[test]
fn a_number_beside_a_date_is_masked_and_the_date_stays() {
    assert_masked(&[
        ("02/03/2026 0171 1234567", "02/03/2026 phone_number"),
        ("0171 1234567 02/03/2026", "phone_number 02/03/2026"),
        ("+49 170 1234567 (02.03.2026)", "phone_number (02.03.2026)"),
        ("3.11.2025: +44-20-7946-0958", "3.11.2025: phone_number"),
        ("02/03/2026-48213", "02/03/2026-reference_number"),
    ]);
}
