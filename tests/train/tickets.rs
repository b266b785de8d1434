//! Tickets of a small made-up shop: ten topics with words of their own, twelve rows each. Every
//! ticket also has a word of some other topic, so that no model can be quite sure.

use std::fmt::Write;

use fastrand::Rng;

/// Topics and the words that give them away.
pub(crate) const TOPICS: [(&str, &str); 10] = [
    ("account/login", "password sign login locked reset code"),
    (
        "billing/invoice",
        "invoice vat receipt tax billed bookkeeper",
    ),
    (
        "billing/refund",
        "refund money repaid reimburse credited owed",
    ),
    (
        "delivery/delay",
        "parcel courier late tracking depot shipment",
    ),
    ("orders/change", "order basket cancel swap amend quantity"),
    (
        "product/defect",
        "broken cracked faulty leaks snapped scratched",
    ),
    (
        "product/how_to",
        "manual assemble install instructions setup fitting",
    ),
    (
        "returns/exchange",
        "return exchange size label bigger swapped",
    ),
    ("safety/incident", "smoke burning shock sparks injured hot"),
    (
        "technical/outage",
        "outage server offline error timeout crash",
    ),
];
/// Urgencies and the words that give them away.
pub(crate) const URGENCIES: [(&str, &str); 4] = [
    ("low", "sometime whenever curious idly"),
    ("normal", "please kindly question thanks"),
    ("high", "soon deadline tomorrow waiting"),
    ("urgent", "immediately now danger everyone"),
];
const MOODS: [(&str, &str); 3] = [
    ("negative", "angry awful"),
    ("neutral", "fine regular"),
    ("positive", "lovely happy"),
];
const FILLER: &str = "the a my your we it was is again after before with from this that still \
    yesterday monday shop desk house family friend kitchen garden morning evening";
/// Rows of each topic.
pub(crate) const ROWS_PER_TOPIC: usize = 12;

/// One row; all fields as they stand in the file.
#[derive(Debug, Clone)]
pub(crate) struct Ticket {
    pub(crate) id: String,
    pub(crate) subject: String,
    pub(crate) body: String,
    pub(crate) topic: String,
    pub(crate) urgency: String,
    pub(crate) mood: String,
}

/// Twelve tickets of each topic; another seed gives other texts of the same kind.
pub(crate) fn tickets(seed: u64) -> Vec<Ticket> {
    many_tickets(seed, ROWS_PER_TOPIC, 12)
}

/// `rows` tickets of each topic, each with `filler` words that mean nothing.
pub(crate) fn many_tickets(seed: u64, rows: usize, filler: usize) -> Vec<Ticket> {
    let mut random = Rng::with_seed(seed);
    let mut tickets = Vec::new();
    for row in 0..rows {
        for (index, (topic, words)) in TOPICS.iter().enumerate() {
            let (urgency, urgency_words) = URGENCIES[(row + index) % URGENCIES.len()];
            let (mood, mood_words) = MOODS[(row * 2 + index) % MOODS.len()];
            let mut body = Vec::new();
            let (_, other) = TOPICS[random.usize(..TOPICS.len())];
            let parts = [(*words, 2), (other, 1), (urgency_words, 2), (mood_words, 1)];
            for (list, count) in parts {
                body.extend((0..count).map(|_| one_of(list, &mut random).to_owned()));
            }
            body.extend((0..filler).map(|_| match random.bool() {
                true => one_of(FILLER, &mut random).to_owned(),
                false => made_up_word(&mut random),
            }));
            random.shuffle(&mut body);
            tickets.push(Ticket {
                id: format!("{seed}-{}", tickets.len()),
                subject: one_of(words, &mut random).to_owned(),
                body: body.join(" "),
                topic: (*topic).to_owned(),
                urgency: urgency.to_owned(),
                mood: mood.to_owned(),
            });
        }
    }
    tickets
}

fn one_of<'l>(list: &'l str, random: &mut Rng) -> &'l str {
    let words: Vec<&str> = list.split_whitespace().collect();
    words[random.usize(..words.len())]
}

fn made_up_word(random: &mut Rng) -> String {
    (0..random.usize(4..9))
        .map(|_| random.lowercase())
        .collect()
}

/// The tickets as CSV: id, subject, body, topic, urgency, mood.
pub(crate) fn csv(tickets: &[Ticket]) -> String {
    let mut text = String::from("id,subject,body,topic,urgency,mood\n");
    for ticket in tickets {
        let Ticket {
            id,
            subject,
            body,
            topic,
            urgency,
            mood,
        } = ticket;
        writeln!(text, "{id},{subject},{body},{topic},{urgency},{mood}").unwrap();
    }
    text
}

/// Two columns, the text and one label.
pub(crate) fn two_columns(
    header: &str,
    rows: impl IntoIterator<Item = (String, String)>,
) -> String {
    let mut text = format!("{header}\n");
    for (body, label) in rows {
        writeln!(text, "{body},{label}").unwrap();
    }
    text
}
