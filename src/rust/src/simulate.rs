//! Draw from a mixture.

use extendr_api::prelude::*;

use crate::border::guard;
use crate::mixture::mixture_from;

/// Draw `n` points of a mixture
/// @noRd
#[extendr]
fn engine_simulate(n: i32, mixture: List, seed: f64) -> Robj {
    guard(|| {
        let draws = mixture_from(&mixture)?.draw(n as usize, seed.to_bits())?;
        let components: Vec<i32> = draws.components.iter().map(|&k| k as i32 + 1).collect();
        Ok(list!(x = draws.x, component = components).into())
    })
}

extendr_module! {
    mod simulate;
    fn engine_simulate;
}
