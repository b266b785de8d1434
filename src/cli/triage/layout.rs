//! A text cut into lines that fit a terminal, character by character as they are seen there: a cell
//! for each, with its width and the word that it belongs to.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::cli::printable::steers;

/// Distance of tab stops, and what a tab becomes.
const TAB: &str = "        ";

/// One character as it is seen: a grapheme cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell<'a> {
    pub(super) text: &'a str,
    /// Columns it takes.
    pub(super) width: usize,
    /// The word it belongs to, by index.
    pub(super) word: Option<usize>,
}

/// One line of a terminal.
pub(super) type Line<'a> = Vec<Cell<'a>>;

/// Cuts `text` into lines of at most `width` columns, where there is white space if possible. `words`
/// are byte ranges in ascending order that do not overlap. Tabs become spaces; what would steer the
/// terminal is left out.
pub(super) fn lay_out<'a>(text: &'a str, words: &[Range<usize>], width: usize) -> Vec<Line<'a>> {
    let mut lines = Lines::new(width);
    let mut next = 0;
    for (start, character) in text.grapheme_indices(true) {
        if ends_line(character) {
            lines.end_line();
            continue;
        }
        while words.get(next).is_some_and(|word| word.end <= start) {
            next += 1;
        }
        let touched = |word: &&Range<usize>| word.start < start + character.len();
        let word = words.get(next).filter(touched).map(|_| next);
        if character == "\t" {
            lines.push_tab();
        } else if !character.chars().any(steers) {
            lines.push(character, word);
        }
    }
    lines.finish()
}

/// Whether a grapheme cluster starts a new line.
fn ends_line(character: &str) -> bool {
    matches!(
        character,
        "\n" | "\r" | "\r\n" | "\u{b}" | "\u{c}" | "\u{85}" | "\u{2028}" | "\u{2029}"
    )
}

struct Lines<'a> {
    width: usize,
    done: Vec<Line<'a>>,
    line: Line<'a>,
    column: usize,
    /// Where the line can be broken: behind its last white space.
    break_at: usize,
    /// Whether the line goes on from the one before, which was full.
    continued: bool,
}

impl<'a> Lines<'a> {
    fn new(width: usize) -> Self {
        Self {
            width,
            done: Vec::new(),
            line: Vec::new(),
            column: 0,
            break_at: 0,
            continued: false,
        }
    }

    fn push(&mut self, text: &'a str, word: Option<usize>) {
        let width = text.width();
        let is_space = text.chars().all(char::is_whitespace);
        while self.column + width > self.width && !self.line.is_empty() {
            let at = if is_space { 0 } else { self.break_at };
            self.wrap(at);
        }
        if is_space && self.continued && self.line.is_empty() {
            return;
        }
        self.column += width;
        self.line.push(Cell { text, width, word });
        if is_space {
            self.break_at = self.line.len();
        }
    }

    fn push_tab(&mut self) {
        let spaces = &TAB[self.column % TAB.len()..];
        self.push(spaces, None);
    }

    /// Goes on in a new line with the cells from `at` on; with none of them if that is 0.
    fn wrap(&mut self, at: usize) {
        let rest = match at {
            0 => Vec::new(),
            at => self.line.split_off(at),
        };
        self.end_line();
        self.column = rest.iter().map(|cell| cell.width).sum();
        self.line = rest;
        self.continued = true;
    }

    fn end_line(&mut self) {
        self.done.push(std::mem::take(&mut self.line));
        self.column = 0;
        self.break_at = 0;
        self.continued = false;
    }

    fn finish(mut self) -> Vec<Line<'a>> {
        if !self.line.is_empty() {
            self.end_line();
        }
        self.done
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(text: &str, width: usize) -> Vec<String> {
        lay_out(text, &[], width)
            .iter()
            .map(|line| line.iter().map(|cell| cell.text).collect())
            .collect()
    }

    #[test]
    fn lines_end_where_the_text_says_so() {
        assert_eq!(
            lines("one\r\ntwo\nthree\rfour\n\nfive\n", 80),
            ["one", "two", "three", "four", "", "five"]
        );
        assert!(lines("", 80).is_empty());
    }

    #[test]
    fn long_lines_are_broken_at_white_space() {
        assert_eq!(lines("late parcel again", 11), ["late parcel", "again"]);
        assert_eq!(
            lines("late parcel again", 10),
            ["late ", "parcel ", "again"]
        );
        assert_eq!(lines("a   b", 2), ["a ", "b"]);
        // A line of its own begins with its own white space.
        assert_eq!(lines("a\n  b", 4), ["a", "  b"]);
    }

    #[test]
    fn a_word_longer_than_a_line_is_broken_anywhere() {
        assert_eq!(lines("abcdefgh ij", 3), ["abc", "def", "gh ", "ij"]);
        // Two columns each: a third does not fit.
        assert_eq!(lines("子供子供", 5), ["子供", "子供"]);
        assert_eq!(lines("子", 1), ["子"]);
    }

    #[test]
    fn tabs_reach_to_the_next_stop() {
        assert_eq!(lines("a\tb\t\tc", 80), ["a       b               c"]);
        assert_eq!(lines("子\tb", 80), ["子      b"]);
    }

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(lines("a\u{1b}[31mb\u{202e}c\u{7}\u{9b}", 80), ["a[31mbc"]);
    }

    #[test]
    fn cells_know_their_words() {
        let text = "ab ü👩‍👩‍👧!";
        let cells = &lay_out(text, &[0..2, 3..5, 5..text.len() - 1], 80)[0];
        let words: Vec<Option<usize>> = cells.iter().map(|cell| cell.word).collect();
        assert_eq!(words, [Some(0), Some(0), None, Some(1), Some(2), None]);
        let widths: Vec<usize> = cells.iter().map(|cell| cell.width).collect();
        assert_eq!(widths, [1, 1, 1, 1, 2, 1]);
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_no_character_is_lost(text in any::<String>(), width in 8_usize..40) {
            let lines = lay_out(&text, &[], width);
            for line in &lines {
                prop_assert!(line.iter().map(|cell| cell.width).sum::<usize>() <= width, "{:?}", line);
            }
            let visible = |text: &str| -> String {
                text.chars().filter(|&c| !c.is_whitespace() && !steers(c)).collect()
            };
            let shown: String = lines.iter().flatten().map(|cell| cell.text).collect();
            let kept: String = text
                .graphemes(true)
                .filter(|character| !character.chars().any(steers))
                .collect();
            prop_assert_eq!(visible(&shown), visible(&kept));
        }
    }
}
