//! Square matrices, one per component.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

/// Matrices `double[d, d]` of all components in one block: most mixtures have few columns and are
/// made by the thousand, where a matrix of its own per component would take longer to allocate than
/// to compute.
#[derive(Debug, Clone, PartialEq)]
pub struct Stack {
    d: usize,
    /// One matrix after the other, each column by column.
    values: Vec<f64>,
}

impl Stack {
    /// `k` matrices of zeros.
    pub(crate) fn zeros(k: usize, d: usize) -> Self {
        Stack {
            d,
            values: vec![0.0; k * d * d],
        }
    }

    /// Number of matrices.
    pub(crate) fn k(&self) -> usize {
        self.values.len() / (self.d * self.d)
    }

    /// Columns of a matrix.
    pub(crate) fn d(&self) -> usize {
        self.d
    }

    /// Matrix `k`.
    pub(crate) fn matrix(&self, k: usize) -> DMatrixView<'_, f64> {
        DMatrixView::from_slice(self.of(k), self.d, self.d)
    }

    /// Likewise.
    pub(crate) fn matrix_mut(&mut self, k: usize) -> DMatrixViewMut<'_, f64> {
        let d = self.d;
        DMatrixViewMut::from_slice(self.of_mut(k), d, d)
    }

    /// Matrix `k`, column by column.
    pub(crate) fn of(&self, k: usize) -> &[f64] {
        let size = self.d * self.d;
        &self.values[k * size..(k + 1) * size]
    }

    /// Likewise.
    pub(crate) fn of_mut(&mut self, k: usize) -> &mut [f64] {
        let size = self.d * self.d;
        &mut self.values[k * size..(k + 1) * size]
    }

    /// Every matrix, column by column.
    pub(crate) fn each(&self) -> impl Iterator<Item = &[f64]> {
        self.values.chunks_exact(self.d * self.d)
    }

    /// Likewise.
    pub(crate) fn each_mut(&mut self) -> impl Iterator<Item = &mut [f64]> {
        self.values.chunks_exact_mut(self.d * self.d)
    }

    /// The numbers of all matrices.
    pub(crate) fn values(&self) -> &[f64] {
        &self.values
    }

    /// The sum of the matrices.
    pub(crate) fn sum(&self) -> DMatrix<f64> {
        let mut sum = DMatrix::from_column_slice(self.d, self.d, self.of(0));
        for matrix in self.each().skip(1) {
            for (sum, entry) in sum.as_mut_slice().iter_mut().zip(matrix) {
                *sum += entry;
            }
        }
        sum
    }

    /// These matrices, in this order.
    pub(crate) fn select(&self, order: &[usize]) -> Self {
        let matrices = order.iter().map(|&k| self.of(k));
        Stack {
            d: self.d,
            values: matrices.collect::<Vec<_>>().concat(),
        }
    }
}

/// At least one matrix.
impl FromIterator<DMatrix<f64>> for Stack {
    fn from_iter<I: IntoIterator<Item = DMatrix<f64>>>(matrices: I) -> Self {
        let mut matrices = matrices.into_iter();
        let first = matrices.next().expect("at least one matrix");
        let d = first.ncols();
        let mut values = Vec::from(first.data);
        for matrix in matrices {
            values.extend_from_slice(matrix.as_slice());
        }
        Stack { d, values }
    }
}
