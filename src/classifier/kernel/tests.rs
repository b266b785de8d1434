//! What the kernel expert learns, and that what is served is what was learned.

use ndarray::{Array2, array};

use super::*;
use crate::cancel::NEVER;
use crate::features::dense::scale_to_unit_length;

/// Unit vectors around a circle, of which every other quarter has the same label: no straight line parts them.
fn quarters(rows: usize) -> (Array2<f32>, Vec<usize>) {
    let mut vectors = Array2::zeros((rows, 3));
    let mut labels = Vec::with_capacity(rows);
    for (row, mut vector) in vectors.outer_iter_mut().enumerate() {
        #[allow(clippy::cast_precision_loss)]
        let turn = (row as f32 + 0.5) / rows as f32;
        let angle = turn * std::f32::consts::TAU;
        vector.assign(&array![angle.cos(), angle.sin(), 0.2]);
        scale_to_unit_length(vector.as_slice_mut().unwrap());
        labels.push(row * 4 / rows % 2);
    }
    (vectors, labels)
}

fn all(labels: &[usize]) -> KernelTargets {
    KernelTargets {
        rows: labels
            .iter()
            .map(|&label| Some(label))
            .enumerate()
            .collect(),
        labels: 2,
    }
}

fn sharp() -> KernelParams {
    KernelParams {
        sharpness: 5.0,
        ..KernelParams::default()
    }
}

fn right(scores: &Array2<f32>, labels: &[usize]) -> usize {
    let rows = scores.outer_iter().zip(labels);
    rows.filter(|(scores, label)| usize::from(scores[1] > scores[0]) == **label)
        .count()
}

#[test]
fn labels_are_told_apart_that_no_straight_line_parts() {
    let (vectors, labels) = quarters(400);
    let model = KernelModel::fit(vectors.view(), &[all(&labels)], sharp(), NEVER).unwrap();
    let (new, truth) = quarters(390);
    assert!(right(&model.scores(new.view())[0], &truth) > 380);
}

#[test]
fn the_coefficients_solve_the_equations_of_the_formula() {
    let vectors = array![[1.0_f32, 0.0], [0.0, 1.0]];
    let params = KernelParams {
        sharpness: 1.0,
        ridge: 0.5,
        ..KernelParams::default()
    };
    let model = KernelModel::fit(vectors.view(), &[all(&[0, 1])], params, NEVER).unwrap();
    // K + r·I is [[1.5, e⁻¹], [e⁻¹, 1.5]], the targets are ±½: c₁ = ½ / (1.5 − e⁻¹).
    let expected = 0.5 / (1.5 - (-1.0_f32).exp());
    let own = &model.coefficients[0];
    assert!((own[[0, 0]] - expected).abs() < 1e-5, "{own}");
    assert!((own[[0, 1]] + expected).abs() < 1e-5, "{own}");
}

#[test]
fn what_is_served_scores_as_what_was_learned() {
    let (vectors, labels) = quarters(120);
    let model = KernelModel::fit(vectors.view(), &[all(&labels)], sharp(), NEVER).unwrap();
    let scores = model.scores(vectors.view());
    let expert = model.fold(&[3.0]);
    for (row, vector) in vectors.outer_iter().enumerate() {
        let mut logits = [0.0; 2];
        expert.add(vector.as_slice().unwrap(), &mut logits);
        let learned = 3.0 * (scores[0][[row, 1]] - scores[0][[row, 0]]);
        assert!((logits[1] - logits[0] - learned).abs() < 1e-3);
        let share = expert.share(vector.as_slice().unwrap(), 1);
        assert!((share - f64::from(logits[1])).abs() < 1e-3);
    }
}

#[test]
fn more_rows_than_are_solved_at_once_are_dealt_into_parts() {
    let (vectors, labels) = quarters(400);
    let params = KernelParams {
        rows_at_once: 150,
        ..sharp()
    };
    let dealt = parts(&(0..400).collect::<Vec<_>>(), params);
    let sizes: Vec<usize> = dealt.iter().map(|part| part.rows.len()).collect();
    assert_eq!(sizes, [134, 133, 133]);
    let model = KernelModel::fit(vectors.view(), &[all(&labels)], params, NEVER).unwrap();
    let (new, truth) = quarters(390);
    assert!(right(&model.scores(new.view())[0], &truth) > 370);
}

#[test]
fn beyond_the_most_rows_evenly_spaced_ones_are_remembered() {
    let params = KernelParams {
        most_rows: 100,
        ..sharp()
    };
    let dealt = parts(&(0..250).collect::<Vec<_>>(), params);
    assert_eq!(dealt.len(), 1);
    assert_eq!(dealt[0].rows.len(), 84);
    assert_eq!(dealt[0].rows[..3], [0, 3, 6]);
}

#[test]
fn heads_that_are_labelled_in_other_rows_are_fitted_on_their_own() {
    let (vectors, labels) = quarters(100);
    let mut half = all(&labels);
    half.rows.retain(|row, _| row % 2 == 0);
    let heads = [all(&labels), half.clone(), all(&labels)];
    let model = KernelModel::fit(vectors.view(), &heads, sharp(), NEVER).unwrap();
    assert_eq!(model.coefficients[0], model.coefficients[2]);
    let alone = KernelModel::fit(vectors.view(), &[half], sharp(), NEVER).unwrap();
    assert_eq!(model.coefficients[1], alone.coefficients[0]);
    assert!(model.coefficients[1].row(1).iter().all(|&own| own == 0.0));
}

#[test]
fn rows_that_are_not_remembered_are_not_served() {
    let (vectors, labels) = quarters(250);
    let params = KernelParams {
        most_rows: 100,
        ..sharp()
    };
    let model = KernelModel::fit(vectors.view(), &[all(&labels)], params, NEVER).unwrap();
    let scores = model.scores(vectors.view());
    let expert = model.fold(&[1.0]);
    assert_eq!(expert.supports.rows(), 84);
    assert_eq!(expert.coefficients.dim(), (84, 2));
    let mut logits = [0.0; 2];
    expert.add(vectors.row(7).as_slice().unwrap(), &mut logits);
    let learned = scores[0][[7, 1]] - scores[0][[7, 0]];
    assert!((logits[1] - logits[0] - learned).abs() < 1e-3);
}
