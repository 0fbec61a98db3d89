//! The kernel of a pass: the statistics of one chunk of rows.

use std::ops::Range;
use std::sync::Arc;

use super::{Passes, Scratch};
use crate::error::GmmError;
use crate::kernel::scatter::{accumulate_few, few_sums, FEW_COLUMNS};
use crate::kernel::{sums, Kernel, Tiles};
use crate::responsibilities::Responsibilities;
use crate::stats::{Second, SufficientStats};

/// The statistics of one chunk.
pub(super) struct Accumulate<'a, R> {
    pub(super) passes: &'a Passes<'a>,
    pub(super) responsibilities: &'a R,
    /// What the moments are about, `double[k, d]`, row by row.
    pub(super) centres: &'a Arc<[f64]>,
    /// The same, relative to `origin`.
    pub(super) relative: &'a [f64],
    /// What blocks are relative to.
    pub(super) origin: &'a [f64],
    pub(super) second: &'a Second,
    pub(super) rows: Range<usize>,
}

impl<R: Responsibilities> Kernel for Accumulate<'_, R> {
    type Output = Result<SufficientStats, GmmError>;

    #[inline(always)]
    unsafe fn run<V: Tiles>(self) -> Self::Output {
        let d = self.passes.data.d();
        let k = self.centres.len() / d;
        let centres = self.relative;
        let are_origin = centres.iter().all(|centre| *centre == 0.0);
        // About the origin, the moments of all components are one product of matrices.
        let together =
            are_origin && (!matches!(self.second, Second::Full) || sums::is_worth_products(d, k));
        debug_assert!(
            together || matches!(self.second, Second::Full | Second::Diagonal),
            "moments of this kind are about the origin"
        );
        let columns = d + self.second.width(d);
        let mut moments = vec![0.0; if together { k * columns } else { 0 }];
        let is_few = matches!(self.second, Second::Full) && !together && d <= FEW_COLUMNS;
        let width = few_sums(d) * V::WIDTH;
        let mut lanes = vec![0.0; if is_few { k * width } else { 0 }];
        let mut stats = SufficientStats::empty(Arc::clone(self.centres), d, self.second.clone());
        let mut scratch = Scratch::new(d, k, self.rows.len());
        for rows in scratch.blocks(self.rows) {
            let block = self
                .passes
                .read::<V>(rows.clone(), self.origin, &mut scratch)?;
            let x = scratch.x.as_mut_ptr();
            match self.second {
                Second::Trace => sums::squared_norms::<V>(x, block, d),
                Second::Diagonal if together => sums::squares::<V>(x, block, d),
                _ => {}
            }
            stats.add_loglik(self.responsibilities.fill::<V>(rows, block, &mut scratch));
            let x = scratch.x.as_mut_ptr();
            let weights = scratch.weight.as_ptr();
            let of_component = |k| weights.add(k * block.stride);
            match self.second {
                Second::Full if together => {
                    V::accumulate_products(x, weights, block, d, &mut moments);
                }
                _ if together => V::accumulate_sums(x, weights, block, columns, &mut moments),
                Second::Full if is_few => {
                    let parts = centres.chunks(d).zip(lanes.chunks_mut(width));
                    for (k, (centre, lanes)) in parts.enumerate() {
                        accumulate_few::<V>(x, of_component(k), block, centre, lanes.as_mut_ptr());
                    }
                }
                Second::Full => {
                    let buffers = (scratch.centred.as_mut_ptr(), scratch.weighted.as_mut_ptr());
                    for (k, centre) in centres.chunks(d).enumerate() {
                        let moments = stats.moments_mut(k);
                        V::accumulate(x, of_component(k), block, centre, buffers, moments);
                    }
                }
                _ => {
                    for (k, centre) in centres.chunks(d).enumerate() {
                        let moments = stats.moments_mut(k);
                        V::accumulate_squares(x, of_component(k), block, centre, moments);
                    }
                }
            }
            if !is_few {
                for k in 0..k {
                    stats.add_mass(k, sums::mass::<V>(of_component(k), block));
                }
            }
        }
        for (k, lanes) in lanes.chunks(width).enumerate() {
            let mut sums = lanes
                .chunks(V::WIDTH)
                .map(|lane| V::load(lane.as_ptr()).sum());
            stats.add_mass(k, sums.next().unwrap_or_default());
            let to = stats.moments_mut(k);
            let places = to.sum.iter_mut().chain(to.scatter);
            places.zip(sums).for_each(|(to, sum)| *to = sum);
        }
        if together {
            for (k, moments) in moments.chunks(columns).enumerate() {
                let (sum, scatter) = moments.split_at(d);
                let to = stats.moments_mut(k);
                to.sum.copy_from_slice(sum);
                to.scatter.copy_from_slice(scatter);
            }
        }
        Ok(stats)
    }
}
