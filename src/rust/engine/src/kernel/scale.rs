//! Log joint densities where every covariance is diagonal in the block's coordinates.

use std::f64::consts::LOG2_E;

use super::lanes::Lanes;
use super::{Block, HALF_ROOT, LOG_TWO_PI};
use crate::covariance::sum_of_logs;

/// Components made ready for the E-step: `log2(w_k N(x | mean_k, diag(deviation_k²)))` is
/// `constant_k - |scale_k x + intercept_k|²`, entry by entry.
#[derive(Debug, Clone)]
pub(crate) struct Scalers {
    /// Scale and intercept of every column of every component, in the order in which the tiles
    /// read them.
    packed: Vec<[f64; 2]>,
    constants: Vec<f64>,
    d: usize,
}

/// Components in a tile: eight accumulators and what feeds them fit into 16 registers.
const COMPONENTS: usize = 4;

/// One component, for [`Scalers::new`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Axes<'a> {
    /// Logarithm of its weight.
    pub(crate) log_weight: f64,
    /// Its mean, relative to the origin of the blocks, in the block's coordinates.
    pub(crate) mean: &'a [f64],
    /// Its standard deviations.
    pub(crate) deviations: &'a [f64],
    /// Logarithm of the determinant of the basis that these are in.
    pub(crate) log_volume: f64,
}

impl Scalers {
    /// Scalers of these components.
    pub(crate) fn new(components: &[Axes<'_>]) -> Self {
        let d = components[0].mean.len();
        let mut packed = Vec::with_capacity(components.len() * d);
        for tile in components.chunks(COMPONENTS) {
            for j in 0..d {
                packed.extend(tile.iter().map(|axes| {
                    let scale = HALF_ROOT / axes.deviations[j];
                    [scale, -scale * axes.mean[j]]
                }));
            }
        }
        let constant = |axes: &Axes<'_>| {
            let deviations = sum_of_logs(axes.deviations.iter().copied());
            let normal = axes.log_volume + deviations + 0.5 * d as f64 * LOG_TWO_PI;
            LOG2_E * (axes.log_weight - normal)
        };
        Scalers {
            packed,
            constants: components.iter().map(constant).collect(),
            d,
        }
    }

    /// Number of components.
    pub(crate) fn k(&self) -> usize {
        self.constants.len()
    }

    /// Log joint density of every row of the block, a stretch of `out` for each component.
    ///
    /// # Cost
    /// `2 d` fused multiply-adds per row and component.
    ///
    /// # Safety
    /// See [`Lanes`]. `x` holds `d` stretches of `block.stride` doubles, `out` one per component;
    /// `block.padded` is a multiple of `VECTORS * V::WIDTH`.
    #[inline(always)]
    pub(crate) unsafe fn log_joint<V: Lanes, const VECTORS: usize>(
        &self,
        x: *const f64,
        block: Block,
        out: *mut f64,
    ) {
        let mut first = 0;
        while first < self.k() {
            match COMPONENTS.min(self.k() - first) {
                1 => self.tile::<V, 1, VECTORS>(x, block, out, first),
                2 => self.tile::<V, 2, VECTORS>(x, block, out, first),
                3 => self.tile::<V, 3, VECTORS>(x, block, out, first),
                _ => self.tile::<V, COMPONENTS, VECTORS>(x, block, out, first),
            }
            first += COMPONENTS;
        }
    }

    /// Components `first .. first + N`.
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
            let mut square = [[V::splat(0.0); VECTORS]; N];
            let mut scale = self.packed.as_ptr().add(first * self.d);
            let mut column = x.add(row);
            for _ in 0..self.d {
                let mut x = [V::splat(0.0); VECTORS];
                for (v, x) in x.iter_mut().enumerate() {
                    *x = V::load(column.add(v * V::WIDTH));
                }
                for (i, square) in square.iter_mut().enumerate() {
                    let [weight, intercept] = *scale.add(i);
                    let (weight, intercept) = (V::splat(weight), V::splat(intercept));
                    for (square, x) in square.iter_mut().zip(x) {
                        let y = x.mul_add(weight, intercept);
                        *square = y.mul_add(y, *square);
                    }
                }
                scale = scale.add(N);
                column = column.add(block.stride);
            }
            for (i, (square, constant)) in square.iter().zip(constants).enumerate() {
                let to = out.add((first + i) * block.stride + row);
                let constant = V::splat(*constant);
                for (v, square) in square.iter().enumerate() {
                    constant.sub(*square).store(to.add(v * V::WIDTH));
                }
            }
            row += VECTORS * V::WIDTH;
        }
    }
}
