//! Parameters that are not estimated.

use nalgebra::{Cholesky, DMatrix};
use ndarray::Array2;

use crate::covariance::{Covariances, Scatters};
use crate::model::Model;
use crate::stats::SufficientStats;

/// Parameters of a mixture that stay as they are given; `None` for those that are estimated.
///
/// # Shapes
/// As in [`crate::Mixture`]; `covariances` may be one `double[d, d]` for all components.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fixed {
    /// Mixing proportions; they sum to one.
    pub weights: Option<Vec<f64>>,
    /// One row per component.
    pub means: Option<Array2<f64>>,
    /// One matrix per component, or one for all.
    pub covariances: Option<Vec<DMatrix<f64>>>,
}

impl Fixed {
    /// Whether a component's number means something: then components keep their order.
    pub fn is_indexed(&self) -> bool {
        let own = self.covariances.as_ref().is_some_and(|own| own.len() > 1);
        self.weights.is_some() || self.means.is_some() || own
    }

    /// Free parameters of a mixture of `k` components in `d` dimensions that are left to `model`.
    pub(crate) fn free_parameters(&self, model: &Model, k: usize, d: usize) -> usize {
        let weights = if self.weights.is_none() && !model.equal_weights {
            k - 1
        } else {
            0
        };
        let means = if self.means.is_none() { k * d } else { 0 };
        let covariances = match self.covariances {
            None => model.family.free_parameters(k, d),
            Some(_) => 0,
        };
        weights + means + covariances
    }

    /// The covariances of `k` components, if they are fixed.
    pub(crate) fn covariances(&self, k: usize) -> Option<Covariances> {
        let covariances = self.covariances.as_ref()?;
        Some(covariances.iter().cycle().take(k).cloned().collect())
    }

    /// The scatters of the components about the means that they will have: their own, or those that
    /// are fixed.
    pub(crate) fn scatters(&self, stats: &SufficientStats) -> Scatters {
        let mut scatters = stats.scatters();
        if let Some(means) = &self.means {
            let offset = |k: usize| {
                let own = stats.mean(k);
                let apart = own.zip(means.row(k)).map(|(own, fixed)| own - fixed);
                apart.collect::<Vec<_>>()
            };
            let offsets: Vec<Vec<f64>> = (0..stats.k()).map(offset).collect();
            scatters.add_offsets(stats.masses(), &offsets);
        }
        scatters
    }

    /// Which cluster should become which component, where fixed parameters tell the components apart
    /// but not where they are: `order[component]` is a cluster.
    ///
    /// Two clusters change places as long as this raises the log-likelihood of the rows with their
    /// labels, by the parameters that are fixed.
    pub(crate) fn order_of(&self, stats: &SufficientStats) -> Vec<usize> {
        let k = stats.k();
        let gain = self.values(stats);
        let mut order: Vec<usize> = (0..k).collect();
        loop {
            let pairs = (0..k).flat_map(|a| (0..a).map(move |b| (a, b)));
            let gain_of = |(a, b): (usize, usize)| {
                let (here, there) = (order[a], order[b]);
                gain[(there, a)] + gain[(here, b)] - gain[(here, a)] - gain[(there, b)]
            };
            let best = pairs.max_by(|&x, &y| gain_of(x).total_cmp(&gain_of(y)));
            match best {
                Some((a, b)) if gain_of((a, b)) > 1e-9 * stats.total_mass() => order.swap(a, b),
                _ => return order,
            }
        }
    }

    /// The log-likelihood of a cluster (row) as a component (column), by the parameters that are
    /// fixed.
    fn values(&self, stats: &SufficientStats) -> DMatrix<f64> {
        let k = stats.k();
        let mut values = DMatrix::zeros(k, k);
        if let Some(weights) = &self.weights {
            values = DMatrix::from_fn(k, k, |cluster, own| stats.mass(cluster) * weights[own].ln());
        }
        let Some(covariances) = self.covariances.as_ref().filter(|own| own.len() > 1) else {
            return values;
        };
        let scatters = stats.scatters();
        for (own, covariance) in covariances.iter().enumerate() {
            let Some(root) = Cholesky::new(covariance.clone()) else {
                continue;
            };
            let (precision, log_determinant) = (root.inverse(), root.ln_determinant());
            for cluster in (0..k).filter(|&cluster| stats.mass(cluster) > 0.0) {
                let distance = match &scatters {
                    Scatters::Full(scatters) => scatters.matrix(cluster).dot(&precision),
                    others => others
                        .diagonals()
                        .column(cluster)
                        .dot(&precision.diagonal()),
                };
                let log_determinants = stats.mass(cluster) * log_determinant;
                values[(cluster, own)] -= 0.5 * (log_determinants + distance);
            }
        }
        values
    }
}
