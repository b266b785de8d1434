//! What changed between two texts of a policy, for people.

use std::time::Duration;

use similar::TextDiff;

/// How long the shortest difference is looked for; one found later is right as well, but may be longer.
const SEARCH: Duration = Duration::from_millis(500);
/// Unchanged lines that are shown before and after a change.
const CONTEXT: usize = 3;

/// A text and its version.
#[derive(Debug, Clone, Copy)]
pub struct Versioned<'a> {
    /// The version.
    pub version: &'a str,
    /// The text.
    pub text: &'a str,
}

/// What changed from `old` to `new`, as a unified diff with the versions in the place of file names; empty where
/// nothing did. Without `old`, everything is new.
#[must_use]
pub fn unified_diff(old: Option<Versioned<'_>>, new: Versioned<'_>) -> String {
    let old = old.unwrap_or(Versioned {
        version: "/dev/null",
        text: "",
    });
    TextDiff::configure()
        .timeout(SEARCH)
        .diff_lines(old.text, new.text)
        .unified_diff()
        .context_radius(CONTEXT)
        .header(old.version, new.version)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_shows_versions_changed_lines_and_some_around() {
        let old: String = (1..=9).map(|line| format!("line {line}\n")).collect();
        let new = old.replace("line 5\n", "line five\n");
        let versioned = |version, text| Versioned { version, text };
        assert_eq!(
            unified_diff(Some(versioned("a", &old)), versioned("b", &new)),
            "--- a\n+++ b\n@@ -2,7 +2,7 @@\n line 2\n line 3\n line 4\n-line 5\n+line five\n line 6\n line 7\n \
             line 8\n"
        );
        assert_eq!(
            unified_diff(Some(versioned("a", &old)), versioned("a", &old)),
            ""
        );
        assert_eq!(
            unified_diff(None, versioned("a", "x\n")),
            "--- /dev/null\n+++ a\n@@ -0,0 +1 @@\n+x\n"
        );
    }
}
