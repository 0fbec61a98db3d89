//! From log joint densities to responsibilities: powers of two and their sums.

use std::f64::consts::LN_2;

use super::lanes::Lanes;
use super::Block;

/// Minimax polynomial of `2^x` on `[-1/2, 1/2]`, lowest power first: its relative error is below
/// 2.8e-16.
const POWER: [f64; 11] = [
    1.0,
    0.693_147_180_559_949_7,
    0.240_226_506_959_087_68,
    0.055_504_108_664_458_82,
    0.009_618_129_108_034_433,
    0.001_333_355_822_856_416_7,
    0.000_154_035_299_612_805_1,
    1.525_265_811_507_870_3e-5,
    1.321_566_277_472_823_9e-6,
    1.020_853_817_221_244_1e-7,
    7.037_287_659_211_728e-9,
];

/// `2^x` for `x <= 0`, to three units in the last place; 0 where the nearest integer is below
/// [`SMALLEST_EXPONENT`](super::lanes::SMALLEST_EXPONENT).
///
/// To base two, because the integral part of `x` is then exact: this takes less than `exp`.
///
/// # Source
/// Cody and Waite (1980), *Software Manual for the Elementary Functions*, chapter 6; the polynomial
/// is evaluated by Estrin's scheme.
///
/// # Safety
/// See [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn power_of_two<V: Lanes>(x: V) -> V {
    let exponent = x.round();
    let r = x.sub(exponent.integer);
    let r2 = r.mul(r);
    let r4 = r2.mul(r2);
    let pair = |i: usize| V::splat(POWER[i + 1]).mul_add(r, V::splat(POWER[i]));
    let low = pair(2).mul_add(r2, pair(0));
    let middle = pair(6).mul_add(r2, pair(4));
    let high = V::splat(POWER[10]).mul_add(r2, pair(8));
    let polynomial = high.mul_add(r4, middle).mul_add(r4, low);
    polynomial.scale_exponent(exponent)
}

/// Turn log joint densities, to base two, into responsibilities, in place, and return the sum over
/// the rows of the natural log-density.
///
/// Only one logarithm per block is taken: the row sums, each between 1 and `k`, are
/// multiplied up first ([`super::block_rows`] keeps that product finite).
///
/// # Shapes
/// `joint` holds `k` stretches of `block.stride` doubles, of which `block.padded` are read.
/// `largest` and `total` receive, per row, the largest log joint density and the sum of all joint
/// densities relative to it: the row's log-density to base two is `largest + log2(total)`.
///
/// # Source
/// Bishop (2006), *Pattern Recognition and Machine Learning*, eq. 9.23.
///
/// # Safety
/// See [`Lanes`]; the pointers must be valid for the shapes above.
#[inline(always)]
pub(crate) unsafe fn softmax<V: Lanes>(
    joint: *mut f64,
    k: usize,
    block: Block,
    largest: *mut f64,
    total: *mut f64,
) -> f64 {
    // Three loops, not one: a row's maximum, powers and division depend on each other, but
    // not on the next row's, and no processor looks far enough ahead to see that in one loop.
    let rows = || (0..block.padded).step_by(V::WIDTH);
    let at = |j: usize, row: usize| joint.add(j * block.stride + row);
    for row in rows() {
        let mut max = V::load(at(0, row));
        for j in 1..k {
            max = max.max(V::load(at(j, row)));
        }
        max.store(largest.add(row));
    }
    for row in rows() {
        let max = V::load(largest.add(row));
        let mut s = V::splat(0.0);
        for j in 0..k {
            let e = power_of_two(V::load(at(j, row)).sub(max));
            e.store(at(j, row));
            s = s.add(e);
        }
        s.store(total.add(row));
    }
    let (mut product, mut sum) = (V::splat(1.0), V::splat(0.0));
    for row in rows() {
        let s = V::load(total.add(row));
        let inverse = V::splat(1.0).div(s);
        for j in 0..k {
            V::load(at(j, row)).mul(inverse).store(at(j, row));
        }
        product = product.mul(s);
        sum = sum.add(V::load(largest.add(row)));
    }
    LN_2 * sum.sum() + product.product().ln()
}
