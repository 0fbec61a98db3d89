//! What the M-step needs of the data: a commutative monoid.

use std::sync::Arc;

use nalgebra::DMatrix;

use crate::kernel::scatter::{packed_row, Moments};

/// Per component the mass `N = sum r`, the sum `S = sum r (x - c)` and the scatter
/// `W = sum r (x - c)(x - c)'` about a centre `c`, with the log-likelihood of the mixture that
/// gave the responsibilities `r`.
///
/// The centres are the component means of that mixture, so that nothing cancels.
///
/// # Shapes
/// `k` components in `d` dimensions; the scatter is kept as packed lower triangles.
#[derive(Debug, Clone)]
pub struct SufficientStats {
    d: usize,
    loglik: f64,
    centres: Arc<[f64]>,
    mass: Vec<f64>,
    sum: Vec<f64>,
    scatter: Vec<f64>,
}

impl SufficientStats {
    /// The neutral element: no rows, about `centres` (`double[k, d]`, row by row).
    pub(crate) fn empty(centres: Arc<[f64]>, d: usize) -> Self {
        let k = centres.len() / d;
        SufficientStats {
            d,
            loglik: 0.0,
            mass: vec![0.0; k],
            sum: vec![0.0; k * d],
            scatter: vec![0.0; k * packed_row(d)],
            centres,
        }
    }

    /// Add what a block gave: its log-likelihood.
    pub(crate) fn add_loglik(&mut self, loglik: f64) {
        self.loglik += loglik;
    }

    /// Add a block's mass to component `k` and lend the places for its moments.
    pub(crate) fn add_mass(&mut self, k: usize, mass: f64) -> Moments<'_> {
        let (d, triangle) = (self.d, packed_row(self.d));
        self.mass[k] += mass;
        Moments {
            sum: &mut self.sum[k * d..(k + 1) * d],
            scatter: &mut self.scatter[k * triangle..(k + 1) * triangle],
        }
    }

    /// Add the statistics of other rows about the same centres.
    pub fn merge(&mut self, other: &Self) {
        debug_assert_eq!(self.centres, other.centres);
        self.loglik += other.loglik;
        let pairs = [
            (&mut self.mass, &other.mass),
            (&mut self.sum, &other.sum),
            (&mut self.scatter, &other.scatter),
        ];
        for (to, from) in pairs {
            for (to, from) in to.iter_mut().zip(from) {
                *to += from;
            }
        }
    }

    /// Number of components.
    pub fn k(&self) -> usize {
        self.mass.len()
    }

    /// Number of columns.
    pub fn d(&self) -> usize {
        self.d
    }

    /// Log-likelihood of the mixture that gave the responsibilities.
    pub fn loglik(&self) -> f64 {
        self.loglik
    }

    /// Mass of component `k`.
    pub fn mass(&self, k: usize) -> f64 {
        self.mass[k]
    }

    /// Mass of all components.
    pub fn total_mass(&self) -> f64 {
        self.mass.iter().sum()
    }

    /// Mean of component `k`.
    pub fn mean(&self, k: usize) -> Vec<f64> {
        let at = k * self.d;
        (at..at + self.d)
            .map(|i| self.centres[i] + self.sum[i] / self.mass[k])
            .collect()
    }

    /// Scatter of component `k` about its own mean.
    pub fn scatter(&self, k: usize) -> DMatrix<f64> {
        let sum = &self.sum[k * self.d..(k + 1) * self.d];
        let packed = &self.scatter[k * packed_row(self.d)..];
        let mut scatter = DMatrix::zeros(self.d, self.d);
        for i in 0..self.d {
            for j in 0..=i {
                let value = packed[packed_row(i) + j] - sum[i] * sum[j] / self.mass[k];
                scatter[(i, j)] = value;
                scatter[(j, i)] = value;
            }
        }
        scatter
    }

    /// Replace every component's scatter by a compromise with the pooled one, worth
    /// `rows` rows, so that a component of few rows starts with a covariance that can be
    /// inverted.
    pub(crate) fn pool_scatter(&mut self, rows: f64) {
        let (k, triangle) = (self.k(), packed_row(self.d));
        let total = self.total_mass();
        let mut pooled = DMatrix::zeros(self.d, self.d);
        for j in (0..k).filter(|&j| self.mass[j] > 0.0) {
            pooled += self.scatter(j);
        }
        for j in (0..k).filter(|&j| self.mass[j] > 0.0) {
            let mass = self.mass[j];
            let own = self.scatter(j);
            let sum = self.sum[j * self.d..(j + 1) * self.d].to_vec();
            let packed = &mut self.scatter[j * triangle..(j + 1) * triangle];
            for i in 0..self.d {
                for l in 0..=i {
                    let both = own[(i, l)] + pooled[(i, l)] * rows / total;
                    packed[packed_row(i) + l] =
                        both * mass / (mass + rows) + sum[i] * sum[l] / mass;
                }
            }
        }
    }
}
