//! Puts the parts of the page together and fills the template.

use askama::Template;

use super::confusion::Matrix;
use super::coverage::{HeadCurve, LabelCurve, head_curve, label_curves};
use super::frame::{Frame, Px, Tick};
use super::heatmap::{HeatMap, RIGHT_STEPS, WRONG_STEPS, heat_map};
use super::labels::{LabelLine, Verdict, label_lines};
use super::learning::{LearningChart, learning_chart};
use super::numbers::{count, counted, parts, percent, whole_percent};
use super::reliability::{Reliability, reliability};
use super::summary::{Measure, measures};
use super::worst::{WorstConfusion, worst_confusions};
use super::{Basis, HeadInput, ReportFile, ReportInput};

/// Small charts that are shown at once; the rest unfold on demand.
const CHARTS_SHOWN: usize = 24;
/// Most labels of a table that is not scrolled in a box of its own.
const MANY: usize = 45;

#[derive(Template)]
#[template(path = "report/page.html")]
struct Page<'a> {
    version: &'a str,
    basis: &'a Basis,
    files: &'a [ReportFile],
    rows: usize,
    target: String,
    any_ordered: bool,
    measures: Vec<Measure>,
    heads: Vec<HeadView<'a>>,
    any_areas: bool,
    out_of_scope: Option<OutsideView>,
    learning: Option<LearningChart>,
    right_legend: Vec<Shade>,
    wrong_legend: Vec<Shade>,
}

/// What is said of texts that belong to no topic.
struct OutsideView {
    rows: usize,
    rejected: String,
    auroc: String,
}

/// One head's part of the page.
struct HeadView<'a> {
    /// Distinguishes the ids of this head's elements.
    index: usize,
    name: &'a str,
    rows: usize,
    labels: usize,
    many: bool,
    automatable: usize,
    fell_short: usize,
    automated: String,
    automated_precision: Option<String>,
    accuracy: String,
    calibration_error: String,
    lines: Vec<LabelLine>,
    curve: HeadCurve,
    label_frame: Frame,
    label_y_ticks: Vec<Tick>,
    label_target: Px,
    charts: Vec<LabelCurve>,
    more_charts: Vec<LabelCurve>,
    map: HeatMap,
    worst: Vec<WorstConfusion>,
    reliability: Reliability,
}

/// A depth of colour and the shares it stands for.
struct Shade {
    class: String,
    range: String,
}

/// The page as HTML.
///
/// # Errors
/// If the template cannot be filled, which its types rule out short of a lack of memory.
pub fn page(input: &ReportInput<'_>) -> Result<String, askama::Error> {
    let metrics: Vec<_> = input.heads.iter().map(|head| head.metrics).collect();
    let heads = input.heads.iter().enumerate();
    Page {
        version: input.version,
        basis: &input.basis,
        files: input.files,
        rows: input.rows,
        target: whole_percent(input.target_precision),
        any_ordered: input.heads.iter().any(|head| head.answers.ordered()),
        measures: measures(&metrics),
        heads: heads
            .map(|(index, head)| view(index, head, input))
            .collect(),
        any_areas: metrics.iter().any(|own| own.areas.is_some()),
        out_of_scope: input.out_of_scope.map(|outside| OutsideView {
            rows: outside.rows,
            rejected: percent(outside.rejected),
            auroc: format!("{:.3}", outside.auroc),
        }),
        learning: input.learning_curve.and_then(learning_chart),
        right_legend: legend('r', &RIGHT_STEPS),
        wrong_legend: legend('w', &WRONG_STEPS),
    }
    .render()
}

fn view<'a>(index: usize, head: &HeadInput<'a>, input: &ReportInput<'_>) -> HeadView<'a> {
    let HeadInput {
        answers,
        metrics,
        thresholds,
    } = *head;
    let lines = label_lines(answers, metrics, thresholds, input.target_precision);
    let small = label_curves(answers, thresholds, input.target_precision);
    let mut charts: Vec<Option<LabelCurve>> = small.charts.into_iter().map(Some).collect();
    // In the order of the table, so that both are read side by side.
    let mut charts: Vec<LabelCurve> = lines
        .iter()
        .filter_map(|line| charts.get_mut(line.index?)?.take())
        .filter(|chart| chart.rows > 0)
        .collect();
    let more_charts = charts.split_off(charts.len().min(CHARTS_SHOWN));
    HeadView {
        index,
        name: answers.kind.name(),
        rows: metrics.rows,
        labels: answers.labels.len(),
        many: lines.len() > MANY,
        automatable: lines
            .iter()
            .filter(|line| matches!(line.verdict, Verdict::Automate | Verdict::FellShort))
            .count(),
        fell_short: lines
            .iter()
            .filter(|line| line.verdict == Verdict::FellShort)
            .count(),
        automated: percent(metrics.automated),
        automated_precision: (metrics.automated > 0.0)
            .then(|| percent(metrics.precision_when_automated)),
        accuracy: percent(metrics.accuracy),
        calibration_error: percent(metrics.expected_calibration_error),
        curve: head_curve(answers, metrics, input.target_precision),
        label_frame: small.frame,
        label_y_ticks: small.y_ticks,
        label_target: small.target,
        charts,
        more_charts,
        map: heat_map(&Matrix::new(answers)),
        worst: worst_confusions(answers, input.row_names),
        reliability: reliability(answers),
        lines,
    }
}

/// The shades of one scale, palest first.
fn legend(kind: char, steps: &[f64]) -> Vec<Shade> {
    (0..=steps.len())
        .map(|index| {
            let from = index.checked_sub(1).and_then(|before| steps.get(before));
            let range = match (from, steps.get(index)) {
                (None, Some(to)) => format!("< {}", whole_percent(*to)),
                (Some(from), _) => format!("≥ {}", whole_percent(*from)),
                (None, None) => String::new(),
            };
            Shade {
                class: format!("{kind}{}", index + 1),
                range,
            }
        })
        .collect()
}
