//! The covariance families: how the scatter of the components becomes their covariances.

mod vvv;

use nalgebra::DMatrix;

use crate::stats::SufficientStats;

/// A family of covariances, named by volume, shape and orientation (`E` equal, `V` varying
/// over components, `I` none).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Varying volume, shape and orientation: no constraint.
    Vvv,
}

impl Family {
    /// Every family.
    pub const ALL: [Family; 1] = [Family::Vvv];

    /// The three letters.
    pub fn name(self) -> &'static str {
        match self {
            Family::Vvv => "VVV",
        }
    }

    /// The word that means the same.
    pub fn alias(self) -> Option<&'static str> {
        match self {
            Family::Vvv => Some("full"),
        }
    }

    /// The family with these three letters.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.name() == name)
    }

    /// Free parameters of `k` covariances in `d` dimensions.
    pub fn free_parameters(self, k: usize, d: usize) -> usize {
        match self {
            Family::Vvv => vvv::free_parameters(k, d),
        }
    }

    /// Covariances that maximise the expected complete-data log-likelihood.
    pub fn m_step(self, stats: &SufficientStats) -> Vec<DMatrix<f64>> {
        match self {
            Family::Vvv => vvv::m_step(stats),
        }
    }
}
