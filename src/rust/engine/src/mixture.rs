//! A Gaussian mixture, and the factors that its densities need.

use nalgebra::{Cholesky, DMatrix};
use ndarray::Array2;

use crate::covariance::Family;
use crate::error::GmmError;
use crate::stats::SufficientStats;

/// The least mass of a component whose covariance does not rest on its rows alone.
const REGULARISED_MASS: f64 = 1e-8;

/// Weights, means and covariances of `k` normal components in `d` dimensions.
///
/// # Shapes
/// `weights` is `double[k]`, `means` is `double[k, d]`, `covariances` are `k` symmetric
/// `double[d, d]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Mixture {
    /// Mixing proportions; they sum to one.
    pub weights: Vec<f64>,
    /// One row per component.
    pub means: Array2<f64>,
    /// One matrix per component.
    pub covariances: Vec<DMatrix<f64>>,
}

impl Mixture {
    /// Number of components.
    pub fn k(&self) -> usize {
        self.weights.len()
    }

    /// Number of columns.
    pub fn d(&self) -> usize {
        self.means.ncols()
    }

    /// The M-step: the mixture of this family that maximises the expected complete-data
    /// log-likelihood, with `reg_covar` added to the diagonal of its covariances.
    ///
    /// # Errors
    /// [`GmmError::EmptyComponent`] where a component has less than one row's worth of mass; with
    /// `reg_covar`, where it has next to none.
    ///
    /// # Source
    /// Bishop (2006), *Pattern Recognition and Machine Learning*, eqs. 9.24 to 9.26.
    pub fn maximise(
        stats: &SufficientStats,
        family: Family,
        reg_covar: f64,
    ) -> Result<Self, GmmError> {
        let (k, d) = (stats.k(), stats.d());
        let enough = if reg_covar > 0.0 {
            REGULARISED_MASS
        } else {
            1.0
        };
        if let Some(k) = (0..k).find(|&k| stats.mass(k) < enough) {
            let mass = stats.mass(k);
            return Err(GmmError::EmptyComponent { k, mass });
        }
        let total = stats.total_mass();
        let mut covariances = family.m_step(stats);
        for covariance in &mut covariances {
            for i in 0..d {
                covariance[(i, i)] += reg_covar;
            }
        }
        Ok(Mixture {
            weights: (0..k).map(|k| stats.mass(k) / total).collect(),
            means: Array2::from_shape_vec((k, d), (0..k).flat_map(|k| stats.mean(k)).collect())
                .expect("k means of length d"),
            covariances,
        })
    }

    /// The same mixture with its components by decreasing weight, ties by mean.
    pub fn ordered(&self) -> Self {
        let mut order: Vec<usize> = (0..self.k()).collect();
        order.sort_by(|&a, &b| {
            let by_weight = self.weights[b].total_cmp(&self.weights[a]);
            let means = || self.means.row(a).into_iter().zip(self.means.row(b));
            let by_mean = || {
                means()
                    .map(|(a, b)| a.total_cmp(b))
                    .find(|order| order.is_ne())
            };
            by_weight.then_with(|| by_mean().unwrap_or(std::cmp::Ordering::Equal))
        });
        Mixture {
            weights: order.iter().map(|&k| self.weights[k]).collect(),
            means: self.means.select(ndarray::Axis(0), &order),
            covariances: order.iter().map(|&k| self.covariances[k].clone()).collect(),
        }
    }

    /// Mean of the whole mixture: where blocks are centred.
    pub(crate) fn centre(&self) -> Vec<f64> {
        let first = self.means.row(0);
        let mean = |j: usize| {
            // Relative to one component, so that a large common offset does not round it away.
            let from = first[j];
            let means = self.means.column(j);
            let parts = means.iter().zip(&self.weights).map(|(m, w)| w * (m - from));
            from + parts.sum::<f64>()
        };
        (0..self.d()).map(mean).collect()
    }

    /// Factors of all covariances.
    ///
    /// # Errors
    /// [`GmmError::Degenerate`] where a covariance is not positive definite.
    pub(crate) fn factors(&self) -> Result<Vec<Factor>, GmmError> {
        let factor = |(k, covariance)| Factor::of(covariance).ok_or(GmmError::Degenerate { k });
        self.covariances.iter().enumerate().map(factor).collect()
    }
}

/// The Cholesky factor of a covariance, and its inverse.
#[derive(Debug, Clone)]
pub(crate) struct Factor {
    /// `L` with `LL'` the covariance.
    pub(crate) lower: DMatrix<f64>,
    /// `L⁻¹`.
    pub(crate) inverse: DMatrix<f64>,
}

impl Factor {
    /// Factor a symmetric matrix, if it is positive definite.
    pub(crate) fn of(covariance: &DMatrix<f64>) -> Option<Self> {
        let lower = Cholesky::new(covariance.clone())?.unpack();
        let identity = DMatrix::identity(lower.nrows(), lower.ncols());
        let inverse = lower.solve_lower_triangular(&identity)?;
        let finite = |m: &DMatrix<f64>| m.iter().all(|value| value.is_finite());
        (finite(&lower) && finite(&inverse)).then_some(Factor { lower, inverse })
    }

    /// The variance of column `j`.
    pub(crate) fn variance(&self, j: usize) -> f64 {
        self.lower.row(j).norm_squared()
    }

    /// The part of column `j`'s variance that the other columns do not determine: one minus its
    /// squared multiple correlation.
    pub(crate) fn own_part(&self, j: usize) -> f64 {
        1.0 / (self.variance(j) * self.inverse.column(j).norm_squared())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_are_ordered_by_weight_then_by_mean() {
        let mixture = Mixture {
            weights: vec![0.25, 0.5, 0.25],
            means: Array2::from_shape_vec((3, 2), vec![1.0, 5.0, 0.0, 0.0, 1.0, 4.0]).unwrap(),
            covariances: (1..4)
                .map(|i| DMatrix::identity(2, 2) * f64::from(i))
                .collect(),
        };
        let ordered = mixture.ordered();
        assert_eq!(ordered.weights, [0.5, 0.25, 0.25]);
        assert_eq!(ordered.means.column(1).to_vec(), [0.0, 4.0, 5.0]);
        let scales: Vec<f64> = ordered.covariances.iter().map(|c| c[(0, 0)]).collect();
        assert_eq!(scales, [2.0, 3.0, 1.0]);
    }

    #[test]
    fn a_factor_knows_variances_and_correlations() {
        let covariance = DMatrix::from_row_slice(2, 2, &[4.0, 3.0, 3.0, 9.0]);
        let factor = Factor::of(&covariance).unwrap();
        for (j, variance) in [4.0, 9.0].into_iter().enumerate() {
            assert!((factor.variance(j) - variance).abs() < 1e-14);
            assert!((factor.own_part(j) - 0.75).abs() < 1e-14);
        }
    }

    #[test]
    fn what_is_not_positive_definite_has_no_factor() {
        for entries in [[1.0, 2.0, 2.0, 1.0], [0.0; 4], [f64::NAN; 4]] {
            assert!(Factor::of(&DMatrix::from_row_slice(2, 2, &entries)).is_none());
        }
    }
}
