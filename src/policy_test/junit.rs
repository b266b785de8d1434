//! Results as JUnit's XML, which build servers read.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::coverage::Coverage;
use super::ratio::Ratio;
use super::run::{CaseResult, StepResult};

/// The coverage that is asked for, and what cases cover of each policy, by its name.
#[derive(Debug, Clone)]
pub struct CoverageBar<'a> {
    /// The least share.
    pub bar: Ratio,
    /// What is covered.
    pub policies: Vec<(&'a str, &'a Coverage)>,
}

/// The results of files of cases, each with its name, as JUnit's XML. Each policy whose coverage is held against a bar
/// is a test case of its own.
///
/// # Errors
///
/// If the XML cannot be written.
pub fn to_junit(
    suites: &[(&str, &[CaseResult])],
    covered: Option<&CoverageBar<'_>>,
) -> Result<String, quick_junit::SerializeError> {
    let mut report = Report::new("triage policy test");
    for (origin, results) in suites {
        let mut suite = TestSuite::new(*origin);
        for result in *results {
            let mut case = TestCase::new(result.name.as_str(), status(result));
            case.set_classname(*origin);
            case.extra
                .insert("line".into(), result.line.to_string().into());
            suite.add_test_case(case);
        }
        report.add_test_suite(suite);
    }
    if let Some(CoverageBar { bar, policies }) = covered {
        let mut suite = TestSuite::new("coverage");
        for (policy, coverage) in policies {
            let name = format!("coverage of {policy}");
            let mut case = TestCase::new(name, coverage_status(policy, coverage, *bar));
            case.set_classname(*policy);
            suite.add_test_case(case);
        }
        report.add_test_suite(suite);
    }
    report.to_string()
}

fn coverage_status(policy: &str, coverage: &Coverage, bar: Ratio) -> TestCaseStatus {
    let ratio = coverage.ratio();
    if ratio >= bar {
        return TestCaseStatus::success();
    }
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    let missing = coverage.missing().into_iter().map(|one| {
        let at = one
            .position
            .map(|at| format!(":{}:{}", at.line, at.column))
            .unwrap_or_default();
        format!("{policy}{at}: {one}")
    });
    status
        .set_type("coverage")
        .set_message(format!("{ratio} is below the bar of {bar}"))
        .set_description(missing.collect::<Vec<_>>().join("\n"));
    status
}

fn status(result: &CaseResult) -> TestCaseStatus {
    if result.passed() {
        return TestCaseStatus::success();
    }
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    let failed: Vec<&StepResult> = result
        .steps
        .iter()
        .filter(|step| !step.mismatches.is_empty())
        .collect();
    let told = failed.iter().flat_map(|step| {
        let mismatches = step.mismatches.iter();
        mismatches.map(|one| format!("{}: expected {}, got {}", one.field, one.expected, one.got))
    });
    let told: Vec<String> = told.collect();
    let parting = failed.iter().flat_map(|step| step.parting.iter().cloned());
    status
        .set_type("expectation")
        .set_message(told.join("; "))
        .set_description(
            told.iter()
                .cloned()
                .chain(parting)
                .collect::<Vec<_>>()
                .join("\n"),
        );
    status
}
