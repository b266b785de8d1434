//! Numbers of cards, accounts and orders.

use super::*;

#[test]
fn card_numbers_pass_luhns_test() {
    assert_masked(&[
        (
            "card 4111 1111 1111 1111 exp 12/27",
            "card card_number exp 12/27",
        ),
        ("4111-1111-1111-1111", "card_number"),
        ("4111.1111.1111.1111", "card_number"),
        ("4111/1111/1111/1111", "card_number"),
        ("4111\u{a0}1111\u{a0}1111\u{a0}1111", "card_number"),
        ("4111\u{2009}1111\u{202f}1111\u{200b}1111", "card_number"),
        ("4111‑1111–1111 1111", "card_number"),
        ("４１１１　１１１１　１１１１　１１１１", "card_number"),
        ("4111 - 1111 - 1111 - 1111", "card_number"),
        (
            "378282246310005 or 3782-822463-10005",
            "card_number or card_number",
        ),
        // One digit off: no card, but no number to be kept either.
        ("4111111111111112", "reference_number"),
        ("4111 1111 1111 1112", "reference_number"),
    ]);
}

#[test]
fn card_numbers_are_found_right_behind_other_numbers() {
    assert_masked(&[
        ("card 05 26 4111 1111 1111 1111", "card 05 26 card_number"),
        ("card 05/26 4111 1111 1111 1111", "card 05/26 card_number"),
        ("order 123 4111 1111 1111 1111", "order 123 card_number"),
        (
            "+1 415 555 0132 4111 1111 1111 1111",
            "phone_number card_number",
        ),
        ("0171 1234567 4111111111111111", "phone_number card_number"),
        ("12 3782 822463 10005", "12 card_number"),
        // Also the first four groups pass the test.
        ("1004 4111 1111 1111 1111", "card_number"),
        ("2028_4111_1111_1111_1111", "card_number"),
        ("4111 1111 1111 1111 05 26 123", "card_number 05 26 123"),
        (
            "4111 1111 1111 1111 5500 0000 0000 0004",
            "card_number card_number",
        ),
    ]);
}

#[test]
fn card_numbers_whatever_separates_their_groups() {
    assert_masked(&[
        ("4111_1111_1111_1111", "card_number"),
        ("4111,1111,1111,1111", "card_number"),
        ("4111*1111*1111*1111!", "card_number!"),
        ("4111|1111|1111|1111", "card_number"),
        ("4111:1111:1111:1111", "card_number"),
        // Different ones are a list, and so are years, though every tenth four of them pass the test.
        ("4111,1111;1111,1111", "4111,1111;1111,1111"),
        ("2017,2018,2019,2020", "2017,2018,2019,2020"),
        ("2017 2018 2019 2020", "2017 2018 2019 2020"),
        ("4111\n1111\n1111\n1111", "4111\n1111\n1111\n1111"),
    ]);
}

#[test]
fn digits_of_all_kinds() {
    assert_masked(&[
        ("⁴¹¹¹ ¹¹¹¹ ¹¹¹¹ ¹¹¹¹", "card_number"),
        ("④①①①①①①①①①①①①①①①", "card_number"),
        ("₄₁₁₁₁₁₁₁₁₁₁₁₁₁₁₁", "card_number"),
        ("order ➍➊➋➌➍", "order reference_number"),
        ("᱀᱑᱗᱑᱑᱒᱓᱔᱕᱖᱗", "phone_number"),
        ("꧐꧑꧗꧑꧑꧒꧓꧔꧕꧖꧗", "phone_number"),
        (
            "10000m², 10000 m³, x² + y², ① open ② close",
            "10000m², 10000 m³, x² + y², ① open ② close",
        ),
    ]);
}

#[test]
fn bank_accounts_may_have_groups_of_letters() {
    assert_masked(&[
        ("MT84 MALT 0110 0001 2345 MTLC AST0 01S", "bank_account"),
        (
            "from MU17 BOMM 0101 1010 3030 0200 000M UR today",
            "from bank_account today",
        ),
        ("SC18 SSCB 1101 0000 0000 0000 1497 USD", "bank_account"),
        (
            "DE89 that is more than a word",
            "DE89 that is more than a word",
        ),
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
        (
            "DE89\u{a0}3704\u{a0}0044\u{a0}0532\u{a0}0130\u{a0}00",
            "bank_account",
        ),
        ("DE89\u{202f}3704\u{2009}0044 0532 0130 00", "bank_account"),
        ("DE89-3704-0044-0532-0130-00", "bank_account"),
        ("DE89.3704.0044.0532.0130.00", "bank_account"),
        ("DE 89 3704 0044 0532 0130 00", "bank_account"),
        ("de89 370400440532013000", "bank_account"),
        (
            "ＤＥ８９ ３７０４ ００４４ ０５３２ ０１３０ ００",
            "bank_account",
        ),
        (
            "GB29 NWBK 6016 1331 9268 19 is mine",
            "bank_account is mine",
        ),
        // Mistyped ones.
        ("DE89 3704 0044 0532 0130 01", "reference_number"),
        (
            "GB29 NWBK 6016 1331 9268 18 is mine",
            "reference_number is mine",
        ),
        ("AB12 with some more text", "AB12 with some more text"),
        ("DE89370400440532013001", "reference_number"),
    ]);
}

#[test]
fn what_stands_beside_a_value_without_a_space_stays() {
    assert_masked(&[
        (
            "订单号123456789还没到货我要退款",
            "订单号reference_number还没到货我要退款",
        ),
        (
            "注文番号12345678の商品が届きません",
            "注文番号reference_numberの商品が届きません",
        ),
        (
            "주문번호 12345678로 보냈어요",
            "주문번호 reference_number로 보냈어요",
        ),
        ("หมายเลข12345678ยังไม่มา", "หมายเลขreference_numberยังไม่มา"),
        ("我的手机是138 1234 5678", "我的手机是phone_number"),
        (
            "请帮我看看test@example.com谢谢请尽快处理",
            "请帮我看看email_address谢谢请尽快处理",
        ),
        ("用户@例子.公司", "email_address"),
        (
            "我在2024年9月13日买的手机坏了",
            "我在2024年9月13日买的手机坏了",
        ),
        (
            "价格是12345元太贵了, 12345円",
            "价格是12345元太贵了, 12345円",
        ),
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
        (
            "ORD‑2024‑0913 and ORD_2024_0913",
            "ORD‑reference_number and ORD_reference_number",
        ),
        (
            "INV-10000 or PO/123-45",
            "INV-reference_number or PO/reference_number",
        ),
        (
            "order # 482, ＃４８２, № 482",
            "order reference_number, reference_number, № 482",
        ),
        ("ticket 1234567890123", "ticket reference_number"),
        ("SSN 078-05-1120", "SSN reference_number"),
        ("550e8400-e29b-41d4-a716-446655440000", "reference_number"),
    ]);
}
