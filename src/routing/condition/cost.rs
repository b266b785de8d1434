//! How much it can cost to evaluate a condition, worked out when the policy is loaded: a bound on the work and on the
//! sizes of all texts and lists that come up, for the largest ticket that the interface takes. Loops over the results
//! of loops multiply, and so do texts that are put together again and again; what could take too long, or too much
//! memory, is refused before it is ever evaluated.

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue, operators};

use super::check::MAX_DEPTH;
use super::size::{LONG_TEXT, NAME, Size, VALUE, entries, field, number};
use super::vocabulary::{Patterns, literal_text};

/// Most work of a condition, in units of about a nanosecond: some milliseconds. It bounds the memory as well, since
/// each byte that is written counts.
const MAX_WORK: u64 = 5_000_000;

/// Evaluating one part of an expression.
const NODE: u64 = 64;

/// What work is done for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// Making, copying or comparing texts and lists.
    Values,
    /// Looking for patterns.
    Patterns,
    /// Turning loops, and whatever is neither of the others.
    Turns,
}

impl Work {
    const ALL: [Self; 3] = [Self::Values, Self::Patterns, Self::Turns];

    /// What is wrong where most of a condition's work is of this kind.
    pub(super) const fn told(self) -> &'static str {
        match self {
            Self::Values => {
                "the texts and lists that are made or compared here can take too long for the largest ticket: make \
                 shorter ones, or split the rule"
            }
            Self::Patterns => {
                "looking for this pattern, and for any others of this condition, can take too long for the largest \
                 ticket: join patterns with |, use contains, or split the rule"
            }
            Self::Turns => {
                "this loop, and any others of this condition, can take too long for the largest ticket: do less in \
                 each turn, or split the rule"
            }
        }
    }
}

/// What it can cost to evaluate an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cost {
    /// All of it, in units of about a nanosecond.
    pub(super) work: u64,
    /// The part that costs the most, and for what, if that is too much.
    pub(super) too_dear: Option<(u64, Work)>,
}

/// What it can cost to evaluate `expression`. One that is nested too deeply, and a loop inside a loop, always costs too
/// much.
pub(super) fn cost(expression: &IdedExpr, patterns: &Patterns) -> Cost {
    let mut meter = Meter {
        patterns,
        scopes: Vec::new(),
        depth: 0,
        spent: Vec::new(),
        breach: None,
    };
    meter.size(expression);
    if let Some(at) = meter.breach {
        return Cost {
            work: u64::MAX,
            too_dear: Some((at, Work::Turns)),
        };
    }
    let sum = |of: Work| {
        let spent = meter.spent.iter().filter(|spent| spent.on == of);
        spent.fold(0, |sum: u64, spent| sum.saturating_add(spent.work))
    };
    let sums = Work::ALL.map(|of| (sum(of), of));
    let work = sums
        .iter()
        .fold(0, |all: u64, (sum, _)| all.saturating_add(*sum));
    let dearest = || {
        let (_, most) = sums.into_iter().max_by_key(|(sum, _)| *sum)?;
        // The first of those that cost as much.
        let spent = meter.spent.iter().rev().filter(|spent| spent.on == most);
        let dearest = spent.max_by_key(|spent| spent.work)?;
        Some((dearest.at, most))
    };
    Cost {
        work,
        too_dear: (work > MAX_WORK).then(dearest).flatten(),
    }
}

/// Work done for one part of an expression.
struct Spent {
    at: u64,
    on: Work,
    work: u64,
}

struct Meter<'e> {
    patterns: &'e Patterns,
    /// Variables of the loop around the present place.
    scopes: Vec<(&'e str, Size)>,
    depth: usize,
    spent: Vec<Spent>,
    /// Where it is nested too deeply.
    breach: Option<u64>,
}

impl<'e> Meter<'e> {
    fn spend(&mut self, at: &IdedExpr, on: Work, work: u64) {
        let at = at.id;
        self.spent.push(Spent { at, on, work });
    }

    /// The size of what `expression` gives; evaluating it is counted.
    fn size(&mut self, expression: &'e IdedExpr) -> Size {
        if self.depth >= MAX_DEPTH {
            self.breach.get_or_insert(expression.id);
            return Size::Flat(0);
        }
        self.depth += 1;
        self.spend(expression, Work::Turns, NODE);
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
                self.spend(expression, Work::Values, whole);
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
                self.spend(at, Work::Values, written);
                left.clone().then(right.clone())
            }
            (operators::CONDITIONAL, [_, then, other]) => then.clone().or(other.clone()),
            (operators::INDEX, [of, by]) => {
                self.spend(at, Work::Values, by.total());
                of.item()
            }
            (operators::IN, [item, Size::List(count, each)]) => {
                let compared = item.total().min(each.total());
                let work = count.saturating_mul(compared).saturating_add(item.total());
                self.spend(at, Work::Values, work);
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
                self.spend(at, Work::Values, left.total().min(right.total()));
                Size::Flat(0)
            }
            ("startsWith" | "endsWith", [_, part]) => {
                self.spend(at, Work::Values, part.total());
                Size::Flat(0)
            }
            ("matches", [text, _]) => {
                let pattern = call.args.first().and_then(literal_text);
                let byte = self.patterns.byte_cost(pattern.unwrap_or_default());
                self.spend(at, Work::Patterns, text.length().saturating_mul(byte));
                Size::Flat(0)
            }
            ("size", _) => Size::Flat(0),
            ("string", [given]) => {
                self.spend(at, Work::Values, total);
                Size::Flat(given.length().max(VALUE))
            }
            _ => {
                self.spend(at, Work::Values, total);
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
        let before = self.spent.len();
        self.scopes.push((&looped.accu_var, start.clone()));
        let once = self.size(&looped.loop_step);
        let gathered = gathered(&start, &once, count);
        self.spent.truncate(before);
        self.scopes.pop();
        self.scopes.push((&looped.accu_var, gathered));
        self.size(&looped.loop_cond);
        self.size(&looped.loop_step);
        self.spend(at, Work::Turns, over.item().total());
        // Whatever a turn does is done in each, and turning is the work of the loop as a whole.
        let mut turning = 0_u64;
        for mut spent in self.spent.split_off(before) {
            spent.work = spent.work.saturating_mul(count);
            match spent.on {
                Work::Turns => turning = turning.saturating_add(spent.work),
                Work::Values | Work::Patterns => self.spent.push(spent),
            }
        }
        self.spend(at, Work::Turns, turning);
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
