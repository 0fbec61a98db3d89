//! VVV, `"full"`: every component has a covariance of its own.

use nalgebra::DMatrix;

use crate::stats::SufficientStats;

/// `k d (d + 1) / 2`.
pub(super) fn free_parameters(k: usize, d: usize) -> usize {
    k * d * (d + 1) / 2
}

/// `W_k / N_k`.
///
/// # Source
/// Celeux and Govaert (1995), *Gaussian parsimonious clustering models*, Pattern Recognition
/// 28(5), section 4.2; Bishop (2006), eq. 9.25.
pub(super) fn m_step(stats: &SufficientStats) -> Vec<DMatrix<f64>> {
    (0..stats.k())
        .map(|k| stats.scatter(k) / stats.mass(k))
        .collect()
}
