//! A model holds nothing of the personal data in the tickets that it learned from.

use crate::desk::Desk;
use crate::tickets::{Ticket, csv, tickets};

/// The values of two customers, each in the same places of a text.
const VALUES: [[&str; 8]; 2] = [
    [
        "jane.doe@example.com",
        "+44 20 7946 0958",
        "4111 1111 1111 1111",
        "DE89 3704 0044 0532 0130 00",
        "order 4821375",
        "MT84 MALT 0110 0001 2345 MTLC AST0 01S",
        "\"jane doe\"@example.com",
        "⁴⁰¹²⁸⁸⁸⁸⁸⁸⁸⁸¹⁸⁸¹",
    ],
    [
        "r-2@mail.test.org",
        "+1 415 555 0132",
        "5500-0000-0000-0004",
        "gb29nwbk60161331926819",
        "order 99120",
        "MU17 BOMM 0101 1010 3030 0200 000M UR",
        "mallory%40test.org",
        "③⑦⑧②⑧②②④⑥③①⓪⓪⓪⑤",
    ],
];

/// Each ticket with a value of this customer in its subject and another in its body.
fn told_by(customer: usize) -> Vec<Ticket> {
    let values = VALUES[customer];
    let mut all = tickets(1);
    for (at, ticket) in all.iter_mut().enumerate() {
        let (first, second) = (values[at % 8], values[(at / 8 + at + 3) % 8]);
        ticket.subject = format!("{} {first}", ticket.subject);
        ticket.body = format!("{} mine is {second} thanks", ticket.body);
    }
    all
}

#[test]
fn customers_with_other_numbers_and_addresses_teach_the_same_to_the_last_byte() {
    let desk = Desk::new();
    let [one, two] = [0, 1].map(|customer| {
        desk.write("tickets.csv", csv(&told_by(customer)));
        let version = desk.fit("--facet mood=mood");
        desk.read(&format!("models/{version}/weights.safetensors"))
    });
    assert!(one == two);
    // What is told besides counts.
    let mut others = told_by(0);
    others[7].body.push_str(" and again");
    desk.write("tickets.csv", csv(&others));
    let version = desk.fit("--facet mood=mood");
    assert!(one != desk.read(&format!("models/{version}/weights.safetensors")));
}
