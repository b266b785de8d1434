//! Results as JUnit's XML, which build servers read.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::run::{CaseResult, StepResult};

/// The results of files of cases, each with its name, as JUnit's XML.
///
/// # Errors
///
/// If the XML cannot be written.
pub fn to_junit(suites: &[(&str, &[CaseResult])]) -> Result<String, quick_junit::SerializeError> {
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
    report.to_string()
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
