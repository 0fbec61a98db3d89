//! What an M-step gives: covariances, in the form in which densities are computed.

use nalgebra::{Cholesky, DMatrix, DVector};

/// Covariances of `k` components in `d` dimensions.
///
/// Families whose covariances become diagonal in one basis say so: their densities cost `O(d)`
/// per row and component once the rows are expressed in that basis.
#[derive(Debug, Clone, PartialEq)]
pub enum Covariances {
    /// A matrix per component.
    Own(Vec<DMatrix<f64>>),
    /// `B diag(variances_k) B'` with one basis `B` for all.
    Common {
        /// `B`; `None`: the axes of the data.
        basis: Option<Basis>,
        /// Positive variances, `double[d]` per component.
        variances: Vec<DVector<f64>>,
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
            log_determinant: matrix.diagonal().iter().map(|b| b.abs().ln()).sum(),
            matrix,
        })
    }

    /// Whether the inverse is the transpose but for rounding.
    pub(super) fn is_orthogonal(&self) -> bool {
        let error = &self.matrix - self.inverse.transpose();
        error.amax() < 1e-8 && self.matrix.amax() < 1.0 + 1e-8
    }
}

impl Covariances {
    /// Number of components.
    pub fn k(&self) -> usize {
        match self {
            Covariances::Own(matrices) => matrices.len(),
            Covariances::Common { variances, .. } => variances.len(),
        }
    }

    /// Covariance of component `k`, exactly symmetric.
    pub fn matrix(&self, k: usize) -> DMatrix<f64> {
        match self {
            Covariances::Own(matrices) => matrices[k].clone(),
            Covariances::Common { basis, variances } => match basis {
                None => DMatrix::from_diagonal(&variances[k]),
                Some(basis) => compose(&basis.matrix, &variances[k]),
            },
        }
    }

    /// The covariances of these components, in this order.
    pub(crate) fn select(&self, components: &[usize]) -> Self {
        match self {
            Covariances::Own(matrices) => {
                Covariances::Own(components.iter().map(|&k| matrices[k].clone()).collect())
            }
            Covariances::Common { basis, variances } => Covariances::Common {
                basis: basis.clone(),
                variances: components.iter().map(|&k| variances[k].clone()).collect(),
            },
        }
    }

    /// Logarithm of component `k`'s volume `|Sigma_k|^(1/d)`, up to a constant that all components
    /// share; `None` for a singular covariance.
    pub(super) fn relative_log_volume(&self, k: usize) -> Option<f64> {
        match self {
            Covariances::Own(matrices) => Some(log_volume(&lower_factor(&matrices[k])?)),
            Covariances::Common { variances, .. } => {
                let logs = variances[k].iter().map(|variance| variance.ln());
                Some(logs.sum::<f64>() / variances[k].len() as f64)
            }
        }
    }
}

/// Matrices as they come from outside: diagonal ones, and one that all components share, are
/// recognised.
impl FromIterator<DMatrix<f64>> for Covariances {
    fn from_iter<I: IntoIterator<Item = DMatrix<f64>>>(matrices: I) -> Self {
        let matrices: Vec<DMatrix<f64>> = matrices.into_iter().collect();
        if matrices.iter().all(is_diagonal) {
            return Covariances::Common {
                basis: None,
                variances: matrices.iter().map(|matrix| matrix.diagonal()).collect(),
            };
        }
        let first = &matrices[0];
        let shared = matrices.len() > 1 && matrices.iter().all(|matrix| matrix == first);
        let lower = shared.then(|| lower_factor(first)).flatten();
        match lower.and_then(Basis::triangular) {
            Some(basis) => Covariances::Common {
                variances: vec![DVector::from_element(first.nrows(), 1.0); matrices.len()],
                basis: Some(basis),
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
    let is_definite = Cholesky::new(matrix.clone()).is_some();
    (!is_definite).then_some(CovarianceFault::NotPositiveDefinite)
}

fn is_diagonal(matrix: &DMatrix<f64>) -> bool {
    let d = matrix.nrows();
    (0..d).all(|i| (0..d).all(|j| i == j || matrix[(i, j)] == 0.0))
}

/// `vectors diag(values) vectors'`, exactly symmetric.
pub(super) fn compose(vectors: &DMatrix<f64>, values: &DVector<f64>) -> DMatrix<f64> {
    let mut root = vectors.clone();
    for (mut column, value) in root.column_iter_mut().zip(values) {
        column *= value.sqrt();
    }
    let mut product = &root * root.transpose();
    product.fill_upper_triangle_with_lower_triangle();
    product
}

/// The Cholesky factor, unless the matrix is singular.
///
/// A pivot that is nothing but rounding error of the entry that it came from is lost. That is
/// relative to this entry, so rescaled columns are judged alike.
pub(super) fn lower_factor(matrix: &DMatrix<f64>) -> Option<DMatrix<f64>> {
    let rounding = matrix.nrows() as f64 * f64::EPSILON;
    let lower = Cholesky::new(matrix.clone())?.unpack();
    let sound = |j: usize| {
        let pivot = lower[(j, j)] * lower[(j, j)];
        pivot.is_normal() && pivot > rounding * matrix[(j, j)]
    };
    let finite = lower.iter().all(|entry| entry.is_finite());
    (finite && (0..lower.nrows()).all(sound)).then_some(lower)
}

/// Inverse of a lower triangular matrix, unless it is singular.
pub(crate) fn inverse_of_lower(lower: &DMatrix<f64>) -> Option<DMatrix<f64>> {
    let d = lower.nrows();
    let mut inverse: DMatrix<f64> = DMatrix::identity(d, d);
    for (j, column) in inverse.as_mut_slice().chunks_exact_mut(d).enumerate() {
        for (i, factors) in lower.as_slice().chunks_exact(d).enumerate().skip(j) {
            let (solved, rest) = column[i..].split_first_mut().expect("the diagonal");
            *solved /= factors[i];
            for (entry, factor) in rest.iter_mut().zip(&factors[i + 1..]) {
                *entry -= *solved * factor;
            }
        }
    }
    let is_finite = inverse.iter().all(|entry| entry.is_finite());
    is_finite.then_some(inverse)
}

/// `log |LL'|^(1/d)`: of the determinant's root, because the determinant itself under- or
/// overflows.
pub(super) fn log_volume(lower: &DMatrix<f64>) -> f64 {
    let d = lower.nrows();
    2.0 * (0..d).map(|j| lower[(j, j)].ln()).sum::<f64>() / d as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn triangles_are_inverted_unless_they_are_singular() {
        for d in 1..=6 {
            let mut lower = DMatrix::from_fn(d, d, |i, j| {
                let own = 1.0 + (i + 2 * j) as f64;
                if i < j {
                    0.0
                } else {
                    own
                }
            });
            let inverse = inverse_of_lower(&lower).unwrap();
            let difference = &lower * inverse - DMatrix::identity(d, d);
            assert!(difference.amax() < 1e-12);
            lower[(d - 1, d - 1)] = 0.0;
            assert_eq!(inverse_of_lower(&lower), None);
        }
    }

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
