//! A test as it stands in the text of its condition.

/// `text[start..end]` without white space and without brackets that are closed outside of it or enclose all of it.
pub(super) fn trim(text: &str, start: usize, end: usize) -> (usize, &str) {
    let slice = text.get(start..end).unwrap_or_default();
    let mut kept = slice.trim();
    let mut offset = start + (slice.len() - slice.trim_start().len());
    loop {
        let inner = match balance(kept) {
            Balance::Opened => kept.strip_prefix('('),
            Balance::Closed => kept.strip_suffix(')'),
            Balance::Enclosed => kept
                .strip_prefix('(')
                .and_then(|kept| kept.strip_suffix(')')),
            Balance::Even => None,
        };
        let Some(inner) = inner else {
            return (offset, kept);
        };
        if balance(kept) != Balance::Closed {
            offset += 1 + (inner.len() - inner.trim_start().len());
        }
        kept = inner.trim();
    }
}

#[derive(PartialEq, Eq)]
enum Balance {
    /// More brackets are opened than closed.
    Opened,
    /// More brackets are closed than opened.
    Closed,
    /// The first bracket encloses all.
    Enclosed,
    Even,
}

fn balance(text: &str) -> Balance {
    let mut depth = 0_i64;
    let mut closes_at = None;
    for (at, c) in outside_quotes(text) {
        match c {
            '(' => depth += 1,
            ')' => {
                depth -= 1;
                if depth == 0 && closes_at.is_none() {
                    closes_at = Some(at + 1);
                }
            }
            _ => {}
        }
    }
    match depth {
        1.. => Balance::Opened,
        0 if text.starts_with('(') && closes_at == Some(text.len()) => Balance::Enclosed,
        0 => Balance::Even,
        _ => Balance::Closed,
    }
}

/// The characters of an expression that stand outside of quotes, each with its place.
pub(super) fn outside_quotes(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut quote = None;
    let mut escaped = false;
    text.char_indices().filter(move |&(_, c)| {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, _) => return true,
        }
        false
    })
}

/// `text` with single spaces and no line ends.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
