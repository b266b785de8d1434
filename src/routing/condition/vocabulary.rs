//! What the conditions of one policy share besides the variables: its calendars, and the regular expressions of
//! all its `matches`, compiled once when the policy is loaded and not for each ticket.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use cel::Context;
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue};
use jiff::Timestamp;

use super::pattern::{self, Pattern};
use super::tree::parts_mut;
use crate::routing::calendar::Calendars;

/// Most different patterns of a policy.
const MAX_PATTERNS: usize = 1_000;

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
    /// `None` where they cannot be read, so that any may be declared.
    pub(in crate::routing) calendars: Option<&'a Calendars>,
    pub(in crate::routing) patterns: &'a RefCell<Patterns>,
}

/// Compiled regular expressions.
#[derive(Debug, Clone, Default)]
pub(in crate::routing) struct Patterns {
    /// The number of each, or why it cannot be used.
    by_text: BTreeMap<String, Result<i64, String>>,
    compiled: Vec<Pattern>,
}

impl Patterns {
    /// Compiles `pattern` unless it is known.
    ///
    /// # Errors
    ///
    /// Why it cannot be used.
    pub(super) fn add(&mut self, pattern: &str) -> Result<(), String> {
        if let Some(known) = self.by_text.get(pattern) {
            return known.clone().map(drop);
        }
        if self.by_text.len() >= MAX_PATTERNS {
            return Err(format!(
                "the policy has more than the {MAX_PATTERNS} patterns allowed: use startsWith, endsWith or contains"
            ));
        }
        let number = i64::try_from(self.compiled.len()).unwrap_or(i64::MAX);
        let added = Pattern::compile(pattern).map(|compiled| {
            self.compiled.push(compiled);
            number
        });
        let result = added.clone().map(drop);
        self.by_text.insert(pattern.to_owned(), added);
        result
    }

    /// What it takes to look for `pattern` in a byte, in nanoseconds.
    pub(super) fn byte_cost(&self, pattern: &str) -> u64 {
        let number = self
            .by_text
            .get(pattern)
            .and_then(|known| known.as_ref().ok());
        number
            .and_then(|&number| self.get(number))
            .map_or(pattern::BYTE, |pattern| pattern.byte)
    }

    fn get(&self, number: i64) -> Option<&Pattern> {
        self.compiled.get(usize::try_from(number).ok()?)
    }

    /// Lets conditions that are evaluated in `context` call the patterns.
    pub(super) fn declare(self: &Arc<Self>, context: &mut Context<'_, '_>) {
        if self.compiled.is_empty() {
            return;
        }
        let patterns = Arc::clone(self);
        let matches = move |text: Arc<String>, number: i64| {
            let pattern = patterns.get(number);
            pattern.is_some_and(|pattern| pattern.is_match(&text))
        };
        // Fails only where the language itself has a function of the name, which it rules out.
        let _ = context.add_function(MATCHES_PATTERN, matches);
    }

    /// `expression` with every `matches` turned into a look at the compiled pattern; everything keeps its place.
    pub(super) fn bind(&self, expression: &IdedExpr) -> IdedExpr {
        let mut bound = expression.clone();
        self.bind_calls(&mut bound);
        bound
    }

    fn bind_calls(&self, expression: &mut IdedExpr) {
        for part in parts_mut(expression) {
            self.bind_calls(part);
        }
        if let Expr::Call(call) = &mut expression.expr {
            self.bind_call(call);
        }
    }

    fn bind_call(&self, call: &mut CallExpr) {
        if call.func_name != "matches" {
            return;
        }
        let [pattern] = call.args.as_mut_slice() else {
            return;
        };
        let known = literal_text(pattern).and_then(|text| self.by_text.get(text));
        let Some(&Ok(number)) = known else {
            return;
        };
        if let Some(text) = call.target.take() {
            pattern.expr = Expr::Literal(LiteralValue::Int(number.into()));
            call.args.insert(0, *text);
            MATCHES_PATTERN.clone_into(&mut call.func_name);
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
