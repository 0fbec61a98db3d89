//! How rows get their weights in each component: the one thing in which EM, a start from labels
//! and a plain covariance differ.

use std::ops::Range;

use ndarray::ArrayView2;

use crate::kernel::whiten::Whitener;
use crate::kernel::{softmax, Block, Isa, Tiles};
use crate::mixture::{Factor, Mixture};
use crate::pass::Scratch;

/// A source of responsibilities.
pub(crate) trait Responsibilities: Sync {
    /// Write the weights of `rows` into the `k` stretches of `scratch.weight`, zeros into their
    /// padding, and return the sum of the rows' log-densities.
    ///
    /// # Safety
    /// See [`crate::kernel::Kernel::run`]; `scratch.x` holds the rows in this `block`.
    unsafe fn fill<V: Tiles>(&self, rows: Range<usize>, block: Block, scratch: &mut Scratch)
        -> f64;
}

/// Responsibilities that are known beforehand.
#[derive(Debug, Clone, Copy)]
pub enum Given<'a> {
    /// All rows belong to one component.
    Whole,
    /// A component per row.
    Labels(&'a [usize]),
    /// `double[n, k]`.
    Posterior(ArrayView2<'a, f64>),
}

impl Responsibilities for Given<'_> {
    #[inline(always)]
    unsafe fn fill<V: Tiles>(
        &self,
        rows: Range<usize>,
        block: Block,
        scratch: &mut Scratch,
    ) -> f64 {
        for (k, weight) in scratch.weight.chunks_mut(block.stride).enumerate() {
            let (used, padding) = weight[..block.padded].split_at_mut(rows.len());
            padding.fill(0.0);
            for (weight, i) in used.iter_mut().zip(rows.clone()) {
                *weight = match self {
                    Given::Whole => 1.0,
                    Given::Labels(labels) => f64::from(u8::from(labels[i] == k)),
                    Given::Posterior(posterior) => posterior[(i, k)],
                };
            }
        }
        0.0
    }
}

/// The responsibilities of a mixture: the E-step.
#[derive(Debug)]
pub(crate) struct Expected {
    origin: Vec<f64>,
    whiteners: Vec<Whitener>,
}

impl Expected {
    /// Make a mixture ready for blocks of rows relative to its own centre.
    pub(crate) fn new(mixture: &Mixture, factors: &[Factor], isa: Isa) -> Self {
        let origin = mixture.centre();
        let whitener = |(k, factor): (usize, &Factor)| {
            let mean = mixture.means.row(k);
            let relative: Vec<f64> = mean.iter().zip(&origin).map(|(m, o)| m - o).collect();
            let log_weight = mixture.weights[k].ln();
            Whitener::new(log_weight, &relative, factor, isa.outputs())
        };
        let whiteners = factors.iter().enumerate().map(whitener).collect();
        Expected { origin, whiteners }
    }

    /// The point that blocks must be relative to.
    pub(crate) fn origin(&self) -> &[f64] {
        &self.origin
    }

    /// Log joint densities of the block's rows, into `scratch.weight`.
    ///
    /// The padding gets a first component of log-density 0 and no other, so that it adds
    /// nothing to the log-likelihood.
    ///
    /// # Safety
    /// See [`Responsibilities::fill`].
    #[inline(always)]
    pub(crate) unsafe fn log_joint<V: Tiles>(
        &self,
        rows: usize,
        block: Block,
        scratch: &mut Scratch,
    ) {
        let stretches = scratch.weight.chunks_mut(block.stride);
        for (k, (whitener, out)) in self.whiteners.iter().zip(stretches).enumerate() {
            V::log_joint(whitener, scratch.x.as_ptr(), block, out.as_mut_ptr());
            out[rows..block.padded].fill(if k == 0 { 0.0 } else { -1e300 });
        }
    }

    /// From log joint densities to responsibilities, in `scratch.weight`.
    ///
    /// # Safety
    /// See [`Responsibilities::fill`].
    #[inline(always)]
    pub(crate) unsafe fn softmax<V: Tiles>(&self, block: Block, scratch: &mut Scratch) -> f64 {
        softmax::softmax::<V>(
            scratch.weight.as_mut_ptr(),
            self.whiteners.len(),
            block,
            scratch.largest.as_mut_ptr(),
            scratch.total.as_mut_ptr(),
        )
    }
}

impl Responsibilities for Expected {
    #[inline(always)]
    unsafe fn fill<V: Tiles>(
        &self,
        rows: Range<usize>,
        block: Block,
        scratch: &mut Scratch,
    ) -> f64 {
        self.log_joint::<V>(rows.len(), block, scratch);
        let loglik = self.softmax::<V>(block, scratch);
        for weight in scratch.weight.chunks_mut(block.stride) {
            weight[rows.len()..block.padded].fill(0.0);
        }
        loglik
    }
}
