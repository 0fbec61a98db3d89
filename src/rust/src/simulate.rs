//! Draw from a mixture.

use extendr_api::prelude::*;

use crate::border::guard;
use crate::mixture::mixture_from;
use crate::watch::on_threads;

/// Draw `n` points of a mixture
/// @noRd
#[extendr]
fn engine_simulate(n: i32, mixture: List, seed: f64) -> Robj {
    guard(|| {
        let mixture = mixture_from(&mixture)?;
        let draws = on_threads(1, &().into(), |progress| {
            mixture.draw(n as usize, seed.to_bits(), progress)
        })?;
        let components: Vec<i32> = draws.components.iter().map(|&k| k as i32 + 1).collect();
        Ok(list!(x = draws.x, component = components).into())
    })
}

extendr_module! {
    mod simulate;
    fn engine_simulate;
}
