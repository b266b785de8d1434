//! One head's answers to labelled rows, from an evaluation or from the folds of a fit: what measures,
//! reports, comparisons and the search for mislabelled rows are made of.

use ndarray::Array2;

use crate::classifier::HeadKind;

/// What a head said of the rows that carry a label for it.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadAnswers {
    /// Which head.
    pub kind: HeadKind,
    /// The labels that the model knows, in the order of the columns of `probabilities`.
    pub labels: Vec<String>,
    /// The answers, in ascending order of `row`.
    pub answers: Vec<Answer>,
    /// Calibrated probabilities, `answers × labels`, row after row.
    pub probabilities: Array2<f32>,
}

/// The answer for one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Index of the row among the texts.
    pub row: usize,
    /// The row's own label.
    pub truth: Truth,
    /// Index of the label chosen.
    pub chosen: usize,
    /// Whether it was given as a prediction, not only as a guess.
    pub made: bool,
    /// Whether it may be acted on without a person.
    pub automated: bool,
    /// Whether its area stands in for it, since the label is in doubt and the area is not.
    pub area_fallback: bool,
}

/// A row's own label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Truth {
    /// Index of a label that the model knows.
    Known(usize),
    /// A label that the model does not know: every answer is wrong.
    Unknown(String),
}

impl Answer {
    /// Whether the row's own label was chosen.
    #[must_use]
    pub fn right(&self) -> bool {
        self.truth == Truth::Known(self.chosen)
    }
}

impl HeadAnswers {
    /// Each answer with its probabilities, one a label.
    pub fn iter(&self) -> impl Iterator<Item = (&Answer, &[f32])> {
        let rows = self.probabilities.outer_iter();
        // Rows lie one after the other, so each is a slice.
        let rows = rows.map(|row| row.to_slice().unwrap_or_default());
        self.answers.iter().zip(rows)
    }

    /// The name of an answer's own label.
    #[must_use]
    pub fn truth_of<'a>(&'a self, answer: &'a Answer) -> &'a str {
        match &answer.truth {
            Truth::Known(index) => &self.labels[*index],
            Truth::Unknown(label) => label,
        }
    }

    /// Whether the head's labels are ordered.
    #[must_use]
    pub fn ordered(&self) -> bool {
        self.kind == HeadKind::Urgency
    }
}
