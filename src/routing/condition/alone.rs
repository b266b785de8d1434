//! A test that looks at the topic, at one facet, at the channel or at the last agent and at nothing else, in whatever form: all labels that
//! there are can be tried on it. One that is true of none names something that does not exist, and so does an
//! alternative of a pattern that none matches.

use std::collections::HashMap;
use std::sync::Arc;

use cel::common::ast::{Expr, IdedExpr, LiteralValue, operators};
use cel::objects::{Key, Map};
use cel::{Context, Value};

use super::evaluate::bare_context;
use super::pattern::{Pattern, alternatives};
use super::sub_tests::subject;
use super::tree::children;
use super::vocabulary::{Patterns, literal_text};

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::routing) enum Subject {
    Topic,
    Facet(String),
    Channel,
    LastAgent,
}

/// A test of a subject alone.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::routing) struct Alone {
    pub(in crate::routing) subject: Subject,
    pub(super) test: IdedExpr,
}

/// Why nothing depends on a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::routing) struct Idle {
    /// What no label does, such as `contains 'x'`; `None` where the test is put in another way.
    pub(in crate::routing) does: Option<String>,
    /// Whether it is true of every label, and not of none.
    pub(in crate::routing) of_all: bool,
    /// The words of the texts that labels are sought by, in their order; empty if by none.
    pub(in crate::routing) words: Vec<String>,
}

impl Alone {
    /// Why nothing depends on it where there are these `labels`, if so: it is true of none or, of what must not be, of
    /// all, or no label matches an alternative of its pattern.
    pub(in crate::routing) fn idle<'l>(
        &self,
        labels: impl Iterator<Item = &'l str> + Clone,
        patterns: &Arc<Patterns>,
    ) -> Option<Idle> {
        let mut context = bare_context();
        patterns.declare(&mut context);
        let test = patterns.bind(&self.test);
        let (mut holds, mut fails) = (false, false);
        for label in labels.clone() {
            let mut inner = context.new_inner_scope();
            self.subject.declare(label, &mut inner);
            match Value::resolve(&test, &inner) {
                Ok(Value::Bool(true)) => holds = true,
                Ok(Value::Bool(false)) => fails = true,
                // What cannot be evaluated says nothing.
                Ok(_) | Err(_) => return None,
            }
        }
        match (holds, fails) {
            (false, true) => Some(Idle {
                does: self.sought().map(|(does, text)| format!("{does} '{text}'")),
                of_all: false,
                words: self.words(),
            }),
            (true, false) if self.excludes() => {
                let words = self.words();
                (!words.is_empty()).then_some(Idle {
                    does: None,
                    of_all: true,
                    words,
                })
            }
            (true, _) => self.dead_alternative(labels),
            (false, false) => None,
        }
    }

    fn excludes(&self) -> bool {
        matches!(&self.test.expr, Expr::Call(call) if call.func_name == operators::NOT_EQUALS)
    }

    /// What it seeks in the subject, and how, if it is no more than that.
    fn sought(&self) -> Option<(&'static str, &str)> {
        let Expr::Call(call) = &self.test.expr else {
            return None;
        };
        let does = match call.func_name.as_str() {
            "contains" => "contains",
            "startsWith" => "starts with",
            "endsWith" => "ends with",
            "matches" => MATCHES,
            _ => return None,
        };
        subject(call.target.as_deref()?)?;
        Some((does, literal_text(call.args.first()?)?))
    }

    /// The first alternative of its pattern that names something and that none of `labels` matches.
    fn dead_alternative<'l>(&self, labels: impl Iterator<Item = &'l str> + Clone) -> Option<Idle> {
        let (_, pattern) = self.sought().filter(|(does, _)| *does == MATCHES)?;
        alternatives(pattern).into_iter().find_map(|alternative| {
            let words = words_of(&alternative.text);
            let alone = Pattern::compile(&alternative.alone).ok()?;
            let is_dead = !words.is_empty() && !labels.clone().any(|label| alone.is_match(label));
            let text = alternative.text;
            is_dead.then(|| Idle {
                does: Some(format!("{MATCHES} '{pattern}' by its alternative '{text}'")),
                of_all: false,
                words,
            })
        })
    }

    /// The words of the texts that it compares names with; that a name is long or stands behind another seeks none.
    fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        collect_words(&self.test, &mut words);
        words
    }
}

const MATCHES: &str = "matches";

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
            Self::LastAgent => {
                context.add_variable_from_value("ticket", within("last_agent_id"));
            }
        }
    }
}

fn collect_words(expression: &IdedExpr, words: &mut Vec<String>) {
    match &expression.expr {
        Expr::Literal(LiteralValue::String(text)) => words.extend(words_of(text.inner())),
        Expr::Call(call) if call.func_name == "size" || is_order(&call.func_name) => {}
        _ => children(expression)
            .into_iter()
            .for_each(|part| collect_words(part, words)),
    }
}

fn is_order(function: &str) -> bool {
    matches!(
        function,
        operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS
    )
}

fn words_of(text: &str) -> Vec<String> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let found = text.split(|c| !is_part(c));
    found
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .map(str::to_owned)
        .collect()
}
