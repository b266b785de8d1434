//! What `triage policy test` prints.

use serde_json::{Value, json};

use super::limit;
use crate::cli::printable::without_steering;
use crate::cli::table::{percent, table};
use crate::policy_test::{CaseResult, Coverage, CoverageKind, Ratio, StepResult};
use crate::ticket::Ticket;

/// Most characters of a ticket's text that are shown.
const EXCERPT_CHARS: usize = 100;

/// What came of the cases of one file.
#[derive(Debug)]
pub(super) struct SuiteRun {
    pub(super) origin: String,
    /// How many cases the file has, tried or not.
    pub(super) all: usize,
    pub(super) results: Vec<CaseResult>,
}

/// What the cases of all files covered of one policy.
#[derive(Debug)]
pub(super) struct PolicyCoverage {
    pub(super) policy: String,
    pub(super) coverage: Coverage,
}

/// Prints results for people.
pub(super) fn print_human(
    runs: &[SuiteRun],
    coverages: &[PolicyCoverage],
    only_failures: bool,
    bar: Option<Ratio>,
) {
    let (mut passed, mut failed, mut left_out) = (0, 0, 0);
    for run in runs {
        left_out += run.all - run.results.len();
        let shown: Vec<&CaseResult> = run
            .results
            .iter()
            .filter(|result| !only_failures || !result.passed())
            .collect();
        passed += run.results.iter().filter(|result| result.passed()).count();
        failed += run.results.iter().filter(|result| !result.passed()).count();
        if !shown.is_empty() {
            say!("{}", without_steering(&run.origin));
        }
        for result in shown {
            print_case(result);
        }
    }
    for coverage in coverages {
        print_coverage(coverage, bar);
    }
    let left_out = match left_out {
        0 => String::new(),
        count => format!(", {count} not tried"),
    };
    let cases = match passed + failed {
        1 => "1 case".to_owned(),
        count => format!("{count} cases"),
    };
    say!("{cases}: {passed} passed, {failed} failed{left_out}");
}

fn print_case(result: &CaseResult) {
    let name = without_steering(&result.name);
    if result.passed() {
        say!("  ok    {name}");
        return;
    }
    say!("  FAIL  {name} (line {})", result.line);
    for (number, step) in (1..).zip(&result.steps) {
        if step.mismatches.is_empty() {
            continue;
        }
        if result.steps.len() > 1 {
            say!("        step {number} of the sequence (line {})", step.line);
        }
        print_step(step);
    }
}

fn print_step(step: &StepResult) {
    say!(
        "        ticket: {}",
        without_steering(&describe_ticket(step))
    );
    let mut differences = table(&["expected of", "expected", "got", "line"], &[]);
    for one in &step.mismatches {
        differences.add_row([
            one.field.to_owned(),
            without_steering(&one.expected),
            without_steering(&one.got),
            one.position.line.to_string(),
        ]);
    }
    for line in differences.to_string().lines() {
        say!("       {}", line.trim_end());
    }
    for line in &step.parting {
        say!("        {}", without_steering(line));
    }
    say!("");
}

/// A ticket and what was said of it, in one line.
fn describe_ticket(step: &StepResult) -> String {
    let Ticket {
        id,
        channel,
        subject: _,
        body: _,
        language,
        tags,
        attributes: _,
        customer,
        last_agent_id,
    } = &step.ticket;
    let text = step.ticket.text().replace('\n', " / ");
    let mut excerpt: String = text.chars().take(EXCERPT_CHARS).collect();
    if excerpt.len() < text.len() {
        excerpt.push('…');
    }
    let mut parts = vec![format!("{id} “{excerpt}”")];
    let said = &step.classification;
    let heads = [("topic", &said.topic), ("urgency", &said.urgency)];
    for (name, said) in heads {
        if let Some(said) = said {
            parts.push(format!(
                "{name} {} {}",
                said.label,
                percent(said.confidence.into())
            ));
        }
    }
    parts.extend(
        said.facets
            .iter()
            .map(|(name, said)| format!("{name} {}", said.label)),
    );
    parts.extend(channel.map(|channel| format!("by {channel}")));
    parts.extend(language.iter().map(|language| format!("in {language}")));
    if !customer.tier.is_empty() {
        parts.push(format!("tier {}", customer.tier));
    }
    if !tags.is_empty() {
        parts.push(format!("tags {}", tags.join(" ")));
    }
    parts.extend(
        last_agent_id
            .iter()
            .map(|agent| format!("last agent {agent}")),
    );
    parts.join(", ")
}

fn print_coverage(of: &PolicyCoverage, bar: Option<Ratio>) {
    let PolicyCoverage { policy, coverage } = of;
    let ratio = coverage.ratio();
    say!(
        "coverage of {}: {} ({ratio}){}",
        without_steering(policy),
        percent(ratio.to_f64()),
        match bar {
            Some(bar) if ratio < bar => format!(", below the bar of {}", limit(bar, ratio)),
            Some(_) | None => String::new(),
        }
    );
    let mut kinds = table(&["covered", "of", ""], &[0, 1]);
    for (kind, ratio) in coverage.by_kind() {
        let (part, whole) = ratio.parts();
        kinds.add_row([
            part.to_string(),
            whole.to_string(),
            kind.plural().to_owned(),
        ]);
    }
    for line in kinds.to_string().lines() {
        say!(" {}", line.trim_end());
    }
    let missing = coverage.missing();
    for one in &missing {
        let at = match one.position {
            Some(at) => format!("{policy}:{}:{}", at.line, at.column),
            None => policy.clone(),
        };
        say!("  {}", without_steering(&format!("{at}: {one}")));
    }
}

/// Prints results as JSON.
///
/// # Errors
/// If they cannot be written so.
pub(super) fn print_json(
    runs: &[SuiteRun],
    coverages: &[PolicyCoverage],
    only_failures: bool,
    bar: Option<Ratio>,
) -> anyhow::Result<()> {
    let count = |passed: bool| -> usize {
        let results = runs.iter().flat_map(|run| &run.results);
        results.filter(|result| result.passed() == passed).count()
    };
    let files: Vec<Value> = runs
        .iter()
        .map(|run| {
            let shown = run
                .results
                .iter()
                .filter(|one| !only_failures || !one.passed());
            json!({ "file": run.origin, "cases": shown.map(case_json).collect::<Vec<_>>() })
        })
        .collect();
    let covered: Vec<Value> = coverages
        .iter()
        .map(|one| coverage_json(one, bar))
        .collect();
    let all = json!({
        "passed": count(true),
        "failed": count(false),
        "files": files,
        "coverage": covered,
    });
    say!("{}", serde_json::to_string_pretty(&all)?);
    Ok(())
}

fn case_json(result: &CaseResult) -> Value {
    let steps = result.steps.iter().map(|step| {
        json!({
            "line": step.line,
            "ticket": step.ticket,
            "classification": step.classification,
            "decision": step.decision,
            "mismatches": step.mismatches,
            "why": step.parting,
        })
    });
    json!({
        "name": result.name,
        "line": result.line,
        "passed": result.passed(),
        "steps": steps.collect::<Vec<_>>(),
    })
}

fn coverage_json(of: &PolicyCoverage, bar: Option<Ratio>) -> Value {
    let parts = |ratio: Ratio| {
        let (covered, all) = ratio.parts();
        json!({ "covered": covered, "all": all })
    };
    let kinds: serde_json::Map<String, Value> = of
        .coverage
        .by_kind()
        .into_iter()
        .filter_map(|(kind, ratio)| Some((kind_word(kind)?, parts(ratio))))
        .collect();
    json!({
        "policy": of.policy,
        "total": parts(of.coverage.ratio()),
        "kinds": kinds,
        "missing": of.coverage.missing(),
        "below_the_bar": bar.map(|bar| of.coverage.ratio() < bar),
    })
}

fn kind_word(kind: CoverageKind) -> Option<String> {
    serde_json::to_value(kind).ok()?.as_str().map(str::to_owned)
}
