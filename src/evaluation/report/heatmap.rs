//! The confusion matrix as a picture: where each cell lies and how deep its colour is. Works for a
//! handful of labels, with numbers in the cells, and for hundreds, without.

use super::confusion::{Matrix, area, area_starts};
use super::frame::Px;
use super::numbers::{count, percent, shortened};

/// Most characters of a label beside the picture.
const LABEL_CHARACTERS: usize = 30;
/// Width that is left for the cells beside the labels of their rows on a screen of common size.
const CELLS_WIDTH: f64 = 860.0;
/// Space between areas.
const GAP: f64 = 5.0;
/// From which shares on the next depth of colour begins.
pub(super) const RIGHT_STEPS: [f64; 6] = [0.2, 0.4, 0.6, 0.75, 0.9, 0.97];
pub(super) const WRONG_STEPS: [f64; 6] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.4];
/// Other labels that the table names for each label.
const NAMED: usize = 3;

/// The picture and the table that says the same.
#[derive(Debug)]
pub(super) struct HeatMap {
    pub(super) side: Px,
    pub(super) font: Px,
    /// Width of the picture of the rows' labels.
    pub(super) margin: Px,
    /// Width of the picture of the cells.
    pub(super) width: Px,
    pub(super) height: Px,
    /// Whether the columns' labels stand upright on their columns.
    pub(super) upright: bool,
    pub(super) rows: Vec<AxisLabel>,
    pub(super) columns: Vec<AxisLabel>,
    pub(super) cells: Vec<Cell>,
    pub(super) table: Vec<MatrixLine>,
}

/// A label beside its row or above its column.
#[derive(Debug)]
pub(super) struct AxisLabel {
    pub(super) at: Px,
    /// The area with its `/`, if areas are told apart.
    pub(super) area: String,
    pub(super) rest: String,
    pub(super) full: String,
}

/// One count that is not 0.
#[derive(Debug, PartialEq)]
pub(super) struct Cell {
    pub(super) x: Px,
    pub(super) y: Px,
    /// `r` for right or `w` for wrong, and the depth from 1 to 7.
    pub(super) class: String,
    pub(super) right: bool,
    /// Number in the cell, if there is room.
    pub(super) number: String,
    pub(super) text_x: Px,
    pub(super) text_y: Px,
    pub(super) title: String,
}

/// One label's row in words.
#[derive(Debug, PartialEq)]
pub(super) struct MatrixLine {
    pub(super) label: String,
    pub(super) rows: usize,
    pub(super) right: String,
    pub(super) others: Vec<String>,
}

/// Lays out the matrix.
pub(super) fn heat_map(matrix: &Matrix) -> HeatMap {
    let side: f64 = match matrix.truths.len() {
        ..=8 => 54.0,
        9..=20 => 32.0,
        21..=45 => 24.0,
        // As large as lets all of them be seen at once.
        #[allow(clippy::cast_precision_loss)] // at most 90
        labels @ 46..=90 => (CELLS_WIDTH / labels as f64).floor().clamp(11.0, 15.0),
        _ => 11.0,
    };
    let font = if side >= 32.0 {
        13.0
    } else {
        (side * 0.86).clamp(9.0, 12.0)
    };
    let numbers = side >= 24.0;
    // What the model does not know stands apart from what it knows.
    let mut starts = area_starts(&matrix.truths);
    let by_area = !starts.is_empty();
    if !starts.contains(&matrix.labels) {
        starts.push(matrix.labels);
    }
    let gaps = |index: usize| starts.iter().filter(|&&start| start <= index).count();
    #[allow(clippy::cast_precision_loss)] // hundreds of labels
    let offset = |index: usize| index as f64 * side + gaps(index) as f64 * GAP;
    let longest = matrix
        .truths
        .iter()
        .map(|label| label.chars().count().min(LABEL_CHARACTERS));
    #[allow(clippy::cast_precision_loss)] // at most LABEL_CHARACTERS
    let label_width = longest.max().unwrap_or(0) as f64 * font * 0.62 + 6.0;
    // Few labels are written above their columns, more of them aslant, many upright.
    let upright = side < 24.0;
    let above = if upright {
        label_width
    } else {
        label_width * 0.72 + font
    } + 4.0;
    let beside = if upright { 4.0 } else { label_width * 0.72 };
    let label = |index: usize, middle: f64| axis_label(&matrix.truths[index], by_area, middle);
    let cells = matrix.counts.iter().map(|(&(row, column), &rows)| {
        let part = matrix.share(row, column);
        let right = row == column;
        let (kind, steps) = if right {
            ('r', RIGHT_STEPS)
        } else {
            ('w', WRONG_STEPS)
        };
        let (x, y) = (offset(column), above + offset(row));
        Cell {
            x: Px(x),
            y: Px(y),
            class: format!("{kind}{}", depth(part, &steps)),
            right,
            number: if numbers { number(part) } else { String::new() },
            text_x: Px(x + side / 2.0),
            text_y: Px(y + side / 2.0),
            title: format!(
                "{} → {}: {} of {} ({})",
                matrix.truths[row],
                matrix.truths[column],
                count(rows),
                count(matrix.totals[row]),
                percent(part)
            ),
        }
    });
    // Those on the diagonal last, so that nothing covers their frames.
    let (right, mut cells): (Vec<Cell>, Vec<Cell>) = cells.partition(|cell| cell.right);
    cells.extend(right);
    HeatMap {
        side: Px(side),
        font: Px(font),
        margin: Px(label_width + 8.0),
        width: Px(offset(matrix.labels) + beside),
        height: Px(above + offset(matrix.truths.len()) + 2.0),
        upright,
        rows: (0..matrix.truths.len())
            .map(|row| label(row, above + offset(row) + side / 2.0))
            .collect(),
        columns: (0..matrix.labels)
            .map(|column| label(column, offset(column) + side / 2.0))
            .collect(),
        cells,
        table: (0..matrix.truths.len())
            .map(|row| line(matrix, row))
            .collect(),
    }
}

fn axis_label(full: &str, by_area: bool, at: f64) -> AxisLabel {
    let shown = shortened(full, LABEL_CHARACTERS);
    let area = area(&shown)
        .filter(|_| by_area)
        .map(|area| format!("{area}/"));
    let area = area.unwrap_or_default();
    AxisLabel {
        at: Px(at),
        rest: shown[area.len()..].to_owned(),
        area,
        full: full.to_owned(),
    }
}

fn line(matrix: &Matrix, row: usize) -> MatrixLine {
    let others = matrix.taken_for(row);
    MatrixLine {
        label: matrix.truths[row].clone(),
        rows: matrix.totals[row],
        right: percent(matrix.share(row, row)),
        others: others
            .iter()
            .take(NAMED)
            .map(|&(chosen, rows)| format!("{} ({})", matrix.truths[chosen], count(rows)))
            .collect(),
    }
}

/// A share in percent, as short as it can be; what is not nothing is never shown as 0.
fn number(share: f64) -> String {
    if share < 0.005 {
        "<1".to_owned()
    } else {
        format!("{:.0}", share * 100.0)
    }
}

/// 1 to 7: how many of the steps a share has reached, and one.
fn depth(share: f64, steps: &[f64]) -> usize {
    1 + steps.iter().filter(|&&step| share >= step).count()
}

#[cfg(test)]
mod tests {
    use super::super::sample::head;
    use super::*;

    #[test]
    fn right_and_wrong_have_scales_of_their_own() {
        let head = head(&[
            (0, 0, 0.9),
            (0, 0, 0.9),
            (0, 0, 0.9),
            (0, 1, 0.9),
            (2, 2, 0.9),
        ]);
        let map = heat_map(&Matrix::new(&head));
        let cells: Vec<(&str, &str)> = map
            .cells
            .iter()
            .map(|cell| (cell.class.as_str(), cell.number.as_str()))
            .collect();
        assert_eq!(cells, [("w6", "25"), ("r5", "75"), ("r7", "100")]);
        assert_eq!(map.cells[0].title, "a/x → a/y: 1 of 4 (25.0\u{a0}%)");
        assert_eq!(map.table[0].others, ["a/y (1)"]);
    }

    #[test]
    fn areas_are_set_apart() {
        let head = head(&[(0, 0, 0.9), (1, 1, 0.9), (2, 2, 0.9)]);
        let map = heat_map(&Matrix::new(&head));
        let at: Vec<f64> = map.columns.iter().map(|label| label.at.0).collect();
        assert_eq!(at, [27.0, 81.0, 135.0 + GAP]);
        assert_eq!(
            (map.columns[0].area.as_str(), map.columns[0].rest.as_str()),
            ("a/", "x")
        );
        assert_eq!(map.columns[2].area, "");
    }

    #[test]
    fn many_labels_make_small_cells_without_numbers() {
        let labels = 150;
        let matrix = Matrix {
            truths: (0..labels).map(|i| format!("label {i}")).collect(),
            labels,
            totals: vec![10; labels],
            counts: (0..labels).map(|i| ((i, i), 10)).collect(),
        };
        let map = heat_map(&matrix);
        assert!(map.upright && map.cells.iter().all(|cell| cell.number.is_empty()));
        assert!(map.width.0 < 1700.0, "{}", map.width);
    }

    #[test]
    fn a_cut_label_is_whole_in_its_title() {
        let long = "area/a label that goes on and on and on and on";
        let label = axis_label(long, true, 0.0);
        assert_eq!(label.area, "area/");
        assert!(label.rest.ends_with('…') && label.full == long);
        // The cut may fall into the area itself.
        let label = axis_label(&"x".repeat(40), true, 0.0);
        assert_eq!((label.area.as_str(), label.rest.chars().count()), ("", 30));
    }
}
