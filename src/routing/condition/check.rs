//! Checks a condition against the declared variables, fields, functions and types before it is ever
//! evaluated, and notes which labels it names. Reports every fault, not the first.

use cel::common::ast::{ComprehensionExpr, Expr, IdedExpr, LiteralValue, SelectExpr, SourceInfo};

use super::labels::{LabelUse, LabelUseKind, note_labels};
use super::types::{Type, VARIABLES, fields_of};
use super::vocabulary::Known;
use crate::routing::fault::advice;

/// Deepest nesting of an expression; evaluating needs stack for each level.
pub(super) const MAX_DEPTH: usize = 100;

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

/// Checks `expression`, whose parts stand in the text where `source` says and may refer to what is `known`.
pub(super) fn check(expression: &IdedExpr, source: &SourceInfo, known: Known<'_>) -> Checked {
    let mut checker = Checker {
        source,
        known,
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

pub(super) struct Checker<'a> {
    pub(super) source: &'a SourceInfo,
    pub(super) known: Known<'a>,
    /// Variables of the loops around the present place, innermost last.
    scopes: Vec<(String, Type)>,
    depth: usize,
    loops: usize,
    pub(super) faults: Vec<ExpressionFault>,
    pub(super) labels: Vec<LabelUse>,
}

impl Checker<'_> {
    pub(super) fn fault(&mut self, at: &IdedExpr, message: String) {
        let offset = self.offset(at);
        self.faults.push(ExpressionFault { offset, message });
    }

    fn offset(&self, at: &IdedExpr) -> usize {
        let (start, _) = self.source.offset_for(at.id).unwrap_or((0, 0));
        usize::try_from(start).unwrap_or(0)
    }

    pub(super) fn infer(&mut self, expression: &IdedExpr) -> Type {
        if self.depth >= MAX_DEPTH {
            if self.depth == MAX_DEPTH {
                self.fault(
                    expression,
                    format!(
                        "the condition is nested deeper than {MAX_DEPTH} levels: split the rule"
                    ),
                );
            }
            return Type::Unknown;
        }
        self.depth += 1;
        let found = match &expression.expr {
            Expr::Ident(name) => self.infer_variable(expression, name),
            Expr::Literal(literal) => self.infer_literal(expression, literal),
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
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                self.fault(
                    expression,
                    "a map cannot be written out in a condition: use a list".to_owned(),
                );
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
            Type::Unknown => Type::Unknown,
            // The entries of a map have no order, so a loop could give another answer on another day.
            other => {
                self.fault(
                    &looped.iter_range,
                    format!("a loop needs a list, not {other}"),
                );
                Type::Unknown
            }
        };
        let accumulated = self.infer(&looped.accu_init);
        let variables = [Some(&looped.iter_var), looped.iter_var2.as_ref()];
        for name in variables.into_iter().flatten() {
            if VARIABLES.iter().any(|(known, _)| known == name) {
                self.fault(
                    at,
                    format!("'{name}' is a variable already: use another name"),
                );
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

    fn infer_literal(&mut self, at: &IdedExpr, literal: &LiteralValue) -> Type {
        match literal {
            LiteralValue::Boolean(_) => Type::Bool,
            LiteralValue::Int(_) | LiteralValue::UInt(_) => Type::Int,
            LiteralValue::Double(_) => Type::Double,
            LiteralValue::String(_) => Type::Text,
            LiteralValue::Null => {
                let message = "nothing here is ever null: a text that is absent is empty, so compare with \"\"";
                self.fault(at, message.to_owned());
                Type::Unknown
            }
            LiteralValue::Bytes(_) => {
                self.fault(at, "there are no bytes here: write a text".to_owned());
                Type::Unknown
            }
        }
    }
}
