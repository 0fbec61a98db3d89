//! Sums over the rows of a block, of weights and of products.

// Tiles are indexed by row and column: iterators would hide that they are rectangles.
#![allow(clippy::needless_range_loop)]

use std::ops::Range;

use super::lanes::Lanes;
use super::scatter::packed_row;
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
    add_sums::<V, TALL, WIDE>(x, weight, block, columns, 0..columns, sums);
}

/// Products of columns that are formed at a time, so that they stay in the cache.
const PRODUCTS: usize = 6;

/// Whether [`accumulate_products`] takes less time than the scatters of `k` components in `d`
/// dimensions one by one. The fewer components, the less use is made of a product; few columns are
/// added up in registers, and the more there are, the less it matters that they must be weighted.
pub(crate) fn is_worth_products(d: usize, k: usize) -> bool {
    k >= 3 && (5..=16).contains(&d)
}

/// Add the sums of the block's columns and of their products, weighted by each of `k` components, to
/// `sums`: for each `double[d]`, and a lower triangle row by row.
///
/// # Cost
/// `k` fused multiply-adds per row and column or product, and a multiplication per product. Tiles of
/// `TALL` components x `WIDE` products.
///
/// # Safety
/// See [`Lanes`]. `x` holds `d` stretches of `block.stride` doubles and as many to work in, `weight`
/// holds `k`.
#[inline(always)]
pub(crate) unsafe fn accumulate_products<V: Lanes, const TALL: usize, const WIDE: usize>(
    x: *mut f64,
    weight: *const f64,
    block: Block,
    d: usize,
    sums: &mut [f64],
) {
    let width = d + packed_row(d);
    add_sums::<V, TALL, WIDE>(x, weight, block, width, 0..d, sums);
    let products = x.add(d * block.stride);
    let (mut i, mut j, mut done) = (0, 0, d);
    while done < width {
        let now = PRODUCTS.min(d).min(width - done);
        for place in 0..now {
            let (left, right) = (x.add(i * block.stride), x.add(j * block.stride));
            let to = products.add(place * block.stride);
            for row in (0..block.padded).step_by(V::WIDTH) {
                let product = V::load(left.add(row)).mul(V::load(right.add(row)));
                product.store(to.add(row));
            }
            (i, j) = if j < i { (i, j + 1) } else { (i + 1, 0) };
        }
        add_sums::<V, TALL, WIDE>(products, weight, block, width, done..done + now, sums);
        done += now;
    }
}

/// Add the weighted sums of the columns in `x` to `places` of each component's `width` sums.
#[inline(always)]
unsafe fn add_sums<V: Lanes, const TALL: usize, const WIDE: usize>(
    x: *const f64,
    weight: *const f64,
    block: Block,
    width: usize,
    places: Range<usize>,
    sums: &mut [f64],
) {
    let of_components = sums.chunks_mut(TALL * width);
    for (tile, sums) in of_components.enumerate() {
        let z = weight.add(tile * TALL * block.stride);
        let places = places.clone();
        match sums.len() / width {
            1 => row_of_sums::<V, 1, WIDE>(z, x, block, width, places, sums),
            2 => row_of_sums::<V, 2, WIDE>(z, x, block, width, places, sums),
            _ => row_of_sums::<V, TALL, WIDE>(z, x, block, width, places, sums),
        }
    }
}

/// Of all these columns, for `TALL` components.
#[inline(always)]
unsafe fn row_of_sums<V: Lanes, const TALL: usize, const WIDE: usize>(
    z: *const f64,
    x: *const f64,
    block: Block,
    width: usize,
    places: Range<usize>,
    sums: &mut [f64],
) {
    for (tile, at) in places.clone().step_by(WIDE).enumerate() {
        let y = x.add(tile * WIDE * block.stride);
        match places.end - at {
            1 => add_rows(products::<V, TALL, 1>(z, y, block), width, at, sums),
            2 => add_rows(products::<V, TALL, 2>(z, y, block), width, at, sums),
            _ => add_rows(products::<V, TALL, WIDE>(z, y, block), width, at, sums),
        }
    }
}

#[inline(always)]
fn add_rows<const TALL: usize, const WIDE: usize>(
    products: [[f64; WIDE]; TALL],
    width: usize,
    first: usize,
    sums: &mut [f64],
) {
    for (i, products) in products.iter().enumerate() {
        for (w, product) in products.iter().enumerate() {
            sums[i * width + first + w] += product;
        }
    }
}
