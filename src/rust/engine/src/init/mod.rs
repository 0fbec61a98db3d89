//! Where runs start.

mod hierarchy;
mod kmeans;
mod partitions;
mod spheres;

use ndarray::ArrayView2;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::mixture::Mixture;
pub(crate) use partitions::{Partition, Partitions, Sample};

/// How a fit starts.
#[derive(Debug, Clone)]
pub enum Start<'a> {
    /// Partitions of the engine's own, another for every start.
    Partitions,
    /// A component per row, counted from zero.
    Labels(&'a [usize]),
    /// Responsibilities, `double[n, k]`.
    Posterior(ArrayView2<'a, f64>),
    /// A mixture.
    Mixture(Mixture),
}

/// An independent stream of random numbers for each purpose.
pub(crate) fn generator(seed: u64, stream: usize) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(stream as u64);
    generator
}
