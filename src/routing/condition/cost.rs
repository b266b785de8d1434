//! How much it can cost to evaluate a condition, worked out when the policy is loaded: a bound on the work and on the
//! sizes of all texts and lists that come up, for the largest ticket that the interface takes. Loops over the results
//! of loops multiply, and so do texts that are put together again and again; what could take too long, or too much
//! memory, is refused before it is ever evaluated.

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue, operators};

use super::check::MAX_DEPTH;
use crate::ticket::{
    MAX_ATTRIBUTE_BYTES, MAX_ATTRIBUTES, MAX_ID_BYTES, MAX_SUBJECT_BYTES, MAX_TAGS,
};

/// Most work of a condition, in units of about a nanosecond: some milliseconds. It bounds the memory as well, since
/// each byte that is written counts.
const MAX_WORK: u64 = 5_000_000;

/// Evaluating one part of an expression.
const NODE: u64 = 64;

/// Making a value, besides its bytes.
const VALUE: u64 = 64;

/// Looking at a byte by a pattern. Most patterns take a fraction of it, the worst that are allowed some times as much.
const PATTERN_BYTE: u64 = 32;

/// Most attributes, tags or facets, and the longest id, label or tag, in bytes.
const ENTRIES: u64 = larger(MAX_TAGS, MAX_ATTRIBUTES);
const NAME: u64 = MAX_ID_BYTES as u64;

/// Longest subject and longest value of an attribute, in bytes.
const LONG_TEXT: u64 = larger(MAX_SUBJECT_BYTES, MAX_ATTRIBUTE_BYTES);

const fn larger(a: usize, b: usize) -> u64 {
    (if a > b { a } else { b }) as u64
}

/// What a value takes at most.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Size {
    /// So many bytes.
    Flat(u64),
    /// So many elements, each of this size at most.
    List(u64, Box<Size>),
}

impl Size {
    /// All of it, written out.
    fn total(&self) -> u64 {
        match self {
            Self::Flat(bytes) => VALUE.saturating_add(*bytes),
            Self::List(count, item) => VALUE.saturating_add(count.saturating_mul(item.total())),
        }
    }

    /// Elements, or bytes.
    fn length(&self) -> u64 {
        match self {
            Self::Flat(length) | Self::List(length, _) => *length,
        }
    }

    /// An element.
    fn item(&self) -> Self {
        match self {
            Self::Flat(bytes) => Self::Flat(*bytes),
            Self::List(_, item) => (**item).clone(),
        }
    }

    /// What either fits into.
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Flat(a), Self::Flat(b)) => Self::Flat(a.max(b)),
            (Self::List(a, one), Self::List(b, two)) => {
                Self::List(a.max(b), Box::new(one.or(*two)))
            }
            (a, b) if a.total() < b.total() => b,
            (a, _) => a,
        }
    }

    /// One behind the other.
    fn then(self, other: Self) -> Self {
        match (self, other) {
            (Self::Flat(a), Self::Flat(b)) => Self::Flat(a.saturating_add(b)),
            (Self::List(a, one), Self::List(b, two)) => {
                Self::List(a.saturating_add(b), Box::new(one.or(*two)))
            }
            (a, b) => Self::Flat(a.total().saturating_add(b.total())),
        }
    }
}

/// The part of `expression` by which it comes to cost too much, if it does. One that is nested too deeply, and a loop
/// inside a loop, always does.
pub(super) fn too_costly(expression: &IdedExpr) -> Option<u64> {
    let mut meter = Meter {
        scopes: Vec::new(),
        depth: 0,
        work: 0,
        breach: None,
    };
    meter.size(expression);
    meter.breach
}

struct Meter<'e> {
    /// Variables of the loop around the present place.
    scopes: Vec<(&'e str, Size)>,
    depth: usize,
    work: u64,
    /// Where it came to be too much.
    breach: Option<u64>,
}

impl<'e> Meter<'e> {
    fn spend(&mut self, at: &IdedExpr, work: u64) {
        self.work = self.work.saturating_add(work);
        if self.work > MAX_WORK && self.breach.is_none() {
            self.breach = Some(at.id);
        }
    }

    /// The size of what `expression` gives; evaluating it is counted.
    fn size(&mut self, expression: &'e IdedExpr) -> Size {
        if self.depth >= MAX_DEPTH {
            self.breach.get_or_insert(expression.id);
            return Size::Flat(0);
        }
        self.depth += 1;
        self.spend(expression, NODE);
        let size = self.size_of(expression);
        self.depth -= 1;
        size
    }

    fn size_of(&mut self, expression: &'e IdedExpr) -> Size {
        match &expression.expr {
            Expr::Literal(LiteralValue::String(text)) => Size::Flat(number(text.inner().len())),
            Expr::Ident(name) => self.variable(name),
            Expr::Select(select) => {
                let of = self.size(&select.operand);
                match &select.operand.expr {
                    Expr::Ident(name) if name == "ticket" || name == "customer" => {
                        field(&select.field)
                    }
                    _ => of.item(),
                }
            }
            Expr::List(list) => {
                let items = list.elements.iter().map(|item| self.size(item));
                let items: Vec<Size> = items.collect();
                let whole = items
                    .iter()
                    .map(Size::total)
                    .fold(VALUE, u64::saturating_add);
                self.spend(expression, whole);
                let count = number(items.len());
                let item = items.into_iter().reduce(Size::or).unwrap_or(Size::Flat(0));
                Size::List(count, Box::new(item))
            }
            Expr::Call(call) => self.call(expression, call),
            Expr::Comprehension(looped) => self.looped(expression, looped),
            Expr::Literal(_) | Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => Size::Flat(0),
        }
    }

    fn variable(&self, name: &str) -> Size {
        let local = self.scopes.iter().rev().find(|(known, _)| *known == name);
        if let Some((_, size)) = local {
            return size.clone();
        }
        match name {
            "topic" => Size::Flat(NAME),
            "facets" => entries(NAME),
            "ticket" => {
                Size::Flat(field("attributes").total() + field("tags").total() + 2 * LONG_TEXT)
            }
            "customer" => Size::Flat(field("attributes").total() + LONG_TEXT),
            _ => Size::Flat(0),
        }
    }

    fn call(&mut self, at: &'e IdedExpr, call: &'e CallExpr) -> Size {
        // What a loop has gathered so far is appended to in place.
        let appends = call.func_name == operators::ADD
            && call
                .args
                .first()
                .is_some_and(|first| self.is_gathered(first));
        let target = call.target.as_deref().map(|target| self.size(target));
        let mut parts: Vec<Size> = target.into_iter().collect();
        parts.extend(call.args.iter().map(|part| self.size(part)));
        let total = parts.iter().map(Size::total).fold(0, u64::saturating_add);
        match (call.func_name.as_str(), parts.as_slice()) {
            (operators::ADD, [left, right]) => {
                let written = if appends { right.total() } else { total };
                self.spend(at, written);
                left.clone().then(right.clone())
            }
            (operators::CONDITIONAL, [_, then, other]) => {
                self.spend(at, then.total().max(other.total()));
                then.clone().or(other.clone())
            }
            (operators::INDEX, [of, by]) => {
                self.spend(at, by.total());
                of.item()
            }
            (operators::IN, [item, Size::List(count, each)]) => {
                let compared = item.total().min(each.total());
                self.spend(
                    at,
                    count.saturating_mul(compared).saturating_add(item.total()),
                );
                Size::Flat(0)
            }
            (
                operators::EQUALS
                | operators::NOT_EQUALS
                | operators::LESS
                | operators::LESS_EQUALS
                | operators::GREATER
                | operators::GREATER_EQUALS,
                [left, right],
            ) => {
                self.spend(at, left.total().min(right.total()));
                Size::Flat(0)
            }
            ("startsWith" | "endsWith", [_, part]) => {
                self.spend(at, part.total());
                Size::Flat(0)
            }
            ("matches", [text, _]) => {
                self.spend(at, text.length().saturating_mul(PATTERN_BYTE));
                Size::Flat(0)
            }
            ("size", _) => Size::Flat(0),
            ("string", [given]) => {
                self.spend(at, total);
                Size::Flat(given.length().max(VALUE))
            }
            _ => {
                self.spend(at, total);
                Size::Flat(0)
            }
        }
    }

    fn is_gathered(&self, expression: &IdedExpr) -> bool {
        let gathered = self.scopes.last();
        matches!((&expression.expr, gathered), (Expr::Ident(name), Some((known, _))) if name == known)
    }

    fn looped(&mut self, at: &'e IdedExpr, looped: &'e ComprehensionExpr) -> Size {
        if !self.scopes.is_empty() {
            self.breach.get_or_insert(at.id);
            return Size::Flat(0);
        }
        let over = self.size(&looped.iter_range);
        let start = self.size(&looped.accu_init);
        let count = over.length();
        for name in std::iter::once(&looped.iter_var).chain(&looped.iter_var2) {
            self.scopes.push((name, over.item()));
        }
        // Once to see what each turn adds, and once for the cost of a turn with all that was gathered.
        let before = self.work;
        self.scopes.push((&looped.accu_var, start.clone()));
        let once = self.size(&looped.loop_step);
        let gathered = gathered(&start, &once, count);
        self.work = before;
        self.scopes.pop();
        self.scopes.push((&looped.accu_var, gathered));
        self.size(&looped.loop_cond);
        self.size(&looped.loop_step);
        let turn = self.work - before;
        self.work = before;
        let turn = turn.saturating_add(over.item().total());
        self.spend(at, count.saturating_mul(turn));
        let result = self.size(&looped.result);
        self.scopes.clear();
        result
    }
}

/// What `count` turns of a loop gather, if one makes `once` of `start`.
fn gathered(start: &Size, once: &Size, count: u64) -> Size {
    let added = once.length().saturating_sub(start.length());
    let length = start.length().saturating_add(count.saturating_mul(added));
    match once {
        Size::Flat(_) => Size::Flat(length),
        Size::List(_, item) => Size::List(length, item.clone()),
    }
}

/// A field of the ticket or the customer.
fn field(name: &str) -> Size {
    match name {
        "subject" => Size::Flat(LONG_TEXT),
        "tags" => Size::List(ENTRIES, Box::new(Size::Flat(NAME))),
        "attributes" => entries(LONG_TEXT),
        _ => Size::Flat(NAME),
    }
}

/// A map of texts of this length.
fn entries(value: u64) -> Size {
    Size::List(ENTRIES, Box::new(Size::Flat(NAME + value)))
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
