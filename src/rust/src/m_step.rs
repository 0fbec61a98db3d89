//! The M-step on its own.

use extendr_api::prelude::*;
use gaussmix_engine::{Data, Given, Model, Passes, Start};

use crate::border::{guard, Failure};
use crate::families::family;
use crate::fit::{labels_from, start_from};
use crate::mixture::mixture_into;
use crate::watch::on_threads;

/// The M-step: the mixture of this family for `x`, `double[n, d]`, and `posterior`, which is
/// responsibilities, `double[n, k]`, or labels, `integer[n]`
/// @noRd
#[extendr]
fn engine_m_step(
    x: &[f64],
    n: i32,
    posterior: Robj,
    covariance: &str,
    equal_weights: bool,
    threads: i32,
) -> Robj {
    guard(|| {
        let n = n as usize;
        let data = Data::new(x, n, x.len() / n);
        let labels = labels_from(&posterior);
        let (given, k) = match start_from(&posterior, &labels, n)? {
            Start::Labels(labels) => {
                let k = labels.iter().max().map_or(0, |last| last + 1);
                (Given::Labels(labels), k)
            }
            Start::Posterior(posterior) => (Given::Posterior(posterior), posterior.ncols()),
            _ => return Err(Failure::Internal("kind of `posterior`".into())),
        };
        let model = Model {
            family: family(covariance)?,
            equal_weights,
            reg_covar: 0.0,
        };
        let mixture = on_threads(threads, &().into(), |progress| {
            Passes::over(data, progress).maximise(given, k, &model)
        })?;
        Ok(mixture_into(&mixture).into())
    })
}

extendr_module! {
    mod m_step;
    fn engine_m_step;
}
