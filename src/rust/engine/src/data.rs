//! The data as the engine sees them: a borrowed column-major matrix, read in blocks of rows.

use std::collections::HashSet;
use std::ops::Range;

use crate::kernel::Block;

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

    /// Copy rows into a block, relative to `origin`, with zeros in the padding.
    pub(crate) fn fill_block(
        &self,
        rows: Range<usize>,
        origin: &[f64],
        block: Block,
        to: &mut [f64],
    ) {
        for (j, (to, origin)) in to.chunks_mut(block.stride).zip(origin).enumerate() {
            let from = &self.column(j)[rows.clone()];
            let (used, padding) = to[..block.padded].split_at_mut(from.len());
            for (to, from) in used.iter_mut().zip(from) {
                *to = from - origin;
            }
            padding.fill(0.0);
        }
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
