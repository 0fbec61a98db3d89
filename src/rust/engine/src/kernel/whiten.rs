//! Log joint densities of the components for a block of rows, by whitening.

use std::f64::consts::LOG2_E;

use nalgebra::DMatrix;

use super::lanes::Lanes;
use super::scatter::packed_row;
use super::{Block, HALF_ROOT, LOG_TWO_PI};
use crate::factors::CholeskyFactors;

/// Components made ready for the E-step: `log2(w N(x | mean, LL'))` is
/// `constant - |packed x + intercept|²`, where `packed` is `L⁻¹` times [`HALF_ROOT`].
#[derive(Debug, Clone)]
pub(crate) struct Whiteners {
    /// A lower triangle per component, in the order in which the tiles read it.
    packed: Vec<f64>,
    /// `double[d, k]`.
    intercepts: DMatrix<f64>,
    constants: Vec<f64>,
}

impl Whiteners {
    /// Whiteners of components with these weights and means, `double[d, k]`.
    ///
    /// The means are relative to the origin of the blocks; `outputs` is the height of the tiles.
    pub(crate) fn new(
        weights: &[f64],
        means: &DMatrix<f64>,
        own: &CholeskyFactors,
        outputs: usize,
    ) -> Self {
        let (d, k) = means.shape();
        let mut packed = Vec::with_capacity(k * packed_row(d));
        let mut intercepts = DMatrix::zeros(d, k);
        let normal = 0.5 * d as f64 * LOG_TWO_PI;
        let constant = |k: usize| LOG2_E * (weights[k].ln() - own.log_determinant(k) - normal);
        for (k, inverse) in own.inverses.each().enumerate() {
            for first in (0..d).step_by(outputs) {
                let end = d.min(first + outputs);
                for j in 0..end {
                    let column = &inverse[j * d + j.max(first)..j * d + end];
                    packed.extend(column.iter().map(|entry| HALF_ROOT * entry));
                }
            }
            let mut intercept = intercepts.column_mut(k);
            let intercept = intercept.as_mut_slice();
            for (j, column) in inverse.chunks_exact(d).enumerate() {
                let mean = HALF_ROOT * means[(j, k)];
                for (intercept, entry) in intercept[j..].iter_mut().zip(&column[j..]) {
                    *intercept -= entry * mean;
                }
            }
        }
        Whiteners {
            packed,
            intercepts,
            constants: (0..k).map(constant).collect(),
        }
    }

    /// Number of components.
    pub(crate) fn k(&self) -> usize {
        self.constants.len()
    }

    /// Log joint density of component `k` for every row of the block, into `out`.
    ///
    /// # Cost
    /// `d (d + 1) / 2` fused multiply-adds per row. `OUTPUTS` x `VECTORS` accumulators and
    /// `VECTORS + 1` operands must fit into the registers: spilling doubles the time.
    ///
    /// # Safety
    /// See [`Lanes`]. `x` holds `d` stretches of `block.stride` doubles, `out` one; `OUTPUTS` is
    /// the `outputs` that `self` was packed for; `block.padded` is a multiple of
    /// `VECTORS * V::WIDTH`.
    #[inline(always)]
    pub(crate) unsafe fn log_joint<V: Lanes, const OUTPUTS: usize, const VECTORS: usize>(
        &self,
        k: usize,
        x: *const f64,
        block: Block,
        out: *mut f64,
    ) {
        let d = self.intercepts.nrows();
        let constant = V::splat(self.constants[k]);
        let weights = self.packed[k * packed_row(d)..][..packed_row(d)].as_ptr();
        let intercept = self.intercepts.as_slice()[k * d..][..d].as_ptr();
        let mut row = 0;
        while row < block.padded {
            let mut square = [V::splat(0.0); VECTORS];
            let mut tile = Tile {
                x: x.add(row),
                stride: block.stride,
                weights,
                intercept,
                square: &mut square,
            };
            let mut first = 0;
            while first + OUTPUTS <= d {
                tile.outputs::<OUTPUTS>(first);
                first += OUTPUTS;
            }
            match d - first {
                1 => tile.outputs::<1>(first),
                2 => tile.outputs::<2>(first),
                3 => tile.outputs::<3>(first),
                4 => tile.outputs::<4>(first),
                5 => tile.outputs::<5>(first),
                _ => {}
            }
            for (v, square) in square.iter().enumerate() {
                constant.sub(*square).store(out.add(row + v * V::WIDTH));
            }
            row += VECTORS * V::WIDTH;
        }
    }
}

/// A few vectors of rows on their way through the triangle.
struct Tile<'a, V, const VECTORS: usize> {
    x: *const f64,
    stride: usize,
    weights: *const f64,
    intercept: *const f64,
    square: &'a mut [V; VECTORS],
}

impl<V: Lanes, const VECTORS: usize> Tile<'_, V, VECTORS> {
    /// Whitened coordinates `first .. first + N`, squared and added up.
    #[inline(always)]
    unsafe fn outputs<const N: usize>(&mut self, first: usize) {
        let mut y = [[V::splat(0.0); VECTORS]; N];
        for (i, y) in y.iter_mut().enumerate() {
            *y = [V::splat(*self.intercept.add(first + i)); VECTORS];
        }
        let mut weights = self.weights;
        let mut column = self.x;
        for _ in 0..first {
            self.column::<N>(column, weights, 0, &mut y);
            weights = weights.add(N);
            column = column.add(self.stride);
        }
        for j in 0..N {
            self.column::<N>(column, weights, j, &mut y);
            weights = weights.add(N - j);
            column = column.add(self.stride);
        }
        for y in y {
            for (square, y) in self.square.iter_mut().zip(y) {
                *square = y.mul_add(y, *square);
            }
        }
        self.weights = weights;
    }

    /// Add one column's part to the coordinates from `from` on.
    #[inline(always)]
    unsafe fn column<const N: usize>(
        &self,
        column: *const f64,
        weights: *const f64,
        from: usize,
        y: &mut [[V; VECTORS]; N],
    ) {
        let mut x = [V::splat(0.0); VECTORS];
        for (v, x) in x.iter_mut().enumerate() {
            *x = V::load(column.add(v * V::WIDTH));
        }
        for i in from..N {
            let weight = V::splat(*weights.add(i - from));
            for (y, x) in y[i].iter_mut().zip(x) {
                *y = x.mul_add(weight, *y);
            }
        }
    }
}
