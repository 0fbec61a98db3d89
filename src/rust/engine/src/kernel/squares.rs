//! Weighted sums and sums of squares of a block of rows about a centre, column by column: what
//! diagonal covariances need.

// Tiles are indexed by row and column: iterators would hide which column is which.
#![allow(clippy::needless_range_loop)]

use super::lanes::Lanes;
use super::scatter::Moments;
use super::Block;

/// Add the block's sums and its sums of squares about `centre`, column by column, to `to`.
///
/// # Cost
/// `2 d` multiplications and as many additions per row, in tiles of `COLUMNS` columns.
///
/// # Safety
/// See [`accumulate`]; `to.scatter` has the length `d`.
#[inline(always)]
pub(crate) unsafe fn accumulate_squares<V: Lanes, const COLUMNS: usize>(
    x: *const f64,
    weight: *const f64,
    block: Block,
    centre: &[f64],
    to: Moments<'_>,
) {
    let d = centre.len();
    let mut j = 0;
    while j + COLUMNS <= d {
        squares::<V, COLUMNS, 1>(x, weight, block, centre, j, to.sum, to.scatter);
        j += COLUMNS;
    }
    match d - j {
        1 => squares::<V, 1, 2>(x, weight, block, centre, j, to.sum, to.scatter),
        2 => squares::<V, 2, 2>(x, weight, block, centre, j, to.sum, to.scatter),
        3 => squares::<V, 3, 1>(x, weight, block, centre, j, to.sum, to.scatter),
        _ => {}
    }
}

/// Columns `first .. first + N`, `VECTORS` vectors of rows at a time: as many accumulators as it
/// takes to keep the multipliers busy, and all in registers.
#[inline(always)]
unsafe fn squares<V: Lanes, const N: usize, const VECTORS: usize>(
    x: *const f64,
    weight: *const f64,
    block: Block,
    centre: &[f64],
    first: usize,
    sums: &mut [f64],
    scatter: &mut [f64],
) {
    let mut middle = [V::splat(0.0); N];
    for (middle, centre) in middle.iter_mut().zip(&centre[first..]) {
        *middle = V::splat(*centre);
    }
    let zero = [[V::splat(0.0); VECTORS]; N];
    let (mut sum, mut square) = (zero, zero);
    let mut row = 0;
    while row < block.padded {
        for v in 0..VECTORS {
            let at = row + v * V::WIDTH;
            let r = V::load(weight.add(at));
            for i in 0..N {
                let y = V::load(x.add((first + i) * block.stride + at)).sub(middle[i]);
                let z = r.mul(y);
                sum[i][v] = sum[i][v].add(z);
                square[i][v] = z.mul_add(y, square[i][v]);
            }
        }
        row += VECTORS * V::WIDTH;
    }
    for i in 0..N {
        for v in 0..VECTORS {
            sums[first + i] += sum[i][v].sum();
            scatter[first + i] += square[i][v].sum();
        }
    }
}
