//! A text with its words marked by what they spoke for: in colours, or with marks in a line below.

use std::fmt::Write;
use std::ops::Range;

use anstyle::{AnsiColor, Style};
use unicode_segmentation::UnicodeSegmentation;

use super::layout::{Cell, lay_out};

/// Strength of the strongest word.
const STRONGEST: f32 = 9.0;
/// Strength from which on a coloured word is underlined.
const UNDERLINED: u8 = 4;
/// Strength from which on it is bold as well.
const BOLD: u8 = 7;

/// A word and what it spoke for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pull {
    /// Byte range in the text.
    pub(super) span: Range<usize>,
    /// Positive for, negative against.
    pub(super) contribution: f32,
}

/// How words are marked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Marking {
    /// The largest contribution, either way.
    pub(super) strongest: f32,
    /// By colours, or else by lines below.
    pub(super) colours: bool,
    /// Most columns of a line.
    pub(super) width: usize,
}

impl Marking {
    /// The lines of `text` with the words of `pulls` marked, which are in text order.
    pub(super) fn mark(self, text: &str, pulls: &[Pull]) -> Vec<String> {
        let pulls = join(text, pulls);
        let spans: Vec<Range<usize>> = pulls.iter().map(|pull| pull.span.clone()).collect();
        let mut marked = Vec::new();
        for line in lay_out(text, &spans, self.width) {
            let (mut above, mut below) = (String::new(), String::new());
            for run in line.chunk_by(|a, b| a.word == b.word) {
                let pull = run.first().and_then(|cell| pulls.get(cell.word?));
                let contribution = pull.map_or(0.0, |pull| pull.contribution);
                self.mark_run(run, contribution, &mut above, &mut below);
            }
            marked.push(above.trim_end().to_owned());
            let below = below.trim_end();
            if !below.is_empty() {
                marked.push(below.to_owned());
            }
        }
        marked
    }

    /// What the marks mean, in one line.
    pub(super) fn legend(self) -> String {
        if self.colours {
            let [pro, con] = [style(true, 0), style(false, 0)];
            format!(
                "{pro}green{pro:#} spoke for the label, {con}red{con:#} against it; the stronger ones are underlined, the strongest bold"
            )
        } else {
            "^ spoke for the label, - against it; the strength ends a mark, 9 is the strongest word's"
                .to_owned()
        }
    }

    /// Appends the cells of one word, or of none, and their marks.
    fn mark_run(self, run: &[Cell<'_>], contribution: f32, above: &mut String, below: &mut String) {
        let strength = self.strength(contribution);
        let text = run.iter().map(|cell| cell.text);
        let width: usize = run.iter().map(|cell| cell.width).sum();
        if strength == 0 {
            above.extend(text);
            below.extend(std::iter::repeat_n(' ', width));
        } else if self.colours {
            let style = style(contribution > 0.0, strength);
            let text: String = text.collect();
            // Writing to a string cannot fail.
            let _ = write!(above, "{style}{text}{style:#}");
        } else {
            above.extend(text);
            let sign = if contribution > 0.0 { '^' } else { '-' };
            match width {
                0 | 1 => below.extend(std::iter::repeat_n(sign, width)),
                _ => {
                    below.extend(std::iter::repeat_n(sign, width - 1));
                    below.push(char::from(b'0' + strength));
                }
            }
        }
    }

    /// How strong a contribution is beside the strongest, 0 to 9.
    fn strength(self, contribution: f32) -> u8 {
        if self.strongest <= 0.0 {
            return 0;
        }
        let share = contribution.abs() / self.strongest * STRONGEST;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 to 9
        let strength = share.min(STRONGEST).round() as u8;
        strength
    }
}

fn style(pro: bool, strength: u8) -> Style {
    let colour = if pro {
        AnsiColor::Green
    } else {
        AnsiColor::Red
    };
    let style = colour.on_default();
    match strength {
        BOLD.. => style.underline().bold(),
        UNDERLINED.. => style.underline(),
        _ => style,
    }
}

/// Words that share a character on the screen, such as the parts of a composed emoji, become one.
fn join(text: &str, pulls: &[Pull]) -> Vec<Pull> {
    let mut joined: Vec<Pull> = Vec::with_capacity(pulls.len());
    let mut characters = text.grapheme_indices(true).peekable();
    for pull in pulls {
        let ends_before =
            |(start, character): &(usize, &str)| start + character.len() <= pull.span.start;
        while characters.next_if(ends_before).is_some() {}
        let start = characters.peek().map_or(text.len(), |(start, _)| *start);
        match joined.last_mut().filter(|before| before.span.end > start) {
            Some(before) => {
                before.span.end = pull.span.end;
                before.contribution += pull.contribution;
            }
            None => joined.push(pull.clone()),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The contributions of the text's words by name.
    fn pulls(text: &str, words: &[(&str, f32)]) -> Vec<Pull> {
        words
            .iter()
            .map(|(word, contribution)| {
                let start = text.find(word).unwrap();
                Pull {
                    span: start..start + word.len(),
                    contribution: *contribution,
                }
            })
            .collect()
    }

    fn marked(text: &str, words: &[(&str, f32)], colours: bool) -> Vec<String> {
        let marking = Marking {
            strongest: 2.0,
            colours,
            width: 40,
        };
        marking.mark(text, &pulls(text, words))
    }

    #[test]
    fn marks_stand_under_their_words() {
        assert_eq!(
            marked(
                "my parcel is late",
                &[("my", 0.05), ("parcel", -0.5), ("late", 2.0)],
                false
            ),
            ["my parcel is late", "   -----2    ^^^9",]
        );
    }

    #[test]
    fn marks_count_columns_and_not_bytes() {
        let words = [("größe", 2.0), ("子供", -1.0), ("🔥", 1.0), ("x", 0.5)];
        assert_eq!(
            marked("größe 子供 🔥 x", &words, false),
            ["größe 子供 🔥 x", "^^^^9 ---5 ^5 ^",]
        );
        // A decomposed letter takes one column, a family of three people two.
        let words = [("e\u{301}te\u{301}", 2.0), ("👩", 1.0), ("👧", 1.0)];
        assert_eq!(
            marked("e\u{301}te\u{301} 👩\u{200d}👧 !", &words, false)[1],
            "^^9 ^9"
        );
    }

    #[test]
    fn marks_follow_tabs_and_ends_of_lines() {
        let words = [("a", 2.0), ("late", -2.0), ("end", 2.0)];
        assert_eq!(
            marked("a\tlate\r\n\r\nnone\r\nend", &words, false),
            ["a       late", "^       ---9", "", "none", "end", "^^9"]
        );
    }

    #[test]
    fn marks_follow_a_word_into_the_next_line() {
        let marking = Marking {
            strongest: 1.0,
            colours: false,
            width: 4,
        };
        let text = "ab cdefgh";
        assert_eq!(
            marking.mark(text, &pulls(text, &[("cdefgh", 1.0)])),
            ["ab", "cdef", "^^^9", "gh", "^9"]
        );
    }

    #[test]
    fn colours_need_no_line_below() {
        let words = [("late", 2.0), ("is", -1.0), ("here", 0.3)];
        assert_eq!(
            marked("late is here now", &[words[0], words[1], words[2]], true),
            [
                "\u{1b}[1m\u{1b}[4m\u{1b}[32mlate\u{1b}[0m \u{1b}[4m\u{1b}[31mis\u{1b}[0m \u{1b}[32mhere\u{1b}[0m now"
            ]
        );
    }

    #[test]
    fn a_text_without_evidence_is_left_as_it_is() {
        assert_eq!(marked("qwx zzv", &[], false), ["qwx zzv"]);
        let nothing = Marking {
            strongest: 0.0,
            colours: false,
            width: 40,
        };
        assert_eq!(
            nothing.mark("late", &pulls("late", &[("late", 0.0)])),
            ["late"]
        );
    }
}
