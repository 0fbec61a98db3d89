//! The covariance families: how the scatter of the components becomes their covariances.
//!
//! [`Family`] says what a family is, in one row of a table. Its M-step is in the file of its
//! idea: `axes` (closed forms of diagonals), `matrices` (closed forms of matrices), `volumes`
//! (volumes against a common shape) and `orientation` (a common orientation: `frame` is what it
//! is worth, `sweeps` and `newton` improve it).

mod axes;
mod covariances;
mod eigen;
mod family;
mod frame;
mod matrices;
mod newton;
mod orientation;
mod products;
mod scatters;
mod stack;
mod sweeps;
#[cfg(test)]
mod tests;
mod triangles;
mod volumes;

pub use covariances::{covariance_fault, Basis, CovarianceFault, Covariances};
pub(crate) use eigen::decompose;
pub use family::Family;
pub(crate) use products::{dot, multiply, product, sum_of_logs};
pub(crate) use scatters::{Needs, Scatters};
pub use stack::Stack;
pub(crate) use triangles::{diagonal, factor, inverse_of_lower, invert, solve};

use std::sync::Arc;

use nalgebra::DMatrix;

use crate::error::GmmError;
use crate::progress::Progress;

/// The way of an M-step that iterates.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ascent<'a> {
    /// To the maximum, from the likely best places.
    Anew,
    /// Upwards from a likely place, but perhaps not to the maximum where that takes long: enough to
    /// begin with.
    Roughly,
    /// To the maximum, from these covariances.
    From(&'a Covariances),
    /// Upwards from these covariances, but perhaps not to the maximum where that takes long: enough
    /// for EM to climb.
    ///
    /// # Source
    /// Generalized EM: Dempster, Laird and Rubin (1977), *Maximum likelihood from incomplete data
    /// via the EM algorithm*, Journal of the Royal Statistical Society B 39.
    Upwards(&'a Covariances),
}

impl<'a> Ascent<'a> {
    /// The covariances that it starts from, if there are any.
    fn previous(self) -> Option<&'a Covariances> {
        match self {
            Ascent::Anew | Ascent::Roughly => None,
            Ascent::From(previous) | Ascent::Upwards(previous) => Some(previous),
        }
    }
}

/// What every M-step starts from; see [`Family::m_step`].
struct Given<'a> {
    mass: &'a [f64],
    scatter: &'a Scatters,
    ascent: Ascent<'a>,
    progress: &'a Progress,
}

impl Given<'_> {
    fn k(&self) -> usize {
        self.mass.len()
    }

    fn d(&self) -> usize {
        self.scatter.d()
    }

    fn total_mass(&self) -> f64 {
        self.mass.iter().sum()
    }
}

/// Whether a variance can be divided by: positive, finite, and not so small that its inverse
/// overflows.
fn is_sound(variance: f64) -> bool {
    variance > 0.0 && variance.is_normal()
}

/// Covariances that `variances` make diagonal in one basis, unless one of these is not sound.
fn common(basis: Option<Basis>, variances: DMatrix<f64>) -> Result<Covariances, GmmError> {
    let unsound = variances.iter().position(|&variance| !is_sound(variance));
    match unsound {
        Some(at) => Err(GmmError::Degenerate {
            k: at / variances.nrows(),
        }),
        None => Ok(Covariances::Common {
            basis: basis.map(Arc::new),
            variances,
        }),
    }
}
