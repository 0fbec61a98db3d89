//! What an M-step gives: covariances, in the form in which densities are computed.

use std::sync::Arc;

use nalgebra::DMatrix;

use super::products::{multiply, sum_of_logs};
use super::stack::Stack;
use super::triangles::{diagonal, factor, factor_regular, inverse_of_lower};

/// Covariances of `k` components in `d` dimensions.
///
/// Families whose covariances become diagonal in one basis say so: their densities cost `O(d)`
/// per row and component once the rows are expressed in that basis.
#[derive(Debug, Clone, PartialEq)]
pub enum Covariances {
    /// A matrix per component.
    Own(Stack),
    /// `B diag(variances_k) B'` with one basis `B` for all.
    Common {
        /// `B`; `None`: the axes of the data.
        basis: Option<Arc<Basis>>,
        /// Positive variances, `double[d, k]`: a column per component.
        variances: DMatrix<f64>,
    },
}

/// An invertible `double[d, d]` and its inverse.
#[derive(Debug, Clone, PartialEq)]
pub struct Basis {
    pub(crate) matrix: DMatrix<f64>,
    pub(crate) inverse: DMatrix<f64>,
    /// Logarithm of the absolute determinant of `matrix`.
    pub(crate) log_determinant: f64,
}

impl Basis {
    /// An orthogonal basis.
    pub(crate) fn orthogonal(matrix: DMatrix<f64>) -> Self {
        Basis {
            inverse: matrix.transpose(),
            matrix,
            log_determinant: 0.0,
        }
    }

    /// A lower triangular basis, such as a Cholesky factor, if it can be inverted.
    pub(super) fn triangular(matrix: DMatrix<f64>) -> Option<Self> {
        Some(Basis {
            inverse: inverse_of_lower(&matrix)?,
            log_determinant: sum_of_logs(matrix.diagonal().iter().map(|b| b.abs())),
            matrix,
        })
    }

    /// Whether the inverse is the transpose but for rounding.
    pub(super) fn is_orthogonal(&self) -> bool {
        let d = self.matrix.ncols();
        (0..d).all(|j| {
            let row = self.inverse.as_slice()[j..].iter().step_by(d);
            let mut pairs = self.matrix.as_slice()[j * d..][..d].iter().zip(row);
            pairs.all(|(a, b)| (a - b).abs() < 1e-8 && a.abs() < 1.0 + 1e-8)
        })
    }
}

impl Covariances {
    /// Number of components.
    pub fn k(&self) -> usize {
        match self {
            Covariances::Own(matrices) => matrices.k(),
            Covariances::Common { variances, .. } => variances.ncols(),
        }
    }

    /// Covariance of component `k`, exactly symmetric.
    pub fn matrix(&self, k: usize) -> DMatrix<f64> {
        match self {
            Covariances::Own(matrices) => matrices.matrix(k).into_owned(),
            Covariances::Common { basis, variances } => match basis {
                None => DMatrix::from_diagonal(&variances.column(k)),
                Some(basis) => {
                    let mut matrix = basis.matrix.clone();
                    let own = variances.column(k);
                    let composer = &mut Composer::new(matrix.ncols());
                    let vectors = basis.matrix.as_slice();
                    composer.compose(vectors, own.as_slice(), matrix.as_mut_slice());
                    matrix
                }
            },
        }
    }

    /// The covariances of these components, in this order.
    pub(crate) fn select(&self, components: &[usize]) -> Self {
        match self {
            Covariances::Own(matrices) => Covariances::Own(matrices.select(components)),
            Covariances::Common { basis, variances } => Covariances::Common {
                basis: basis.clone(),
                variances: variances.select_columns(components),
            },
        }
    }

    /// Logarithms of the components' volumes `|Sigma_k|^(1/d)`, up to a constant that all share,
    /// where all have the same shape; else of something like it.
    pub(super) fn relative_log_volumes(&self) -> Vec<f64> {
        match self {
            Covariances::Own(matrices) => {
                let d = matrices.d();
                let traces = matrices.each().map(|own| diagonal(own, d).sum::<f64>());
                traces.map(f64::ln).collect()
            }
            Covariances::Common { variances, .. } => {
                let mean_log = |own: &[f64]| sum_of_logs(own.iter().copied()) / own.len() as f64;
                let each = variances.as_slice().chunks_exact(variances.nrows());
                each.map(mean_log).collect()
            }
        }
    }
}

/// Matrices as they come from outside: diagonal ones, and one that all components share, are
/// recognised.
impl FromIterator<DMatrix<f64>> for Covariances {
    fn from_iter<I: IntoIterator<Item = DMatrix<f64>>>(matrices: I) -> Self {
        let matrices: Stack = matrices.into_iter().collect();
        let (k, d) = (matrices.k(), matrices.d());
        if matrices.each().all(|matrix| is_diagonal(matrix, d)) {
            return Covariances::Common {
                basis: None,
                variances: DMatrix::from_fn(d, k, |j, k| matrices.of(k)[j * (d + 1)]),
            };
        }
        let first = matrices.of(0);
        let is_shared = k > 1 && matrices.each().all(|matrix| matrix == first);
        let mut lower = matrices.matrix(0).into_owned();
        let is_regular = is_shared && factor_regular(lower.as_mut_slice(), d);
        let basis = is_regular.then(|| Basis::triangular(lower)).flatten();
        match basis {
            Some(basis) => Covariances::Common {
                variances: DMatrix::from_element(d, k, 1.0),
                basis: Some(Arc::new(basis)),
            },
            None => Covariances::Own(matrices),
        }
    }
}

/// Why a matrix is no covariance of a normal distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CovarianceFault {
    /// It is not symmetric, by more than rounding.
    Asymmetric,
    /// It is not positive definite.
    NotPositiveDefinite,
}

/// A matrix may be so far from symmetric, relative to its largest entry.
const ASYMMETRY: f64 = 1e-8;

/// What keeps a square matrix of finite numbers from being a covariance, if anything does.
pub fn covariance_fault(matrix: &DMatrix<f64>) -> Option<CovarianceFault> {
    let asymmetry = (matrix - matrix.transpose()).amax();
    if asymmetry > ASYMMETRY * matrix.amax() {
        return Some(CovarianceFault::Asymmetric);
    }
    let is_definite = factor(matrix.clone().as_mut_slice(), matrix.ncols());
    (!is_definite).then_some(CovarianceFault::NotPositiveDefinite)
}

fn is_diagonal(matrix: &[f64], d: usize) -> bool {
    let others = |j: usize| &matrix[j * (d + 1) + 1..(j + 1) * (d + 1)];
    (0..d - 1).all(|j| others(j).iter().all(|entry| *entry == 0.0))
}

/// Room for `vectors diag(values) vectors'`.
pub(super) struct Composer {
    d: usize,
    root: Vec<f64>,
    transposed: Vec<f64>,
}

impl Composer {
    pub(super) fn new(d: usize) -> Self {
        Composer {
            d,
            root: vec![0.0; d * d],
            transposed: vec![0.0; d * d],
        }
    }

    /// `vectors diag(values) vectors'`, exactly symmetric.
    pub(super) fn compose(&mut self, vectors: &[f64], values: &[f64], out: &mut [f64]) {
        let d = self.d;
        for (j, (column, value)) in vectors.chunks_exact(d).zip(values).enumerate() {
            let deviation = value.sqrt();
            for (i, entry) in column.iter().enumerate() {
                self.root[j * d + i] = entry * deviation;
                self.transposed[i * d + j] = entry * deviation;
            }
        }
        multiply(&self.root, &self.transposed, d, out);
        for j in 0..d {
            for i in 0..j {
                out[j * d + i] = out[i * d + j];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covariances_are_symmetric_but_for_rounding_and_positive_definite() {
        use CovarianceFault::{Asymmetric, NotPositiveDefinite};
        let cases = [
            (1.0, 1.0, None),
            (1.0, 1.0 + 1e-12, None),
            (1.0, 1.0 + 1e-6, Some(Asymmetric)),
            (3.0, 3.0, Some(NotPositiveDefinite)),
        ];
        for unit in [1e-20, 1.0, 1e20] {
            for (above, below, fault) in cases {
                let matrix = DMatrix::from_row_slice(2, 2, &[2.0, above, below, 3.0]) * unit;
                assert_eq!(covariance_fault(&matrix), fault);
            }
        }
        assert_eq!(
            covariance_fault(&DMatrix::zeros(1, 1)),
            Some(NotPositiveDefinite)
        );
    }
}
