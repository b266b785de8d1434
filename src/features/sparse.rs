//! A sparse matrix in compressed rows, as training reads it.

/// One row: feature ids in ascending order and their values, of equal length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SparseRow<'a> {
    /// Feature ids, ascending, without repeats.
    pub ids: &'a [u32],
    /// The features' values.
    pub values: &'a [f32],
}

impl SparseRow<'_> {
    /// Iterates over (feature id, value).
    pub fn iter(&self) -> impl Iterator<Item = (usize, f32)> + '_ {
        self.ids
            .iter()
            .zip(self.values)
            .map(|(&id, &value)| (id as usize, value))
    }

    /// Sum of the squared values.
    #[must_use]
    pub fn squared_norm(&self) -> f32 {
        self.values.iter().map(|v| v * v).sum()
    }
}

/// Rows of feature vectors, `rows × columns`.
#[derive(Debug, Clone, Default)]
pub struct SparseMatrix {
    starts: Vec<usize>,
    ids: Vec<u32>,
    values: Vec<f32>,
    columns: usize,
}

impl SparseMatrix {
    /// Puts rows together; `columns` must exceed every id.
    #[must_use]
    pub fn from_rows(rows: Vec<(Vec<u32>, Vec<f32>)>, columns: usize) -> Self {
        let total = rows.iter().map(|(ids, _)| ids.len()).sum();
        let mut matrix = Self {
            starts: Vec::with_capacity(rows.len() + 1),
            ids: Vec::with_capacity(total),
            values: Vec::with_capacity(total),
            columns,
        };
        matrix.starts.push(0);
        for (ids, values) in rows {
            matrix.ids.extend(ids);
            matrix.values.extend(values);
            matrix.starts.push(matrix.ids.len());
        }
        matrix
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Number of columns (features).
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Row `index`, which must be below [`rows`](Self::rows).
    #[must_use]
    pub fn row(&self, index: usize) -> SparseRow<'_> {
        let range = self.starts[index]..self.starts[index + 1];
        SparseRow {
            ids: &self.ids[range.clone()],
            values: &self.values[range],
        }
    }

    /// The rows named by `indices`, in that order.
    #[must_use]
    pub fn select(&self, indices: &[usize]) -> Self {
        let mut selected = Self {
            starts: Vec::with_capacity(indices.len() + 1),
            columns: self.columns,
            ..Self::default()
        };
        selected.starts.push(0);
        for &index in indices {
            let row = self.row(index);
            selected.ids.extend_from_slice(row.ids);
            selected.values.extend_from_slice(row.values);
            selected.starts.push(selected.ids.len());
        }
        selected
    }

    /// Iterates over all rows in order.
    pub fn iter(&self) -> impl Iterator<Item = SparseRow<'_>> {
        (0..self.rows()).map(|index| self.row(index))
    }
}
