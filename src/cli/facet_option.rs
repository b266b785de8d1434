//! Options that give a facet something, as `NAME=COLUMN` or `NAME=LABEL`.

use crate::dataset;

/// Reads `NAME=COLUMN`.
pub(super) fn facet_column(argument: &str) -> Result<(String, String), String> {
    pair(argument, "column", "sentiment=sentiment")
}

/// Reads `NAME=LABEL`.
pub(super) fn facet_label(argument: &str) -> Result<(String, String), String> {
    pair(argument, "label", "sentiment=negative")
}

fn pair(argument: &str, what: &str, example: &str) -> Result<(String, String), String> {
    let (name, value) = argument.split_once('=').ok_or_else(|| {
        let what = what.to_uppercase();
        format!("'{argument}' is not NAME={what}, such as {example}")
    })?;
    let reserved = [dataset::TOPIC, dataset::URGENCY];
    if name.is_empty() || value.is_empty() {
        return Err(format!("'{argument}' lacks a name or a {what}"));
    }
    if reserved.contains(&name) {
        return Err(format!("'{name}' is no facet: use --{name} {value}"));
    }
    Ok((name.to_owned(), value.to_owned()))
}
