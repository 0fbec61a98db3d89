//! A mixture that was fitted elsewhere.

use extendr_api::prelude::*;
use gaussmix_engine::{Data, Fit, Model, Passes};

use crate::border::guard;
use crate::families::family;
use crate::fit::fit_into;
use crate::mixture::mixture_from;
use crate::watch::on_threads;

/// A mixture of this family as a fit to `x`, `double[n, d]`
/// @noRd
#[extendr]
fn engine_adopt(
    x: &[f64],
    n: i32,
    mixture: List,
    covariance: &str,
    equal_weights: bool,
    threads: i32,
) -> Robj {
    guard(|| {
        let n = n as usize;
        let data = Data::new(x, n, x.len() / n);
        let mixture = mixture_from(&mixture)?;
        let model = Model {
            family: family(covariance)?,
            equal_weights,
            reg_covar: 0.0,
        };
        let fit = on_threads(threads, &().into(), |progress| {
            Fit::adopt(&Passes::over(data, progress), &mixture, &model)
        })?;
        Ok(fit_into(&fit, n).into())
    })
}

extendr_module! {
    mod adopt;
    fn engine_adopt;
}
