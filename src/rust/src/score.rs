//! What a mixture says of every row.

use extendr_api::prelude::*;
use gaussmix_engine::{Data, Passes, Score};

use crate::border::{guard, Failure};
use crate::mixture::mixture_from;
use crate::watch::on_threads;

/// Write `type` of every row of `x`, `double[n, d]`, into `out`, which R has allocated
///
/// `out` is changed in place: a result of many gigabytes that R can't allocate is R's own error.
/// @noRd
#[extendr]
fn engine_score(
    x: &[f64],
    n: i32,
    mixture: List,
    score: &str,
    mut out: Robj,
    threads: i32,
) -> Robj {
    guard(|| {
        let n = n as usize;
        let data = Data::new(x, n, x.len() / n);
        let mixture = mixture_from(&mixture)?;
        let score = score_named(score)?;
        let out = out.as_real_slice_mut();
        let out = out.filter(|out| out.len() == n * score.columns(mixture.k()));
        let out = out.ok_or_else(|| Failure::Internal("shape of `out`".into()))?;
        on_threads(threads, &().into(), |progress| {
            Passes::over(data, progress).score(&mixture, score, out)
        })?;
        Ok(().into())
    })
}

/// Whether every value is a finite number
/// @noRd
#[extendr]
fn engine_all_finite(x: &[f64]) -> bool {
    // Without a branch per value, so that the compiler can take several at once.
    let is_finite = |part: &[f64]| part.iter().fold(true, |all, x| all & x.is_finite());
    x.chunks(4096).all(is_finite)
}

fn score_named(name: &str) -> Result<Score, Failure> {
    match name {
        "posterior" => Ok(Score::Posterior),
        "cluster" => Ok(Score::Cluster),
        "uncertainty" => Ok(Score::Uncertainty),
        "density" => Ok(Score::LogDensity),
        "component_density" => Ok(Score::LogComponentDensity),
        _ => Err(Failure::Internal(format!("no score `{name}`"))),
    }
}

extendr_module! {
    mod score;
    fn engine_all_finite;
    fn engine_score;
}
