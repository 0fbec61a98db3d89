//! What becomes of the log joint densities of a row: responsibilities in EM, one component in its
//! relatives. Only here do these algorithms differ.

use std::f64::consts::LN_2;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::init::generator;
use crate::kernel::{Block, Tiles};
use crate::pass::Scratch;
use crate::responsibilities::{Expected, Responsibilities};
use crate::score::find_largest;

/// How rows get their weights in each component, by a mixture.
#[derive(Debug)]
pub(crate) enum Assignment {
    /// The E-step of EM: responsibilities, and the log-likelihood.
    Shared,
    /// The C-step: every row belongs to its most probable component, the first of equals; and the
    /// classification log-likelihood `sum log(weight_z f_z(x))`.
    ///
    /// What it holds is a sum of numbers that stand for a row in a component, so that the order of the
    /// rows, and the threads, do not matter.
    ///
    /// # Source
    /// Celeux and Govaert (1992), *A classification EM algorithm for clustering and two stochastic
    /// versions*, Computational Statistics & Data Analysis 14, section 2.
    MostProbable(AtomicU64),
    /// The S-step: the component of every row is drawn from its responsibilities; and the
    /// log-likelihood. Row `i` takes the `i`-th number of the generator, whichever thread it is on.
    ///
    /// # Source
    /// Celeux and Diebolt (1985), *The SEM algorithm: a probabilistic teacher algorithm derived from
    /// the EM algorithm for the mixture problem*, Computational Statistics Quarterly 2.
    Drawn(Box<ChaCha8Rng>),
}

/// Streams of random numbers for draws, apart from those of the starts.
const STREAMS: u64 = 1 << 63;

impl Assignment {
    /// To the most probable components.
    pub(crate) fn most_probable() -> Self {
        Assignment::MostProbable(AtomicU64::new(0))
    }

    /// The draws of an iteration of a run.
    pub(crate) fn drawn(seed: u64, run: usize, iteration: usize) -> Self {
        let mut generator = generator(seed, 0);
        generator.set_stream(STREAMS | (run as u64) << 32 | iteration as u64);
        Assignment::Drawn(Box::new(generator))
    }

    /// A number that tells the partition from others, once all rows have been seen; none of one that
    /// will not repeat.
    pub(crate) fn fingerprint(&self) -> Option<u64> {
        match self {
            Assignment::MostProbable(sum) => Some(sum.load(Ordering::Relaxed)),
            Assignment::Shared | Assignment::Drawn(_) => None,
        }
    }
}

/// A mixture, and how rows are assigned by it.
#[derive(Debug)]
pub(crate) struct Assigned<'a> {
    pub(crate) expected: &'a Expected,
    pub(crate) assignment: &'a Assignment,
}

impl Responsibilities for Assigned<'_> {
    /// What is returned is the part of these rows in what the algorithm's trace holds.
    #[inline(always)]
    unsafe fn fill<V: Tiles>(
        &self,
        rows: Range<usize>,
        block: Block,
        scratch: &mut Scratch,
    ) -> f64 {
        match self.assignment {
            Assignment::Shared => self.expected.share::<V>(rows.len(), block, scratch),
            Assignment::MostProbable(sum) => {
                self.expected.log_joint::<V>(rows.len(), block, scratch);
                find_largest(block, scratch);
                give_whole(rows, block, scratch, sum)
            }
            Assignment::Drawn(generator) => {
                let loglik = self.expected.share::<V>(rows.len(), block, scratch);
                draw(rows, block, scratch, generator.as_ref().clone());
                loglik
            }
        }
    }
}

/// Give every row to the component that is known to be its most probable one, and return the sum
/// of the natural log joint densities.
fn give_whole(rows: Range<usize>, block: Block, scratch: &mut Scratch, sum: &AtomicU64) -> f64 {
    let components = &scratch.total[..rows.len()];
    let own = rows.clone().zip(components);
    let fingerprint = own.fold(0_u64, |sum, (row, &component)| {
        sum.wrapping_add(scrambled((row as u64) << 20 | component as u64))
    });
    sum.fetch_add(fingerprint, Ordering::Relaxed);
    for (k, weight) in scratch.weight.chunks_mut(block.stride).enumerate() {
        let (used, padding) = weight[..block.padded].split_at_mut(rows.len());
        padding.fill(0.0);
        for (weight, &component) in used.iter_mut().zip(components) {
            *weight = f64::from(u8::from(component == k as f64));
        }
    }
    LN_2 * scratch.largest[..rows.len()].iter().sum::<f64>()
}

/// Every bit of the result depends on every bit of `x`.
///
/// # Source
/// The finaliser of Steele, Lea and Flood (2014), *Fast splittable pseudorandom number
/// generators*, OOPSLA.
fn scrambled(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Give every row to a component drawn from its responsibilities.
fn draw(rows: Range<usize>, block: Block, scratch: &mut Scratch, mut generator: ChaCha8Rng) {
    // A number takes two words.
    generator.set_word_pos(2 * rows.start as u128);
    for row in 0..rows.len() {
        let mut left = generator.random::<f64>();
        let mut weights = scratch.weight[row..].iter_mut().step_by(block.stride);
        // Rounding of the sum may leave a little over, for the last that can be.
        let mut drawn: Option<&mut f64> = None;
        for weight in &mut weights {
            let share = std::mem::take(weight);
            if share > 0.0 {
                left -= share;
                drawn = Some(weight);
            }
            if left < 0.0 {
                break;
            }
        }
        if let Some(weight) = drawn {
            *weight = 1.0;
        }
        weights.for_each(|weight| *weight = 0.0);
    }
}
