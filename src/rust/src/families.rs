//! What R needs to know of the covariance families, and their M-step.

use extendr_api::prelude::*;
use gaussmix_engine::{Data, Family, Given, Model, Passes};
use ndarray::{ArrayView2, ShapeBuilder};

use crate::border::{guard, Failure};
use crate::mixture::mixture_into;
use crate::watch::on_threads;

/// The covariance families: their names, their names for one column, their aliases and what the
/// letters stand for
/// @noRd
#[extendr]
fn engine_families() -> List {
    let each = |of: fn(&Family) -> String| Family::ALL.iter().map(of).collect::<Vec<_>>();
    list!(
        name = each(|family| family.name().into()),
        univariate = each(|family| family.name_in(1).into()),
        alias = each(|family| family.alias().unwrap_or_default().into()),
        volume = each(|family| family.letters()[0].into()),
        shape = each(|family| family.letters()[1].into()),
        orientation = each(|family| family.letters()[2].into())
    )
}

/// The M-step: the mixture of this family for `x`, `double[n, d]`, and the responsibilities
/// `posterior`, `double[n, k]`
/// @noRd
#[extendr]
fn engine_m_step(x: &[f64], n: i32, posterior: &[f64], covariance: &str, threads: i32) -> Robj {
    guard(|| {
        let n = n as usize;
        let data = Data::new(x, n, x.len() / n);
        let shape = (n, posterior.len() / n).f();
        let view = ArrayView2::from_shape(shape, posterior);
        let given = view.map_err(|error| Failure::Internal(error.to_string()))?;
        let model = Model {
            family: family(covariance)?,
            equal_weights: false,
            reg_covar: 0.0,
        };
        let mixture = on_threads(threads, &().into(), |progress| {
            Passes::over(data, progress).maximise(Given::Posterior(given), given.ncols(), &model)
        })?;
        Ok(mixture_into(&mixture).into())
    })
}

/// The family with this name.
pub(crate) fn family(name: &str) -> Result<Family, Failure> {
    Family::from_name(name).ok_or_else(|| Failure::Internal(format!("no family `{name}`")))
}

extendr_module! {
    mod families;
    fn engine_families;
    fn engine_m_step;
}
