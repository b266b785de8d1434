//! The words that decided stand where the answer says, also in text that is not ASCII.

use triage::grpc::v1;

use crate::running::Server;
use crate::tickets::{SMOKE, classify, ticket};

async fn evidence_of(ticket: v1::Ticket) -> Vec<v1::Evidence> {
    let server = Server::start(&[]).await;
    let request = v1::ClassifyRequest {
        ticket: Some(ticket),
        options: Some(v1::ClassificationOptions {
            top: 1,
            evidence: true,
            ..v1::ClassificationOptions::default()
        }),
    };
    let answer = server.client().await.classify(request).await.unwrap();
    let classification = answer.into_inner().classification.unwrap();
    let urgency = classification.urgency.unwrap();
    assert!(!urgency.evidence.is_empty(), "every head names its words");
    classification.topic.unwrap().evidence
}

/// Each piece of evidence as the field it stands in and the word there.
fn words<'a>(ticket: &'a v1::Ticket, evidence: &[v1::Evidence]) -> Vec<(v1::TextField, &'a str)> {
    evidence
        .iter()
        .map(|word| {
            let text = match word.field() {
                v1::TextField::Subject => &ticket.subject,
                v1::TextField::Body => &ticket.body,
                v1::TextField::Unspecified => panic!("{word:?} stands nowhere"),
            };
            let text = text
                .get(word.start as usize..word.end as usize)
                .unwrap_or_else(|| panic!("{word:?} is no piece of '{text}'"));
            (word.field(), text)
        })
        .collect()
}

/// Every piece is one whole word of the ticket, or one sign such as 🔥.
fn check_whole_words(ticket: &v1::Ticket, evidence: &[v1::Evidence]) {
    for (word, (field, text)) in evidence.iter().zip(words(ticket, evidence)) {
        assert!(word.contribution.is_finite());
        assert!(!text.is_empty() && !text.contains(char::is_whitespace));
        let field = match field {
            v1::TextField::Subject => &ticket.subject,
            v1::TextField::Body | v1::TextField::Unspecified => &ticket.body,
        };
        let before = field[..word.start as usize].chars().next_back();
        let after = field[word.end as usize..].chars().next();
        for (edge, neighbour) in [
            (text.chars().next(), before),
            (text.chars().next_back(), after),
        ] {
            let cut = [edge, neighbour]
                .iter()
                .all(|side| side.is_some_and(char::is_alphabetic));
            assert!(!cut, "'{text}' is cut out of a word of '{field}'");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_points_at_words_of_the_body() {
    let ticket = ticket(SMOKE);
    let evidence = evidence_of(ticket.clone()).await;
    check_whole_words(&ticket, &evidence);
    let strongest = evidence
        .iter()
        .max_by(|a, b| a.contribution.total_cmp(&b.contribution))
        .unwrap();
    let strongest = words(&ticket, std::slice::from_ref(strongest))[0].1;
    assert!(["smoke", "burnt"].contains(&strongest), "{strongest}");
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_points_at_the_right_field_through_padding_and_letters_of_several_bytes() {
    let ticket = v1::Ticket {
        subject: " \t\u{a0}Größere Störung: smoke über der Küche 🔥\n ".to_owned(),
        body: "\n\n  «Crème brûlée» — smoke im Gerät, 子供 burnt his hand… ﬁre!  ".to_owned(),
        ..v1::Ticket::default()
    };
    let evidence = evidence_of(ticket.clone()).await;
    check_whole_words(&ticket, &evidence);
    let words = words(&ticket, &evidence);
    for expected in [
        (v1::TextField::Subject, "smoke"),
        (v1::TextField::Body, "smoke"),
        (v1::TextField::Body, "burnt"),
    ] {
        assert!(words.contains(&expected), "{expected:?} in {words:?}");
    }
    let order: Vec<_> = evidence.iter().map(|w| (w.field, w.start)).collect();
    assert!(order.is_sorted(), "in text order: {order:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_is_named_only_where_it_was_asked_for() {
    let server = Server::start(&[]).await;
    let answer = server.client().await.classify(classify(SMOKE)).await;
    let classification = answer.unwrap().into_inner().classification.unwrap();
    assert!(classification.topic.unwrap().evidence.is_empty());
}

#[tokio::test]
async fn a_long_ticket_names_its_strongest_words_only() {
    // No white space at all, then many different words: both once cost far more than their length.
    for body in [
        "refund.".repeat(20_000),
        (0..20_000).map(|i| format!("refund{i} ")).collect(),
    ] {
        let long = v1::Ticket {
            body,
            ..ticket(SMOKE)
        };
        let evidence = evidence_of(long.clone()).await;
        assert_eq!(evidence.len(), 500);
        check_whole_words(&long, &evidence);
        let starts: Vec<u32> = evidence.iter().map(|word| word.start).collect();
        assert!(starts.is_sorted());
    }
}

#[tokio::test]
async fn a_word_is_not_credited_with_its_neighbours_in_the_chunk() {
    let joined = ticket("refund,qzqzq");
    let evidence = evidence_of(joined.clone()).await;
    let contribution = |wanted: &str| -> f32 {
        evidence
            .iter()
            .zip(words(&joined, &evidence))
            .filter(|(_, (_, word))| *word == wanted)
            .map(|(word, _)| word.contribution)
            .sum()
    };
    assert!(
        contribution("refund") > 4.0 * contribution("qzqzq").abs(),
        "{evidence:?}"
    );
}
