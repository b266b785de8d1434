//! A condition as a formula over tests that can be reasoned about: equality and parts of texts, levels of urgency,
//! numbers against constants. Whatever else a condition asks is kept as it is and equal only to itself.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use cel::Value;
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};

use crate::routing::condition::constant_value;
use crate::ticket::Urgency;

/// A condition in negation normal form.
#[derive(Debug, Clone)]
pub(super) enum Formula<'e> {
    All(Vec<Formula<'e>>),
    Any(Vec<Formula<'e>>),
    /// The test gives this value.
    Gives(Test<'e>, bool),
    Constant(bool),
}

/// What is tested.
#[derive(Debug, Clone)]
pub(super) enum Test<'e> {
    Text(Subject, TextTest),
    /// The urgency is one of these levels: bit 0 is `low`.
    Urgency(u8),
    Number(Subject, NumberTest),
    Opaque(Written<'e>),
}

/// An expression, equal to those that are written alike wherever they stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written<'e> {
    expression: &'e IdedExpr,
    /// The same for all that are alike, so that most that are not need not be compared.
    hash: u64,
}

impl<'e> Written<'e> {
    pub(super) fn new(expression: &'e IdedExpr) -> Self {
        let mut hasher = DefaultHasher::new();
        hash(expression, &mut hasher);
        Self {
            expression,
            hash: hasher.finish(),
        }
    }
}

impl PartialEq for Written<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && alike(self.expression, other.expression)
    }
}

/// A variable, or a field of one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Subject {
    pub(super) path: String,
    /// Whether it has a value for every ticket, so that a test of it is true or false and never an error.
    pub(super) total: bool,
}

/// A test of a text that its value alone decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TextTest {
    OneOf(Vec<String>),
    StartsWith(String),
    EndsWith(String),
    Contains(String),
}

/// A test of a number that its value alone decides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct NumberTest {
    /// Whether the number must be above the bound rather than below it.
    pub(super) above: bool,
    pub(super) bound: f64,
    /// Whether the bound itself passes.
    pub(super) inclusive: bool,
}

impl TextTest {
    /// Whether `text` passes.
    pub(super) fn passes(&self, text: &str) -> bool {
        match self {
            Self::OneOf(texts) => texts.iter().any(|one| one == text),
            Self::StartsWith(start) => text.starts_with(start.as_str()),
            Self::EndsWith(end) => text.ends_with(end.as_str()),
            Self::Contains(part) => text.contains(part.as_str()),
        }
    }
}

/// The formula of a condition.
pub(super) fn formula(expression: &IdedExpr) -> Formula<'_> {
    build(expression, true)
}

fn build(expression: &IdedExpr, wanted: bool) -> Formula<'_> {
    if let Expr::Literal(LiteralValue::Boolean(value)) = &expression.expr {
        return Formula::Constant(*value.inner() == wanted);
    }
    let Expr::Call(call) = &expression.expr else {
        return Formula::Gives(Test::Opaque(Written::new(expression)), wanted);
    };
    let parts = |wanted| call.args.iter().map(|part| build(part, wanted)).collect();
    match (call.func_name.as_str(), wanted) {
        (operators::LOGICAL_AND, true) | (operators::LOGICAL_OR, false) => {
            Formula::All(parts(wanted))
        }
        (operators::LOGICAL_OR, true) | (operators::LOGICAL_AND, false) => {
            Formula::Any(parts(wanted))
        }
        (operators::LOGICAL_NOT, _) => match call.args.as_slice() {
            [inner] => build(inner, !wanted),
            _ => Formula::Gives(Test::Opaque(Written::new(expression)), wanted),
        },
        (operators::NOT_EQUALS, _) => match comparison(operators::EQUALS, call) {
            Some(test) => Formula::Gives(test, !wanted),
            None => Formula::Gives(Test::Opaque(Written::new(expression)), wanted),
        },
        (name, _) => {
            let test = comparison(name, call).unwrap_or(Test::Opaque(Written::new(expression)));
            Formula::Gives(test, wanted)
        }
    }
}

fn comparison<'e>(operator: &str, call: &CallExpr) -> Option<Test<'e>> {
    if let Some(target) = call.target.as_deref() {
        let subject = subject(target)?;
        let [argument] = call.args.as_slice() else {
            return None;
        };
        let text = literal_text(argument)?;
        let test = match operator {
            "startsWith" => TextTest::StartsWith(text),
            "endsWith" => TextTest::EndsWith(text),
            "contains" => TextTest::Contains(text),
            _ => return None,
        };
        return is_text(&subject).then_some(Test::Text(subject, test));
    }
    let [left, right] = call.args.as_slice() else {
        return None;
    };
    if operator == operators::IN {
        let Expr::List(list) = &right.expr else {
            return None;
        };
        if is_urgency(left) {
            let levels: Option<Vec<u8>> = list.elements.iter().map(level).collect();
            return Some(Test::Urgency(levels?.iter().fold(0, |all, one| all | one)));
        }
        let texts: Option<Vec<String>> = list.elements.iter().map(literal_text).collect();
        let subject = subject(left).filter(is_text)?;
        return Some(Test::Text(subject, TextTest::OneOf(texts?)));
    }
    let flipped = match operator {
        operators::EQUALS => operators::EQUALS,
        operators::LESS => operators::GREATER,
        operators::LESS_EQUALS => operators::GREATER_EQUALS,
        operators::GREATER => operators::LESS,
        operators::GREATER_EQUALS => operators::LESS_EQUALS,
        _ => return None,
    };
    compare(operator, left, right).or_else(|| compare(flipped, right, left))
}

fn compare<'e>(operator: &str, of: &IdedExpr, with: &IdedExpr) -> Option<Test<'e>> {
    if is_urgency(of) {
        let level = level(with)?;
        let below = level - 1;
        let levels = match operator {
            operators::EQUALS => level,
            operators::LESS => below,
            operators::LESS_EQUALS => below | level,
            operators::GREATER => !(below | level) & ALL_LEVELS,
            _ => !below & ALL_LEVELS,
        };
        return Some(Test::Urgency(levels));
    }
    let subject = subject(of)?;
    if is_text(&subject) {
        let text = literal_text(with)?;
        return (operator == operators::EQUALS)
            .then(|| Test::Text(subject, TextTest::OneOf(vec![text])));
    }
    let bound = number(with)?;
    let (above, inclusive) = match operator {
        operators::LESS => (false, false),
        operators::LESS_EQUALS => (false, true),
        operators::GREATER => (true, false),
        operators::GREATER_EQUALS => (true, true),
        _ => return None,
    };
    let test = NumberTest {
        above,
        bound,
        inclusive,
    };
    Some(Test::Number(subject, test))
}

/// All levels of urgency, as bits.
pub(super) const ALL_LEVELS: u8 = 0b1111;

fn is_urgency(expression: &IdedExpr) -> bool {
    matches!(&expression.expr, Expr::Ident(name) if name == "urgency")
}

fn level(expression: &IdedExpr) -> Option<u8> {
    let Expr::Ident(name) = &expression.expr else {
        return None;
    };
    let levels = Urgency::ALL.iter();
    let found = levels
        .enumerate()
        .find(|(_, level)| level.as_str().to_uppercase() == *name);
    found.map(|(index, _)| 1 << index)
}

const NUMBERS: [&str; 2] = ["topic_confidence", "waited"];
const TOTAL_TEXTS: [&str; 7] = [
    "topic",
    "customer.id",
    "customer.tier",
    "ticket.channel",
    "ticket.language",
    "ticket.subject",
    "ticket.last_agent_id",
];
const PARTIAL_TEXTS: [&str; 3] = ["facets.", "ticket.attributes.", "customer.attributes."];

fn is_text(subject: &Subject) -> bool {
    !NUMBERS.contains(&subject.path.as_str())
}

fn subject(expression: &IdedExpr) -> Option<Subject> {
    let path = path(expression)?;
    let total = TOTAL_TEXTS.contains(&path.as_str()) || NUMBERS.contains(&path.as_str());
    let partial = PARTIAL_TEXTS.iter().any(|start| path.starts_with(start));
    (total || partial).then_some(Subject { path, total })
}

fn path(expression: &IdedExpr) -> Option<String> {
    match &expression.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) if !select.test => {
            Some(format!("{}.{}", path(&select.operand)?, select.field))
        }
        Expr::Call(call) if call.func_name == operators::INDEX => match call.args.as_slice() {
            [of, key] => Some(format!("{}.{}", path(of)?, literal_text(key)?)),
            _ => None,
        },
        _ => None,
    }
}

fn literal_text(expression: &IdedExpr) -> Option<String> {
    match &expression.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner().to_owned()),
        _ => None,
    }
}

/// A constant as a number, durations in nanoseconds; `None` where that would not be exact.
fn number(expression: &IdedExpr) -> Option<f64> {
    const EXACT: i64 = 1 << 53;
    #[allow(clippy::cast_precision_loss)] // every whole number up to 2^53 has its own float
    let exact = |whole: i64| (-EXACT..=EXACT).contains(&whole).then_some(whole as f64);
    match constant_value(expression)? {
        Value::Float(value) => Some(value).filter(|value| value.is_finite()),
        Value::Int(value) => exact(value),
        Value::Duration(value) => exact(value.num_nanoseconds()?),
        _ => None,
    }
}

/// Hashes some of what makes two expressions alike.
fn hash(expression: &IdedExpr, hasher: &mut DefaultHasher) {
    match &expression.expr {
        Expr::Ident(name) => name.hash(hasher),
        Expr::Literal(LiteralValue::String(text)) => text.inner().hash(hasher),
        Expr::Literal(LiteralValue::Int(number)) => number.inner().hash(hasher),
        Expr::Select(select) => {
            select.field.hash(hasher);
            hash(&select.operand, hasher);
        }
        Expr::List(list) => list.elements.iter().for_each(|item| hash(item, hasher)),
        Expr::Call(call) => {
            call.func_name.hash(hasher);
            let parts = call.target.as_deref().into_iter().chain(&call.args);
            parts.for_each(|part| hash(part, hasher));
        }
        Expr::Comprehension(looped) => {
            looped.iter_var.hash(hasher);
            for part in [&looped.iter_range, &looped.loop_cond, &looped.loop_step] {
                hash(part, hasher);
            }
        }
        _ => {}
    }
}

/// Whether two expressions are written alike; where they stand does not matter.
fn alike(a: &IdedExpr, b: &IdedExpr) -> bool {
    let all = |a: &[IdedExpr], b: &[IdedExpr]| {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b))
    };
    match (&a.expr, &b.expr) {
        (Expr::Ident(a), Expr::Ident(b)) => a == b,
        (Expr::Literal(a), Expr::Literal(b)) => a == b,
        (Expr::Select(a), Expr::Select(b)) => {
            a.field == b.field && a.test == b.test && alike(&a.operand, &b.operand)
        }
        (Expr::List(a), Expr::List(b)) => all(&a.elements, &b.elements),
        (Expr::Call(a), Expr::Call(b)) => {
            let targets = match (a.target.as_deref(), b.target.as_deref()) {
                (Some(a), Some(b)) => alike(a, b),
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            };
            a.func_name == b.func_name && targets && all(&a.args, &b.args)
        }
        (Expr::Comprehension(a), Expr::Comprehension(b)) => {
            a.iter_var == b.iter_var
                && a.iter_var2 == b.iter_var2
                && a.accu_var == b.accu_var
                && [
                    (&a.iter_range, &b.iter_range),
                    (&a.accu_init, &b.accu_init),
                    (&a.loop_cond, &b.loop_cond),
                    (&a.loop_step, &b.loop_step),
                    (&a.result, &b.result),
                ]
                .iter()
                .all(|(a, b)| alike(a, b))
        }
        // Maps and structs are refused when a policy is loaded; what is not known to be alike is not.
        _ => false,
    }
}
