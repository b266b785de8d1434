//! Where in a YAML file a part of a scalar stands, so that a fault within a condition points at the word that is
//! wrong, whether the condition is plain, quoted or a block of several lines.

use super::fault::Position;

/// The lines of a file.
pub(super) struct Lines<'a> {
    lines: Vec<&'a str>,
}

impl<'a> Lines<'a> {
    /// Splits `text`.
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            lines: text.split_inclusive('\n').collect(),
        }
    }

    /// The place of the byte `offset` of `scalar`, a text that begins at `start`; `start` itself where the file
    /// spells the text differently, as by an alias or an unusual escape.
    pub(super) fn locate(&self, start: Position, scalar: &str, offset: usize) -> Position {
        self.follow(start, scalar, offset).unwrap_or(start)
    }

    fn follow(&self, start: Position, scalar: &str, offset: usize) -> Option<Position> {
        let mut source = self.chars_from(start).peekable();
        let quote = match source.peek()?.1 {
            mark @ ('"' | '\'') => {
                source.next();
                Some(mark)
            }
            '|' | '>' => {
                source.find(|&(_, c)| c == '\n')?;
                None
            }
            _ => None,
        };
        // A folded scalar and its source differ in white space alone.
        for (at, wanted) in scalar.char_indices() {
            if at >= offset {
                break;
            }
            if wanted.is_whitespace() {
                continue;
            }
            while source.next_if(|&(_, c)| c.is_whitespace()).is_some() {}
            let (_, mut found) = source.next()?;
            if found == '\\' && quote == Some('"') {
                (_, found) = source.next()?;
            }
            if found == '\'' && quote == Some('\'') {
                source.next_if(|&(_, c)| c == '\'');
            }
            if found != wanted {
                return None;
            }
        }
        while source.next_if(|&(_, c)| c.is_whitespace()).is_some() {}
        source.peek().map(|&(position, _)| position)
    }

    fn chars_from(&self, start: Position) -> impl Iterator<Item = (Position, char)> {
        let first = usize::try_from(start.line).unwrap_or(1).saturating_sub(1);
        let numbered = (start.line..).zip(self.lines.iter().skip(first));
        numbered
            .flat_map(|(line, text)| {
                (1_u32..)
                    .zip(text.chars())
                    .map(move |(column, c)| (Position { line, column }, c))
            })
            .skip_while(move |(position, _)| *position < start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locate(text: &str, start: (u32, u32), scalar: &str, word: &str) -> (u32, u32) {
        let start = Position {
            line: start.0,
            column: start.1,
        };
        let offset = scalar.find(word).unwrap();
        let found = Lines::new(text).locate(start, scalar, offset);
        (found.line, found.column)
    }

    #[test]
    fn a_word_is_found_in_every_style_of_scalar() {
        let scalar = "topic == \"a\" && urgncy > LOW";
        let at = |text: &str, start| locate(text, start, scalar, "urgncy");
        assert_eq!(
            at("when: topic == \"a\" && urgncy > LOW\n", (1, 7)),
            (1, 23)
        );
        assert_eq!(
            at("when: 'topic == \"a\" && urgncy > LOW'\n", (1, 7)),
            (1, 24)
        );
        assert_eq!(
            at("when: \"topic == \\\"a\\\" && urgncy > LOW\"\n", (1, 7)),
            (1, 26)
        );
        assert_eq!(
            at("when: >\n  topic == \"a\"\n  && urgncy > LOW\n", (1, 7)),
            (3, 6)
        );
        assert_eq!(
            at("when: |-\n  topic == \"a\"\n  && urgncy > LOW\n", (1, 7)),
            (3, 6)
        );
        assert_eq!(
            at("when: topic == \"a\"\n  && urgncy > LOW\n", (1, 7)),
            (2, 6)
        );
    }

    #[test]
    fn a_text_spelled_differently_is_placed_at_its_start() {
        assert_eq!(locate("when: *alias\n", (1, 7), "topic == 1", "=="), (1, 7));
        assert_eq!(locate("", (9, 9), "topic", "topic"), (9, 9));
    }
}
