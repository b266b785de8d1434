//! Which topics, facets and channels a condition names. Works on the expression alone; nothing of a ticket is
//! evaluated.

use std::borrow::Cow;

use cel::common::ast::{CallExpr, Expr, IdedExpr, SourceInfo, operators};

use super::alone::Alone;
use super::check_call::is_constant;
use super::constant_value;
use super::sub_tests::turns;
use super::vocabulary::literal_text;

/// A label named in a condition.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::routing) struct LabelUse {
    /// Where, in bytes from the start of the condition.
    pub(in crate::routing) offset: usize,
    pub(in crate::routing) kind: LabelUseKind,
}

/// What is named.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::routing) enum LabelUseKind {
    /// `topic` is compared with this label.
    Topic(String),
    /// `topic` is asked to start with this text.
    TopicPrefix(String),
    /// This facet is read.
    Facet(String),
    /// The facet is compared with this label.
    FacetLabel { facet: String, label: String },
    /// `ticket.channel` is compared with this name.
    Channel(String),
    /// This agent is asked for, or compared with the last one.
    Agent(String),
    /// `urgency` or one of its levels is used.
    Urgency,
    /// Something else is asked of the topic, of a facet, of the channel or of the last agent alone.
    Alone(Alone),
}

/// Notes the labels that `at` itself names, its parts not included.
pub(super) fn note_labels(at: &IdedExpr, source: &SourceInfo, labels: &mut Vec<LabelUse>) {
    let mut note = |part: u64, kind: LabelUseKind| {
        let (start, _) = source.offset_for(part).unwrap_or((0, 0));
        labels.push(LabelUse {
            offset: usize::try_from(start).unwrap_or(0),
            kind,
        });
    };
    if let Some(facet) = facet(at) {
        note(at.id, LabelUseKind::Facet(facet.to_owned()));
    }
    let Expr::Call(call) = &at.expr else { return };
    if let Some(Comparison { of, labels, .. }) = comparison(call) {
        for (part, label) in labels {
            note(
                part,
                match of {
                    Subject::Topic => LabelUseKind::Topic(label),
                    Subject::Channel => LabelUseKind::Channel(label),
                    Subject::LastAgent => LabelUseKind::Agent(label),
                    Subject::Facet(facet) => LabelUseKind::FacetLabel {
                        facet: facet.to_owned(),
                        label,
                    },
                },
            );
        }
    }
    if let Some((part, prefix)) = topic_prefix(call) {
        note(part.id, LabelUseKind::TopicPrefix(prefix.to_owned()));
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject<'a> {
    Topic,
    Channel,
    LastAgent,
    Facet(&'a str),
}

/// Notes the agents that `expression` gives by name.
pub(super) fn note_agents(expression: &IdedExpr, source: &SourceInfo, labels: &mut Vec<LabelUse>) {
    if let Some(id) = literal_text(expression) {
        let (start, _) = source.offset_for(expression.id).unwrap_or((0, 0));
        labels.push(LabelUse {
            offset: usize::try_from(start).unwrap_or(0),
            kind: LabelUseKind::Agent(id.to_owned()),
        });
    }
    if let Expr::Call(call) = &expression.expr
        && call.func_name == operators::CONDITIONAL
    {
        for result in call.args.iter().skip(1) {
            note_agents(result, source, labels);
        }
    }
}

/// Whether `expression` is the variable `topic`.
pub(super) fn is_topic(expression: &IdedExpr) -> bool {
    subject(expression) == Some(Subject::Topic)
}

fn subject(expression: &IdedExpr) -> Option<Subject<'_>> {
    match &expression.expr {
        Expr::Ident(name) if name == "topic" => Some(Subject::Topic),
        Expr::Select(select) if !select.test => match (&select.operand.expr, &select.field) {
            (Expr::Ident(of), field) if of == "ticket" && field == "channel" => {
                Some(Subject::Channel)
            }
            (Expr::Ident(of), field) if of == "ticket" && field == "last_agent_id" => {
                Some(Subject::LastAgent)
            }
            (Expr::Ident(of), field) if of == "facets" => Some(Subject::Facet(field)),
            _ => None,
        },
        Expr::Call(call) if call.func_name == operators::INDEX => match call.args.as_slice() {
            [of, by] if matches!(&of.expr, Expr::Ident(name) if name == "facets") => {
                literal_text(by).map(Subject::Facet)
            }
            _ => None,
        },
        _ => None,
    }
}

/// The facet that is read, or asked for.
fn facet(expression: &IdedExpr) -> Option<&str> {
    let is_facets = |of: &IdedExpr| matches!(&of.expr, Expr::Ident(name) if name == "facets");
    match &expression.expr {
        Expr::Select(select) if is_facets(&select.operand) => Some(&select.field),
        Expr::Call(call) => match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::INDEX, [of, name]) | (operators::IN, [name, of]) if is_facets(of) => {
                literal_text(name)
            }
            _ => None,
        },
        _ => None,
    }
}

/// Texts that a subject is compared with.
struct Comparison<'a> {
    of: Subject<'a>,
    /// Each with the part that gives it.
    labels: Vec<(u64, String)>,
    /// Whether it is compared with nothing else.
    whole: bool,
}

/// The texts that `call` compares a subject with, by `==`, `!=` or `in [...]`, as far as they are written out.
fn comparison(call: &CallExpr) -> Option<Comparison<'_>> {
    let [left, right] = call.args.as_slice() else {
        return None;
    };
    let mut labels = Vec::new();
    let (of, whole) = match call.func_name.as_str() {
        operators::EQUALS | operators::NOT_EQUALS => match (subject(left), subject(right)) {
            (Some(of), None) => (of, texts(right, &mut labels)),
            (None, Some(of)) => (of, texts(left, &mut labels)),
            (Some(_), Some(_)) | (None, None) => return None,
        },
        operators::IN => {
            let of = subject(left)?;
            let mut whole = true;
            for item in listed(right)? {
                whole &= texts(&item, &mut labels);
            }
            (of, whole)
        }
        _ => return None,
    };
    Some(Comparison { of, labels, whole })
}

/// The elements of a list that is written out, or made by `map` of one that is, or of several that are joined.
pub(super) fn listed(expression: &IdedExpr) -> Option<Vec<Cow<'_, IdedExpr>>> {
    match &expression.expr {
        Expr::List(list) => Some(list.elements.iter().map(Cow::Borrowed).collect()),
        Expr::Comprehension(looped) => {
            let turns = turns(looped)?.into_iter();
            turns.map(|(element, turn)| mapped(element, turn)).collect()
        }
        Expr::Call(call) if call.func_name == operators::ADD => {
            let lists: Option<Vec<_>> = call.args.iter().map(listed).collect();
            lists.map(|lists| lists.concat())
        }
        _ => None,
    }
}

/// What a turn of `map` makes of the element with this id, in whose place it stands.
fn mapped(element: u64, turn: IdedExpr) -> Option<Cow<'static, IdedExpr>> {
    let Expr::Call(call) = turn.expr else {
        return None;
    };
    let joins = call.func_name == operators::ADD;
    let [
        _,
        IdedExpr {
            expr: Expr::List(list),
            ..
        },
    ] = <[_; 2]>::try_from(call.args).ok()?
    else {
        return None;
    };
    let [made] = <[_; 1]>::try_from(list.elements).ok()?;
    joins.then_some(Cow::Owned(IdedExpr {
        id: element,
        ..made
    }))
}

/// Adds the texts that `expression` can give; whether these are all.
fn texts(expression: &IdedExpr, found: &mut Vec<(u64, String)>) -> bool {
    if let Some(text) = literal_text(expression) {
        found.push((expression.id, text.to_owned()));
        return true;
    }
    match &expression.expr {
        Expr::Call(call) if call.func_name == operators::CONDITIONAL => {
            let mut all = true;
            for result in call.args.iter().skip(1) {
                all &= texts(result, found);
            }
            all
        }
        Expr::Call(_) if is_constant(expression) => match constant_value(expression) {
            Some(cel::Value::String(text)) => {
                found.push((expression.id, text.as_str().to_owned()));
                true
            }
            Some(_) | None => false,
        },
        _ => false,
    }
}

/// Whether all labels that `call` names are noted by name.
pub(super) fn is_named(call: &CallExpr) -> bool {
    topic_prefix(call).is_some() || comparison(call).is_some_and(|found| found.whole)
}

fn topic_prefix(call: &CallExpr) -> Option<(&IdedExpr, &str)> {
    let target = call.target.as_deref()?;
    let [prefix] = call.args.as_slice() else {
        return None;
    };
    (call.func_name == "startsWith" && is_topic(target))
        .then_some(())
        .and_then(|()| Some((prefix, literal_text(prefix)?)))
}
