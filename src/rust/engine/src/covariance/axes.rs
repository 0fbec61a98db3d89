//! Closed forms of diagonal covariances: EII, VII, EEI, EVI, VVI.
//!
//! # Source
//! Celeux and Govaert (1995), Pattern Recognition 28(5), sections 3.2 and 3.3.

use nalgebra::DVector;

use super::{common, Covariances, Given};
use crate::error::GmmError;

/// `tr(W) / (N d) I`, with `W` the pooled scatter.
pub(super) fn eii(given: &Given<'_>) -> Result<Covariances, GmmError> {
    let volume = given.scatter.pooled_trace() / (given.total_mass() * given.d() as f64);
    common(None, vec![sphere(volume, given); given.k()])
}

/// `tr(W_k) / (N_k d) I`.
pub(super) fn vii(given: &Given<'_>) -> Result<Covariances, GmmError> {
    let own = |k: usize| given.scatter.trace(k) / (given.mass[k] * given.d() as f64);
    let spheres = (0..given.k()).map(|k| sphere(own(k), given));
    common(None, spheres.collect())
}

/// `diag(W) / N`, with `W` the pooled scatter.
pub(super) fn eei(given: &Given<'_>) -> Result<Covariances, GmmError> {
    let variances = given.scatter.pooled_diagonal() / given.total_mass();
    common(None, vec![variances; given.k()])
}

/// `lambda A_k`, with `A_k = diag(W_k) / |diag(W_k)|^(1/d)` and
/// `lambda = sum_k |diag(W_k)|^(1/d) / N`.
pub(super) fn evi(given: &Given<'_>) -> Result<Covariances, GmmError> {
    let diagonals = (0..given.k()).map(|k| given.scatter.diagonal(k));
    common(None, equal_volumes(diagonals.collect(), given.total_mass()))
}

/// `diag(W_k) / N_k`.
pub(super) fn vvi(given: &Given<'_>) -> Result<Covariances, GmmError> {
    let own = |k: usize| given.scatter.diagonal(k) / given.mass[k];
    common(None, (0..given.k()).map(own).collect())
}

fn sphere(volume: f64, given: &Given<'_>) -> DVector<f64> {
    DVector::from_element(given.d(), volume)
}

/// Diagonal scatters rescaled to the volume that they share.
///
/// The volumes are geometric means by way of logarithms, because a product of `d` entries under-
/// or overflows. A zero entry gives a variance that [`common`] refuses.
pub(super) fn equal_volumes(scatters: Vec<DVector<f64>>, total_mass: f64) -> Vec<DVector<f64>> {
    let volume = |scatter: &DVector<f64>| scatter.map(f64::ln).mean().exp();
    let volumes: Vec<f64> = scatters.iter().map(volume).collect();
    let equal = volumes.iter().sum::<f64>() / total_mass;
    let rescaled = scatters.into_iter().zip(volumes);
    rescaled
        .map(|(scatter, volume)| scatter * (equal / volume))
        .collect()
}
