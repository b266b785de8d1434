//! Tests that look at the topic, at one facet or at the channel and at nothing else, in whatever form: all labels that
//! there are can be tried on them. One that is true of none names something that does not exist.

use std::collections::HashMap;
use std::sync::Arc;

use cel::common::ast::{Expr, IdedExpr, LiteralValue, SourceInfo, operators};
use cel::objects::{Key, Map};
use cel::{Context, Value};

use super::evaluate::bare_context;
use super::labels::{LabelUse, LabelUseKind, is_named};
use super::parts::{children, extent, joined};
use super::types::VARIABLES;
use super::vocabulary::{Patterns, literal_text};

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::routing) enum Subject {
    Topic,
    Facet(String),
    Channel,
}

/// A test of a subject alone.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::routing) struct Alone {
    pub(in crate::routing) subject: Subject,
    /// The words of the texts that it is made of, in their order.
    pub(in crate::routing) words: Vec<String>,
    test: IdedExpr,
}

impl Alone {
    /// Whether it is true of none of `labels`, or, for what must not be, of all: so that nothing depends on it.
    pub(in crate::routing) fn is_idle<'l>(
        &self,
        labels: impl IntoIterator<Item = &'l str>,
        patterns: &Arc<Patterns>,
    ) -> bool {
        let mut context = bare_context();
        patterns.declare(&mut context);
        let (mut holds, mut fails) = (false, false);
        for label in labels {
            let mut inner = context.new_inner_scope();
            self.subject.declare(label, &mut inner);
            match Value::resolve(&self.test, &inner) {
                Ok(Value::Bool(true)) => holds = true,
                Ok(Value::Bool(false)) => fails = true,
                // What cannot be evaluated says nothing.
                Ok(_) | Err(_) => return false,
            }
        }
        let excludes =
            matches!(&self.test.expr, Expr::Call(call) if call.func_name == operators::NOT_EQUALS);
        match excludes {
            true => holds && !fails,
            false => fails && !holds,
        }
    }
}

impl Subject {
    fn declare(&self, label: &str, context: &mut Context<'_, '_>) {
        let within = |field: &str| {
            let entry = (Key::from(field), Value::String(Arc::new(label.to_owned())));
            Value::Map(Map {
                map: Arc::new(HashMap::from([entry])),
            })
        };
        match self {
            Self::Topic => context.add_variable_from_value("topic", label.to_owned()),
            Self::Facet(name) => context.add_variable_from_value("facets", within(name)),
            Self::Channel => context.add_variable_from_value("ticket", within("channel")),
        }
    }
}

/// The tests of `expression` that look at one subject alone and do not name its labels outright; `bind` makes them
/// ready to be evaluated. Those with one of the `faults`, by their places, say nothing.
pub(super) fn note_alone(
    expression: &IdedExpr,
    source: &SourceInfo,
    bind: &dyn Fn(&IdedExpr) -> IdedExpr,
    faults: &[usize],
    labels: &mut Vec<LabelUse>,
) {
    let is_joined = joined(expression).is_some();
    let is_test = match &expression.expr {
        Expr::Call(call) if is_named(call) => return,
        Expr::Call(call) => !is_joined && call.func_name != operators::CONDITIONAL,
        Expr::Comprehension(_) => true,
        _ => false,
    };
    if is_test && let Some(subject) = only_subject(expression) {
        let (first, last) = extent(expression, source);
        if faults.iter().any(|fault| (first..last).contains(fault)) {
            return;
        }
        let mut words = Vec::new();
        collect_words(expression, &mut words);
        labels.push(LabelUse {
            offset: first,
            kind: LabelUseKind::Alone(Alone {
                subject,
                words,
                test: bind(expression),
            }),
        });
        return;
    }
    for part in children(expression) {
        note_alone(part, source, bind, faults, labels);
    }
}

/// What `expression` reads, if that is a single subject.
fn only_subject(expression: &IdedExpr) -> Option<Subject> {
    let mut read = Vec::new();
    reads(expression, &mut Vec::new(), &mut read);
    let mut read = read.into_iter();
    let first = read.next()??;
    read.all(|other| other.as_ref() == Some(&first))
        .then_some(first)
}

/// Adds each variable that `expression` reads; `None` for what is no subject. Variables of its own loops are none.
fn reads<'e>(expression: &'e IdedExpr, own: &mut Vec<&'e str>, found: &mut Vec<Option<Subject>>) {
    if let Some(subject) = subject(expression) {
        found.push(Some(subject));
        return;
    }
    match &expression.expr {
        Expr::Ident(name) if own.contains(&name.as_str()) => {}
        Expr::Ident(name) => {
            // The levels of urgency are constants.
            let constant = name.chars().all(char::is_uppercase)
                && VARIABLES.iter().any(|(known, _)| known == name);
            if !constant {
                found.push(None);
            }
        }
        Expr::Comprehension(looped) => {
            reads(&looped.iter_range, own, found);
            let outer = own.len();
            own.extend([looped.iter_var.as_str(), looped.accu_var.as_str()]);
            for part in [
                &looped.accu_init,
                &looped.loop_cond,
                &looped.loop_step,
                &looped.result,
            ] {
                reads(part, own, found);
            }
            own.truncate(outer);
        }
        Expr::Call(call) if call.func_name == super::vocabulary::IN_HOURS => found.push(None),
        _ => children(expression)
            .into_iter()
            .for_each(|part| reads(part, own, found)),
    }
}

fn subject(expression: &IdedExpr) -> Option<Subject> {
    let is = |of: &IdedExpr, name: &str| matches!(&of.expr, Expr::Ident(known) if known == name);
    match &expression.expr {
        Expr::Ident(name) if name == "topic" => Some(Subject::Topic),
        Expr::Select(select) if select.test => None,
        Expr::Select(select) if is(&select.operand, "facets") => {
            Some(Subject::Facet(select.field.clone()))
        }
        Expr::Select(select) if is(&select.operand, "ticket") && select.field == "channel" => {
            Some(Subject::Channel)
        }
        Expr::Call(call) if call.func_name == operators::INDEX => match call.args.as_slice() {
            [of, name] if is(of, "facets") => {
                literal_text(name).map(|name| Subject::Facet(name.to_owned()))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Adds the words of the texts that stand in `expression`.
fn collect_words(expression: &IdedExpr, words: &mut Vec<String>) {
    if let Expr::Literal(LiteralValue::String(text)) = &expression.expr {
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        let found = text.inner().split(|c| !is_part(c));
        words.extend(found.filter(|word| !word.is_empty()).map(str::to_owned));
    }
    for part in children(expression) {
        collect_words(part, words);
    }
}
