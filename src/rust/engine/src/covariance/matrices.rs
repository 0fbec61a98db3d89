//! Closed forms of matrices: EEE, EEV, EVV, VVV.
//!
//! # Source
//! Celeux and Govaert (1995), Pattern Recognition 28(5), section 3.1.

use nalgebra::{DMatrix, DVector, SymmetricEigen};

use super::covariances::{compose, log_volume, lower_factor};
use super::{Basis, Covariances, Given};
use crate::error::GmmError;

/// Sweeps of the eigenvalue iteration per column, far above the two or three that it takes.
const EIGEN_ITERATIONS: usize = 100;

/// `W / N`, with `W` the pooled scatter.
pub(super) fn eee(given: &Given<'_>) -> Result<Covariances, GmmError> {
    let covariance = given.scatter.pooled() / given.total_mass();
    let basis = lower_factor(&covariance)
        .and_then(Basis::triangular)
        .ok_or(GmmError::Degenerate { k: 0 })?;
    let variances = vec![DVector::from_element(given.d(), 1.0); given.k()];
    let basis = Some(basis);
    Ok(Covariances::Common { basis, variances })
}

/// `L_k sum_j Omega_j L_k' / N`, with `W_k = L_k Omega_k L_k'` and `Omega_k` decreasing.
pub(super) fn eev(given: &Given<'_>) -> Result<Covariances, GmmError> {
    let eigen = all_eigen(given)?;
    let mut pooled = eigen[0].values.clone();
    for other in &eigen[1..] {
        pooled += &other.values;
    }
    let variances = pooled / given.total_mass();
    if lost(&variances) {
        return Err(GmmError::Degenerate { k: 0 });
    }
    let own = eigen.iter().map(|own| compose(&own.vectors, &variances));
    Ok(Covariances::Own(own.collect()))
}

/// `lambda W_k / |W_k|^(1/d)`, with `lambda = sum_k |W_k|^(1/d) / N`.
pub(super) fn evv(given: &Given<'_>) -> Result<Covariances, GmmError> {
    let volume = |k: usize| {
        let lower = lower_factor(given.scatter.full(k)).ok_or(GmmError::Degenerate { k })?;
        Ok(log_volume(&lower).exp())
    };
    let volumes: Vec<f64> = (0..given.k()).map(volume).collect::<Result<_, _>>()?;
    let equal = volumes.iter().sum::<f64>() / given.total_mass();
    own(given, |k| equal / volumes[k])
}

/// `W_k / N_k`.
pub(super) fn vvv(given: &Given<'_>) -> Result<Covariances, GmmError> {
    own(given, |k| 1.0 / given.mass[k])
}

/// Scatters times a factor each, if that is finite.
fn own(given: &Given<'_>, factor: impl Fn(usize) -> f64) -> Result<Covariances, GmmError> {
    let scaled = |k: usize| {
        let matrix = given.scatter.full(k) * factor(k);
        let finite = matrix.iter().all(|entry| entry.is_finite());
        finite.then_some(matrix).ok_or(GmmError::Degenerate { k })
    };
    let matrices = (0..given.k()).map(scaled).collect::<Result<_, _>>()?;
    Ok(Covariances::Own(matrices))
}

/// `vectors diag(values) vectors'`, the values decreasing and not negative.
pub(super) struct Eigen {
    pub(super) vectors: DMatrix<f64>,
    pub(super) values: DVector<f64>,
}

/// The decomposition of every component's scatter.
pub(super) fn all_eigen(given: &Given<'_>) -> Result<Vec<Eigen>, GmmError> {
    let own = |k: usize| eigen(given.scatter.full(k)).ok_or(GmmError::Degenerate { k });
    (0..given.k()).map(own).collect()
}

/// The decomposition of a symmetric positive semidefinite matrix, if that is finite.
///
/// # Cost
/// About `9 d³` operations.
pub(super) fn eigen(matrix: &DMatrix<f64>) -> Option<Eigen> {
    // The iteration never ends on what is not finite.
    if !matrix.iter().all(|entry| entry.is_finite()) {
        return None;
    }
    let d = matrix.nrows();
    let found = SymmetricEigen::try_new(matrix.clone(), f64::EPSILON, EIGEN_ITERATIONS * d.max(1))?;
    let mut order: Vec<usize> = (0..d).collect();
    order.sort_by(|&i, &j| found.eigenvalues[j].total_cmp(&found.eigenvalues[i]));
    Some(Eigen {
        vectors: found.eigenvectors.select_columns(&order),
        values: found
            .eigenvalues
            .select_rows(&order)
            .map(|value| value.max(0.0)),
    })
}

/// Whether decreasing eigenvalues end in nothing but the rounding error of the first.
pub(super) fn lost(values: &DVector<f64>) -> bool {
    let (first, last) = (values[0], values[values.len() - 1]);
    let rounding = values.len() as f64 * f64::EPSILON * first;
    !(first.is_finite() && last.is_normal() && last > rounding)
}
