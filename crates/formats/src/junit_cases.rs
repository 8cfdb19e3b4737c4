//! Results of test cases as JUnit XML: one suite, one case per test.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::xml::clean;

/// One test.
#[derive(Debug, Clone)]
pub struct CaseResult {
    /// Name.
    pub name: String,
    /// What was not as expected, one sentence each.
    pub failures: Vec<String>,
    /// Why it could not be run.
    pub error: Option<String>,
}

impl CaseResult {
    /// Whether everything was as expected.
    pub const fn passed(&self) -> bool {
        self.failures.is_empty() && self.error.is_none()
    }
}

/// Writes the results.
pub fn write(suite: &str, cases: &[CaseResult], out: &mut dyn Write) -> io::Result<()> {
    let mut written = TestSuite::new(clean(suite));
    for case in cases {
        written.add_test_case(TestCase::new(clean(&case.name), status(case)));
    }
    let mut report = Report::new("stopgate");
    report.add_test_suite(written);
    report.serialize(out).map_err(io::Error::other)
}

fn status(case: &CaseResult) -> TestCaseStatus {
    if case.passed() {
        return TestCaseStatus::success();
    }
    let kind = if case.error.is_some() { NonSuccessKind::Error } else { NonSuccessKind::Failure };
    let lines: Vec<String> = case.failures.iter().chain(&case.error).map(|text| clean(text)).collect();
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(lines.first().cloned().unwrap_or_default());
    status.set_description(lines.join("\n"));
    status
}

#[cfg(test)]
mod tests {
    use super::{CaseResult, write};

    #[test]
    fn counts_failures_and_errors_apart() {
        let case = |name: &str, failures: &[&str], error: Option<&str>| CaseResult {
            name: name.to_owned(),
            failures: failures.iter().map(|text| (*text).to_owned()).collect(),
            error: error.map(str::to_owned),
        };
        let cases =
            [case("good", &[], None), case("bad <&>", &["a\u{1}b"], None), case("broken", &[], Some("no file"))];
        let mut out = Vec::new();
        write("policy tests", &cases, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains(r#"tests="3" skipped="0" failures="1" errors="1""#), "{text}");
        assert!(text.contains("bad &lt;&amp;&gt;") && !text.contains('\u{1}'), "{text}");
    }
}
