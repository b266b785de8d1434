//! Splits rows into folds that each hold about the same share of every label.

use std::collections::BTreeMap;

/// The fold (0 to `folds` − 1) of each row. Rows of one label are shuffled by `seed` and dealt in
/// turn; identical texts always share a fold, so that no row is scored by a model that saw it.
#[must_use]
pub fn assign_folds<T: AsRef<str>>(
    texts: &[T],
    labels: &[Option<usize>],
    folds: usize,
    seed: u64,
) -> Vec<usize> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut order: Vec<usize> = (0..texts.len()).collect();
    random.shuffle(&mut order);
    let mut next: BTreeMap<Option<usize>, usize> = BTreeMap::new();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut assigned = vec![0; texts.len()];
    for row in order {
        let label = labels.get(row).copied().flatten();
        let fold = *seen.entry(texts[row].as_ref().trim()).or_insert_with(|| {
            // Labels start at different folds, so that many rare ones do not crowd the first.
            let turn = next.entry(label).or_insert_with(|| label.unwrap_or(0));
            let fold = *turn % folds;
            *turn += 1;
            fold
        });
        assigned[row] = fold;
    }
    assigned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fold_holds_its_share_of_every_label() {
        let texts: Vec<String> = (0..300).map(|i| format!("text {i}")).collect();
        let labels: Vec<Option<usize>> = (0..300).map(|i| Some(i % 10)).collect();
        let folds = assign_folds(&texts, &labels, 3, 1);
        for label in 0..10 {
            for fold in 0..3 {
                let count = (0..300)
                    .filter(|&row| labels[row] == Some(label) && folds[row] == fold)
                    .count();
                assert_eq!(count, 10);
            }
        }
    }

    #[test]
    fn identical_texts_share_a_fold() {
        let texts: Vec<String> = (0..90).map(|i| format!("text {}", i % 9)).collect();
        let labels = vec![Some(0); 90];
        let folds = assign_folds(&texts, &labels, 3, 2);
        for (row, text) in texts.iter().enumerate() {
            let first = texts.iter().position(|other| other == text);
            assert_eq!(Some(folds[row]), first.map(|f| folds[f]));
        }
    }
}
