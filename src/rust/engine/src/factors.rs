//! Covariances factored: what densities, draws and the check for collapse need of them.

use nalgebra::DMatrix;

use crate::covariance::{diagonal, factor, invert, sum_of_logs, Basis, Covariances, Stack};
use crate::error::GmmError;

/// Factors of the covariances of a mixture, in the form that these have.
#[derive(Debug, Clone)]
pub(crate) enum Factors {
    /// Every component its own.
    Own(CholeskyFactors),
    /// One basis, the axes of the data if `None`, and every component's standard deviations in it,
    /// a column each.
    Common {
        basis: Option<Basis>,
        deviations: DMatrix<f64>,
    },
}

/// The Cholesky factors of all covariances, and their inverses.
#[derive(Debug, Clone)]
pub(crate) struct CholeskyFactors {
    pub(crate) roots: Stack,
    pub(crate) inverses: Stack,
}

impl Factors {
    /// Factor covariances.
    ///
    /// # Errors
    /// [`GmmError::Degenerate`] where one is not positive definite.
    pub(crate) fn of(covariances: &Covariances) -> Result<Self, GmmError> {
        match covariances {
            Covariances::Own(matrices) => Ok(Factors::Own(CholeskyFactors::of(matrices)?)),
            Covariances::Common { basis, variances } => {
                let sound = |v: &f64| *v > 0.0 && v.is_finite() && (1.0 / v).is_finite();
                if let Some(at) = variances.iter().position(|v| !sound(v)) {
                    return Err(GmmError::Degenerate {
                        k: at / variances.nrows(),
                    });
                }
                Ok(Factors::Common {
                    basis: basis.clone(),
                    deviations: variances.map(f64::sqrt),
                })
            }
        }
    }

    /// The standard deviations, `double[d, k]`, where all covariances are diagonal.
    pub(crate) fn diagonal(&self) -> Option<&DMatrix<f64>> {
        match self {
            Factors::Common {
                basis: None,
                deviations,
            } => Some(deviations),
            _ => None,
        }
    }

    /// A square root of component `k`'s covariance: `R` with `RR'` the covariance.
    pub(crate) fn root(&self, k: usize) -> DMatrix<f64> {
        match self {
            Factors::Own(own) => own.roots.matrix(k).into_owned(),
            Factors::Common { basis, deviations } => {
                let scales = DMatrix::from_diagonal(&deviations.column(k));
                match basis {
                    None => scales,
                    Some(basis) => &basis.matrix * scales,
                }
            }
        }
    }

    /// Its inverse.
    pub(crate) fn inverse(&self, k: usize) -> DMatrix<f64> {
        match self {
            Factors::Own(own) => own.inverses.matrix(k).into_owned(),
            Factors::Common { basis, deviations } => {
                let scales = DMatrix::from_diagonal(&deviations.column(k).map(|s| 1.0 / s));
                match basis {
                    None => scales,
                    Some(basis) => scales * &basis.inverse,
                }
            }
        }
    }

    /// Half the logarithm of the determinant of component `k`'s covariance.
    pub(crate) fn log_determinant(&self, k: usize) -> f64 {
        match self {
            Factors::Own(own) => own.log_determinant(k),
            Factors::Common { basis, deviations } => {
                let d = deviations.nrows();
                let own = &deviations.as_slice()[k * d..][..d];
                sum_of_logs(own.iter().copied())
                    + basis.as_ref().map_or(0.0, |basis| basis.log_determinant)
            }
        }
    }

    /// The variances of the columns in every component, `double[d, k]`.
    pub(crate) fn variances(&self) -> DMatrix<f64> {
        match self {
            Factors::Own(own) => {
                let d = own.roots.d();
                let mut variances = DMatrix::zeros(d, own.roots.k());
                let each = variances.as_mut_slice().chunks_exact_mut(d);
                for (variances, root) in each.zip(own.roots.each()) {
                    for column in root.chunks_exact(d) {
                        add_squares(variances, column, 1.0);
                    }
                }
                variances
            }
            Factors::Common { basis, deviations } => match basis {
                None => deviations.map(|s| s * s),
                Some(basis) => {
                    let d = deviations.nrows();
                    let mut variances = DMatrix::zeros(d, deviations.ncols());
                    let each = variances.as_mut_slice().chunks_exact_mut(d);
                    for (variances, own) in each.zip(deviations.as_slice().chunks_exact(d)) {
                        let columns = basis.matrix.as_slice().chunks_exact(d);
                        for (column, deviation) in columns.zip(own) {
                            add_squares(variances, column, *deviation);
                        }
                    }
                    variances
                }
            },
        }
    }

    /// The inverses of the variances that columns have given the others, `double[d, k]`. One over
    /// the product with the variance is the part of it that the others do not determine: one minus
    /// the squared multiple correlation.
    pub(crate) fn precisions(&self) -> DMatrix<f64> {
        match self {
            Factors::Own(own) => {
                let d = own.inverses.d();
                let squares = own.inverses.values().chunks_exact(d);
                let precisions = squares.map(|column| column.iter().map(|r| r * r).sum::<f64>());
                DMatrix::from_iterator(d, own.inverses.k(), precisions)
            }
            Factors::Common { basis, deviations } => match basis {
                None => deviations.map(|s| s.powi(-2)),
                Some(basis) => {
                    let (d, k) = deviations.shape();
                    let precision = |j: usize, k: usize| {
                        let column = &basis.inverse.as_slice()[j * d..][..d];
                        let own = &deviations.as_slice()[k * d..][..d];
                        let parts = column.iter().zip(own);
                        parts.map(|(b, s)| (b / s) * (b / s)).sum()
                    };
                    DMatrix::from_fn(d, k, precision)
                }
            },
        }
    }
}

impl CholeskyFactors {
    /// Factor matrices.
    ///
    /// # Errors
    /// [`GmmError::Degenerate`] where one is not positive definite.
    pub(crate) fn of(matrices: &Stack) -> Result<Self, GmmError> {
        let d = matrices.d();
        let mut roots = matrices.clone();
        let mut inverses = Stack::zeros(matrices.k(), d);
        for (k, (root, inverse)) in roots.each_mut().zip(inverses.each_mut()).enumerate() {
            if !factor(root, d) || !invert(root, d, inverse) {
                return Err(GmmError::Degenerate { k });
            }
        }
        Ok(CholeskyFactors { roots, inverses })
    }

    /// Half the logarithm of the determinant of component `k`'s covariance.
    pub(crate) fn log_determinant(&self, k: usize) -> f64 {
        sum_of_logs(diagonal(self.roots.of(k), self.roots.d()))
    }
}

/// Add the squares of a multiple of the parts.
fn add_squares(sums: &mut [f64], parts: &[f64], factor: f64) {
    for (sum, part) in sums.iter_mut().zip(parts) {
        *sum += (factor * part) * (factor * part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_know_variances_and_correlations() {
        let covariance = DMatrix::from_row_slice(2, 2, &[4.0, 3.0, 3.0, 9.0]);
        let own = Covariances::Own([covariance.clone()].into_iter().collect());
        let eigen = covariance.symmetric_eigen();
        let common = Covariances::Common {
            basis: Some(Basis::orthogonal(eigen.eigenvectors)),
            variances: DMatrix::from_column_slice(2, 1, eigen.eigenvalues.as_slice()),
        };
        for covariances in [own, common] {
            let factors = Factors::of(&covariances).unwrap();
            for (j, variance) in [4.0, 9.0].into_iter().enumerate() {
                assert!((factors.variances()[j] - variance).abs() < 1e-13);
                let own_part = 1.0 / (factors.variances()[j] * factors.precisions()[j]);
                assert!((own_part - 0.75).abs() < 1e-13);
            }
            let (root, inverse) = (factors.root(0), factors.inverse(0));
            let difference = &root * root.transpose() - covariances.matrix(0);
            assert!(difference.norm() < 1e-13);
            assert!((root * inverse - DMatrix::identity(2, 2)).norm() < 1e-13);
        }
    }

    #[test]
    fn what_is_not_positive_definite_has_no_factor() {
        for entries in [[1.0, 2.0, 2.0, 1.0], [0.0; 4], [f64::NAN; 4]] {
            let matrices = [
                DMatrix::identity(2, 2),
                DMatrix::from_row_slice(2, 2, &entries),
            ];
            let failed = CholeskyFactors::of(&matrices.into_iter().collect()).unwrap_err();
            assert_eq!(failed, GmmError::Degenerate { k: 1 });
        }
        let flat = Covariances::Common {
            basis: None,
            variances: DMatrix::from_row_slice(2, 2, &[1.0, 0.0, 1.0, 0.0]),
        };
        let failed = Factors::of(&flat).unwrap_err();
        assert_eq!(failed, GmmError::Degenerate { k: 1 });
    }
}
