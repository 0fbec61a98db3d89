//! The kernel of a pass: the statistics of one chunk of rows.

use std::ops::Range;
use std::sync::Arc;

use super::{Passes, Scratch};
use crate::error::GmmError;
use crate::kernel::{sums, Kernel, Tiles};
use crate::responsibilities::Responsibilities;
use crate::stats::{Second, SufficientStats};

/// The statistics of one chunk.
pub(super) struct Accumulate<'a, R> {
    pub(super) passes: &'a Passes<'a>,
    pub(super) responsibilities: &'a R,
    /// What the moments are about, `double[k, d]`, row by row.
    pub(super) centres: &'a Arc<[f64]>,
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
        let mut centres = self.centres.to_vec();
        for (i, centre) in centres.iter_mut().enumerate() {
            *centre -= self.origin[i % d];
        }
        let are_origin = centres.iter().all(|centre| *centre == 0.0);
        debug_assert!(
            are_origin || matches!(self.second, Second::Full | Second::Diagonal),
            "moments of this kind are about the origin"
        );
        // About the origin, the moments of all components are one product of matrices.
        let columns = match self.second {
            Second::Diagonal if are_origin => 2 * d,
            Second::Full | Second::Diagonal => 0,
            Second::Trace => d + 1,
            Second::Total(_) => d,
        };
        let mut moments = vec![0.0; k * columns];
        let mut stats = SufficientStats::empty(Arc::clone(self.centres), d, self.second.clone());
        let mut scratch = Scratch::new(d, k, self.rows.len());
        for rows in scratch.blocks(self.rows) {
            let block = self
                .passes
                .read::<V>(rows.clone(), self.origin, &mut scratch)?;
            let x = scratch.x.as_mut_ptr();
            match self.second {
                Second::Trace => sums::squared_norms::<V>(x, block, d),
                Second::Diagonal if are_origin => sums::squares::<V>(x, block, d),
                _ => {}
            }
            stats.add_loglik(self.responsibilities.fill::<V>(rows, block, &mut scratch));
            let (x, weight) = (scratch.x.as_ptr(), scratch.weight.as_ptr());
            V::accumulate_sums(x, weight, block, columns, &mut moments);
            for (k, centre) in centres.chunks(d).enumerate() {
                let weight = weight.add(k * block.stride);
                stats.add_mass(k, sums::mass::<V>(weight, block));
                match self.second {
                    Second::Full => {
                        let buffers = (scratch.centred.as_mut_ptr(), scratch.weighted.as_mut_ptr());
                        let moments = stats.moments_mut(k);
                        V::accumulate(x, weight, block, centre, buffers, moments);
                    }
                    Second::Diagonal if !are_origin => {
                        V::accumulate_squares(x, weight, block, centre, stats.moments_mut(k));
                    }
                    _ => {}
                }
            }
        }
        if columns > 0 {
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
