//! A regular expression of `matches`: what is refused, what it takes to look for one, and which alternatives it has.

use std::collections::BTreeSet;

use regex::{Regex, RegexBuilder};
use regex_automata::Input;
use regex_automata::hybrid::dfa::DFA;
use regex_syntax::ast::parse::Parser;
use regex_syntax::ast::{Ast, RepetitionKind, Span};

/// Largest pattern once compiled, and the most that a thread remembers of matching it, in bytes.
const MAX_BYTES: usize = 1 << 17;

/// Looking at a byte, in nanoseconds, where a thread remembers all states that the pattern can be in: measured at 1.7.
const STEADY_BYTE: u64 = 2;

/// The same for any other pattern: measured at up to 27 where `\b` meets letters beyond ASCII; the worst that are
/// allowed take some times as much.
pub(super) const BYTE: u64 = 24;

/// A compiled pattern.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    regex: Regex,
    /// Looking at a byte, in nanoseconds.
    pub(super) byte: u64,
}

impl Pattern {
    /// Compiles `text`.
    ///
    /// # Errors
    ///
    /// Why it cannot be used.
    pub(super) fn compile(text: &str) -> Result<Self, String> {
        let regex = RegexBuilder::new(text)
            .size_limit(MAX_BYTES)
            .dfa_size_limit(MAX_BYTES)
            .build()
            .map_err(|error| told(text, &error))?;
        let byte = match states(text) {
            Some(_) => STEADY_BYTE,
            None => BYTE,
        };
        Ok(Self { regex, byte })
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

/// How many states a search for `pattern` can be in; `None` if these are not few, or depend on more than what was read.
fn states(pattern: &str) -> Option<usize> {
    // Half of what a thread remembers, so that nothing that is found here is ever forgotten there.
    let config = DFA::config()
        .cache_capacity(MAX_BYTES / 2)
        .minimum_cache_clear_count(Some(0));
    let automaton = DFA::builder().configure(config).build(pattern).ok()?;
    let mut cache = automaton.create_cache();
    let start = automaton.start_state_forward(&mut cache, &Input::new(""));
    let mut open = vec![start.ok()?];
    let mut known = BTreeSet::from_iter(open.iter().copied());
    while let Some(state) = open.pop() {
        for unit in automaton.byte_classes().representatives(..) {
            let next = match unit.as_u8() {
                Some(byte) => automaton.next_state(&mut cache, state, byte),
                None => automaton.next_eoi_state(&mut cache, state),
            };
            let next = next.ok()?;
            if known.insert(next) {
                open.push(next);
            }
        }
    }
    Some(known.len())
}

/// Why a pattern cannot be used.
fn told(text: &str, error: &regex::Error) -> String {
    if let regex::Error::CompiledTooBig(_) = error {
        let advice = match narrower(text) {
            Some(advice) => advice,
            None => "repeat less, or split it".to_owned(),
        };
        return format!("this regular expression is too large once compiled: {advice}");
    }
    // The library draws the pattern with a mark below; its last line says what is wrong.
    let drawn = error.to_string();
    let last = drawn.lines().last().unwrap_or_default();
    let reason = last.trim().trim_start_matches("error:").trim();
    format!("this is no regular expression: {reason}")
}

/// What to write instead of a class of all scripts, if that is by what `text` is too large.
fn narrower(text: &str) -> Option<String> {
    const CLASSES: [(&str, &str); 2] = [(r"\w", "[A-Za-z0-9_]"), (r"\d", "[0-9]")];
    let (class, narrow) = CLASSES.iter().find(|(class, _)| text.contains(class))?;
    let of_ascii = regex::bytes::RegexBuilder::new(text)
        .unicode(false)
        .size_limit(MAX_BYTES)
        .build();
    of_ascii.is_ok().then(|| {
        format!("{class} stands for the characters of all scripts; where those of ASCII do, write {narrow}")
    })
}

/// An alternative of a pattern.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Alternative {
    /// As it is written.
    pub(super) text: String,
    /// The pattern with this alternative only.
    pub(super) alone: String,
}

/// What stands between the `|` of a pattern. What is repeated is left out, as its alternatives can match in turns;
/// what may be left out and begins a name is not.
pub(super) fn alternatives(pattern: &str) -> Vec<Alternative> {
    let Ok(ast) = Parser::new().parse(pattern) else {
        return Vec::new();
    };
    let mut walk = Walk {
        pattern,
        found: Vec::new(),
        room: MAX_ALTERNATIVES_BYTES,
    };
    match walk.visit(&ast, "", "") {
        Some(()) => walk.found,
        None => Vec::new(),
    }
}

/// Most bytes of all alternatives of a pattern, each of which is to be compiled.
const MAX_ALTERNATIVES_BYTES: usize = 1 << 14;

struct Walk<'p> {
    pattern: &'p str,
    found: Vec<Alternative>,
    room: usize,
}

impl Walk<'_> {
    fn slice(&self, start: usize, end: usize) -> &str {
        self.pattern.get(start..end).unwrap_or_default()
    }

    /// Visits `ast`, which stands between `before` and `after`; `None` once there are too many alternatives.
    fn visit(&mut self, ast: &Ast, before: &str, after: &str) -> Option<()> {
        match ast {
            Ast::Group(group) => self.visit_part(&group.ast, &group.span, before, after),
            Ast::Concat(concat) => {
                let parts = concat.asts.iter();
                let mut groups =
                    parts.filter(|part| matches!(part, Ast::Group(_) | Ast::Repetition(_)));
                groups.try_for_each(|part| self.visit_part(part, &concat.span, before, after))
            }
            // Behind a word it is an ending, such as that of `refund(s|ed)?`, and names nothing.
            Ast::Repetition(optional)
                if optional.op.kind == RepetitionKind::ZeroOrOne
                    && before.ends_with(['^', '/', '_', '-']) =>
            {
                self.visit(&optional.ast, before, after)
            }
            Ast::Alternation(alternation) => {
                let mut before = before.to_owned();
                for branch in &alternation.asts {
                    let span = branch.span();
                    let text = self.slice(span.start.offset, span.end.offset).to_owned();
                    let alone = format!("{before}{text}{after}");
                    self.room = self.room.checked_sub(alone.len())?;
                    self.found.push(Alternative { text, alone });
                    self.visit(branch, &before, after)?;
                    // Flags hold for the alternatives that follow, too.
                    before.push_str(&self.flags(branch));
                }
                Some(())
            }
            _ => Some(()),
        }
    }

    fn visit_part(&mut self, part: &Ast, whole: &Span, before: &str, after: &str) -> Option<()> {
        let span = part.span();
        let before = format!(
            "{before}{}",
            self.slice(whole.start.offset, span.start.offset)
        );
        let after = format!("{}{after}", self.slice(span.end.offset, whole.end.offset));
        self.visit(part, &before, &after)
    }

    /// The flags that are set in a branch.
    fn flags(&self, branch: &Ast) -> String {
        let parts = match branch {
            Ast::Concat(concat) => concat.asts.as_slice(),
            one => std::slice::from_ref(one),
        };
        let flags = parts.iter().filter(|part| matches!(part, Ast::Flags(_)));
        let spans = flags.map(Ast::span);
        spans
            .map(|span| self.slice(span.start.offset, span.end.offset))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simple_patterns_cost_less_than_those_that_can_be_in_many_states() {
        for pattern in [
            "refund",
            "(?i)smok|fire",
            "^[A-Z !]{8,}$",
            "[0-9]{4}-[0-9]{2}",
            "invoice.*paid.*never",
            "(?i)rechnung.*(falsch|doppelt|zu hoch)",
        ] {
            assert_eq!(
                Pattern::compile(pattern).unwrap().byte,
                STEADY_BYTE,
                "{pattern}"
            );
        }
        for pattern in [r"\bfire\b", "[ab]*a[ab]{20}c", r"\w+@\w+\.com"] {
            assert_eq!(Pattern::compile(pattern).unwrap().byte, BYTE, "{pattern}");
        }
    }

    #[test]
    fn alternatives_are_told_with_all_that_stands_around_them() {
        let found = |pattern: &str| {
            let all = alternatives(pattern).into_iter();
            all.map(|one| (one.text, one.alone)).collect::<Vec<_>>()
        };
        let pair = |text: &str, alone: &str| (text.to_owned(), alone.to_owned());
        assert_eq!(
            found("^(billing|tech)/"),
            [pair("billing", "^(billing)/"), pair("tech", "^(tech)/")]
        );
        assert_eq!(
            found("(?i)a|b(c|d)$"),
            [
                pair("(?i)a", "(?i)a"),
                pair("b(c|d)$", "(?i)b(c|d)$"),
                pair("c", "(?i)b(c)$"),
                pair("d", "(?i)b(d)$"),
            ]
        );
        assert_eq!(
            found("^billing/(refund|nope)?$"),
            [
                pair("refund", "^billing/(refund)$"),
                pair("nope", "^billing/(nope)$")
            ]
        );
        assert_eq!(found("refund(s|ed)?$"), []);
        assert_eq!(found("(a|b)+"), []);
        assert_eq!(found("["), []);
    }
}
