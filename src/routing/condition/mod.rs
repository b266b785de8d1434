//! A condition of a rule: a CEL expression, compiled and checked when the policy is loaded, evaluated for each
//! ticket. It can read the declared variables and nothing else, has no effect, and its cost is bounded: what could take
//! too long for the largest ticket is refused (`cost`).

mod alone;
mod check;
mod check_call;
mod clock;
mod cost;
mod evaluate;
mod labels;
mod parts;
mod pattern;
mod readings;
mod size;
mod sub_tests;
mod sum;
mod syntax;
mod times;
mod topics;
mod tree;
mod types;
mod vocabulary;
mod written;

use std::sync::Arc;

use cel::common::ast::IdedExpr;
use cel::{Context, Program, Value};
use jiff::Timestamp;

use super::fault::{Faults, Position};
pub(super) use alone::{Alone, Subject};
use clock::Clock;
pub(super) use clock::Moment;
pub(super) use evaluate::{Facts, TopicGuess, Variables};
pub(super) use labels::{LabelUse, LabelUseKind};
pub(super) use parts::PartValue;
pub(super) use topics::TopicAlone;
use types::Type;
pub(super) use vocabulary::{Known, Patterns, Vocabulary};

/// Longest condition, in characters.
pub(super) const MAX_CONDITION_CHARS: usize = 4096;

/// What an expression is for, and so what it must give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// `when`: true or false.
    Condition,
    /// `preferred_agent`: an agent's id.
    AgentId,
    /// The impact in the table of priorities: the name of a row.
    Impact,
}

/// A checked expression.
#[derive(Debug)]
pub(super) struct Expression {
    text: Arc<str>,
    program: Program,
    /// The expression as it is evaluated.
    bound: IdedExpr,
    parts: Vec<ConditionPart>,
    /// What of it depends on the time, if anything does.
    clock: Option<Clock>,
    /// Where it computes with the time in a way that cannot be foreseen.
    unforeseen: Vec<Position>,
    /// What it can cost at most to evaluate it.
    work: u64,
}

/// A single test of an expression, without `&&`, `||` and `!`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ConditionPart {
    pub(super) position: Position,
    pub(super) text: String,
}

/// What came of evaluating a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    True,
    False,
    /// It could not be evaluated, as where an attribute is missing; counts as false.
    Error(String),
}

impl Expression {
    /// Compiles and checks `text`, which `place` finds in its file and which may refer to what is `known`; notes
    /// every fault, and all `labels` that it names, be the rest of it right or wrong.
    pub(super) fn compile(
        text: &str,
        purpose: Purpose,
        known: Known<'_>,
        place: &dyn Fn(usize) -> Position,
        faults: &mut Faults,
        labels: &mut Vec<(Position, LabelUseKind)>,
    ) -> Option<Self> {
        let chars = text.chars().count();
        if chars > MAX_CONDITION_CHARS {
            faults.add(
                place(0),
                format!(
                    "the condition has {chars} characters, more than the {MAX_CONDITION_CHARS} \
                     allowed: split the rule"
                ),
            );
            return None;
        }
        if let Some(offset) = too_deep(text) {
            faults.add(
                place(offset),
                "the condition is nested too deeply: split the rule",
            );
            return None;
        }
        let program = match evaluate::environment().compile(text) {
            Ok(program) => program,
            Err(errors) => {
                // Later errors of one expression are mostly echoes of the first.
                if let Some(error) = errors.errors.first() {
                    let offset = offset_of(text, error.pos);
                    faults.add(place(offset), syntax::tell(text, offset, &error.msg));
                }
                return None;
            }
        };
        let (tree, source) = (program.expression(), program.source_info());
        let before = faults.count();
        let checked = check::check(tree, source, known);
        let faulty: Vec<usize> = checked.faults.iter().map(|fault| fault.offset).collect();
        for fault in checked.faults {
            faults.add(place(fault.offset), fault.message);
        }
        let (wanted, what) = match purpose {
            Purpose::Condition => (Type::Bool, "a condition must give true or false"),
            Purpose::AgentId => (Type::Text, "preferred_agent must give an agent's id"),
            Purpose::Impact => (Type::Text, "the impact must be a text"),
        };
        if faults.count() == before && !checked.result.comparable(&wanted) {
            faults.add(place(0), format!("{what}, not {}", checked.result));
        }
        let place_of = |id: u64| {
            let offset = source.offset_for(id).map_or(0, |(start, _)| start);
            place(usize::try_from(offset).unwrap_or(0))
        };
        let patterns = known.patterns.borrow();
        let cost = cost::cost(tree, &patterns);
        if let Some((id, work)) = cost.too_dear
            && faults.count() == before
        {
            faults.add(place_of(id), work.told());
        }
        let mut uses = checked.labels;
        if purpose == Purpose::AgentId {
            labels::note_agents(tree, source, &mut uses);
        }
        if cost.too_dear.is_none() {
            sub_tests::note_alone(tree, source, &faulty, &mut uses);
        }
        labels.extend(
            uses.into_iter()
                .map(|LabelUse { offset, kind }| (place(offset), kind)),
        );
        if faults.count() != before {
            return None;
        }
        let parts = parts::parts(tree, source, text).into_iter();
        let parts = parts.map(|part| ConditionPart {
            position: place(part.offset),
            text: part.text,
        });
        let bound = patterns.bind(tree);
        let clock = Clock::of(&bound);
        let unforeseen = clock.as_ref().map(Clock::unforeseen).unwrap_or_default();
        Some(Self {
            text: Arc::from(text),
            parts: parts.collect(),
            unforeseen: unforeseen.into_iter().map(place_of).collect(),
            clock,
            bound,
            program,
            work: cost.work,
        })
    }

    /// What it can cost at most to evaluate it, in units of about a nanosecond.
    pub(super) const fn work(&self) -> u64 {
        self.work
    }

    /// The expression as it was written.
    pub(super) const fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Where it computes with the time in a way that cannot be foreseen.
    pub(super) fn unforeseen(&self) -> &[Position] {
        &self.unforeseen
    }

    /// When a condition could next begin or cease to hold because time passes; `None` if it never does.
    pub(super) fn next_flip(
        &self,
        moment: Moment<'_>,
        variables: &Context<'_, '_>,
    ) -> Option<Timestamp> {
        self.clock.as_ref()?.next_flip(moment, variables)
    }

    /// When its value could next be another one because time passes; `None` if it never is.
    pub(super) fn next_change(
        &self,
        moment: Moment<'_>,
        variables: &Context<'_, '_>,
    ) -> Option<Timestamp> {
        self.clock.as_ref()?.next_change(moment, variables)
    }

    /// The tests that it is made of, from left to right.
    pub(super) fn parts(&self) -> &[ConditionPart] {
        &self.parts
    }

    /// What its tests give, as far as they are needed, from left to right.
    pub(super) fn part_values(&self, variables: &Context<'_, '_>) -> Vec<PartValue> {
        parts::evaluate(&self.bound, variables)
    }

    /// The expression as a tree.
    pub(super) fn tree(&self) -> &IdedExpr {
        self.program.expression()
    }

    /// Whether it can hold by a test that is true of `topic` and false of another of `all`.
    pub(super) fn asks_for(&self, topic: &TopicAlone, all: &[TopicAlone]) -> bool {
        topics::asks_for(self.program.expression(), topic, all)
    }

    /// Evaluates a condition.
    pub(super) fn holds(&self, variables: &Context<'_, '_>) -> Outcome {
        match Value::resolve(&self.bound, variables) {
            Ok(Value::Bool(true)) => Outcome::True,
            Ok(Value::Bool(false)) => Outcome::False,
            Ok(other) => Outcome::Error(format!("gave a {}, not a bool", other.type_of())),
            Err(error) => Outcome::Error(error.to_string()),
        }
    }

    /// Evaluates to a text; `None` where it is empty, no text or cannot be evaluated.
    pub(super) fn text_value(&self, variables: &Context<'_, '_>) -> Option<String> {
        match Value::resolve(&self.bound, variables) {
            Ok(Value::String(text)) if !text.is_empty() => Some(text.as_str().to_owned()),
            Ok(_) | Err(_) => None,
        }
    }
}

/// The value of an expression that reads no variable.
pub(super) fn constant_value(expression: &IdedExpr) -> Option<Value> {
    Value::resolve(expression, &evaluate::bare_context()).ok()
}

/// Why an expression that reads no variable can never be evaluated; `None` if it can.
fn constant_error(expression: &IdedExpr) -> Option<String> {
    let error = Value::resolve(expression, &evaluate::bare_context()).err()?;
    Some(error.to_string())
}

/// Why a time cannot be told in the time zone of this name; `None` if it can.
fn zone_error(zone: &str) -> Option<String> {
    let moment = format!("timestamp('2026-03-02T09:30:00Z').getHours({zone:?})");
    match evaluate::environment().compile(&moment) {
        Ok(program) => constant_error(program.expression()),
        Err(_) => Some("it is no name".to_owned()),
    }
}

/// The byte offset of a parser's line and column, both from 1.
fn offset_of(text: &str, (line, column): (isize, isize)) -> usize {
    let line = usize::try_from(line - 1).unwrap_or(0);
    let column = usize::try_from(column - 1).unwrap_or(0);
    let before: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    (before + column).min(text.len())
}

/// The place of the first bracket or sign that nests deeper than any sensible condition. Asked before parsing,
/// because the parser itself needs stack for each level.
fn too_deep(text: &str) -> Option<usize> {
    const MAX_NESTING: usize = 32;
    let mut brackets = 0_usize;
    let mut signs = 0_usize;
    for (offset, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => brackets += 1,
            ')' | ']' | '}' => brackets = brackets.saturating_sub(1),
            '!' | '-' => signs += 1,
            c if c.is_whitespace() => {}
            _ => signs = 0,
        }
        if brackets > MAX_NESTING || signs > MAX_NESTING {
            return Some(offset);
        }
    }
    None
}

#[cfg(test)]
mod tests;
