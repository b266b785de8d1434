//! Checks a condition against the declared variables, fields, functions and types before it is ever
//! evaluated, and notes which labels it names. Reports every fault, not the first.

use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SelectExpr, SourceInfo,
    operators,
};

use super::labels::{LabelUse, LabelUseKind, note_labels};
use super::types::{FUNCTIONS, MACROS, Type, VARIABLES, fields_of};
use crate::routing::fault::advice;

/// Deepest nesting of an expression; evaluating needs stack for each level.
const MAX_DEPTH: usize = 100;

/// Something wrong with a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ExpressionFault {
    /// Where, in bytes from the start of the condition.
    pub(super) offset: usize,
    pub(super) message: String,
}

/// What a check found.
pub(super) struct Checked {
    pub(super) result: Type,
    pub(super) faults: Vec<ExpressionFault>,
    pub(super) labels: Vec<LabelUse>,
}

/// Checks `expression`, whose parts stand in the text where `source` says.
pub(super) fn check(expression: &IdedExpr, source: &SourceInfo) -> Checked {
    let mut checker = Checker {
        source,
        scopes: Vec::new(),
        depth: 0,
        loops: 0,
        faults: Vec::new(),
        labels: Vec::new(),
    };
    let result = checker.infer(expression);
    Checked {
        result,
        faults: checker.faults,
        labels: checker.labels,
    }
}

struct Checker<'a> {
    source: &'a SourceInfo,
    /// Variables of the loops around the present place, innermost last.
    scopes: Vec<(String, Type)>,
    depth: usize,
    loops: usize,
    faults: Vec<ExpressionFault>,
    labels: Vec<LabelUse>,
}

impl Checker<'_> {
    fn fault(&mut self, at: &IdedExpr, message: String) {
        let offset = self.offset(at);
        self.faults.push(ExpressionFault { offset, message });
    }

    fn offset(&self, at: &IdedExpr) -> usize {
        let (start, _) = self.source.offset_for(at.id).unwrap_or((0, 0));
        usize::try_from(start).unwrap_or(0)
    }

    fn infer(&mut self, expression: &IdedExpr) -> Type {
        if self.depth >= MAX_DEPTH {
            if self.depth == MAX_DEPTH {
                self.fault(
                    expression,
                    format!("the condition is nested deeper than {MAX_DEPTH} levels: split the rule"),
                );
            }
            return Type::Unknown;
        }
        self.depth += 1;
        let found = match &expression.expr {
            Expr::Ident(name) => self.infer_variable(expression, name),
            Expr::Literal(literal) => infer_literal(literal),
            Expr::Select(select) => self.infer_field(expression, select),
            Expr::Call(call) => self.infer_call(expression, call),
            Expr::Comprehension(looped) => self.infer_loop(expression, looped),
            Expr::List(list) => {
                let mut element = Type::Unknown;
                for item in &list.elements {
                    let found = self.infer(item);
                    if element == Type::Unknown {
                        element = found;
                    } else if !element.comparable(&found) {
                        self.fault(item, format!("this list holds {element} and also {found}"));
                    }
                }
                Type::List(Box::new(element))
            }
            Expr::Map(map) => {
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        self.infer(&entry.key);
                        self.infer(&entry.value);
                    }
                }
                Type::Unknown
            }
            Expr::Struct(_) | Expr::Unspecified => {
                self.fault(expression, "this cannot be used in a condition".to_owned());
                Type::Unknown
            }
        };
        self.depth -= 1;
        found
    }

    fn infer_variable(&mut self, at: &IdedExpr, name: &str) -> Type {
        let local = self.scopes.iter().rev().find(|(known, _)| known == name);
        if let Some((_, found)) = local {
            return found.clone();
        }
        if let Some((_, found)) = VARIABLES.iter().find(|(known, _)| *known == name) {
            if *found == Type::Urgency {
                let offset = self.offset(at);
                self.labels.push(LabelUse {
                    offset,
                    kind: LabelUseKind::Urgency,
                });
            }
            return found.clone();
        }
        let locals = self.scopes.iter().map(|(known, _)| known.as_str());
        let known = VARIABLES.iter().map(|(known, _)| *known).chain(locals);
        let advice = advice(name, known);
        self.fault(at, format!("unknown variable '{name}': {advice}"));
        Type::Unknown
    }

    fn infer_field(&mut self, at: &IdedExpr, select: &SelectExpr) -> Type {
        let operand = self.infer(&select.operand);
        let name = &select.field;
        let found = match &operand {
            Type::Unknown => Type::Unknown,
            Type::TextMap => Type::Text,
            Type::Ticket | Type::Customer => {
                let fields = fields_of(&operand).unwrap_or_default();
                match fields.iter().find(|(known, _)| known == name) {
                    Some((_, found)) => found.clone(),
                    None => {
                        let advice = advice(name, fields.iter().map(|(known, _)| *known));
                        self.fault(at, format!("unknown field '{name}' of {operand}: {advice}"));
                        Type::Unknown
                    }
                }
            }
            Type::Bool
            | Type::Int
            | Type::Double
            | Type::Text
            | Type::Urgency
            | Type::Timestamp
            | Type::Duration
            | Type::List(_) => {
                self.fault(at, format!("{operand} has no field '{name}'"));
                Type::Unknown
            }
        };
        note_labels(at, self.source, &mut self.labels);
        if select.test { Type::Bool } else { found }
    }

    fn infer_call(&mut self, at: &IdedExpr, call: &CallExpr) -> Type {
        let target = call.target.as_deref().map(|target| self.infer(target));
        let arguments: Vec<Type> = call.args.iter().map(|argument| self.infer(argument)).collect();
        note_labels(at, self.source, &mut self.labels);
        match (call.func_name.as_str(), arguments.as_slice()) {
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
                if then.comparable(other) { then.clone() } else { Type::Unknown }
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
            (operators::INDEX, [of, by]) => self.infer_index(at, of, by),
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

    fn infer_index(&mut self, at: &IdedExpr, of: &Type, by: &Type) -> Type {
        match (of, by) {
            (Type::TextMap, Type::Text | Type::Unknown) => Type::Text,
            (Type::List(element), Type::Int | Type::Unknown) => (**element).clone(),
            (Type::Unknown, _) => Type::Unknown,
            (of, by) => {
                self.fault(at, format!("{of} cannot be looked into with {by} in brackets"));
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
                Type::List(if **a == Type::Unknown { b.clone() } else { a.clone() })
            }
            (Type::Duration, Type::Duration) if plus || minus => Type::Duration,
            (Type::Timestamp, Type::Duration) if plus || minus => Type::Timestamp,
            (Type::Duration, Type::Timestamp) if plus => Type::Timestamp,
            (Type::Timestamp, Type::Timestamp) if minus => Type::Duration,
            (left, right) => {
                let sign = operator.trim_matches('_');
                self.fault(at, format!("'{sign}' cannot be applied to {left} and {right}"));
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
        let mut named = FUNCTIONS.iter().filter(|function| function.name == name).peekable();
        if named.peek().is_none() {
            let known = FUNCTIONS.iter().map(|function| function.name);
            let advice = advice(name, known.chain(MACROS.iter().copied()));
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
                if name == "matches" {
                    self.check_pattern(call);
                }
                return function.result.clone();
            }
            let wanted: Vec<_> = function.arguments.iter().map(|wanted| wanted.wanted()).collect();
            let wanted = wanted.join(", ");
            usage.push(match function.receiver {
                Some(receiver) => format!("called on {} with ({wanted})", receiver.wanted()),
                None => format!("called with ({wanted})"),
            });
        }
        self.fault(at, format!("'{name}' must be {}", usage.join(" or ")));
        Type::Unknown
    }

    /// A pattern is checked by trying it, which also bounds its size.
    fn check_pattern(&mut self, call: &CallExpr) {
        let Some(pattern) = call.args.first() else {
            return;
        };
        if !matches!(pattern.expr, Expr::Literal(LiteralValue::String(_))) {
            self.fault(pattern, "the pattern of 'matches' must be written out".to_owned());
            return;
        }
        let trial = IdedExpr {
            id: 0,
            expr: Expr::Call(CallExpr {
                func_name: call.func_name.clone(),
                target: Some(Box::new(IdedExpr {
                    id: 0,
                    expr: Expr::Literal(LiteralValue::String(String::new().into())),
                })),
                args: vec![pattern.clone()],
            }),
        };
        if cel::Value::resolve(&trial, &super::evaluate::bare_context()).is_err() {
            self.fault(
                pattern,
                "this is no regular expression (or too large a one)".to_owned(),
            );
        }
    }

    fn infer_loop(&mut self, at: &IdedExpr, looped: &ComprehensionExpr) -> Type {
        if self.loops > 0 {
            self.fault(
                at,
                "a loop inside a loop is not allowed: use 'in' for the inner one".to_owned(),
            );
            return Type::Unknown;
        }
        let item = match self.infer(&looped.iter_range) {
            Type::List(element) => *element,
            Type::TextMap => Type::Text,
            Type::Unknown => Type::Unknown,
            other => {
                self.fault(&looped.iter_range, format!("a list or a map is needed, not {other}"));
                Type::Unknown
            }
        };
        let accumulated = self.infer(&looped.accu_init);
        let variables = [Some(&looped.iter_var), looped.iter_var2.as_ref()];
        for name in variables.into_iter().flatten() {
            if VARIABLES.iter().any(|(known, _)| known == name) {
                self.fault(at, format!("'{name}' is a variable already: use another name"));
            }
            self.scopes.push((name.clone(), item.clone()));
        }
        self.scopes.push((looped.accu_var.clone(), accumulated));
        self.loops += 1;
        self.infer(&looped.loop_cond);
        let step = self.infer(&looped.loop_step);
        if let Some((_, accumulated)) = self.scopes.last_mut() {
            *accumulated = step;
        }
        let result = self.infer(&looped.result);
        self.loops -= 1;
        let outer = self.scopes.len() - 2 - usize::from(looped.iter_var2.is_some());
        self.scopes.truncate(outer);
        result
    }
}

fn infer_literal(literal: &LiteralValue) -> Type {
    match literal {
        LiteralValue::Boolean(_) => Type::Bool,
        LiteralValue::Int(_) | LiteralValue::UInt(_) => Type::Int,
        LiteralValue::Double(_) => Type::Double,
        LiteralValue::String(_) => Type::Text,
        LiteralValue::Bytes(_) | LiteralValue::Null => Type::Unknown,
    }
}
