//! Weighted first and second moments of a block of rows about a centre.

// Tiles are indexed by row and column: iterators would hide that they are triangles.
#![allow(clippy::needless_range_loop)]

use super::lanes::Lanes;
use super::sums::products;
use super::Block;

/// Where the moments of one component are added.
pub(crate) struct Moments<'a> {
    /// `double[d]`: sum of `r (x - c)`.
    pub(crate) sum: &'a mut [f64],
    /// The sum of `r (x - c)(x - c)'`: `double[d (d + 1) / 2]`, its lower triangle row by row, or
    /// `double[d]`, its diagonal, or one double, its trace.
    pub(crate) scatter: &'a mut [f64],
}

/// Index of row `i`, column 0 in a packed lower triangle.
#[inline(always)]
pub(crate) fn packed_row(i: usize) -> usize {
    i * (i + 1) / 2
}

/// Columns up to which all sums of a component stay in registers.
pub(crate) const FEW_COLUMNS: usize = 4;

/// Sums that [`accumulate_few`] keeps of a component: of its weights, `d` of first moments, and the
/// lower triangle of the second, row by row.
pub(crate) fn few_sums(d: usize) -> usize {
    1 + d + packed_row(d)
}

/// Add the weights of the block's rows, and their moments about `centre`, to `lanes`, where the
/// lanes stay apart: summed up block by block, they would take as long as the rows.
///
/// # Safety
/// See [`Lanes`]. `x` holds `d` stretches of `block.stride` doubles, `weight` one, `lanes`
/// `few_sums(d) * V::WIDTH` doubles; `centre` is of dimension `d`, at most [`FEW_COLUMNS`].
#[inline(always)]
pub(crate) unsafe fn accumulate_few<V: Lanes>(
    x: *const f64,
    weight: *const f64,
    block: Block,
    centre: &[f64],
    lanes: *mut f64,
) {
    match centre.len() {
        1 => few::<V, 1>(x, weight, block, centre, lanes),
        2 => few::<V, 2>(x, weight, block, centre, lanes),
        3 => few::<V, 3>(x, weight, block, centre, lanes),
        _ => few::<V, FEW_COLUMNS>(x, weight, block, centre, lanes),
    }
}

#[inline(always)]
unsafe fn few<V: Lanes, const D: usize>(
    x: *const f64,
    weight: *const f64,
    block: Block,
    centre: &[f64],
    lanes: *mut f64,
) {
    let mass_at = lanes;
    let sum_at = |i: usize| lanes.add((1 + i) * V::WIDTH);
    let scatter_at = |i: usize, j: usize| lanes.add((1 + D + packed_row(i) + j) * V::WIDTH);
    let mut mass = V::load(mass_at);
    let mut sum = [mass; D];
    let mut scatter = [[mass; D]; D];
    let mut middle = [mass; D];
    for i in 0..D {
        middle[i] = V::splat(centre[i]);
        sum[i] = V::load(sum_at(i));
        for j in 0..=i {
            scatter[i][j] = V::load(scatter_at(i, j));
        }
    }
    let mut row = 0;
    while row < block.padded {
        let r = V::load(weight.add(row));
        mass = mass.add(r);
        let mut y = [r; D];
        for i in 0..D {
            y[i] = V::load(x.add(i * block.stride + row)).sub(middle[i]);
            let z = r.mul(y[i]);
            sum[i] = sum[i].add(z);
            for j in 0..=i {
                scatter[i][j] = z.mul_add(y[j], scatter[i][j]);
            }
        }
        row += V::WIDTH;
    }
    mass.store(mass_at);
    for i in 0..D {
        sum[i].store(sum_at(i));
        for j in 0..=i {
            scatter[i][j].store(scatter_at(i, j));
        }
    }
}

/// Add the moments of the block's rows about `centre` to `to`.
///
/// # Cost
/// `d (d + 1) / 2` fused multiply-adds per row. Tiles of `TALL` x `WIDE` accumulators.
///
/// # Safety
/// See [`Lanes`]. `x`, `centred` and `weighted` hold `d` stretches of `block.stride` doubles,
/// `weight` one; `centre` and `to` are of dimension `d`.
#[inline(always)]
pub(crate) unsafe fn accumulate<V: Lanes, const TALL: usize, const WIDE: usize>(
    x: *const f64,
    weight: *const f64,
    block: Block,
    centre: &[f64],
    (centred, weighted): (*mut f64, *mut f64),
    to: Moments<'_>,
) {
    let d = centre.len();
    for (i, centre) in centre.iter().enumerate() {
        let (at, centre) = (i * block.stride, V::splat(*centre));
        let mut sum = V::splat(0.0);
        let mut row = 0;
        while row < block.padded {
            let y = V::load(x.add(at + row)).sub(centre);
            let z = y.mul(V::load(weight.add(row)));
            y.store(centred.add(at + row));
            z.store(weighted.add(at + row));
            sum = sum.add(z);
            row += V::WIDTH;
        }
        to.sum[i] += sum.sum();
    }
    let mut first = 0;
    while first < d {
        let tall = TALL.min(d - first);
        let z = weighted.add(first * block.stride);
        let mut j = 0;
        while j + WIDE <= first {
            let y = centred.add(j * block.stride);
            strip::<V, TALL, WIDE>(z, y, tall, block, first, j, to.scatter);
            j += WIDE;
        }
        let y = centred.add(j * block.stride);
        match first - j {
            1 => strip::<V, TALL, 1>(z, y, tall, block, first, j, to.scatter),
            2 => strip::<V, TALL, 2>(z, y, tall, block, first, j, to.scatter),
            _ => {}
        }
        let y = centred.add(first * block.stride);
        match tall {
            1 => diagonal::<V, 1>(z, y, block, first, to.scatter),
            2 => diagonal::<V, 2>(z, y, block, first, to.scatter),
            _ => diagonal::<V, 3>(z, y, block, first, to.scatter),
        }
        first += tall;
    }
}

/// A rectangle left of the diagonal: `tall` rows (at most `TALL`), `WIDE` columns.
#[inline(always)]
unsafe fn strip<V: Lanes, const TALL: usize, const WIDE: usize>(
    z: *const f64,
    y: *const f64,
    tall: usize,
    block: Block,
    i: usize,
    j: usize,
    scatter: &mut [f64],
) {
    match tall {
        1 => rectangle::<V, 1, WIDE>(z, y, block, i, j, scatter),
        2 => rectangle::<V, 2, WIDE>(z, y, block, i, j, scatter),
        _ => rectangle::<V, TALL, WIDE>(z, y, block, i, j, scatter),
    }
}

#[inline(always)]
unsafe fn rectangle<V: Lanes, const TALL: usize, const WIDE: usize>(
    z: *const f64,
    y: *const f64,
    block: Block,
    first: usize,
    j: usize,
    scatter: &mut [f64],
) {
    for (i, sums) in products::<V, TALL, WIDE>(z, y, block).iter().enumerate() {
        for (w, sum) in sums.iter().enumerate() {
            scatter[packed_row(first + i) + j + w] += sum;
        }
    }
}

/// The triangle on the diagonal.
#[inline(always)]
unsafe fn diagonal<V: Lanes, const N: usize>(
    z: *const f64,
    y: *const f64,
    block: Block,
    first: usize,
    scatter: &mut [f64],
) {
    let mut product = [[V::splat(0.0); N]; N];
    let mut row = 0;
    while row < block.padded {
        let mut left = [V::splat(0.0); N];
        for (i, left) in left.iter_mut().enumerate() {
            *left = V::load(z.add(i * block.stride + row));
        }
        for w in 0..N {
            let right = V::load(y.add(w * block.stride + row));
            for i in w..N {
                product[i][w] = left[i].mul_add(right, product[i][w]);
            }
        }
        row += V::WIDTH;
    }
    for (i, product) in product.iter().enumerate() {
        for (w, product) in product[..=i].iter().enumerate() {
            scatter[packed_row(first + i) + first + w] += product.sum();
        }
    }
}
