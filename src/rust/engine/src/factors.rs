//! Covariances factored: what densities, draws and the check for collapse need of them.

use std::sync::Arc;

use nalgebra::DMatrix;

use crate::covariance::{diagonal, dot, factor, invert, sum_of_logs, Basis, Covariances, Stack};
use crate::error::GmmError;

/// Factors of the covariances of a mixture, and what these say of single columns.
#[derive(Debug, Clone)]
pub(crate) struct Factors {
    pub(crate) form: Form,
    /// The variances of the columns in every component, `double[d, k]`.
    pub(crate) variances: DMatrix<f64>,
    /// The inverses of the variances that columns have in every component given the others,
    /// likewise. One over the product with the variance is the part of it that the others do not
    /// determine: one minus the squared multiple correlation.
    pub(crate) precisions: DMatrix<f64>,
}

/// Factors of covariances, in the form that these have.
#[derive(Debug, Clone)]
pub(crate) enum Form {
    /// Every component its own.
    Own(CholeskyFactors),
    /// One basis, the axes of the data if `None`, and every component's standard deviations in it,
    /// a column each.
    Common {
        basis: Option<Arc<Basis>>,
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
            Covariances::Own(matrices) => {
                let own = CholeskyFactors::of(matrices)?;
                let (k, d) = (matrices.k(), matrices.d());
                let mut variances = DMatrix::zeros(d, k);
                let mut precisions = DMatrix::zeros(d, k);
                let each = variances.as_mut_slice().chunks_exact_mut(d);
                for (variances, root) in each.zip(own.roots.each()) {
                    for column in root.chunks_exact(d) {
                        add_squares(variances, column, 1.0);
                    }
                }
                let each = precisions.as_mut_slice().chunks_exact_mut(d);
                for (precisions, inverse) in each.zip(own.inverses.each()) {
                    for (precision, column) in precisions.iter_mut().zip(inverse.chunks_exact(d)) {
                        *precision = dot(column, column);
                    }
                }
                Ok(Factors {
                    form: Form::Own(own),
                    variances,
                    precisions,
                })
            }
            Covariances::Common { basis, variances } => {
                let sound = |v: &f64| *v > 0.0 && v.is_finite() && (1.0 / v).is_finite();
                if let Some(at) = variances.iter().position(|v| !sound(v)) {
                    return Err(GmmError::Degenerate {
                        k: at / variances.nrows(),
                    });
                }
                let inverses = variances.map(|variance| 1.0 / variance);
                let (of_columns, precisions) = match basis {
                    None => (variances.clone(), inverses),
                    Some(basis) => (
                        in_columns(&basis.matrix, variances),
                        given_others(&basis.inverse, &inverses),
                    ),
                };
                Ok(Factors {
                    form: Form::Common {
                        basis: basis.clone(),
                        deviations: variances.map(f64::sqrt),
                    },
                    variances: of_columns,
                    precisions,
                })
            }
        }
    }

    /// The standard deviations, `double[d, k]`, where all covariances are diagonal.
    pub(crate) fn diagonal(&self) -> Option<&DMatrix<f64>> {
        match &self.form {
            Form::Common {
                basis: None,
                deviations,
            } => Some(deviations),
            _ => None,
        }
    }

    /// A square root of component `k`'s covariance: `R` with `RR'` the covariance.
    pub(crate) fn root(&self, k: usize) -> DMatrix<f64> {
        match &self.form {
            Form::Own(own) => own.roots.matrix(k).into_owned(),
            Form::Common { basis, deviations } => {
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
        match &self.form {
            Form::Own(own) => own.inverses.matrix(k).into_owned(),
            Form::Common { basis, deviations } => {
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
        match &self.form {
            Form::Own(own) => own.log_determinant(k),
            Form::Common { basis, deviations } => {
                let d = deviations.nrows();
                let own = &deviations.as_slice()[k * d..][..d];
                sum_of_logs(own.iter().copied())
                    + basis.as_ref().map_or(0.0, |basis| basis.log_determinant)
            }
        }
    }

    /// The variances and the precisions of the columns in every component.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (&[f64], &[f64])> {
        let d = self.variances.nrows();
        let variances = self.variances.as_slice().chunks_exact(d);
        variances.zip(self.precisions.as_slice().chunks_exact(d))
    }
}

/// The variances of columns that are combinations, the rows of `matrix`, of others which have these
/// variances and do not depend on one another.
fn in_columns(matrix: &DMatrix<f64>, variances: &DMatrix<f64>) -> DMatrix<f64> {
    let (d, k) = variances.shape();
    let mut out = DMatrix::zeros(d, k);
    let each = out.as_mut_slice().chunks_exact_mut(d);
    for (out, variances) in each.zip(variances.as_slice().chunks_exact(d)) {
        for (column, variance) in matrix.as_slice().chunks_exact(d).zip(variances) {
            add_squares(out, column, *variance);
        }
    }
    out
}

/// The precisions of those columns, from the inverses of the matrix and of the variances.
fn given_others(inverse: &DMatrix<f64>, precisions: &DMatrix<f64>) -> DMatrix<f64> {
    let (d, k) = precisions.shape();
    let mut out = DMatrix::zeros(d, k);
    let each = out.as_mut_slice().chunks_exact_mut(d);
    for (out, precisions) in each.zip(precisions.as_slice().chunks_exact(d)) {
        for (out, column) in out.iter_mut().zip(inverse.as_slice().chunks_exact(d)) {
            let parts = column.iter().zip(precisions);
            *out = parts.map(|(entry, own)| own * entry * entry).sum();
        }
    }
    out
}

/// `to += factor * values²`.
fn add_squares(to: &mut [f64], values: &[f64], factor: f64) {
    for (to, value) in to.iter_mut().zip(values) {
        *to += factor * value * value;
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
    use nalgebra::DVector;

    #[test]
    fn factors_know_variances_and_correlations() {
        // The third column does not depend on the others.
        let first = DMatrix::from_row_slice(3, 3, &[4.0, 3.0, 0.0, 3.0, 9.0, 0.0, 0.0, 0.0, 5.0]);
        let second = &first * 2.0;
        let eigen = first.clone().symmetric_eigen();
        let values = eigen.eigenvalues.as_slice();
        let doubled = values.iter().map(|value| 2.0 * value);
        let common = Covariances::Common {
            basis: Some(Arc::new(Basis::orthogonal(eigen.eigenvectors))),
            variances: DMatrix::from_iterator(3, 2, values.iter().copied().chain(doubled)),
        };
        let own = [first.clone(), second.clone()].into_iter().collect();
        // One matrix that both share becomes a triangular basis.
        let shared = [first.clone(), first.clone()].into_iter().collect();
        let cases: [(Covariances, [&DMatrix<f64>; 2]); 3] = [
            (own, [&first, &second]),
            (common, [&first, &second]),
            (shared, [&first, &first]),
        ];
        for (covariances, matrices) in cases {
            let factors = Factors::of(&covariances).unwrap();
            assert_eq!(factors.columns().count(), 2);
            for (k, (variances, precisions)) in factors.columns().enumerate() {
                let matrix = matrices[k];
                for (j, own_part) in [0.75, 0.75, 1.0].into_iter().enumerate() {
                    assert!((variances[j] - matrix[(j, j)]).abs() < 1e-13);
                    let found = 1.0 / (variances[j] * precisions[j]);
                    assert!((found - own_part).abs() < 1e-13);
                }
                let (root, inverse) = (factors.root(k), factors.inverse(k));
                assert!((&root * root.transpose() - matrix).norm() < 1e-13);
                assert!((root * inverse - DMatrix::identity(3, 3)).norm() < 1e-13);
            }
        }
    }

    #[test]
    fn columns_in_far_apart_units_keep_their_correlation() {
        let units = DMatrix::from_diagonal(&DVector::from_vec(vec![1e-100, 1e100]));
        let correlations = DMatrix::from_row_slice(2, 2, &[1.0, 0.5, 0.5, 1.0]);
        let covariance = &units * correlations * &units;
        for k in 1..=2 {
            // Of one component a matrix of its own, of two a triangular basis.
            let covariances = (0..k).map(|_| covariance.clone()).collect();
            let factors = Factors::of(&covariances).unwrap();
            for (variance, precision) in factors.variances.iter().zip(&factors.precisions) {
                assert!((1.0 / (variance * precision) - 0.75).abs() < 1e-12);
            }
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
