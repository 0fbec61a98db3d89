//! Mixtures across the border: `weights` `double[k]`, `means` `double[k, d]`, `covariances`
//! `double[d, d, k]`, all column-major.

use extendr_api::prelude::*;
use gaussmix_engine::Mixture;
use nalgebra::DMatrix;
use ndarray::{Array2, ShapeBuilder};

use crate::border::{element, Failure};

/// Read a mixture from a list of its parameters.
pub(crate) fn mixture_from(list: &List) -> Result<Mixture, Failure> {
    let weights: Vec<f64> = element(list, "weights")?;
    let means: Vec<f64> = element(list, "means")?;
    let covariances: Vec<f64> = element(list, "covariances")?;
    let shape = || Failure::Internal("shape of a mixture".into());
    let k = weights.len();
    let d = means.len().checked_div(k).ok_or_else(shape)?;
    if covariances.len() != d * d * k {
        return Err(shape());
    }
    Ok(Mixture {
        weights,
        means: Array2::from_shape_vec((k, d).f(), means).map_err(|_| shape())?,
        covariances: covariances
            .chunks(d * d)
            .map(|covariance| DMatrix::from_column_slice(d, d, covariance))
            .collect(),
    })
}

/// Write a mixture as a list of its parameters.
pub(crate) fn mixture_into(mixture: &Mixture) -> List {
    let means: Vec<f64> = mixture.means.t().iter().copied().collect();
    let covariances: Vec<f64> = (0..mixture.k())
        .flat_map(|k| mixture.covariance(k).iter().copied().collect::<Vec<_>>())
        .collect();
    list!(
        weights = mixture.weights.clone(),
        means = means,
        covariances = covariances
    )
}
