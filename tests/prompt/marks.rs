//! `triage explain` marks words where they stand, in colours or below them.

use crate::desk::fitted as fitted_with;
use crate::explain::explain;
use crate::program::{run_command, triage};
use crate::running::argument;

/// A model whose topics hang on words alone.
fn fitted() -> tempfile::TempDir {
    fitted_with(&["--embedding", "none"])
}

/// The line below the line of the text that holds `word`.
fn below<'a>(printed: &'a str, word: &str) -> [&'a str; 2] {
    let mut lines = printed.lines().filter(|line| line.starts_with("  "));
    let text = lines.find(|line| line.contains(word)).unwrap();
    [text, lines.next().unwrap()]
}

#[test]
fn marks_stand_under_their_words() {
    let folder = fitted();
    for (text, column) in [
        ("my parcel please", 3),
        ("où größe parcel please", 9),
        ("子供 parcel please", 5),
        ("🔥 👩\u{200d}👧 parcel please", 6),
        ("a\tparcel please", 8),
        ("first\r\nmy parcel please\r\nlast", 3),
    ] {
        let run = explain(&folder, &["--text", text, "--head", "topic"]);
        let [_, marks] = below(run.printed(), "parcel please");
        let start = "  ".len() + column;
        let end = start + "parcel".len();
        assert_eq!(&marks[start..end], "^^^^^9", "{}", run.out);
        assert!(marks[..start].ends_with(' '), "{}", run.out);
        assert!(!marks[end..].starts_with(['^', '-']), "{}", run.out);
        assert!(!run.out.contains('\r'), "{:?}", run.out);
    }
}

#[test]
fn a_long_line_is_wrapped_with_its_marks() {
    let folder = fitted();
    let text = format!("{} parcel", "qwx ".repeat(40).trim_end());
    let run = explain(&folder, &["--text", &text, "--head", "topic"]);
    let [line, marks] = below(run.printed(), "parcel");
    let at = line.find("parcel").unwrap();
    assert_eq!(marks.get(at..at + 6), Some("^^^^^9"), "{}", run.out);
    assert!(run.out.lines().all(|line| line.chars().count() <= 100));
}

#[test]
fn colours_are_for_those_who_can_see_them() {
    let folder = fitted();
    let models = folder.path().join("models");
    let printed = |variables: &[(&str, &str)]| {
        let mut command = triage(&["explain", "--head", "topic", "--text", "my parcel please"]);
        command.args(["--models", argument(&models)]);
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        command.envs(variables.iter().copied());
        run_command(command).printed().to_owned()
    };
    let plain = printed(&[]);
    assert!(
        plain.contains("^^^^^9") && !plain.contains('\u{1b}'),
        "{plain}"
    );
    let forced = printed(&[("CLICOLOR_FORCE", "1")]);
    assert!(
        forced.contains("\u{1b}[1m\u{1b}[4m\u{1b}[32mparcel\u{1b}[0m"),
        "{forced:?}"
    );
    assert!(!forced.contains('^'), "{forced}");
    assert_eq!(
        printed(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]),
        plain
    );
}

#[test]
fn a_text_cannot_steer_the_terminal() {
    let folder = fitted();
    let text = "my \u{1b}[31mparcel\u{1b}]0;x\u{7} \u{202e}please \u{9b}2J";
    let run = explain(&folder, &["--text", text]);
    let steering = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!run.printed().contains(steering), "{:?}", run.out);
}
