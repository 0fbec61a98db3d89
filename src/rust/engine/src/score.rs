//! What a mixture says of every row: posterior, cluster, uncertainty, densities.

use std::f64::consts::LN_2;
use std::ops::Range;

use nalgebra::DVector;
use rayon::prelude::*;

use crate::error::GmmError;
use crate::factors::Factors;
use crate::kernel::{Block, Kernel, Tiles};
use crate::mixture::Mixture;
use crate::pass::{Passes, Scratch};
use crate::responsibilities::Expected;

/// What is computed of every row, given a mixture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Score {
    /// Responsibilities, `double[n, k]`.
    Posterior,
    /// The component with the largest responsibility, counted from one, `double[n]`.
    Cluster,
    /// One minus the largest responsibility, `double[n]`.
    Uncertainty,
    /// Log-density of the mixture, `double[n]`.
    LogDensity,
    /// Log-density of each component, `double[n, k]`.
    LogComponentDensity,
}

impl Score {
    /// Columns of the result for `k` components.
    pub fn columns(self, k: usize) -> usize {
        match self {
            Score::Posterior | Score::LogComponentDensity => k,
            Score::Cluster | Score::Uncertainty | Score::LogDensity => 1,
        }
    }
}

impl Passes<'_> {
    /// Compute `score` of every row into `out`, `double[n, score.columns(k)]`, column-major.
    ///
    /// # Errors
    /// [`GmmError::Degenerate`] where a covariance is not positive definite,
    /// [`GmmError::Interrupted`].
    pub fn score(&self, mixture: &Mixture, score: Score, out: &mut [f64]) -> Result<(), GmmError> {
        let factors = Factors::of(&mixture.covariances)?;
        let expected = Expected::new(mixture, &factors, self.isa());
        let chunks = self.chunks(mixture.k());
        let mut parts: Vec<Vec<&mut [f64]>> = chunks.iter().map(|_| Vec::new()).collect();
        for mut column in out.chunks_mut(self.data().n()) {
            for (part, rows) in parts.iter_mut().zip(&chunks) {
                let (this, rest) = column.split_at_mut(rows.len());
                part.push(this);
                column = rest;
            }
        }
        let chunks = chunks.into_par_iter().zip(parts);
        chunks.try_for_each(|(rows, out)| {
            self.isa().run(ScoreChunk {
                passes: self,
                mixture,
                factors: &factors,
                expected: &expected,
                score,
                rows,
                out,
            })
        })
    }
}

impl Passes<'_> {
    /// What a mixture says of all rows together.
    ///
    /// # Errors
    /// [`GmmError::Degenerate`] where a covariance is not positive definite,
    /// [`GmmError::Interrupted`].
    pub(crate) fn evaluate(&self, mixture: &Mixture) -> Result<Evaluation, GmmError> {
        let factors = Factors::of(&mixture.covariances)?;
        let expected = Expected::new(mixture, &factors, self.isa());
        let parts = self.of_chunks(mixture.k(), |rows| {
            self.isa().run(EvaluateChunk {
                passes: self,
                mixture,
                expected: &expected,
                rows,
            })
        })?;
        let entropy: f64 = parts.iter().map(|part| part.entropy).sum();
        Ok(Evaluation {
            loglik: parts.iter().map(|part| part.loglik).sum(),
            // Rounding may leave less than nothing.
            entropy: entropy.max(0.0),
        })
    }
}

/// Sums over the rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evaluation {
    /// The log-likelihood.
    pub(crate) loglik: f64,
    /// Entropy of the responsibilities.
    pub(crate) entropy: f64,
}

/// The evaluation of one chunk.
struct EvaluateChunk<'a> {
    passes: &'a Passes<'a>,
    mixture: &'a Mixture,
    expected: &'a Expected,
    rows: Range<usize>,
}

impl Kernel for EvaluateChunk<'_> {
    type Output = Result<Evaluation, GmmError>;

    #[inline(always)]
    unsafe fn run<V: Tiles>(self) -> Self::Output {
        let (d, k) = (self.mixture.d(), self.mixture.k());
        let mut scratch = Scratch::new(d, k, self.rows.len());
        let (mut loglik, mut entropy) = (0.0, 0.0);
        for rows in scratch.blocks(self.rows) {
            let origin = self.expected.origin();
            let block = self.passes.read::<V>(rows.clone(), origin, &mut scratch)?;
            self.expected
                .log_joint::<V>(rows.len(), block, &mut scratch);
            let joint = scratch.weight.to_vec();
            // A responsibility's logarithm is the log joint density less the row's log-density.
            let densities = self.expected.softmax::<V>(block, &mut scratch);
            loglik += densities;
            entropy += densities;
            for (weight, joint) in scratch
                .weight
                .chunks(block.stride)
                .zip(joint.chunks(block.stride))
            {
                let terms = weight[..rows.len()].iter().zip(joint);
                let terms = terms.map(|(r, joint)| if *r > 0.0 { r * joint } else { 0.0 });
                entropy -= LN_2 * terms.sum::<f64>();
            }
        }
        Ok(Evaluation { loglik, entropy })
    }
}

/// The scores of one chunk.
struct ScoreChunk<'a> {
    passes: &'a Passes<'a>,
    mixture: &'a Mixture,
    factors: &'a Factors,
    expected: &'a Expected,
    score: Score,
    rows: Range<usize>,
    out: Vec<&'a mut [f64]>,
}

impl Kernel for ScoreChunk<'_> {
    type Output = Result<(), GmmError>;

    #[inline(always)]
    unsafe fn run<V: Tiles>(mut self) -> Self::Output {
        let (d, k) = (self.mixture.d(), self.mixture.k());
        let first = self.rows.start;
        let mut scratch = Scratch::new(d, k, self.rows.len());
        for rows in scratch.blocks(self.rows.clone()) {
            let origin = self.expected.origin();
            let block = self.passes.read::<V>(rows.clone(), origin, &mut scratch)?;
            self.expected
                .log_joint::<V>(rows.len(), block, &mut scratch);
            lose_overflow(&mut scratch.weight);
            match self.score {
                Score::LogComponentDensity => {}
                Score::Cluster => find_largest(block, &mut scratch),
                Score::Posterior | Score::Uncertainty | Score::LogDensity => {
                    self.expected.softmax::<V>(block, &mut scratch);
                }
            }
            if self.score != Score::LogComponentDensity {
                self.settle_underflow(rows.clone(), block, &mut scratch);
            }
            self.write(rows.start - first..rows.end - first, block, &scratch);
        }
        Ok(())
    }
}

impl ScoreChunk<'_> {
    /// Give rows so far away that even their log-densities are infinite to the component that
    /// they are least far from, rather than `0 / 0` to all.
    fn settle_underflow(&self, rows: Range<usize>, block: Block, scratch: &mut Scratch) {
        for (i, row) in rows.enumerate() {
            if scratch.largest[i] > f64::NEG_INFINITY {
                continue;
            }
            let nearest = self.nearest(&self.passes.data().row(row));
            if self.score == Score::Cluster {
                scratch.total[i] = nearest as f64;
            } else {
                scratch.total[i] = 1.0;
                let weights = scratch.weight[i..].iter_mut().step_by(block.stride);
                for (k, weight) in weights.enumerate() {
                    *weight = f64::from(u8::from(k == nearest));
                }
            }
        }
    }

    /// The component that `x` is least far from in standard deviations, without overflow.
    fn nearest(&self, x: &[f64]) -> usize {
        let size = x.iter().fold(0.0_f64, |size, x| size.max(x.abs()));
        let distance = |k: usize| {
            let mean = self.mixture.means.row(k);
            let scaled = x.iter().zip(mean).map(|(x, m)| x / size - m / size);
            let inverse = self.factors.inverse(k);
            (inverse * DVector::from_iterator(x.len(), scaled)).norm()
        };
        first_largest((0..self.mixture.k()).map(|k| -distance(k)))
    }

    /// Write the scores of a block into rows `at` of the chunk.
    fn write(&mut self, at: Range<usize>, block: Block, scratch: &Scratch) {
        let weights = |i: usize| scratch.weight[i..].iter().step_by(block.stride).copied();
        let stretches = scratch.weight.chunks(block.stride);
        match self.score {
            Score::Posterior => {
                for (out, weight) in self.out.iter_mut().zip(stretches) {
                    out[at.clone()].copy_from_slice(&weight[..at.len()]);
                }
            }
            Score::LogComponentDensity => {
                let weighted = stretches.zip(&self.mixture.weights);
                for (out, (joint, weight)) in self.out.iter_mut().zip(weighted) {
                    for (out, joint) in out[at.clone()].iter_mut().zip(joint) {
                        *out = LN_2 * joint - weight.ln();
                    }
                }
            }
            Score::Cluster => {
                for (out, largest) in self.out[0][at].iter_mut().zip(scratch.total.iter()) {
                    *out = largest + 1.0;
                }
            }
            Score::Uncertainty => {
                for (i, out) in self.out[0][at].iter_mut().enumerate() {
                    // Not `1 - max`, which rounds small uncertainties away.
                    let own = first_largest(weights(i));
                    let others = weights(i).enumerate().filter(|&(k, _)| k != own);
                    *out = others.map(|(_, weight)| weight).sum();
                }
            }
            Score::LogDensity => {
                let parts = scratch.largest.iter().zip(scratch.total.iter());
                for (out, (largest, total)) in self.out[0][at].iter_mut().zip(parts) {
                    *out = LN_2 * largest + total.ln();
                }
            }
        }
    }
}

/// Densities so small that even their logarithms overflow: minus infinity, also where the way
/// there was `inf - inf`.
fn lose_overflow(joint: &mut [f64]) {
    for value in joint.iter_mut().filter(|value| value.is_nan()) {
        *value = f64::NEG_INFINITY;
    }
}

/// The largest log joint density of every row and, in the place of totals, the component that has
/// it, the first of equals. This needs no exponentials.
#[inline(always)]
pub(crate) fn find_largest(block: Block, scratch: &mut Scratch) {
    scratch.largest.fill(f64::NEG_INFINITY);
    scratch.total.fill(0.0);
    for (k, joint) in scratch.weight.chunks(block.stride).enumerate() {
        let rows = scratch.largest.iter_mut().zip(scratch.total.iter_mut());
        for ((largest, component), &joint) in rows.zip(joint) {
            // Not a branch: the compiler has vectors for that.
            let is_larger = joint > *largest;
            *component = if is_larger { k as f64 } else { *component };
            *largest = if is_larger { joint } else { *largest };
        }
    }
}

/// Index of the largest value, the first of equals.
fn first_largest(values: impl Iterator<Item = f64>) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (i, value) in values.enumerate() {
        if value > best.1 {
            best = (i, value);
        }
    }
    best.0
}
