//! Draw from a mixture.

use extendr_api::prelude::*;

use crate::border::{guard, Failure};
use crate::mixture::mixture_from;
use crate::watch::on_threads;

/// Draw the rows of `x`, `double[n, d]`, from a mixture, and note the component of each; if there
/// are `counts`, so many of each component
///
/// `x` and `component` are changed in place: what R can't allocate is R's own error.
/// @noRd
#[extendr]
fn engine_simulate(
    mut x: Robj,
    mut component: Robj,
    counts: Robj,
    mixture: List,
    seed: f64,
) -> Robj {
    guard(|| {
        let mixture = mixture_from(&mixture)?;
        let shape = || Failure::Internal("shape of `x`".into());
        let component = component.as_integer_slice_mut().ok_or_else(shape)?;
        let x = x.as_real_slice_mut();
        let x = x.filter(|x| x.len() == component.len() * mixture.d());
        let x = x.ok_or_else(shape)?;
        let counts = counts.as_integer_slice();
        let counts: Option<Vec<usize>> =
            counts.map(|counts| counts.iter().map(|&count| count as usize).collect());
        on_threads(1, &().into(), |progress| {
            mixture.draw_into(counts.as_deref(), seed.to_bits(), progress, x, |row, k| {
                component[row] = k as i32 + 1;
            })
        })?;
        Ok(().into())
    })
}

extendr_module! {
    mod simulate;
    fn engine_simulate;
}
