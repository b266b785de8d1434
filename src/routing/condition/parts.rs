//! The single tests that a condition is made of, what stands between `&&`, `||` and `!`: each with its place, its
//! value for one ticket and the variables that it read. For coverage and for saying why a condition does not
//! hold; a decision evaluates the condition as a whole.

use std::borrow::Cow;

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SourceInfo, operators};
use cel::{Context, Value};
use jiff::SignedDuration;

use super::tree::{children, extent, span};
use super::types::{Type, VARIABLES};
use super::vocabulary::IN_HOURS;
use super::written::{one_line, trim};
use crate::routing::decision::TraceValue;
use crate::ticket::Urgency;

/// One test, as it stands in its condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::routing) struct Part {
    /// Where it begins, in bytes from the start of the condition.
    pub(in crate::routing) offset: usize,
    pub(in crate::routing) text: String,
}

/// What one test gave for one ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::routing) struct PartValue {
    /// Which test, by its place among [`parts`].
    pub(in crate::routing) index: usize,
    pub(in crate::routing) value: TraceValue,
    /// The variables that it reads, each with its value as a text.
    pub(in crate::routing) reads: Vec<(String, String)>,
}

/// The tests of `expression`, from left to right.
pub(super) fn parts(expression: &IdedExpr, source: &SourceInfo, text: &str) -> Vec<Part> {
    let mut leaves = Vec::new();
    let mut joints = Vec::new();
    collect(expression, source, &mut leaves, &mut joints);
    joints.sort_unstable();
    leaves
        .into_iter()
        .map(|leaf| {
            let (first, last) = extent(leaf, source);
            let start = joints
                .iter()
                .rev()
                .find(|&&(_, end)| end <= first)
                .map_or(0, |&(_, end)| end);
            let end = joints
                .iter()
                .find(|&&(start, _)| start >= last)
                .map_or(text.len(), |&(start, _)| start);
            let (offset, text) = trim(text, start, end);
            Part {
                offset,
                text: one_line(text),
            }
        })
        .collect()
}

/// Evaluates the tests of `expression` from left to right, as far as they are needed.
pub(super) fn evaluate(expression: &IdedExpr, variables: &Context<'_, '_>) -> Vec<PartValue> {
    let mut walk = Walk {
        variables,
        next: 0,
        seen: Vec::new(),
    };
    walk.visit(expression, true);
    walk.seen
}

/// The parts of `expression` if it joins or negates tests.
pub(super) fn joined(expression: &IdedExpr) -> Option<(&str, &[IdedExpr])> {
    match &expression.expr {
        Expr::Call(CallExpr {
            func_name, args, ..
        }) if matches!(
            func_name.as_str(),
            operators::LOGICAL_AND | operators::LOGICAL_OR | operators::LOGICAL_NOT
        ) =>
        {
            Some((func_name, args))
        }
        _ => None,
    }
}

fn collect<'e>(
    expression: &'e IdedExpr,
    source: &SourceInfo,
    leaves: &mut Vec<&'e IdedExpr>,
    joints: &mut Vec<(usize, usize)>,
) {
    match joined(expression) {
        Some((_, parts)) => {
            joints.extend(span(expression, source));
            for part in parts {
                collect(part, source, leaves, joints);
            }
        }
        None => leaves.push(expression),
    }
}

struct Walk<'a, 'c, 'v> {
    variables: &'a Context<'c, 'v>,
    next: usize,
    seen: Vec<PartValue>,
}

impl Walk<'_, '_, '_> {
    /// Visits `expression`; its tests are counted but not evaluated unless `needed`. Gives its value, if that is known.
    fn visit(&mut self, expression: &IdedExpr, needed: bool) -> Option<bool> {
        let Some((operator, parts)) = joined(expression) else {
            return self.test(expression, needed);
        };
        if operator == operators::LOGICAL_NOT {
            let value = parts.iter().map(|part| self.visit(part, needed)).last()?;
            return value.map(|value| !value);
        }
        // What ends the evaluation: the first false of a conjunction, the first true of a disjunction.
        let ending = operator == operators::LOGICAL_OR;
        let mut result = Some(!ending);
        for part in parts {
            match self.visit(part, needed && result != Some(ending)) {
                _ if result == Some(ending) => {}
                Some(value) if value == ending => result = Some(ending),
                Some(_) => {}
                None => result = None,
            }
        }
        result
    }

    fn test(&mut self, expression: &IdedExpr, needed: bool) -> Option<bool> {
        let index = self.next;
        self.next += 1;
        if !needed {
            return None;
        }
        let value = match Value::resolve(expression, self.variables) {
            Ok(Value::Bool(true)) => TraceValue::True,
            Ok(Value::Bool(false)) => TraceValue::False,
            Ok(other) => TraceValue::Error(format!("gave a {}, not a bool", other.type_of())),
            Err(error) => TraceValue::Error(error.to_string()),
        };
        let mut reads = Vec::new();
        self.note_reads(expression, &mut reads);
        let known = match value {
            TraceValue::True => Some(true),
            TraceValue::False => Some(false),
            TraceValue::Error(_) => None,
        };
        self.seen.push(PartValue {
            index,
            value,
            reads,
        });
        known
    }

    fn note_reads(&self, expression: &IdedExpr, reads: &mut Vec<(String, String)>) {
        match path(expression) {
            Some(path) => {
                if reads.iter().all(|(known, _)| *known != path) {
                    let read = entry(expression);
                    let value = describe(&path, Value::resolve(&read, self.variables).ok());
                    reads.push((path, value));
                }
            }
            None => {
                if let Expr::Call(call) = &expression.expr
                    && call.func_name == IN_HOURS
                {
                    let now = IdedExpr {
                        id: 0,
                        expr: Expr::Ident("now".to_owned()),
                    };
                    self.note_reads(&now, reads);
                }
                for child in children(expression) {
                    self.note_reads(child, reads);
                }
            }
        }
    }
}

/// The declared variable, or the field or entry of one, that an expression spells.
fn path(expression: &IdedExpr) -> Option<String> {
    match &expression.expr {
        Expr::Ident(name) => {
            let constant = name.chars().all(char::is_uppercase);
            let declared = VARIABLES.iter().any(|(known, _)| known == name);
            (declared && !constant).then(|| name.clone())
        }
        Expr::Select(select) => Some(format!("{}.{}", path(&select.operand)?, select.field)),
        Expr::Call(call) if call.func_name == operators::INDEX => match call.args.as_slice() {
            [
                of,
                IdedExpr {
                    expr: Expr::Literal(LiteralValue::String(key)),
                    ..
                },
            ] => Some(format!("{}[{:?}]", path(of)?, key.inner())),
            _ => None,
        },
        _ => None,
    }
}

/// What is read to evaluate `expression`: where it asks with `has` for an entry, the entry.
fn entry(expression: &IdedExpr) -> Cow<'_, IdedExpr> {
    let mut entry = Cow::Borrowed(expression);
    if matches!(&expression.expr, Expr::Select(select) if select.test)
        && let Expr::Select(select) = &mut entry.to_mut().expr
    {
        select.test = false;
    }
    entry
}

fn describe(path: &str, value: Option<Value>) -> String {
    let is_urgency = VARIABLES
        .iter()
        .any(|(known, of)| *known == path && *of == Type::Urgency);
    match value {
        None => "missing".to_owned(),
        Some(Value::Int(level)) if is_urgency => usize::try_from(level - 1)
            .ok()
            .and_then(|index| Urgency::ALL.get(index))
            .map_or_else(|| level.to_string(), |level| level.as_str().to_uppercase()),
        Some(value) => plain(&value),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::UInt(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::String(text) => format!("{:?}", text.as_str()),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(plain).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Timestamp(time) => time.to_utc().format("%Y-%m-%dT%H:%M:%S%.fZ").to_string(),
        Value::Duration(time) => {
            format!("{:#}", SignedDuration::from_millis(time.num_milliseconds()))
        }
        other => format!("a {}", other.type_of()),
    }
}
