//! What a condition says of a topic where nothing else is known: whether it can hold, and whether it asks for
//! this topic rather than for any.

use cel::common::ast::{CallExpr, Expr, IdedExpr, operators};
use cel::{Context, Value};

use super::evaluate::bare_context;
use super::labels::is_topic;

/// A topic as the only variable with a value.
pub(in crate::routing) struct TopicAlone {
    context: Context<'static, 'static>,
}

impl TopicAlone {
    pub(in crate::routing) fn new(topic: &str) -> Self {
        let mut context = bare_context();
        context.add_variable_from_value("topic", topic.to_owned());
        Self { context }
    }
}

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Truth {
    False,
    /// Depends on more than the topic.
    Open,
    True,
}

/// Whether `expression` holds for a ticket of this topic, as far as the topic alone decides.
pub(super) fn truth(expression: &IdedExpr, topic: &TopicAlone) -> Truth {
    let Expr::Call(call) = &expression.expr else {
        return resolve(expression, topic);
    };
    let parts = || call.args.iter().map(|part| truth(part, topic));
    match call.func_name.as_str() {
        operators::LOGICAL_AND => parts().fold(Truth::True, |all, part| match (all, part) {
            (Truth::False, _) | (_, Truth::False) => Truth::False,
            (Truth::True, Truth::True) => Truth::True,
            (Truth::Open, _) | (_, Truth::Open) => Truth::Open,
        }),
        operators::LOGICAL_OR => parts().fold(Truth::False, |any, part| match (any, part) {
            (Truth::True, _) | (_, Truth::True) => Truth::True,
            (Truth::False, Truth::False) => Truth::False,
            (Truth::Open, _) | (_, Truth::Open) => Truth::Open,
        }),
        operators::LOGICAL_NOT => match parts().next() {
            Some(Truth::True) => Truth::False,
            Some(Truth::False) => Truth::True,
            Some(Truth::Open) | None => Truth::Open,
        },
        _ => resolve(expression, topic),
    }
}

/// Any other variable is an error here, so what comes out depends on the topic alone.
fn resolve(expression: &IdedExpr, topic: &TopicAlone) -> Truth {
    match Value::resolve(expression, &topic.context) {
        Ok(Value::Bool(true)) => Truth::True,
        Ok(Value::Bool(false)) => Truth::False,
        Ok(_) | Err(_) => Truth::Open,
    }
}

/// Whether `expression` can hold by a test that is true of `topic` and false of another of `all`.
pub(super) fn asks_for(expression: &IdedExpr, topic: &TopicAlone, all: &[TopicAlone]) -> bool {
    let Expr::Call(call) = &expression.expr else {
        return false;
    };
    let some_part = || call.args.iter().any(|part| asks_for(part, topic, all));
    match call.func_name.as_str() {
        operators::LOGICAL_AND => truth(expression, topic) != Truth::False && some_part(),
        operators::LOGICAL_OR => some_part(),
        _ => {
            says_which_topic(call)
                && truth(expression, topic) == Truth::True
                && all
                    .iter()
                    .any(|other| truth(expression, other) == Truth::False)
        }
    }
}

/// Whether `call` says which topic it is; `!=` and `!` say which it is not.
fn says_which_topic(call: &CallExpr) -> bool {
    match call.func_name.as_str() {
        operators::EQUALS | operators::IN => call.args.iter().any(is_topic),
        "startsWith" | "endsWith" | "contains" | "matches" => {
            call.target.as_deref().is_some_and(is_topic)
        }
        _ => false,
    }
}
