//! A cost table as people write it: CSV with a column for each urgency chosen and a row for each true
//! one.

use crate::classifier::cost_table::{CostTable, CostTableError, MAX_COST};
use crate::ticket::Urgency;

/// The first column, which names the true level.
const TRUTH: &str = "truth";

/// Why a text is no cost table.
#[derive(Debug, thiserror::Error)]
pub enum CostFileError {
    /// It is no CSV.
    #[error(transparent)]
    Csv(#[from] csv::Error),
    /// A field is not what it must be.
    #[error("line {line}, column '{column}': {problem}")]
    Field {
        /// The line, from 1.
        line: u64,
        /// The column's name.
        column: String,
        /// What is wrong.
        problem: String,
    },
    /// A column is missing.
    #[error("line 1: no column '{0}': the columns are truth, low, normal, high and urgent")]
    NoColumn(&'static str),
    /// A row is missing.
    #[error("no row for '{0}': each of low, normal, high and urgent needs one")]
    NoRow(&'static str),
    /// The numbers are no table of costs.
    #[error(transparent)]
    Table(#[from] CostTableError),
}

/// Reads a table of all urgencies: the header `truth,low,normal,high,urgent` and one row a level, with
/// rows and columns in any order.
///
/// # Errors
/// If a level is missing or there twice, or a cost is not from 0 to [`MAX_COST`], or that of a right
/// choice is not 0.
pub fn parse_cost_table(text: &str) -> Result<CostTable, CostFileError> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let header = reader.headers()?.clone();
    let truth_column = the_column(&header, TRUTH)?;
    let mut columns = Vec::new();
    for level in Urgency::ALL {
        columns.push(the_column(&header, level.as_str())?);
    }
    if let Some(other) = header.iter().find(|name| !is_known(name)) {
        return Err(field(1, other, "this is no urgency".to_owned()));
    }
    let mut rows: Vec<Option<Vec<f32>>> = vec![None; Urgency::ALL.len()];
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        let truth = record.get(truth_column).unwrap_or_default();
        let Some(level) = Urgency::ALL.iter().position(|own| own.as_str() == truth) else {
            let problem = format!("'{truth}' is none of low, normal, high and urgent");
            return Err(field(line, TRUTH, problem));
        };
        if rows[level].is_some() {
            return Err(field(line, TRUTH, format!("'{truth}' is there twice")));
        }
        if record.len() > header.len() {
            return Err(field(line, "", "there is no such column".to_owned()));
        }
        let mut costs = Vec::new();
        for (chosen, &column) in Urgency::ALL.iter().zip(&columns) {
            let right = chosen.as_str() == truth;
            let cost = cost(record.get(column).unwrap_or_default(), right);
            costs.push(cost.map_err(|problem| field(line, chosen.as_str(), problem))?);
        }
        rows[level] = Some(costs);
    }
    let mut table = Vec::new();
    for (level, row) in Urgency::ALL.iter().zip(rows) {
        table.push(row.ok_or(CostFileError::NoRow(level.as_str()))?);
    }
    Ok(CostTable::new(table)?)
}

/// The index of the one column of this name.
fn the_column(header: &csv::StringRecord, name: &'static str) -> Result<usize, CostFileError> {
    let mut found = header.iter().enumerate().filter(|(_, own)| *own == name);
    match (found.next(), found.next()) {
        (Some((index, _)), None) => Ok(index),
        (Some(_), Some(_)) => Err(field(1, name, "it is there twice".to_owned())),
        (None, _) => Err(CostFileError::NoColumn(name)),
    }
}

fn is_known(name: &str) -> bool {
    name == TRUTH || Urgency::ALL.iter().any(|level| level.as_str() == name)
}

fn cost(text: &str, right: bool) -> Result<f32, String> {
    let cost: Option<f32> = text.parse().ok();
    match cost.filter(|cost| (0.0..=MAX_COST).contains(cost)) {
        None => Err(format!("'{text}' is not a number from 0 to {MAX_COST}")),
        Some(cost) if right && cost != 0.0 => {
            Err(format!("'{text}' is not 0, though nothing is wrong there"))
        }
        // A minus sign before a zero is dropped.
        Some(cost) => Ok(cost + 0.0),
    }
}

fn field(line: u64, column: &str, problem: String) -> CostFileError {
    CostFileError::Field {
        line,
        column: column.to_owned(),
        problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "truth,low,normal,high,urgent\n\
        low,0,1,4,9\nnormal,1.2,0,1,4\nhigh,4.8,1.2,0,1\nurgent,10.8,4.8,1.2,0\n";

    fn costs(text: &str) -> Vec<Vec<f32>> {
        parse_cost_table(text).unwrap().into()
    }

    fn error(text: &str) -> String {
        parse_cost_table(text).unwrap_err().to_string()
    }

    #[test]
    fn the_default_can_be_written_as_a_file() {
        assert_eq!(
            costs(GOOD),
            [
                [0.0, 1.0, 4.0, 9.0],
                [1.2, 0.0, 1.0, 4.0],
                [4.8, 1.2, 0.0, 1.0],
                [10.8, 4.8, 1.2, 0.0]
            ]
        );
    }

    #[test]
    fn rows_and_columns_come_in_any_order() {
        let shuffled = "\u{feff}urgent, high ,normal,low,truth\r\n0,1.2,4.8,10.8,urgent\r\n\
            9,4,1,0,low\r\n1,0,1.2,4.8,high\r\n4,1,0,1.2,normal\r\n";
        assert_eq!(costs(shuffled), costs(GOOD));
    }

    #[test]
    fn what_is_wrong_is_named_by_line_and_column() {
        let nobody = "'' is not a number from 0 to 1000000000";
        for (from, to, expected) in [
            (
                "1.2,0,1,4",
                "1.2,0,-1,4",
                "line 3, column 'high': '-1' is not a number from 0",
            ),
            (
                "1.2,0,1,4",
                "1.2,0,x,4",
                "line 3, column 'high': 'x' is not a number from 0",
            ),
            (
                "1.2,0,1,4",
                "1.2,0,inf,4",
                "line 3, column 'high': 'inf' is not",
            ),
            (
                "1.2,0,1,4",
                "1.2,0,NaN,4",
                "line 3, column 'high': 'NaN' is not",
            ),
            (
                "1.2,0,1,4",
                "1.2,0,1e39,4",
                "line 3, column 'high': '1e39' is not",
            ),
            (
                "1.2,0,1,4",
                "1.2,0,1",
                &format!("line 3, column 'urgent': {nobody}"),
            ),
            (
                "1.2,0,1,4",
                "1.2,0,1,4,7",
                "line 3, column '': there is no such column",
            ),
            (
                "high,4.8,1.2,0",
                "high,4.8,1.2,3",
                "line 4, column 'high': '3' is not 0",
            ),
            (
                "\nhigh",
                "\nHIGH",
                "line 4, column 'truth': 'HIGH' is none of low",
            ),
            (
                "\nhigh",
                "\nlow",
                "line 4, column 'truth': 'low' is there twice",
            ),
            (",urgent\n", ",\n", "line 1: no column 'urgent'"),
            ("truth", "level", "line 1: no column 'truth'"),
            (
                ",low",
                ",low,low",
                "line 1, column 'low': it is there twice",
            ),
            (
                ",low",
                ",low,mild",
                "line 1, column 'mild': this is no urgency",
            ),
            ("urgent,10.8,4.8,1.2,0\n", "", "no row for 'urgent'"),
            (GOOD, "", "line 1: no column 'truth'"),
        ] {
            let found = error(&GOOD.replacen(from, to, 1));
            assert!(found.starts_with(expected), "{found:?}, not {expected:?}");
        }
    }
}
