//! From log joint densities to responsibilities: `exp` and log-sum-exp.

use super::lanes::Lanes;
use super::Block;

/// ln 2 in two parts, the first short enough that its product with an exponent is exact.
const LN_2_HIGH: f64 = 6.931_457_519_531_25e-1;
const LN_2_LOW: f64 = 1.428_606_820_309_417_2e-6;
/// Adding it rounds to an integer and leaves that integer in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;
/// Minimax polynomial of `exp` on `[-ln 2 / 2, ln 2 / 2]`, lowest power first.
const EXP: [f64; 12] = [
    1.0,
    1.0,
    0.500_000_000_000_001_9,
    0.166_666_666_666_666_8,
    0.041_666_666_666_486_66,
    0.008_333_333_333_319_49,
    0.001_388_888_895_269_651_6,
    0.000_198_412_698_903_406_66,
    2.480_148_507_410_511_5e-5,
    2.755_724_060_466_389_6e-6,
    2.763_279_054_211_718e-7,
    2.511_015_364_692_893e-8,
];

/// `exp(x)` for `x <= 0`, to about one unit in the last place; 0 below -708.
///
/// # Source
/// Reduction after Cody and Waite (1980), *Software Manual for the Elementary Functions*,
/// chapter 6; the polynomial is evaluated by Estrin's scheme.
///
/// # Safety
/// See [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn exp<V: Lanes>(x: V) -> V {
    let round = V::splat(ROUND);
    let shifted = x.mul_add(V::splat(std::f64::consts::LOG2_E), round);
    let exponent = shifted.sub(round);
    let r = exponent.mul_add(V::splat(-LN_2_HIGH), x);
    let r = exponent.mul_add(V::splat(-LN_2_LOW), r);
    let r2 = r.mul(r);
    let r4 = r2.mul(r2);
    let pair = |i: usize| V::splat(EXP[i + 1]).mul_add(r, V::splat(EXP[i]));
    let low = pair(2).mul_add(r2, pair(0));
    let middle = pair(6).mul_add(r2, pair(4));
    let high = pair(10).mul_add(r2, pair(8));
    let polynomial = high.mul_add(r4, middle).mul_add(r4, low);
    polynomial.scale_exponent(shifted, x)
}

/// Turn log joint densities into responsibilities, in place, and return the sum over the rows
/// of the log-density.
///
/// Only one logarithm per lane and block is taken: the row sums, each between 1 and `k`, are
/// multiplied up first ([`super::block_rows`] keeps that product finite).
///
/// # Shapes
/// `joint` holds `k` stretches of `block.stride` doubles, of which `block.padded` are read.
/// `largest` and `total` receive, per row, the largest log joint density and the sum of the
/// others' exponentials relative to it: the row's log-density is `largest + ln(total)`.
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
    // Three loops, not one: a row's maximum, exponentials and division depend on each other, but
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
            let e = exp(V::load(at(j, row)).sub(max));
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
    sum.sum() + product.product().ln()
}
