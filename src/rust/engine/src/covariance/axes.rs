//! Closed forms of diagonal covariances: EII, VII, EEI, EVI, VVI.
//!
//! # Source
//! Celeux and Govaert (1995), Pattern Recognition 28(5), sections 3.2 and 3.3.

use nalgebra::DMatrix;

use super::products::sum_of_logs;
use super::{common, Covariances, Given};
use crate::error::GmmError;

/// `tr(W) / (N d) I`, with `W` the pooled scatter.
pub(super) fn eii(given: &Given<'_>) -> Result<Covariances, GmmError> {
    let volume = given.scatter.pooled_trace() / (given.total_mass() * given.d() as f64);
    common(None, DMatrix::from_element(given.d(), given.k(), volume))
}

/// `tr(W_k) / (N_k d) I`.
pub(super) fn vii(given: &Given<'_>) -> Result<Covariances, GmmError> {
    let mut spheres = DMatrix::zeros(given.d(), given.k());
    for (k, mut own) in spheres.column_iter_mut().enumerate() {
        own.fill(given.scatter.trace(k) / (given.mass[k] * given.d() as f64));
    }
    common(None, spheres)
}

/// `diag(W) / N`, with `W` the pooled scatter.
pub(super) fn eei(given: &Given<'_>) -> Result<Covariances, GmmError> {
    let variances = given.scatter.pooled_diagonal() / given.total_mass();
    let (d, k) = (given.d(), given.k());
    common(None, DMatrix::from_fn(d, k, |j, _| variances[j]))
}

/// `lambda A_k`, with `A_k = diag(W_k) / |diag(W_k)|^(1/d)` and
/// `lambda = sum_k |diag(W_k)|^(1/d) / N`.
///
/// The volumes are geometric means by way of logarithms, because a product of `d` entries under-
/// or overflows. A zero entry gives a variance that [`common`] refuses.
pub(super) fn evi(given: &Given<'_>) -> Result<Covariances, GmmError> {
    let mut diagonals = given.scatter.diagonals();
    let volume = |own: &[f64]| (sum_of_logs(own.iter().copied()) / own.len() as f64).exp();
    let each = diagonals.as_slice().chunks_exact(given.d());
    let volumes: Vec<f64> = each.map(volume).collect();
    let equal = volumes.iter().sum::<f64>() / given.total_mass();
    for (mut own, volume) in diagonals.column_iter_mut().zip(volumes) {
        own *= equal / volume;
    }
    common(None, diagonals)
}

/// `diag(W_k) / N_k`.
pub(super) fn vvi(given: &Given<'_>) -> Result<Covariances, GmmError> {
    let mut diagonals = given.scatter.diagonals();
    for (mut own, mass) in diagonals.column_iter_mut().zip(given.mass) {
        own /= *mass;
    }
    common(None, diagonals)
}
