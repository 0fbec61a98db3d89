//! What is estimated: the constraints on a mixture, and the M-step under them.

use ndarray::Array2;

use crate::covariance::{Ascent, Family, Scatters};
use crate::error::GmmError;
use crate::fixed::Fixed;
use crate::mixture::Mixture;
use crate::progress::Progress;
use crate::stats::SufficientStats;

/// The least mass of a component whose covariance does not rest on its rows alone.
const LEAST_MASS: f64 = 1e-8;

const NONE_FIXED: Fixed = Fixed {
    weights: None,
    means: None,
    covariances: None,
};

/// The constraints on a mixture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Model {
    /// Covariance family.
    pub family: Family,
    /// Whether all weights are `1 / k`.
    pub equal_weights: bool,
    /// Added to the diagonal of the covariance of every component's rows.
    pub reg_covar: f64,
}

impl Model {
    /// Free parameters of a mixture of `k` components in `d` dimensions.
    pub fn free_parameters(&self, k: usize, d: usize) -> usize {
        let weights = if self.equal_weights { 0 } else { k - 1 };
        weights + k * d + self.family.free_parameters(k, d)
    }

    /// The same constraints in `d` dimensions; see [`Family::in_dimension`].
    pub(crate) fn in_dimension(self, d: usize) -> Self {
        Model {
            family: self.family.in_dimension(d),
            ..self
        }
    }

    /// The M-step: the mixture under these constraints that maximises the expected complete-data
    /// log-likelihood.
    ///
    /// One that iterates goes the way of `ascent`.
    ///
    /// # Errors
    /// [`GmmError::EmptyComponent`] where a component has less than one row's worth of mass; with
    /// `reg_covar`, or a volume that all components share, where it has next to none. [`GmmError::Degenerate`],
    /// [`GmmError::Interrupted`].
    ///
    /// # Source
    /// Bishop (2006), *Pattern Recognition and Machine Learning*, eqs. 9.24 to 9.26; Celeux and
    /// Govaert (1995), *Gaussian parsimonious clustering models*, Pattern Recognition 28(5).
    pub(crate) fn maximise(
        &self,
        stats: &SufficientStats,
        ascent: Ascent<'_>,
        progress: &Progress,
    ) -> Result<Mixture, GmmError> {
        self.maximise_with(&NONE_FIXED, stats, stats.scatters(), ascent, progress)
    }

    /// The M-step where some parameters are fixed.
    pub(crate) fn maximise_others(
        &self,
        fixed: &Fixed,
        stats: &SufficientStats,
        ascent: Ascent<'_>,
        progress: &Progress,
    ) -> Result<Mixture, GmmError> {
        self.maximise_with(fixed, stats, fixed.scatters(stats), ascent, progress)
    }

    /// The M-step with every component's scatter replaced by a compromise with the pooled one,
    /// worth `rows` rows, so that a component of few rows gets a covariance that can be inverted.
    pub(crate) fn maximise_pooled(
        &self,
        fixed: Option<&Fixed>,
        stats: &SufficientStats,
        rows: f64,
        progress: &Progress,
    ) -> Result<Mixture, GmmError> {
        let fixed = fixed.unwrap_or(&NONE_FIXED);
        let scatters = fixed.scatters(stats).shrunk(stats.masses(), rows);
        self.maximise_with(fixed, stats, scatters, Ascent::Anew, progress)
    }

    fn maximise_with(
        &self,
        fixed: &Fixed,
        stats: &SufficientStats,
        mut scatters: Scatters,
        ascent: Ascent<'_>,
        progress: &Progress,
    ) -> Result<Mixture, GmmError> {
        let (k, d) = (stats.k(), stats.d());
        let is_own_volume = fixed.covariances.is_none() && !self.family.has_equal_volumes();
        let enough = if self.reg_covar > 0.0 || !is_own_volume {
            LEAST_MASS
        } else {
            1.0
        };
        let is_empty = |&k: &usize| stats.mass(k).is_nan() || stats.mass(k) < enough;
        if let Some(k) = (0..k).find(is_empty) {
            let mass = stats.mass(k);
            return Err(GmmError::EmptyComponent { k, mass });
        }
        if self.reg_covar > 0.0 {
            scatters.add_to_diagonal(stats.masses(), self.reg_covar);
        }
        let total = stats.total_mass();
        let weight = |k: usize| {
            if let Some(weights) = &fixed.weights {
                weights[k]
            } else if self.equal_weights {
                1.0 / stats.k() as f64
            } else {
                stats.mass(k) / total
            }
        };
        let means = || {
            let mut means = Vec::with_capacity(k * d);
            (0..k).for_each(|k| means.extend(stats.mean(k)));
            Array2::from_shape_vec((k, d), means).expect("k means of length d")
        };
        Ok(Mixture {
            weights: (0..k).map(weight).collect(),
            means: fixed.means.clone().unwrap_or_else(means),
            covariances: match fixed.covariances(k) {
                Some(covariances) => covariances,
                None => self
                    .family
                    .m_step(stats.masses(), &scatters, ascent, progress)?,
            },
        })
    }
}
