//! One EM run: E-step, M-step, when to stop, and when a component has collapsed.

use crate::covariance::Family;
use crate::error::GmmError;
use crate::mixture::{Factor, Mixture};
use crate::pass::Passes;
use crate::stats::SufficientStats;

/// A column counts as determined by others where less than this part of its variance is its own:
/// about what rounding leaves of nothing.
pub(crate) const SMALLEST_OWN_PART: f64 = 1e-12;

/// Why a run stopped with a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Less than the tolerance is still to be gained.
    Converged,
    /// The iterations are used up.
    MaxIterations,
}

/// What all runs of a fit have in common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Em<'a> {
    pub(crate) passes: Passes<'a>,
    pub(crate) family: Family,
    /// The data's own scale.
    pub(crate) scale: &'a Scale,
    /// Added to the diagonal of every covariance.
    pub(crate) reg_covar: f64,
    /// Log-likelihood that may be left to gain.
    pub(crate) tolerance: f64,
}

/// What is large and what is small, column by column.
#[derive(Debug, Clone)]
pub(crate) struct Scale {
    /// Standard deviation of all rows.
    pub(crate) deviation: Vec<f64>,
    /// Below this, differences are rounding.
    pub(crate) resolution: Vec<f64>,
}

/// A run on its way: a mixture, and all that the next M-step needs.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) mixture: Mixture,
    stats: SufficientStats,
    /// Log-likelihood of the start and after each iteration.
    pub(crate) trace: Vec<f64>,
    pub(crate) stop: Stop,
}

impl Run {
    /// Log-likelihood of the current mixture.
    pub(crate) fn loglik(&self) -> f64 {
        self.stats.loglik()
    }
}

/// A run that ended without a result, and its last mixture that was sound.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) error: GmmError,
    pub(crate) last: Option<Box<Mixture>>,
}

impl Em<'_> {
    /// The M-step of `stats`, with its factors.
    ///
    /// # Errors
    /// [`GmmError::EmptyComponent`], [`GmmError::Degenerate`].
    pub(crate) fn maximise(
        &self,
        stats: &SufficientStats,
    ) -> Result<(Mixture, Vec<Factor>), GmmError> {
        let mixture = Mixture::maximise(stats, self.family, self.reg_covar)?;
        let factors = self.sound_factors(&mixture)?;
        Ok((mixture, factors))
    }

    fn sound_factors(&self, mixture: &Mixture) -> Result<Vec<Factor>, GmmError> {
        let factors = mixture.factors()?;
        let collapsed = |factor: &Factor| {
            (0..mixture.d()).any(|j| {
                factor.variance(j) < self.scale.resolution[j].powi(2)
                    || factor.own_part(j) < SMALLEST_OWN_PART
            })
        };
        match factors.iter().position(collapsed) {
            Some(k) => Err(GmmError::Degenerate { k }),
            None => Ok(factors),
        }
    }

    /// Begin a run at `mixture`.
    pub(crate) fn begin(&self, mixture: Mixture) -> Result<Run, Failed> {
        let stats = self
            .sound_factors(&mixture)
            // The M-step has been checked: only a user's own mixture is found out here.
            .map_err(|_| GmmError::OutOfScale)
            .and_then(|factors| self.passes.expectation(&mixture, &factors))
            .map_err(|error| Failed { error, last: None })?;
        if !stats.loglik().is_finite() {
            let error = GmmError::OutOfScale;
            return Err(Failed { error, last: None });
        }
        Ok(Run {
            trace: vec![stats.loglik()],
            mixture,
            stats,
            stop: Stop::MaxIterations,
        })
    }

    /// Run on until convergence, or until `iterations` have been made since the start.
    pub(crate) fn advance(&self, mut run: Run, iterations: usize) -> Result<Run, Failed> {
        while run.trace.len() <= iterations && run.stop != Stop::Converged {
            let next = self.maximise(&run.stats).and_then(|(mixture, factors)| {
                let stats = self.passes.expectation(&mixture, &factors)?;
                Ok((mixture, stats))
            });
            match next {
                Ok((mixture, stats)) => {
                    run.trace.push(stats.loglik());
                    run.mixture = mixture;
                    run.stats = stats;
                }
                Err(error) => {
                    let last = Some(Box::new(run.mixture));
                    return Err(Failed { error, last });
                }
            }
            self.passes.progress().iteration_done();
            if has_converged(&run.trace, self.tolerance) {
                run.stop = Stop::Converged;
            }
        }
        Ok(run)
    }
}

/// Whether a climbing log-likelihood has less than `tolerance` left to gain.
///
/// EM converges linearly: the steps shrink by a factor `a`, so after a step `s` there is
/// `s a / (1 - a)` to come. Judging by `s` alone stops a slow run far below its optimum. The
/// factor is the larger of the last two, since one huge step, as from a start far off, makes the
/// next look like nothing.
/// Steps that are mere rounding end the run too, unless the tolerance is zero: that asks for a
/// fixed number of iterations.
///
/// # Source
/// Aitken's acceleration as in Böhning et al. (1994), *The distribution of the likelihood ratio
/// for mixtures of densities from the one-parameter exponential family*, Annals of the
/// Institute of Statistical Mathematics 46, section 4.
fn has_converged(trace: &[f64], tolerance: f64) -> bool {
    let &[.., before, last] = trace else {
        return false;
    };
    if tolerance == 0.0 {
        return false;
    }
    let step = last - before;
    if step.abs() <= 8.0 * f64::EPSILON * last.abs() {
        return true;
    }
    let &[.., first, second, _, _] = trace else {
        return false;
    };
    let middle = before - second;
    let factor = (step / middle).abs().max((middle / (second - first)).abs());
    factor < 1.0 && step.abs() * factor / (1.0 - factor) < tolerance
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `limit - 2^-i`, or slower.
    fn climb(factor: f64, steps: i32) -> Vec<f64> {
        (0..steps).map(|i| -factor.powi(i)).collect()
    }

    #[test]
    fn convergence_is_judged_by_what_is_left_to_gain() {
        for factor in [0.5, 0.9, 0.999] {
            let trace = climb(factor, 20_000);
            let stopped = (3..).find(|&i| has_converged(&trace[..i], 1e-6)).unwrap();
            let left = -trace[stopped - 1];
            assert!(left < 1e-6, "{left} left at factor {factor}");
            assert!(left > 0.9e-6 * factor, "{left} left at factor {factor}");
        }
    }

    #[test]
    fn a_huge_first_step_does_not_hide_what_is_left() {
        let trace = [-1e18, -1131.9, -1131.5, -1131.1, -1130.8];
        assert!((3..=5).all(|i| !has_converged(&trace[..i], 1e-6)));
    }

    #[test]
    fn growing_steps_do_not_stop_a_run() {
        let trace: Vec<f64> = (0..20).map(|i| 1e-9 * 2_f64.powi(i)).collect();
        assert!((3..20).all(|i| !has_converged(&trace[..i], 1e-6)));
    }
}
