//! A mixture that was fitted elsewhere.

use extendr_api::prelude::*;
use gaussmix_engine::{Data, Model, Narrowest, Passes, Score};

use crate::border::guard;
use crate::families::family;
use crate::fit::{criteria_into, narrowest_into};
use crate::mixture::{mixture_from, mixture_into};
use crate::watch::on_threads;

/// What a fit would say of a mixture of this family for `x`, `double[n, d]`, with its components in
/// the order of a fit
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
        let mixture = mixture_from(&mixture)?.ordered();
        let model = Model {
            family: family(covariance)?,
            equal_weights,
            reg_covar: 0.0,
        };
        let df = model.free_parameters(mixture.k(), data.d());
        let mut densities = vec![0.0; n];
        let entropy = on_threads(threads, &().into(), |progress| {
            let passes = Passes::over(data, progress);
            passes.score(&mixture, Score::LogDensity, &mut densities)?;
            passes.entropy(&mixture)
        })?;
        let loglik = densities.iter().sum();
        Ok(list!(
            mixture = mixture_into(&mixture),
            trace = loglik,
            df = df as f64,
            entropy = entropy,
            criteria = criteria_into(loglik, df, n, entropy),
            narrowest = narrowest_into(&Narrowest::of(&mixture, n))
        )
        .into())
    })
}

extendr_module! {
    mod adopt;
    fn engine_adopt;
}
