//! `--learning-curve`: measures how accuracy grows with the rows, shows progress, prints the curve.

use indicatif::ProgressBar;

use super::progress::stage_bar;
use crate::cli::table::{percent, table};
use crate::evaluation::report::LearningCurve;
use crate::training::learning_curve::{CurveStep, SHARES, learning_curve};
use crate::training::{FitError, FitParams, Stage, TrainingData};

/// Measures the curve with a bar on a terminal.
///
/// # Errors
/// If the labels cannot be learned.
pub(super) fn measure(
    data: TrainingData<'_>,
    params: &FitParams,
) -> Result<LearningCurve, FitError> {
    let bar = stage_bar(SHARES.len());
    let curve = learning_curve(data, params, &|step| show(&bar, step));
    bar.finish_and_clear();
    curve
}

fn show(bar: &ProgressBar, step: CurveStep) {
    bar.set_position(step.index as u64 - 1);
    let stage = match step.stage {
        Stage::Fold { index, of } => format!("fold {index} of {of}"),
        Stage::Pool => "weighing the experts".to_owned(),
        Stage::Final => "learning from all of them".to_owned(),
    };
    bar.set_message(format!(
        "learning curve: {:.0} % of the rows, {stage}",
        step.share * 100.0
    ));
}

/// A table of the curve.
pub(super) fn print(curve: &LearningCurve) {
    let held_out = curve.held_out.iter().max().copied().unwrap_or(0);
    say!("\nlearning curve: accuracy on the same {held_out} rows, held out");
    let mut header = vec!["share", "rows"];
    header.extend(curve.heads.iter().map(String::as_str));
    let columns: Vec<usize> = (0..header.len()).collect();
    let mut lines = table(&header, &columns);
    for point in &curve.points {
        let mut line = vec![
            format!("{:.0} %", point.share * 100.0),
            point.rows.to_string(),
        ];
        let accuracy = point.accuracy.iter();
        line.extend(accuracy.map(|value| value.map_or_else(String::new, percent)));
        lines.add_row(line);
    }
    say!("{lines}");
}
