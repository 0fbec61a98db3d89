//! A Gaussian mixture.

use std::borrow::Cow;

use nalgebra::{Cholesky, DMatrix, DVector};
use ndarray::Array2;

use crate::covariance::{inverse_of_lower, Covariances};

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
    pub covariances: Covariances,
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

    /// The means one after the other, `double[k, d]` row by row.
    pub(crate) fn means_in_turn(&self) -> Cow<'_, [f64]> {
        match self.means.as_slice() {
            Some(means) => Cow::Borrowed(means),
            None => self.means.iter().copied().collect(),
        }
    }

    /// The covariance of component `k`, `double[d, d]`.
    pub fn covariance(&self, k: usize) -> DMatrix<f64> {
        self.covariances.matrix(k)
    }

    /// The same mixture with its components by decreasing weight, ties by mean.
    pub(crate) fn ordered(&self) -> Self {
        self.select(&self.order())
    }

    /// The components by decreasing weight, ties by mean.
    pub(crate) fn order(&self) -> Vec<usize> {
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
        order
    }

    /// These components, in this order.
    pub(crate) fn select(&self, order: &[usize]) -> Self {
        Mixture {
            weights: order.iter().map(|&k| self.weights[k]).collect(),
            means: self.means.select(ndarray::Axis(0), order),
            covariances: self.covariances.select(order),
        }
    }

    /// The variances of every component in the directions in which it is narrowest and widest, over
    /// those within the components on average.
    ///
    /// # Source
    /// The ratio that Hathaway (1985), *A constrained formulation of maximum-likelihood estimation
    /// for normal mixture distributions*, Annals of Statistics 13, keeps from zero, made
    /// independent of the units.
    pub(crate) fn extents(&self) -> Vec<(f64, f64)> {
        let mut within = DMatrix::zeros(self.d(), self.d());
        for (k, &weight) in self.weights.iter().enumerate() {
            within += self.covariance(k) * weight;
        }
        let inverse = Cholesky::new(within).and_then(|root| inverse_of_lower(&root.unpack()));
        let Some(inverse) = inverse else {
            return vec![(0.0, f64::INFINITY); self.k()];
        };
        let extent = |k| {
            let relative = &inverse * self.covariance(k) * inverse.transpose();
            let variances = relative.symmetric_eigenvalues();
            (variances.min().max(0.0), variances.max())
        };
        (0..self.k()).map(extent).collect()
    }

    /// The squared Mahalanobis distance of component `k`'s mean from the component that it is
    /// nearest to.
    pub(crate) fn squared_distance(&self, k: usize) -> f64 {
        let distance = |other: usize| {
            let apart = &self.means.row(k) - &self.means.row(other);
            let apart = DVector::from_iterator(self.d(), apart.iter().copied());
            let root = Cholesky::new(self.covariance(other));
            root.map_or(f64::INFINITY, |root| apart.dot(&root.solve(&apart)))
        };
        let others = (0..self.k()).filter(|&other| other != k);
        others.map(distance).fold(f64::INFINITY, f64::min)
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extents_and_distances_do_not_depend_on_units() {
        // Variances 4 and 0.04 in the second column, 2.02 on average; means 3 apart.
        for unit in [1.0, 1e6] {
            let covariance =
                |v: f64| DMatrix::from_row_slice(2, 2, &[1.0, 0.0, 0.0, v * unit * unit]);
            let mixture = Mixture {
                weights: vec![0.5; 2],
                means: Array2::from_shape_vec((2, 2), vec![0.0, 0.0, 0.0, 3.0 * unit]).unwrap(),
                covariances: [4.0, 0.04].into_iter().map(covariance).collect(),
            };
            let extents = mixture.extents();
            assert!((extents[0].0 - 1.0).abs() < 1e-12);
            assert!((extents[0].1 - 4.0 / 2.02).abs() < 1e-12);
            assert!((extents[1].0 - 0.04 / 2.02).abs() < 1e-12);
            assert!((extents[1].1 - 1.0).abs() < 1e-12);
            assert!((mixture.squared_distance(1) - 9.0 / 4.0).abs() < 1e-12);
            assert!((mixture.squared_distance(0) - 9.0 / 0.04).abs() < 1e-9);
        }
    }

    #[test]
    fn components_are_ordered_by_weight_then_by_mean() {
        let covariance = |i| DMatrix::identity(2, 2) * f64::from(i);
        let mixture = Mixture {
            weights: vec![0.25, 0.5, 0.25],
            means: Array2::from_shape_vec((3, 2), vec![1.0, 5.0, 0.0, 0.0, 1.0, 4.0]).unwrap(),
            covariances: (1..4).map(covariance).collect(),
        };
        let ordered = mixture.ordered();
        assert_eq!(ordered.weights, [0.5, 0.25, 0.25]);
        assert_eq!(ordered.means.column(1).to_vec(), [0.0, 4.0, 5.0]);
        let scales: Vec<f64> = (0..3).map(|k| ordered.covariance(k)[(0, 0)]).collect();
        assert_eq!(scales, [2.0, 3.0, 1.0]);
    }
}
