//! Affine functions of the rows of a block: linear discriminants, and changes of basis.

use nalgebra::DMatrix;

use super::lanes::Lanes;
use super::Block;

/// `constant + matrix x` for every row `x`.
#[derive(Debug, Clone)]
pub(crate) struct Affine {
    /// The matrix, `double[outputs, d]`, in the order in which the tiles read it.
    packed: Vec<f64>,
    constants: Vec<f64>,
    d: usize,
}

impl Affine {
    /// An affine function; `height` is that of the tiles.
    pub(crate) fn new(matrix: &DMatrix<f64>, constants: Vec<f64>, height: usize) -> Self {
        let (outputs, d) = matrix.shape();
        let mut packed = Vec::with_capacity(outputs * d);
        for first in (0..outputs).step_by(height) {
            let tile = first..outputs.min(first + height);
            for j in 0..d {
                packed.extend(tile.clone().map(|i| matrix[(i, j)]));
            }
        }
        Affine {
            packed,
            constants,
            d,
        }
    }

    /// The values of every row of the block, a stretch of `out` for each.
    ///
    /// # Cost
    /// A fused multiply-add per row and entry of the matrix, in tiles of `OUTPUTS` x `VECTORS`
    /// accumulators.
    ///
    /// # Safety
    /// See [`Lanes`]. `x` holds `d` stretches of `block.stride` doubles, `out` one per output;
    /// `OUTPUTS` is the `height` that `self` was packed for; `block.padded` is a multiple of
    /// `VECTORS * V::WIDTH`.
    #[inline(always)]
    pub(crate) unsafe fn apply<V: Lanes, const OUTPUTS: usize, const VECTORS: usize>(
        &self,
        x: *const f64,
        block: Block,
        out: *mut f64,
    ) {
        let outputs = self.constants.len();
        let mut first = 0;
        while first < outputs {
            match OUTPUTS.min(outputs - first) {
                1 => self.tile::<V, 1, VECTORS>(x, block, out, first),
                2 => self.tile::<V, 2, VECTORS>(x, block, out, first),
                3 => self.tile::<V, 3, VECTORS>(x, block, out, first),
                4 => self.tile::<V, 4, VECTORS>(x, block, out, first),
                5 => self.tile::<V, 5, VECTORS>(x, block, out, first),
                _ => self.tile::<V, OUTPUTS, VECTORS>(x, block, out, first),
            }
            first += OUTPUTS;
        }
    }

    /// Outputs `first .. first + N`.
    #[inline(always)]
    unsafe fn tile<V: Lanes, const N: usize, const VECTORS: usize>(
        &self,
        x: *const f64,
        block: Block,
        out: *mut f64,
        first: usize,
    ) {
        let constants = &self.constants[first..first + N];
        let mut row = 0;
        while row < block.padded {
            let mut y = [[V::splat(0.0); VECTORS]; N];
            for (y, constant) in y.iter_mut().zip(constants) {
                *y = [V::splat(*constant); VECTORS];
            }
            let mut weights = self.packed.as_ptr().add(first * self.d);
            let mut column = x.add(row);
            for _ in 0..self.d {
                let mut x = [V::splat(0.0); VECTORS];
                for (v, x) in x.iter_mut().enumerate() {
                    *x = V::load(column.add(v * V::WIDTH));
                }
                for (i, y) in y.iter_mut().enumerate() {
                    let weight = V::splat(*weights.add(i));
                    for (y, x) in y.iter_mut().zip(x) {
                        *y = x.mul_add(weight, *y);
                    }
                }
                weights = weights.add(N);
                column = column.add(block.stride);
            }
            for (i, y) in y.iter().enumerate() {
                for (v, y) in y.iter().enumerate() {
                    y.store(out.add((first + i) * block.stride + row + v * V::WIDTH));
                }
            }
            row += VECTORS * V::WIDTH;
        }
    }
}
