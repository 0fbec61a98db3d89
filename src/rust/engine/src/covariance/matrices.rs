//! Closed forms of matrices: EEE, EEV, EVV, VVV.
//!
//! # Source
//! Celeux and Govaert (1995), Pattern Recognition 28(5), section 3.1.

use std::sync::Arc;

use nalgebra::DMatrix;

use super::covariances::Composer;
use super::eigen::decompose;
use super::stack::Stack;
use super::triangles::{factor_regular, log_volume};
use super::{Basis, Covariances, Given};
use crate::error::GmmError;

/// `W / N`, with `W` the pooled scatter.
pub(super) fn eee(given: &Given<'_>) -> Result<Covariances, GmmError> {
    let mut lower = given.scatter.pooled() / given.total_mass();
    let is_regular = factor_regular(lower.as_mut_slice(), given.d());
    let basis = is_regular.then(|| Basis::triangular(lower)).flatten();
    Ok(Covariances::Common {
        basis: Some(Arc::new(basis.ok_or(GmmError::Degenerate { k: 0 })?)),
        variances: DMatrix::from_element(given.d(), given.k(), 1.0),
    })
}

/// `L_k sum_j Omega_j L_k' / N`, with `W_k = L_k Omega_k L_k'` and `Omega_k` decreasing.
pub(super) fn eev(given: &Given<'_>) -> Result<Covariances, GmmError> {
    let mut eigen = Eigen::of_each(given)?;
    let variances = eigen.values.column_sum() / given.total_mass();
    if lost(variances.as_slice()) {
        return Err(GmmError::Degenerate { k: 0 });
    }
    for mut own in eigen.values.column_iter_mut() {
        own.copy_from(&variances);
    }
    Ok(eigen.compose())
}

/// `lambda W_k / |W_k|^(1/d)`, with `lambda = sum_k |W_k|^(1/d) / N`.
pub(super) fn evv(given: &Given<'_>) -> Result<Covariances, GmmError> {
    let mut factors = given.scatter.full().clone();
    let mut volumes = Vec::with_capacity(given.k());
    for (k, factor) in factors.each_mut().enumerate() {
        if !factor_regular(factor, given.d()) {
            return Err(GmmError::Degenerate { k });
        }
        volumes.push(log_volume(factor, given.d()).exp());
    }
    let equal = volumes.iter().sum::<f64>() / given.total_mass();
    own(given, |k| equal / volumes[k])
}

/// `W_k / N_k`.
pub(super) fn vvv(given: &Given<'_>) -> Result<Covariances, GmmError> {
    own(given, |k| 1.0 / given.mass[k])
}

/// Scatters times a factor each, if that is finite.
fn own(given: &Given<'_>, factor: impl Fn(usize) -> f64) -> Result<Covariances, GmmError> {
    let mut matrices = given.scatter.full().clone();
    for (k, matrix) in matrices.each_mut().enumerate() {
        let factor = factor(k);
        matrix.iter_mut().for_each(|entry| *entry *= factor);
        if !matrix.iter().all(|entry| entry.is_finite()) {
            return Err(GmmError::Degenerate { k });
        }
    }
    Ok(Covariances::Own(matrices))
}

/// `vectors diag(values) vectors'` of every component, the values decreasing and not negative.
pub(super) struct Eigen {
    vectors: Stack,
    /// A column per component.
    pub(super) values: DMatrix<f64>,
}

impl Eigen {
    /// The decomposition of every component's scatter.
    pub(super) fn of_each(given: &Given<'_>) -> Result<Self, GmmError> {
        let (k, d) = (given.k(), given.d());
        let mut eigen = Eigen {
            vectors: Stack::zeros(k, d),
            values: DMatrix::zeros(d, k),
        };
        for k in 0..k {
            let mut values = eigen.values.column_mut(k);
            let to = (eigen.vectors.of_mut(k), values.as_mut_slice());
            if !decompose(given.scatter.full().of(k), to) {
                return Err(GmmError::Degenerate { k });
            }
        }
        Ok(eigen)
    }

    /// The matrices of which this is the decomposition.
    pub(super) fn compose(&self) -> Covariances {
        let (k, d) = (self.vectors.k(), self.vectors.d());
        let mut matrices = Stack::zeros(k, d);
        let mut composer = Composer::new(d);
        let values = self.values.as_slice().chunks_exact(d);
        let vectors = self.vectors.each();
        for ((matrix, vectors), values) in matrices.each_mut().zip(vectors).zip(values) {
            composer.compose(vectors, values, matrix);
        }
        Covariances::Own(matrices)
    }
}

/// Whether decreasing eigenvalues end in nothing but the rounding error of the first.
pub(super) fn lost(values: &[f64]) -> bool {
    let (first, last) = (values[0], values[values.len() - 1]);
    let rounding = values.len() as f64 * f64::EPSILON * first;
    !(first.is_finite() && last.is_normal() && last > rounding)
}
