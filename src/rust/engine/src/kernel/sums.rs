//! Sums over the rows of a block, of weights and of products.

// Tiles are indexed by row and column: iterators would hide that they are rectangles.
#![allow(clippy::needless_range_loop)]

use super::lanes::Lanes;
use super::Block;

/// Sum of the weights of the block's rows.
///
/// # Safety
/// See [`Lanes`]; `weight` holds `block.padded` doubles.
#[inline(always)]
pub(crate) unsafe fn mass<V: Lanes>(weight: *const f64, block: Block) -> f64 {
    let mut sum = [V::splat(0.0); 2];
    for row in (0..block.padded).step_by(2 * V::WIDTH) {
        for (v, sum) in sum.iter_mut().enumerate() {
            *sum = sum.add(V::load(weight.add(row + v * V::WIDTH)));
        }
    }
    sum[0].add(sum[1]).sum()
}

/// The squared norm of every row of the block, into the stretch after its `d` columns.
///
/// # Safety
/// See [`Lanes`]; `x` holds `d + 1` stretches of `block.stride` doubles.
#[inline(always)]
pub(crate) unsafe fn squared_norms<V: Lanes>(x: *mut f64, block: Block, d: usize) {
    let mut row = 0;
    while row < block.padded {
        let mut norm = [V::splat(0.0); 2];
        for j in 0..d {
            let column = x.add(j * block.stride + row);
            for (v, norm) in norm.iter_mut().enumerate() {
                let x = V::load(column.add(v * V::WIDTH));
                *norm = x.mul_add(x, *norm);
            }
        }
        for (v, norm) in norm.iter().enumerate() {
            norm.store(x.add(d * block.stride + row + v * V::WIDTH));
        }
        row += 2 * V::WIDTH;
    }
}

/// The squares of the `d` columns, into as many stretches after them.
///
/// # Safety
/// See [`Lanes`]; `x` holds `2 d` stretches of `block.stride` doubles.
#[inline(always)]
pub(crate) unsafe fn squares<V: Lanes>(x: *mut f64, block: Block, d: usize) {
    for j in 0..d {
        let column = x.add(j * block.stride);
        for row in (0..block.padded).step_by(V::WIDTH) {
            let x = V::load(column.add(row));
            x.mul(x).store(column.add(d * block.stride + row));
        }
    }
}

/// Sums over the rows of the products of `TALL` stretches from `z` and `WIDE` from `y`.
#[inline(always)]
pub(super) unsafe fn products<V: Lanes, const TALL: usize, const WIDE: usize>(
    z: *const f64,
    y: *const f64,
    block: Block,
) -> [[f64; WIDE]; TALL] {
    let mut product = [[V::splat(0.0); WIDE]; TALL];
    let mut row = 0;
    while row < block.padded {
        let mut left = [V::splat(0.0); TALL];
        for (i, left) in left.iter_mut().enumerate() {
            *left = V::load(z.add(i * block.stride + row));
        }
        for w in 0..WIDE {
            let right = V::load(y.add(w * block.stride + row));
            for i in 0..TALL {
                product[i][w] = left[i].mul_add(right, product[i][w]);
            }
        }
        row += V::WIDTH;
    }
    let mut sums = [[0.0; WIDE]; TALL];
    for i in 0..TALL {
        for w in 0..WIDE {
            sums[i][w] = product[i][w].sum();
        }
    }
    sums
}

/// Add the sums of the block's columns, weighted by each of `k` components, to `sums`,
/// `double[k, columns]`, row by row.
///
/// # Cost
/// `k` fused multiply-adds per row and column. Tiles of `TALL` components x `WIDE` columns.
///
/// # Safety
/// See [`Lanes`]. `x` holds `columns` stretches of `block.stride` doubles, `weight` holds `k`.
#[inline(always)]
pub(crate) unsafe fn accumulate_sums<V: Lanes, const TALL: usize, const WIDE: usize>(
    x: *const f64,
    weight: *const f64,
    block: Block,
    columns: usize,
    sums: &mut [f64],
) {
    let of_components = sums.chunks_mut((TALL * columns).max(1));
    for (tile, sums) in of_components.enumerate() {
        let z = weight.add(tile * TALL * block.stride);
        match sums.len() / columns {
            1 => row_of_sums::<V, 1, WIDE>(z, x, block, columns, sums),
            2 => row_of_sums::<V, 2, WIDE>(z, x, block, columns, sums),
            _ => row_of_sums::<V, TALL, WIDE>(z, x, block, columns, sums),
        }
    }
}

/// All columns, for `TALL` components.
#[inline(always)]
unsafe fn row_of_sums<V: Lanes, const TALL: usize, const WIDE: usize>(
    z: *const f64,
    x: *const f64,
    block: Block,
    columns: usize,
    sums: &mut [f64],
) {
    for first in (0..columns).step_by(WIDE) {
        let y = x.add(first * block.stride);
        match columns - first {
            1 => add_rows(products::<V, TALL, 1>(z, y, block), columns, first, sums),
            2 => add_rows(products::<V, TALL, 2>(z, y, block), columns, first, sums),
            _ => add_rows(products::<V, TALL, WIDE>(z, y, block), columns, first, sums),
        }
    }
}

#[inline(always)]
fn add_rows<const TALL: usize, const WIDE: usize>(
    products: [[f64; WIDE]; TALL],
    columns: usize,
    first: usize,
    sums: &mut [f64],
) {
    for (i, products) in products.iter().enumerate() {
        for (w, product) in products.iter().enumerate() {
            sums[i * columns + first + w] += product;
        }
    }
}
