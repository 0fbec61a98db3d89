//! Mixtures across the border: `weights` `double[k]`, `means` `double[k, d]`, `covariances`
//! `double[d, d, k]`, all column-major.

use extendr_api::prelude::*;
use gaussmix_engine::{covariance_fault, CovarianceFault, Mixture};
use nalgebra::DMatrix;
use ndarray::{Array2, ShapeBuilder};

use crate::border::{guard, Elements, Failure};

/// What keeps each of the matrices, `double[d, d, k]`, from being a covariance: `"asymmetric"`,
/// `"not_positive_definite"`, or `""` if nothing does
/// @noRd
#[extendr]
fn engine_covariance_faults(covariances: &[f64], d: i32) -> Robj {
    guard(|| {
        let code = |matrix: &DMatrix<f64>| match covariance_fault(matrix) {
            Some(CovarianceFault::Asymmetric) => "asymmetric",
            Some(CovarianceFault::NotPositiveDefinite) => "not_positive_definite",
            None => "",
        };
        let matrices = matrices_from(covariances, d as usize);
        Ok(matrices.iter().map(code).collect::<Vec<_>>().into())
    })
}

/// Read a mixture from a list of its parameters.
pub(crate) fn mixture_from(list: &List) -> Result<Mixture, Failure> {
    let parts = Elements::of(list);
    let weights: Vec<f64> = parts.value("weights")?;
    let means: Vec<f64> = parts.value("means")?;
    let covariances: Vec<f64> = parts.value("covariances")?;
    let k = weights.len();
    let d = means.len().checked_div(k).ok_or_else(wrong_shape)?;
    if covariances.len() != d * d * k {
        return Err(wrong_shape());
    }
    Ok(Mixture {
        weights,
        means: means_from(means, d)?,
        covariances: matrices_from(&covariances, d).into_iter().collect(),
    })
}

fn wrong_shape() -> Failure {
    Failure::Internal("shape of a mixture".into())
}

/// Means in `d` dimensions.
pub(crate) fn means_from(means: Vec<f64>, d: usize) -> Result<Array2<f64>, Failure> {
    let k = means.len().checked_div(d).ok_or_else(wrong_shape)?;
    Array2::from_shape_vec((k, d).f(), means).map_err(|_| wrong_shape())
}

/// Matrices in `d` dimensions, one after the other.
pub(crate) fn matrices_from(values: &[f64], d: usize) -> Vec<DMatrix<f64>> {
    let matrices = values.chunks_exact(d * d);
    matrices
        .map(|matrix| DMatrix::from_column_slice(d, d, matrix))
        .collect()
}

/// Write a mixture as a list of its parameters.
pub(crate) fn mixture_into(mixture: &Mixture) -> List {
    parameters(std::slice::from_ref(mixture))
}

/// Write the mixtures of a run as such a list, with the parameters of all one after the other;
/// `NULL` if there are none.
pub(crate) fn path_into(path: &[Mixture]) -> Robj {
    if path.is_empty() {
        ().into()
    } else {
        parameters(path).into()
    }
}

fn parameters(mixtures: &[Mixture]) -> List {
    let means = |mixture: &Mixture| mixture.means.t().iter().copied().collect::<Vec<_>>();
    let covariances = |mixture: &Mixture| {
        let matrices = (0..mixture.k()).map(|k| mixture.covariance(k));
        let entries = matrices.flat_map(|matrix| matrix.iter().copied().collect::<Vec<_>>());
        entries.collect::<Vec<_>>()
    };
    list!(
        weights = mixtures
            .iter()
            .flat_map(|mixture| mixture.weights.iter().copied())
            .collect::<Vec<_>>(),
        means = mixtures.iter().flat_map(means).collect::<Vec<_>>(),
        covariances = mixtures.iter().flat_map(covariances).collect::<Vec<_>>()
    )
}

extendr_module! {
    mod mixture;
    fn engine_covariance_faults;
}
