//! Comparisons of small tables by hand, and what holds for any.

use ndarray::Array2;
use proptest::prelude::*;

use super::super::answers::Truth;
use super::*;
use crate::classifier::HeadKind;

/// One head's answers: rows of (truth, chosen), both of them labels.
fn head(kind: HeadKind, labels: &[&str], rows: &[(&str, &str)]) -> HeadAnswers {
    let index = |label: &str| labels.iter().position(|known| *known == label);
    HeadAnswers {
        kind,
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        answers: rows
            .iter()
            .enumerate()
            .map(|(row, (truth, chosen))| Answer {
                row: row * 2,
                truth: index(truth)
                    .map_or_else(|| Truth::Unknown((*truth).to_owned()), Truth::Known),
                chosen: index(chosen).unwrap(),
                made: true,
                automated: false,
                area_fallback: false,
            })
            .collect(),
        probabilities: Array2::from_elem((rows.len(), labels.len()), 0.5),
    }
}

fn topic(labels: &[&str], rows: &[(&str, &str)]) -> HeadAnswers {
    head(HeadKind::Topic, labels, rows)
}

#[test]
fn gains_losses_and_other_changes_are_told_apart() {
    let first = topic(
        &["a", "b", "c"],
        &[("a", "a"), ("a", "b"), ("b", "a"), ("c", "c"), ("c", "a")],
    );
    // The same labels and one more, in another order.
    let second = topic(
        &["c", "b", "a", "d"],
        &[("a", "a"), ("a", "a"), ("b", "d"), ("c", "b"), ("c", "a")],
    );
    let compared = compare(&[first], &[second]).unwrap();
    let head = &compared.heads["topic"];
    assert_eq!((head.gained, head.lost, head.both_wrong), (1, 1, 1));
    assert!(head.difference.abs() < 1e-12 && (head.p_value - 1.0).abs() < 1e-12);
    let change = |row, truth: &str, before: &str, after: &str, effect| Change {
        row,
        truth: truth.to_owned(),
        before: before.to_owned(),
        after: after.to_owned(),
        effect,
    };
    assert_eq!(
        head.changes,
        [
            change(2, "a", "b", "a", Effect::Gained),
            change(4, "b", "a", "d", Effect::BothWrong),
            change(6, "c", "c", "b", Effect::Lost),
        ]
    );
    assert_eq!((head.labels["a"].gained, head.labels["a"].lost), (1, 0));
    assert_eq!((head.labels["c"].gained, head.labels["c"].lost), (0, 1));
    assert!(!head.labels.contains_key("b"), "nothing gained or lost");
}

#[test]
fn a_label_that_only_one_model_knows_is_gained_or_lost() {
    let rows = [("new", "a"), ("new", "a"), ("a", "a")];
    let first = topic(&["a", "b"], &rows);
    let second = topic(&["a", "new"], &[("new", "new"), ("new", "a"), ("a", "a")]);
    let compared = compare(&[first], &[second]).unwrap();
    let head = &compared.heads["topic"];
    assert_eq!((head.gained, head.lost), (1, 0));
    assert_eq!(head.labels["new"].gained, 1);
}

#[test]
fn only_a_clear_loss_is_worse() {
    let right = ("a", "a");
    let wrong = ("a", "b");
    let rows = |wrongs: usize| {
        let mut rows = vec![wrong; wrongs];
        rows.resize(100, right);
        topic(&["a", "b"], &rows)
    };
    let against = |before, after| {
        let compared = compare(&[rows(before)], &[rows(after)]).unwrap();
        let worse: Vec<&str> = compared.worse().map(|(name, _)| name).collect();
        assert_eq!(worse.len() == 1, compared.heads["topic"].worse());
        (
            compared.heads["topic"].worse(),
            compared.heads["topic"].better(),
        )
    };
    // Four rows lost, none gained: p = 1/16; five: 1/32.
    assert_eq!(against(0, 4), (false, false));
    assert_eq!(against(0, 5), (true, false));
    assert_eq!(against(5, 0), (false, true));
    assert_eq!(against(3, 3), (false, false));
}

#[test]
fn heads_that_only_one_has_are_left_out() {
    let rows = [("low", "low")];
    let urgency = head(HeadKind::Urgency, &["low", "high"], &rows);
    let topic = topic(&["low", "high"], &rows);
    let compared = compare(&[topic, urgency.clone()], &[urgency]).unwrap();
    assert_eq!(compared.heads.keys().collect::<Vec<_>>(), ["urgency"]);
    assert!(compared.heads["urgency"].after.ordered.is_some());
    assert!(compare(&[], &[]).unwrap().heads.is_empty());
}

#[test]
fn answers_to_other_rows_are_refused() {
    let labels = ["a", "b"];
    let first = topic(&labels, &[("a", "a"), ("b", "b")]);
    let shorter = topic(&labels, &[("a", "a")]);
    let relabelled = topic(&labels, &[("a", "a"), ("a", "b")]);
    let mut moved = first.clone();
    moved.answers[1].row = 3;
    for other in [shorter, relabelled, moved] {
        let error = compare(std::slice::from_ref(&first), &[other]).unwrap_err();
        assert!(error.to_string().contains("'topic'"), "{error}");
    }
}

proptest! {
    #[test]
    fn swapping_the_models_swaps_gains_and_losses(
        rows in prop::collection::vec((0_usize..3, 0_usize..3, 0_usize..3), 1..60),
    ) {
        let labels = ["a", "b", "c"];
        let of = |side: fn(&(usize, usize, usize)) -> usize| {
            let rows: Vec<(&str, &str)> =
                rows.iter().map(|row| (labels[row.0], labels[side(row)])).collect();
            topic(&labels, &rows)
        };
        let (first, second) = (of(|row| row.1), of(|row| row.2));
        let there = HeadComparison::new(&first, &second).unwrap();
        let back = HeadComparison::new(&second, &first).unwrap();
        prop_assert_eq!((there.gained, there.lost), (back.lost, back.gained));
        prop_assert_eq!(there.both_wrong, back.both_wrong);
        prop_assert_eq!(there.p_value, back.p_value);
        prop_assert_eq!(there.worse(), back.better());
        prop_assert_eq!(there.changes.len(), back.changes.len());
        let expected = there.gained as f64 - there.lost as f64;
        prop_assert!((there.difference * there.rows as f64 - expected).abs() < 1e-9);
    }
}
