//! The part of the check that is about operators and function calls: what each needs and what it gives.

use cel::Value;
use cel::common::ast::{CallExpr, Expr, IdedExpr, operators};

use super::check::Checker;
use super::labels::note_labels;
use super::types::{FUNCTIONS, MACROS, Type};
use super::vocabulary::{IN_HOURS, literal_text};
use super::{constant_error, constant_value, zone_error};
use crate::routing::fault::advice;

impl Checker<'_> {
    pub(super) fn infer_call(&mut self, at: &IdedExpr, call: &CallExpr) -> Type {
        let before = self.faults.len();
        let found = self.infer_parts(at, call);
        // What is the same for every ticket is tried out once, here.
        if self.faults.len() == before
            && is_constant(at)
            && let Some(error) = constant_error(at)
        {
            let message = match call.func_name.as_str() {
                "duration" => {
                    "this is no duration: write it as \"90s\", \"15m\" or \"1h30m\"".to_owned()
                }
                "timestamp" => "this is no time: write it as \"2026-03-02T09:30:00Z\"".to_owned(),
                "int" | "double" => "this is no number".to_owned(),
                _ => format!("this can never be evaluated: {error}"),
            };
            self.fault(at, message);
        }
        found
    }

    fn infer_parts(&mut self, at: &IdedExpr, call: &CallExpr) -> Type {
        let target = call.target.as_deref().map(|target| self.infer(target));
        let name = call.func_name.as_str();
        // The language expands those that are called as they must be; the names in another one would be unknown.
        if MACROS.contains(&name) {
            self.fault(at, macro_usage(name));
            return Type::Unknown;
        }
        let arguments: Vec<Type> = call
            .args
            .iter()
            .map(|argument| self.infer(argument))
            .collect();
        note_labels(at, self.source, &mut self.labels);
        match (name, arguments.as_slice()) {
            (operators::LOGICAL_AND | operators::LOGICAL_OR, _) => {
                for (argument, given) in call.args.iter().zip(&arguments) {
                    self.expect_bool(argument, given);
                }
                Type::Bool
            }
            (operators::LOGICAL_NOT | operators::NOT_STRICTLY_FALSE, [given]) => {
                if let [argument] = call.args.as_slice() {
                    self.expect_bool(argument, given);
                }
                Type::Bool
            }
            (operators::CONDITIONAL, [test, then, other]) => {
                if let Some(argument) = call.args.first() {
                    self.expect_bool(argument, test);
                }
                if then.comparable(other) {
                    then.clone()
                } else {
                    Type::Unknown
                }
            }
            (operators::EQUALS | operators::NOT_EQUALS, [left, right]) => {
                if !left.comparable(right) {
                    self.fault(at, format!("{left} can never equal {right}"));
                }
                Type::Bool
            }
            (
                operators::LESS
                | operators::LESS_EQUALS
                | operators::GREATER
                | operators::GREATER_EQUALS,
                [left, right],
            ) => {
                if !left.comparable(right) || !left.is_ordered() || !right.is_ordered() {
                    self.fault(at, format!("{left} cannot be ordered against {right}"));
                }
                Type::Bool
            }
            (operators::IN, [item, list]) => {
                match list {
                    Type::List(element) if !element.comparable(item) => {
                        self.fault(at, format!("{item} can never be in a list of {element}"));
                    }
                    Type::TextMap if !item.comparable(&Type::Text) => {
                        self.fault(at, format!("the keys of a map are texts, not {item}"));
                    }
                    Type::List(_) | Type::TextMap | Type::Unknown => {}
                    other => self.fault(at, format!("'in' needs a list or a map, not {other}")),
                }
                Type::Bool
            }
            (operators::INDEX, [of, by]) => {
                if let (Type::List(_), Some(place)) = (of, call.args.last()) {
                    self.check_place(place);
                }
                self.infer_index(at, of, by)
            }
            (
                operators::ADD
                | operators::SUBSTRACT
                | operators::MULTIPLY
                | operators::DIVIDE
                | operators::MODULO,
                [left, right],
            ) => self.infer_sum(at, call.func_name.as_str(), left, right),
            (operators::NEGATE, [given]) => match given {
                Type::Int | Type::Double | Type::Unknown => given.clone(),
                other => {
                    self.fault(at, format!("{other} cannot be negative"));
                    Type::Unknown
                }
            },
            (name, arguments) => self.infer_function(at, call, name, target.as_ref(), arguments),
        }
    }

    fn expect_bool(&mut self, at: &IdedExpr, given: &Type) {
        if !given.comparable(&Type::Bool) {
            self.fault(at, format!("true or false is needed here, not {given}"));
        }
    }

    /// A place in a list that is the same for every ticket must be one.
    fn check_place(&mut self, place: &IdedExpr) {
        if is_constant(place)
            && let Some(Value::Int(number @ ..0)) = constant_value(place)
        {
            let message =
                format!("no list has a place {number}: count from 0, or look with 'in' or exists");
            self.fault(place, message);
        }
    }

    fn infer_index(&mut self, at: &IdedExpr, of: &Type, by: &Type) -> Type {
        match (of, by) {
            (Type::TextMap, Type::Text | Type::Unknown) => Type::Text,
            (Type::List(element), Type::Int | Type::Unknown) => (**element).clone(),
            (Type::Unknown, _) => Type::Unknown,
            (of, by) => {
                self.fault(
                    at,
                    format!("{of} cannot be looked into with {by} in brackets"),
                );
                Type::Unknown
            }
        }
    }

    fn infer_sum(&mut self, at: &IdedExpr, operator: &str, left: &Type, right: &Type) -> Type {
        let plus = operator == operators::ADD;
        let minus = operator == operators::SUBSTRACT;
        match (left, right) {
            (Type::Unknown, _) | (_, Type::Unknown) => Type::Unknown,
            (Type::Int, Type::Int) => Type::Int,
            (Type::Double, Type::Double) if operator != operators::MODULO => Type::Double,
            (Type::Text, Type::Text) if plus => Type::Text,
            (Type::List(a), Type::List(b)) if plus && a.comparable(b) => {
                Type::List(if **a == Type::Unknown {
                    b.clone()
                } else {
                    a.clone()
                })
            }
            (Type::Duration, Type::Duration) if plus || minus => Type::Duration,
            (Type::Timestamp, Type::Duration) if plus || minus => Type::Timestamp,
            (Type::Duration, Type::Timestamp) if plus => Type::Timestamp,
            (Type::Timestamp, Type::Timestamp) if minus => Type::Duration,
            (left, right) => {
                let sign = operator.trim_matches('_');
                self.fault(
                    at,
                    format!("'{sign}' cannot be applied to {left} and {right}"),
                );
                Type::Unknown
            }
        }
    }

    fn infer_function(
        &mut self,
        at: &IdedExpr,
        call: &CallExpr,
        name: &str,
        target: Option<&Type>,
        arguments: &[Type],
    ) -> Type {
        let mut named = FUNCTIONS
            .iter()
            .filter(|function| function.name == name)
            .peekable();
        if named.peek().is_none() {
            let known = FUNCTIONS.iter().map(|function| function.name);
            let mut known: Vec<&str> = known.chain(MACROS.iter().copied()).collect();
            known.dedup();
            let advice = match name {
                "not" => "write ! instead".to_owned(),
                _ => advice(name, known),
            };
            self.fault(at, format!("unknown function '{name}': {advice}"));
            return Type::Unknown;
        }
        let mut usage = Vec::new();
        for function in named {
            let on = match (function.receiver, target) {
                (Some(receiver), Some(given)) => receiver.accepts(given),
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            };
            let least = function.arguments.len().saturating_sub(function.optional);
            let fits = (least..=function.arguments.len()).contains(&arguments.len())
                && function
                    .arguments
                    .iter()
                    .zip(arguments)
                    .all(|(wanted, given)| wanted.accepts(given));
            if on && fits {
                match name {
                    "matches" => self.check_pattern(call),
                    IN_HOURS => self.check_calendar(call),
                    _ if function.is_part_of_time() => self.check_zone(call),
                    _ => {}
                }
                return function.result.clone();
            }
            let wanted: Vec<_> = function
                .arguments
                .iter()
                .map(|wanted| wanted.wanted())
                .collect();
            let wanted = wanted.join(", ");
            usage.push(match function.receiver {
                Some(receiver) => format!("called on {} with ({wanted})", receiver.wanted()),
                None => format!("called with ({wanted})"),
            });
        }
        self.fault(at, format!("'{name}' must be {}", usage.join(" or ")));
        Type::Unknown
    }

    /// Compiles a pattern, which also bounds its size.
    fn check_pattern(&mut self, call: &CallExpr) {
        let Some(pattern) = call.args.first() else {
            return;
        };
        let Some(text) = literal_text(pattern) else {
            let message = "the pattern of 'matches' must be written out";
            return self.fault(pattern, message.to_owned());
        };
        if let Err(message) = self.known.patterns.borrow_mut().add(text) {
            self.fault(pattern, message);
        }
    }

    /// A zone that is written out must exist.
    fn check_zone(&mut self, call: &CallExpr) {
        let zone = call.args.first();
        if let Some((zone, name)) = zone.and_then(|zone| Some((zone, literal_text(zone)?)))
            && zone_error(name).is_some()
        {
            self.fault(
                zone,
                format!(
                    "unknown time zone '{name}': use a name such as Europe/Berlin or an offset such as +01:00"
                ),
            );
        }
    }

    fn check_calendar(&mut self, call: &CallExpr) {
        let Some(name) = call.args.first() else {
            return;
        };
        let Some(text) = literal_text(name) else {
            let message = format!("the calendar of '{IN_HOURS}' must be written out");
            return self.fault(name, message);
        };
        if let Some(calendars) = self.known.calendars
            && !calendars.contains_key(text)
        {
            let advice = advice(text, calendars.keys().map(String::as_str));
            self.fault(name, format!("unknown calendar '{text}': {advice}"));
        }
    }
}

/// How `has` or a loop must be called.
fn macro_usage(name: &str) -> String {
    match name {
        "has" => {
            "'has' must be called with a key of a map, such as has(facets.sentiment)".to_owned()
        }
        _ => format!(
            "'{name}' must be called on a list, with a name for its elements and what is asked of each or made of it, \
             such as ticket.tags.{name}(tag, tag.startsWith(\"vip\"))"
        ),
    }
}

/// Whether an expression reads nothing of the ticket, of its time or of the policy.
pub(super) fn is_constant(expression: &IdedExpr) -> bool {
    match &expression.expr {
        Expr::Literal(_) => true,
        Expr::List(list) => list.elements.iter().all(is_constant),
        Expr::Call(call) => {
            call.func_name != IN_HOURS
                && call.target.as_deref().is_none_or(is_constant)
                && call.args.iter().all(is_constant)
        }
        Expr::Ident(_)
        | Expr::Select(_)
        | Expr::Comprehension(_)
        | Expr::Map(_)
        | Expr::Struct(_)
        | Expr::Unspecified => false,
    }
}
