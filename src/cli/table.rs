//! Plain tables for terminals.

use comfy_table::{CellAlignment, ContentArrangement, Table, TableStyle};
use jiff::Timestamp;

/// A borderless table with a header line; columns named in `right` are right-aligned.
#[must_use]
pub fn table(header: &[&str], right: &[usize]) -> Table {
    let mut table = Table::new();
    table
        .load_style(TableStyle::new())
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header.to_vec());
    for &index in right {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// A time such as `2026-03-02 13:30:00 UTC`.
#[must_use]
pub fn to_the_second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A time to ask again at, which must not be cut to the second before it: such as `2026-03-02 13:30:00.001 UTC`.
#[must_use]
pub fn to_the_millisecond(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S%.f UTC").to_string()
}

/// A share as a percentage with one digit, such as `93.7 %`.
#[must_use]
pub fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
