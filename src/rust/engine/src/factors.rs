//! Covariances factored: what densities, draws and the check for collapse need of them.

use nalgebra::{Cholesky, DMatrix};

use crate::covariance::{inverse_of_lower, Basis, Covariances};
use crate::error::GmmError;

/// Factors of the covariances of a mixture, in the form that these have.
#[derive(Debug, Clone)]
pub(crate) enum Factors {
    /// Every component its own.
    Own(Vec<Factor>),
    /// One basis, the axes of the data if `None`, and every component's standard deviations in it,
    /// a column each.
    Common {
        basis: Option<Basis>,
        deviations: DMatrix<f64>,
    },
}

/// A square root of a covariance, and its inverse.
#[derive(Debug, Clone)]
pub(crate) struct Factor {
    /// `R` with `RR'` the covariance.
    pub(crate) root: DMatrix<f64>,
    /// `R⁻¹`.
    pub(crate) inverse: DMatrix<f64>,
}

impl Factors {
    /// Factor covariances.
    ///
    /// # Errors
    /// [`GmmError::Degenerate`] where one is not positive definite.
    pub(crate) fn of(covariances: &Covariances) -> Result<Self, GmmError> {
        match covariances {
            Covariances::Own(matrices) => {
                let factor = |(k, matrix)| Factor::of(matrix).ok_or(GmmError::Degenerate { k });
                let factors = matrices.iter().enumerate().map(factor);
                Ok(Factors::Own(factors.collect::<Result<_, _>>()?))
            }
            Covariances::Common { basis, variances } => {
                let sound = |v: &f64| *v > 0.0 && v.is_finite() && (1.0 / v).is_finite();
                if let Some(k) = variances.iter().position(|v| !v.iter().all(sound)) {
                    return Err(GmmError::Degenerate { k });
                }
                Ok(Factors::Common {
                    basis: basis.clone(),
                    deviations: DMatrix::from_iterator(
                        variances[0].len(),
                        variances.len(),
                        variances.iter().flatten().map(|v| v.sqrt()),
                    ),
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

    /// The factor of component `k`.
    pub(crate) fn factor(&self, k: usize) -> Factor {
        match self {
            Factors::Own(factors) => factors[k].clone(),
            Factors::Common { basis, deviations } => {
                let deviations = deviations.column(k);
                let scales = DMatrix::from_diagonal(&deviations);
                let inverses = DMatrix::from_diagonal(&deviations.map(|s| 1.0 / s));
                match basis {
                    None => Factor {
                        root: scales,
                        inverse: inverses,
                    },
                    Some(basis) => Factor {
                        root: &basis.matrix * scales,
                        inverse: inverses * &basis.inverse,
                    },
                }
            }
        }
    }

    /// Half the logarithm of the determinant of component `k`'s covariance.
    pub(crate) fn log_determinant(&self, k: usize) -> f64 {
        match self {
            Factors::Own(factors) => factors[k].root.diagonal().iter().map(|r| r.ln()).sum(),
            Factors::Common { basis, deviations } => {
                let axes: f64 = column(deviations, k).map(|s| s.ln()).sum();
                axes + basis.as_ref().map_or(0.0, |basis| basis.log_determinant)
            }
        }
    }

    /// The variance of column `j` in component `k`.
    pub(crate) fn variance(&self, k: usize, j: usize) -> f64 {
        match self {
            Factors::Own(factors) => row(&factors[k].root, j).map(|r| r * r).sum(),
            Factors::Common { basis, deviations } => match basis {
                None => deviations[(j, k)].powi(2),
                Some(basis) => {
                    let parts = row(&basis.matrix, j).zip(column(deviations, k));
                    parts.map(|(b, s)| (b * s).powi(2)).sum()
                }
            },
        }
    }

    /// The inverse of the variance that column `j` has in component `k` given the other columns.
    pub(crate) fn precision(&self, k: usize, j: usize) -> f64 {
        match self {
            Factors::Own(factors) => column(&factors[k].inverse, j).map(|r| r * r).sum(),
            Factors::Common { basis, deviations } => match basis {
                None => deviations[(j, k)].powi(-2),
                Some(basis) => {
                    let parts = column(&basis.inverse, j).zip(column(deviations, k));
                    parts.map(|(b, s)| (b / s).powi(2)).sum()
                }
            },
        }
    }

    /// The part of column `j`'s variance in component `k` that the other columns do not
    /// determine: one minus its squared multiple correlation.
    pub(crate) fn own_part(&self, k: usize, j: usize) -> f64 {
        1.0 / (self.variance(k, j) * self.precision(k, j))
    }
}

impl Factor {
    /// The Cholesky factor of a symmetric matrix, if it is positive definite.
    pub(crate) fn of(covariance: &DMatrix<f64>) -> Option<Self> {
        let root = Cholesky::new(covariance.clone())?.unpack();
        let inverse = inverse_of_lower(&root)?;
        let is_finite = root.iter().all(|value| value.is_finite());
        is_finite.then_some(Factor { root, inverse })
    }
}

/// Row `i` of a matrix. For what is looked at so often nalgebra's own takes too long to begin.
fn row(matrix: &DMatrix<f64>, i: usize) -> impl Iterator<Item = f64> + '_ {
    matrix
        .as_slice()
        .iter()
        .skip(i)
        .step_by(matrix.nrows())
        .copied()
}

/// Likewise column `j`.
fn column(matrix: &DMatrix<f64>, j: usize) -> impl Iterator<Item = f64> + '_ {
    let rows = matrix.nrows();
    matrix.as_slice()[j * rows..(j + 1) * rows].iter().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::DVector;

    #[test]
    fn factors_know_variances_and_correlations() {
        let covariance = DMatrix::from_row_slice(2, 2, &[4.0, 3.0, 3.0, 9.0]);
        let own = Covariances::Own(vec![covariance.clone()]);
        let eigen = covariance.symmetric_eigen();
        let common = Covariances::Common {
            basis: Some(Basis::orthogonal(eigen.eigenvectors)),
            variances: vec![eigen.eigenvalues],
        };
        for covariances in [own, common] {
            let factors = Factors::of(&covariances).unwrap();
            for (j, variance) in [4.0, 9.0].into_iter().enumerate() {
                assert!((factors.variance(0, j) - variance).abs() < 1e-13);
                assert!((factors.own_part(0, j) - 0.75).abs() < 1e-13);
            }
            let root = factors.factor(0).root;
            let difference = &root * root.transpose() - covariances.matrix(0);
            assert!(difference.norm() < 1e-13);
        }
    }

    #[test]
    fn what_is_not_positive_definite_has_no_factor() {
        for entries in [[1.0, 2.0, 2.0, 1.0], [0.0; 4], [f64::NAN; 4]] {
            assert!(Factor::of(&DMatrix::from_row_slice(2, 2, &entries)).is_none());
        }
        let flat = Covariances::Common {
            basis: None,
            variances: vec![DVector::from_element(2, 1.0), DVector::zeros(2)],
        };
        let failed = Factors::of(&flat).unwrap_err();
        assert_eq!(failed, GmmError::Degenerate { k: 1 });
    }
}
