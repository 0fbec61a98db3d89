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

    /// Number of components, and of columns.
    fn shape(&self) -> (usize, usize) {
        match self {
            Factors::Own(own) => (own.roots.k(), own.roots.d()),
            Factors::Common { deviations, .. } => (deviations.ncols(), deviations.nrows()),
        }
    }

    /// The variance of column `j` in component `k`.
    pub(crate) fn variance(&self, k: usize, j: usize) -> f64 {
        match self {
            Factors::Own(own) => {
                let row = own.roots.of(k)[j..].iter().step_by(own.roots.d());
                row.take(j + 1).map(|root| root * root).sum()
            }
            Factors::Common { basis, deviations } => {
                let d = deviations.nrows();
                let deviations = &deviations.as_slice()[k * d..][..d];
                match basis {
                    None => deviations[j] * deviations[j],
                    Some(basis) => {
                        let row = basis.matrix.as_slice()[j..].iter().step_by(d);
                        let parts = row.zip(deviations).map(|(part, s)| part * s);
                        parts.map(|part| part * part).sum()
                    }
                }
            }
        }
    }

    /// The inverse of the variance that column `j` has in component `k` given the others. One over
    /// the product with the variance is the part of it that the others do not determine: one minus
    /// the squared multiple correlation.
    pub(crate) fn precision(&self, k: usize, j: usize) -> f64 {
        match self {
            Factors::Own(own) => {
                let d = own.inverses.d();
                let column = own.inverses.of(k)[j * d..][..d].iter();
                column.map(|part| part * part).sum()
            }
            Factors::Common { basis, deviations } => {
                let d = deviations.nrows();
                let deviations = &deviations.as_slice()[k * d..][..d];
                match basis {
                    None => deviations[j].powi(-2),
                    Some(basis) => {
                        let column = basis.inverse.as_slice()[j * d..][..d].iter();
                        let parts = column.zip(deviations).map(|(part, s)| part / s);
                        parts.map(|part| part * part).sum()
                    }
                }
            }
        }
    }

    /// All components with their columns.
    pub(crate) fn places(&self) -> impl Iterator<Item = (usize, usize)> {
        let (k, d) = self.shape();
        (0..k).flat_map(move |k| (0..d).map(move |j| (k, j)))
    }

    /// The variances of the columns in every component, `double[d, k]`.
    pub(crate) fn variances(&self) -> DMatrix<f64> {
        let (k, d) = self.shape();
        DMatrix::from_iterator(d, k, self.places().map(|(k, j)| self.variance(k, j)))
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
                let own_part = 1.0 / (factors.variance(0, j) * factors.precision(0, j));
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
