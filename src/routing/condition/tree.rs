//! Walking through an expression, and where its parts stand.

use cel::common::ast::{Expr, IdedExpr, SourceInfo};

/// The bytes of the token that an expression is known by.
pub(super) fn span(expression: &IdedExpr, source: &SourceInfo) -> Option<(usize, usize)> {
    let (start, last) = source.offset_for(expression.id)?;
    Some((
        usize::try_from(start).ok()?,
        usize::try_from(last).ok()?.saturating_add(1),
    ))
}

/// From the first byte of an expression's tokens to behind the last one.
pub(super) fn extent(expression: &IdedExpr, source: &SourceInfo) -> (usize, usize) {
    let (mut first, mut last) = span(expression, source).unwrap_or((0, 0));
    for child in children(expression) {
        let (start, end) = extent(child, source);
        first = first.min(start);
        last = last.max(end);
    }
    (first, last)
}

/// The parts of an expression that were written by hand.
pub(super) fn children(expression: &IdedExpr) -> Vec<&IdedExpr> {
    match &expression.expr {
        Expr::Call(call) => call
            .target
            .as_deref()
            .into_iter()
            .chain(&call.args)
            .collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Comprehension(looped) => vec![&looped.iter_range, &looped.loop_step],
        Expr::Ident(_) | Expr::Literal(_) | Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
            Vec::new()
        }
    }
}

/// All parts of an expression, those that a loop is made of included.
pub(super) fn parts_mut(expression: &mut IdedExpr) -> Vec<&mut IdedExpr> {
    match &mut expression.expr {
        Expr::Call(call) => {
            let target = call.target.as_deref_mut().into_iter();
            target.chain(&mut call.args).collect()
        }
        Expr::Select(select) => vec![&mut select.operand],
        Expr::List(list) => list.elements.iter_mut().collect(),
        Expr::Comprehension(looped) => vec![
            &mut looped.iter_range,
            &mut looped.accu_init,
            &mut looped.loop_cond,
            &mut looped.loop_step,
            &mut looped.result,
        ],
        Expr::Ident(_) | Expr::Literal(_) | Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
            Vec::new()
        }
    }
}

/// Puts `with` in the place of a variable.
pub(super) fn replace(expression: &mut IdedExpr, variable: &str, with: &IdedExpr) {
    if matches!(&expression.expr, Expr::Ident(name) if name == variable) {
        *expression = with.clone();
        return;
    }
    for part in parts_mut(expression) {
        replace(part, variable, with);
    }
}

/// How many parts `expression` has, itself included.
pub(super) fn size(expression: &IdedExpr) -> usize {
    1 + children(expression).into_iter().map(size).sum::<usize>()
}

/// Whether the part with this id is one of `expression`.
pub(super) fn holds(expression: &IdedExpr, part: u64) -> bool {
    expression.id == part
        || children(expression)
            .into_iter()
            .any(|child| holds(child, part))
}
