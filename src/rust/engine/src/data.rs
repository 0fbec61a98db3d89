//! The data as the engine sees them: a borrowed column-major matrix, read in blocks of rows.

use std::collections::HashSet;

/// A borrowed `double[n, d]`, column-major as R stores it; every value is finite.
#[derive(Debug, Clone, Copy)]
pub struct Data<'a> {
    values: &'a [f64],
    n: usize,
    d: usize,
}

impl<'a> Data<'a> {
    /// View `values` as `n` rows and `d` columns.
    ///
    /// # Panics
    /// If the length is not `n * d`, or if there is no row or no column.
    pub fn new(values: &'a [f64], n: usize, d: usize) -> Self {
        assert!(n > 0 && d > 0 && values.len() == n * d, "shape of the data");
        Data { values, n, d }
    }

    /// Number of rows.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Number of columns.
    pub fn d(&self) -> usize {
        self.d
    }

    /// Column `j`, `double[n]`.
    pub fn column(&self, j: usize) -> &'a [f64] {
        &self.values[j * self.n..(j + 1) * self.n]
    }

    /// Row `i`, copied.
    pub fn row(&self, i: usize) -> Vec<f64> {
        (0..self.d).map(|j| self.values[j * self.n + i]).collect()
    }

    /// How many distinct rows there are, counted up to `limit`.
    ///
    /// # Cost
    /// `O(n d)` time, and less where the `limit` is met early; `limit` rows of memory.
    pub fn distinct_rows(&self, limit: usize) -> usize {
        let mut found = HashSet::new();
        for i in 0..self.n {
            // Adding zero makes the two zeros one.
            let row = self.row(i);
            found.insert(row.iter().map(|x| (x + 0.0).to_bits()).collect::<Vec<_>>());
            if found.len() == limit {
                break;
            }
        }
        found.len()
    }
}
