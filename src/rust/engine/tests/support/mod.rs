//! Data for the tests: draws from known mixtures.

use gaussmix_engine::{
    search, watched, Algorithm, Budget, Criterion, Data, Family, Fit, GmmError, Mixture, Progress,
    Settings, Start,
};
use nalgebra::DMatrix;
use ndarray::Array2;
use std::time::Duration;

/// A mixture of `k` components in `d` dimensions whose means lie `distance` apart along the
/// diagonal and whose covariances differ.
pub fn mixture(k: usize, d: usize, distance: f64) -> Mixture {
    let covariance = |j: usize| {
        DMatrix::from_fn(d, d, |a, b| {
            let own = 1.0 + 0.3 * ((a + j) % 3) as f64;
            if a == b {
                own
            } else {
                0.3_f64.powi(a.abs_diff(b) as i32 + j as i32 % 2)
            }
        })
    };
    let total: usize = (1..=k).sum();
    Mixture {
        weights: (1..=k).rev().map(|j| j as f64 / total as f64).collect(),
        means: Array2::from_shape_fn((k, d), |(j, _)| j as f64 * distance),
        covariances: (0..k).map(covariance).collect(),
    }
}

/// `n` draws, column-major.
pub fn draws(k: usize, d: usize, n: usize, distance: f64) -> Vec<f64> {
    let drawn = mixture(k, d, distance).draw(n, 11, &Progress::new());
    drawn.unwrap().x
}

/// How hard the tests try.
pub const BUDGET: Budget = Budget {
    n_init: 10,
    n_final: 3,
    rounds: 2,
    explorations: 1,
};

/// Settings that the tests change where they need to.
pub fn settings(k: usize) -> Settings {
    Settings {
        k: vec![k],
        families: vec![Family::Vvv],
        criterion: Criterion::Bic,
        equal_weights: false,
        reg_covar: 0.0,
        min_eigen_ratio: 0.0,
        budget: BUDGET,
        alone: BUDGET,
        finish_all: false,
        short_iterations: 10,
        max_iterations: 2000,
        tolerance: 1e-6,
        accelerate: true,
        algorithm: Algorithm::Em,
        fixed: None,
        keep_path: false,
        seed: 1,
    }
}

/// Fit on `threads` threads.
pub fn fit_on(
    threads: usize,
    x: &[f64],
    d: usize,
    start: &Start<'_>,
    settings: &Settings,
) -> Result<Fit, GmmError> {
    let progress = Progress::new();
    let data = Data::new(x, x.len() / d, d);
    watched(
        threads,
        Duration::from_millis(5),
        || (),
        || search(data, start, settings, &progress),
    )??
    .into_best()
}

/// Every row's log joint densities, by the textbook.
pub fn joint(mixture: &Mixture, x: &[f64]) -> Vec<Vec<f64>> {
    let (k, d) = (mixture.weights.len(), mixture.means.ncols());
    let n = x.len() / d;
    let inverses: Vec<_> = (0..k)
        .map(|j| mixture.covariance(j).try_inverse().unwrap())
        .collect();
    let density = |i: usize, j: usize| {
        let y = DMatrix::from_fn(d, 1, |l, _| x[l * n + i] - mixture.means[(j, l)]);
        let distance = (y.transpose() * &inverses[j] * &y)[(0, 0)];
        let determinant = (mixture.covariance(j) * std::f64::consts::TAU).determinant();
        mixture.weights[j].ln() - 0.5 * (distance + determinant.ln())
    };
    (0..n)
        .map(|i| (0..k).map(|j| density(i, j)).collect())
        .collect()
}

/// Log-likelihood by the textbook formula.
pub fn loglik(mixture: &Mixture, x: &[f64]) -> f64 {
    let density = |row: Vec<f64>| row.into_iter().map(f64::exp).sum::<f64>();
    let rows = joint(mixture, x).into_iter();
    rows.map(|row| density(row).ln()).sum()
}
