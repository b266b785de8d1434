//! What to say of a condition that cannot be read: the parser tells where, and what people write by mistake there is
//! well known.

use super::written::outside_quotes;

/// What is wrong at `offset` of `text`, where the parser stopped with `message`.
pub(super) fn tell(text: &str, offset: usize, message: &str) -> String {
    if text.trim().is_empty() {
        return "the condition is empty: write 'true' for a rule that takes every ticket"
            .to_owned();
    }
    if message.contains("has() macro") {
        return "has() needs a key of a map, such as has(facets.sentiment)".to_owned();
    }
    let rest = text.get(offset..).unwrap_or_default().trim_start();
    let word: String = rest
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    let advice = match word.to_ascii_lowercase().as_str() {
        "and" => Some("write && instead of 'and'".to_owned()),
        "or" => Some("write || instead of 'or'".to_owned()),
        "not" => Some("write ! instead of 'not'".to_owned()),
        _ => advice_on_sign(rest),
    };
    let advice = advice.unwrap_or_else(|| match (word.as_str(), rest.chars().next()) {
        ("", None) => missing(text),
        _ if message.contains("Incomplete") => "it breaks off: something is missing".to_owned(),
        ("", Some(sign)) => format!("'{}' has no place here", sign.escape_debug()),
        (word, _) => format!("'{word}' has no place here"),
    });
    format!("the condition cannot be read: {advice}")
}

/// What is missing at the end of a condition.
fn missing(text: &str) -> String {
    const OPERATORS: [&str; 16] = [
        "&&", "||", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":",
    ];
    let text = text.trim_end();
    let operator = OPERATORS.iter().find(|sign| text.ends_with(**sign));
    match (operator, open_bracket(text)) {
        (Some(sign), _) => format!("something must follow the '{sign}' at its end"),
        (None, Some(bracket)) if text.ends_with(bracket) => {
            format!(
                "nothing follows the '{bracket}' at its end: write what belongs there and close it"
            )
        }
        (None, Some(bracket)) => format!("a '{bracket}' is not closed"),
        (None, None) => "something is missing at its end".to_owned(),
    }
}

/// The last bracket outside of quotes that is not closed.
fn open_bracket(text: &str) -> Option<char> {
    let mut open = Vec::new();
    for (_, c) in outside_quotes(text) {
        match c {
            '(' | '[' | '{' => open.push(c),
            ')' | ']' | '}' => {
                open.pop();
            }
            _ => {}
        }
    }
    open.pop()
}

fn advice_on_sign(rest: &str) -> Option<String> {
    let mut signs = rest.chars();
    let advice = match (signs.next()?, signs.next()) {
        ('=', next) if next != Some('=') => "write == to compare",
        ('&', next) if next != Some('&') => "write && for 'and'",
        ('|', next) if next != Some('|') => "write || for 'or'",
        ('“' | '”' | '„' | '‘' | '’', _) => "write straight quotation marks, \" or '",
        ('"' | '\'', _) => "the text that begins here is not closed",
        _ => return None,
    };
    Some(advice.to_owned())
}
