//! The smallest tests of a condition that look at one subject alone: within whatever they stand, and, in a loop over a
//! list that is written out, for each of its elements.

use std::borrow::Cow;

use cel::common::ast::{ComprehensionExpr, Expr, IdedExpr, SourceInfo, operators};

use super::alone::{Alone, Subject};
use super::labels::{LabelUse, LabelUseKind, is_named, listed, note_labels};
use super::tree::{children, extent, holds, replace, size};
use super::types::VARIABLES;
use super::vocabulary::{IN_HOURS, literal_text};

/// Most parts of a loop and its list, multiplied, for which its elements are looked at one by one.
const MAX_UNFOLDED: usize = 2_000;

/// Notes the tests of `expression` that look at one subject alone and do not name its labels outright. Those with one of
/// the `faults`, by their places, say nothing.
pub(super) fn note_alone(
    expression: &IdedExpr,
    source: &SourceInfo,
    faults: &[usize],
    labels: &mut Vec<LabelUse>,
) {
    let mut finder = Finder {
        source,
        faults,
        labels,
        element: None,
    };
    finder.visit(expression);
}

struct Finder<'a> {
    source: &'a SourceInfo,
    faults: &'a [usize],
    labels: &'a mut Vec<LabelUse>,
    /// The element that stands in the place of a loop's variable.
    element: Option<u64>,
}

impl Finder<'_> {
    /// Visits `expression`; whether it asks for labels, so that nothing needs to be noted of what it stands in.
    fn visit(&mut self, expression: &IdedExpr) -> bool {
        if let Expr::Comprehension(looped) = &expression.expr
            && let Some(turns) = turns(looped)
        {
            let mut asks = false;
            for (element, turn) in turns {
                self.element = Some(element);
                asks |= self.visit(&turn);
            }
            self.element = None;
            return asks;
        }
        if self.element.is_some() {
            note_labels(expression, self.source, self.labels);
        }
        if matches!(&expression.expr, Expr::Call(call) if is_named(call)) {
            return true;
        }
        let mut asks = false;
        for part in children(expression) {
            asks |= self.visit(part);
        }
        if asks || !is_test(expression) {
            return asks;
        }
        let Some(subject) = only_subject(expression) else {
            return false;
        };
        let (first, last) = extent(expression, self.source);
        if !self
            .faults
            .iter()
            .any(|fault| (first..last).contains(fault))
        {
            let test = expression.clone();
            self.labels.push(LabelUse {
                offset: self.place_of_element(expression).unwrap_or(first),
                kind: LabelUseKind::Alone(Alone { subject, test }),
            });
        }
        true
    }

    /// Where the element of a list stands that `expression` is about.
    fn place_of_element(&self, expression: &IdedExpr) -> Option<usize> {
        let element = self.element.filter(|&element| holds(expression, element))?;
        let (start, _) = self.source.offset_for(element)?;
        usize::try_from(start).ok()
    }
}

/// What a loop over a list that is written out does in each turn, with the id of the turn's element.
pub(super) fn turns(looped: &ComprehensionExpr) -> Option<Vec<(u64, IdedExpr)>> {
    let elements = listed(&looped.iter_range)?;
    let list: usize = elements.iter().map(|element| size(element)).sum();
    let step = size(&looped.loop_step);
    if looped.iter_var2.is_some() || list.saturating_mul(step) > MAX_UNFOLDED {
        return None;
    }
    let turn = |element: Cow<'_, IdedExpr>| {
        let mut step = looped.loop_step.clone();
        replace(&mut step, &looped.iter_var, &element);
        (element.id, step)
    };
    Some(elements.into_iter().map(turn).collect())
}

/// Whether `expression` gives true or false by itself and does not join tests.
fn is_test(expression: &IdedExpr) -> bool {
    match &expression.expr {
        Expr::Comprehension(_) => true,
        Expr::Call(call) => matches!(
            call.func_name.as_str(),
            operators::EQUALS
                | operators::NOT_EQUALS
                | operators::LESS
                | operators::LESS_EQUALS
                | operators::GREATER
                | operators::GREATER_EQUALS
                | operators::IN
                | "contains"
                | "startsWith"
                | "endsWith"
                | "matches"
        ),
        _ => false,
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
        Expr::Call(call) if call.func_name == IN_HOURS => found.push(None),
        _ => children(expression)
            .into_iter()
            .for_each(|part| reads(part, own, found)),
    }
}

/// The subject that `expression` is.
pub(super) fn subject(expression: &IdedExpr) -> Option<Subject> {
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
        Expr::Select(select)
            if is(&select.operand, "ticket") && select.field == "last_agent_id" =>
        {
            Some(Subject::LastAgent)
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
