//! What the conditions of one policy share besides the variables: its calendars, and the regular expressions of
//! all its `matches`, compiled once when the policy is loaded and not for each ticket.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use cel::Context;
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue};
use jiff::Timestamp;
use regex::{Regex, RegexBuilder};

use crate::routing::calendar::Calendars;

/// Most different patterns of a policy.
const MAX_PATTERNS: usize = 1_000;

/// Largest pattern once compiled, and the most that a thread remembers of matching it, in bytes.
const MAX_PATTERN_BYTES: usize = 1 << 17;

/// The function by which conditions ask for working hours.
pub(super) const IN_HOURS: &str = "in_hours";

/// The function that calls of `matches` become; no policy can call it by this name.
const MATCHES_PATTERN: &str = "@matches";

/// What conditions may refer to.
#[derive(Debug, Default)]
pub(in crate::routing) struct Vocabulary {
    pub(in crate::routing) calendars: Arc<Calendars>,
    pub(in crate::routing) patterns: Arc<Patterns>,
}

/// The same while the policy is read.
#[derive(Debug, Clone, Copy)]
pub(in crate::routing) struct Known<'a> {
    pub(in crate::routing) calendars: &'a Calendars,
    pub(in crate::routing) patterns: &'a RefCell<Patterns>,
}

/// Compiled regular expressions.
#[derive(Debug, Clone, Default)]
pub(in crate::routing) struct Patterns {
    by_text: BTreeMap<String, i64>,
    compiled: Vec<Regex>,
}

impl Patterns {
    /// Compiles `pattern` unless it is known.
    ///
    /// # Errors
    ///
    /// Why it cannot be used.
    pub(super) fn add(&mut self, pattern: &str) -> Result<(), String> {
        if self.by_text.contains_key(pattern) {
            return Ok(());
        }
        let number = i64::try_from(self.compiled.len()).unwrap_or(i64::MAX);
        if self.compiled.len() >= MAX_PATTERNS {
            return Err(format!(
                "the policy has more than the {MAX_PATTERNS} patterns allowed: use startsWith, endsWith or contains"
            ));
        }
        let compiled = RegexBuilder::new(pattern)
            .size_limit(MAX_PATTERN_BYTES)
            .dfa_size_limit(MAX_PATTERN_BYTES)
            .build()
            .map_err(|error| told(&error))?;
        self.compiled.push(compiled);
        self.by_text.insert(pattern.to_owned(), number);
        Ok(())
    }

    /// Lets conditions that are evaluated in `context` call the patterns.
    pub(super) fn declare(self: &Arc<Self>, context: &mut Context<'_, '_>) {
        if self.compiled.is_empty() {
            return;
        }
        let patterns = Arc::clone(self);
        let matches = move |text: Arc<String>, number: i64| patterns.is_match(number, &text);
        // Fails only where the language itself has a function of the name, which it rules out.
        let _ = context.add_function(MATCHES_PATTERN, matches);
    }

    fn is_match(&self, number: i64, text: &str) -> bool {
        let pattern = usize::try_from(number)
            .ok()
            .and_then(|index| self.compiled.get(index));
        pattern.is_some_and(|pattern| pattern.is_match(text))
    }

    /// `expression` with every `matches` turned into a look at the compiled pattern; everything keeps its place.
    pub(super) fn bind(&self, expression: &IdedExpr) -> IdedExpr {
        let mut bound = expression.clone();
        self.bind_calls(&mut bound);
        bound
    }

    fn bind_calls(&self, expression: &mut IdedExpr) {
        match &mut expression.expr {
            Expr::Call(call) => {
                let parts = call.target.as_deref_mut().into_iter().chain(&mut call.args);
                parts.for_each(|part| self.bind_calls(part));
                self.bind_call(call);
            }
            Expr::Select(select) => self.bind_calls(&mut select.operand),
            Expr::List(list) => list
                .elements
                .iter_mut()
                .for_each(|item| self.bind_calls(item)),
            Expr::Comprehension(looped) => {
                for part in [
                    &mut looped.iter_range,
                    &mut looped.accu_init,
                    &mut looped.loop_cond,
                    &mut looped.loop_step,
                    &mut looped.result,
                ] {
                    self.bind_calls(part);
                }
            }
            Expr::Ident(_)
            | Expr::Literal(_)
            | Expr::Map(_)
            | Expr::Struct(_)
            | Expr::Unspecified => {}
        }
    }

    fn bind_call(&self, call: &mut CallExpr) {
        if call.func_name != "matches" {
            return;
        }
        let [pattern] = call.args.as_mut_slice() else {
            return;
        };
        let Some(&number) = literal_text(pattern).and_then(|text| self.by_text.get(text)) else {
            return;
        };
        if let Some(text) = call.target.take() {
            pattern.expr = Expr::Literal(LiteralValue::Int(number.into()));
            call.args.insert(0, *text);
            MATCHES_PATTERN.clone_into(&mut call.func_name);
        }
    }
}

/// Why a pattern cannot be used.
fn told(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => {
            "this regular expression is too large once compiled: repeat less, or split it"
                .to_owned()
        }
        // The library draws the pattern with a mark below; its last line says what is wrong.
        error => {
            let drawn = error.to_string();
            let last = drawn.lines().last().unwrap_or_default();
            let reason = last.trim().trim_start_matches("error:").trim();
            format!("this is no regular expression: {reason}")
        }
    }
}

/// The text of an expression that is one written out.
pub(super) fn literal_text(expression: &IdedExpr) -> Option<&str> {
    match &expression.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}

impl Vocabulary {
    /// Lets conditions that are evaluated in `context` call what the vocabulary has.
    pub(super) fn declare(&self, context: &mut Context<'_, '_>, now: Timestamp) {
        self.patterns.declare(context);
        if !self.calendars.is_empty() {
            let calendars = Arc::clone(&self.calendars);
            let in_hours = move |name: Arc<String>| {
                let calendar = calendars.get(name.as_str());
                calendar.is_some_and(|calendar| calendar.is_open(now))
            };
            // As with patterns.
            let _ = context.add_function(IN_HOURS, in_hours);
        }
    }
}
