//! One EM run: E-step, M-step, when to stop, and when a component has collapsed.

use std::sync::Arc;

use crate::accelerate::{Ahead, Anderson};
use crate::covariance::{Ascent, Covariances};
use crate::error::GmmError;
use crate::factors::Factors;
use crate::fixed::Fixed;
use crate::mixture::Mixture;
use crate::model::Model;
use crate::pass::Passes;
use crate::stats::{SufficientStats, Total};

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
    pub(crate) model: Model,
    /// The data's own scale.
    pub(crate) scale: &'a Scale,
    /// Log-likelihood that may be left to gain.
    pub(crate) tolerance: f64,
    /// A gain of a step that is next to nothing, however rough the run is.
    pub(crate) negligible: f64,
    /// The least that a variance in [`Mixture::extents`] may be.
    pub(crate) min_eigen_ratio: f64,
    /// Whether a run that still climbs may leave M-steps that take long before their maximum.
    pub(crate) hurries: bool,
    /// Whether runs keep the mixture of every iteration.
    pub(crate) keep_path: bool,
    /// Parameters that are not estimated.
    pub(crate) fixed: Option<&'a Fixed>,
}

/// What is large and what is small, column by column.
#[derive(Debug, Clone)]
pub(crate) struct Scale {
    /// All rows as one component.
    pub(crate) total: Arc<Total>,
    /// Standard deviation of all rows.
    pub(crate) deviation: Vec<f64>,
    /// Below this, differences are rounding.
    pub(crate) resolution: Vec<f64>,
}

/// A run on its way: a mixture, and all that the next step needs.
#[derive(Debug)]
pub(crate) struct Run {
    /// In a box, because runs are sorted and handed over.
    at: Box<Point>,
    /// Log-likelihood of the start and after each iteration.
    pub(crate) trace: Vec<f64>,
    /// The mixtures that these are of, if they are kept.
    path: Option<Vec<Mixture>>,
    pub(crate) stop: Stop,
    past: Anderson,
    /// Whether the last look ahead was in vain, so that a step of EM comes next.
    in_vain: bool,
    /// Looks ahead in a row that promised next to nothing.
    settled: usize,
    /// Steps of EM since the last one that gained something, each after a look ahead in vain.
    stalled: usize,
    /// Whether the last M-step may have been left before its maximum: its gain says nothing of how
    /// much is left.
    hurried: bool,
}

/// A mixture, and what an E-step made of it.
#[derive(Debug)]
struct Point {
    mixture: Mixture,
    factors: Factors,
    stats: SufficientStats,
}

impl Run {
    /// The current mixture.
    pub(crate) fn mixture(&self) -> &Mixture {
        &self.at.mixture
    }

    /// Log-likelihood of the current mixture.
    pub(crate) fn loglik(&self) -> f64 {
        self.at.stats.loglik()
    }

    /// What the last iteration gained.
    pub(crate) fn last_gain(&self) -> f64 {
        match self.trace[..] {
            [.., before, last] => last - before,
            _ => f64::INFINITY,
        }
    }

    /// The current mixture, the trace, the path, which is empty unless it was kept, and why the run
    /// stopped.
    pub(crate) fn into_parts(self) -> (Mixture, Vec<f64>, Vec<Mixture>, Stop) {
        let path = self.path.unwrap_or_default();
        (self.at.mixture, self.trace, path, self.stop)
    }

    /// Note where the run is.
    fn note(&mut self) {
        self.trace.push(self.loglik());
        if let Some(path) = &mut self.path {
            path.push(self.at.mixture.clone());
        }
    }
}

/// A run that ended without a result, and what there was just before.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) error: GmmError,
    pub(crate) last: Last,
}

/// What is known of the components just before a failure.
#[derive(Debug)]
pub(crate) enum Last {
    /// A mixture that was sound.
    Mixture(Box<Mixture>),
    /// The rows of the one that failed.
    Rows(Vec<usize>),
}

impl Em<'_> {
    /// Refuse a mixture with a component that has collapsed at the scale of the data.
    ///
    /// # Errors
    /// [`GmmError::Degenerate`], [`GmmError::Narrow`].
    pub(crate) fn sound_factors(&self, mixture: &Mixture) -> Result<Factors, GmmError> {
        let factors = Factors::of(&mixture.covariances)?;
        let has_collapsed = |((variance, precision), resolution): ((&f64, &f64), &f64)| {
            *variance < resolution * resolution || variance * precision * SMALLEST_OWN_PART > 1.0
        };
        let is_unsound = |(variances, precisions): (&[f64], &[f64])| {
            let columns = variances.iter().zip(precisions);
            columns.zip(&self.scale.resolution).any(has_collapsed)
        };
        if let Some(k) = factors.columns().position(is_unsound) {
            return Err(GmmError::Degenerate { k });
        }
        if self.min_eigen_ratio > 0.0 {
            let is_narrow = |extent: &(f64, f64)| extent.0 < self.min_eigen_ratio;
            if let Some(k) = mixture.extents().iter().position(is_narrow) {
                return Err(GmmError::Narrow { k });
            }
        }
        Ok(factors)
    }

    /// The E-step of a sound mixture.
    fn point(&self, mixture: Mixture, factors: Factors) -> Result<Box<Point>, GmmError> {
        let (family, total) = (self.model.family, &self.scale.total);
        let stats = self.passes.expectation(&mixture, &factors, family, total)?;
        Ok(Box::new(Point {
            mixture,
            factors,
            stats,
        }))
    }

    /// The M-step of `stats`, then the E-step.
    fn step(&self, stats: &SufficientStats, ascent: Ascent<'_>) -> Result<Box<Point>, GmmError> {
        let mixture = self.maximise(stats, ascent)?;
        let factors = self.sound_factors(&mixture)?;
        self.point(mixture, factors)
    }

    /// The M-step of `stats`.
    pub(crate) fn maximise(
        &self,
        stats: &SufficientStats,
        ascent: Ascent<'_>,
    ) -> Result<Mixture, GmmError> {
        let progress = self.passes.progress();
        match self.fixed {
            None => self.model.maximise(stats, ascent, progress),
            Some(fixed) => self.model.maximise_others(fixed, stats, ascent, progress),
        }
    }

    /// The M-step of `stats`, if it is sound.
    pub(crate) fn maximise_soundly(&self, stats: &SufficientStats) -> Result<Mixture, GmmError> {
        self.maximise_if_sound(stats, Ascent::Anew)
    }

    /// Likewise, but perhaps not to the maximum where that takes long: enough to begin with.
    pub(crate) fn maximise_roughly(&self, stats: &SufficientStats) -> Result<Mixture, GmmError> {
        let ascent = if self.hurries {
            Ascent::Roughly
        } else {
            Ascent::Anew
        };
        self.maximise_if_sound(stats, ascent)
    }

    fn maximise_if_sound(
        &self,
        stats: &SufficientStats,
        ascent: Ascent<'_>,
    ) -> Result<Mixture, GmmError> {
        let mixture = self.maximise(stats, ascent)?;
        self.sound_factors(&mixture).map(|_| mixture)
    }

    /// Begin a run at `mixture`.
    pub(crate) fn begin(&self, mixture: Mixture) -> Result<Run, Failed> {
        let at = self
            .sound_factors(&mixture)
            // The M-step has been checked: only a user's own mixture is found out here.
            .map_err(|_| GmmError::OutOfScale)
            .and_then(|factors| self.point(mixture, factors))
            .map_err(|error| Failed {
                error,
                last: Last::Rows(Vec::new()),
            })?;
        self.run_from(at)
    }

    /// Go on with a run that has ended at `mixture`.
    pub(crate) fn resume(
        &self,
        mixture: Mixture,
        trace: Vec<f64>,
        path: Vec<Mixture>,
    ) -> Result<Run, Failed> {
        let run = self.begin(mixture)?;
        Ok(Run {
            trace,
            path: self.keep_path.then_some(path),
            ..run
        })
    }

    /// Begin a run at the M-step of the statistics that a mixture of whatever family gives, or one
    /// much like it.
    pub(crate) fn adopt(
        &self,
        mixture: Mixture,
        stats: Option<SufficientStats>,
    ) -> Result<Run, Failed> {
        let of_mixture = |mixture: &Mixture| {
            let factors = self.sound_factors(mixture)?;
            let (family, total) = (self.model.family, &self.scale.total);
            self.passes.expectation(mixture, &factors, family, total)
        };
        let step = |mixture: &Mixture| {
            let stats = stats.map_or_else(|| of_mixture(mixture), Ok)?;
            self.passes.progress().iteration_done();
            self.step(&stats, ascent(&mixture.covariances, self.hurries))
        };
        match step(&mixture) {
            Ok(at) => self.run_from(at),
            Err(error) => Err(Failed {
                error,
                last: Last::Mixture(Box::new(mixture)),
            }),
        }
    }

    fn run_from(&self, at: Box<Point>) -> Result<Run, Failed> {
        let loglik = at.stats.loglik();
        if !loglik.is_finite() {
            return Err(Failed {
                error: GmmError::OutOfScale,
                last: Last::Rows(Vec::new()),
            });
        }
        Ok(Run {
            path: self.keep_path.then(|| vec![at.mixture.clone()]),
            at,
            trace: vec![loglik],
            stop: Stop::MaxIterations,
            past: Anderson::new(),
            in_vain: false,
            settled: 0,
            stalled: 0,
            hurried: false,
        })
    }

    /// Run on until convergence, or until `iterations` have been made since the start: textbook
    /// EM, each iteration an M-step and an E-step.
    pub(crate) fn advance(&self, mut run: Run, iterations: usize) -> Result<Run, Failed> {
        while run.is_on(iterations) {
            if let Err(error) = self.em_step(&mut run) {
                return Err(run.fail(error));
            }
            if !run.hurried && has_converged(&run.trace, self.tolerance) {
                run.stop = Stop::Converged;
            }
        }
        Ok(run)
    }

    /// Run on likewise, with Anderson acceleration: where the look ahead does not gain, an
    /// iteration ends where it began, and the next is one of EM.
    ///
    /// # Source
    /// Walker and Ni (2011), *Anderson acceleration for fixed-point iterations*, SIAM Journal on
    /// Numerical Analysis 49; Henderson and Varadhan (2019), *Damped Anderson acceleration with
    /// restarts and monotonicity control for accelerating EM and EM-like algorithms*, Journal of
    /// Computational and Graphical Statistics 28.
    pub(crate) fn accelerate(&self, mut run: Run, iterations: usize) -> Result<Run, Failed> {
        while run.is_on(iterations) {
            let at = &run.at;
            let ahead = if run.in_vain {
                None
            } else {
                run.past.look_ahead(&at.mixture, &at.factors, &at.stats)
            };
            let done = match ahead {
                Some(ahead) => self.try_ahead(&mut run, &ahead),
                None => self.em_step(&mut run),
            };
            if let Err(error) = done {
                return Err(run.fail(error));
            }
        }
        // A run that waits for others must not keep what takes many times its own memory, if that
        // is large.
        if !run.past.is_small() {
            run.past = Anderson::new();
            run.in_vain = false;
        }
        Ok(run)
    }

    /// A step of EM. One that falls has nothing left to gain but rounding, and is not made.
    fn em_step(&self, run: &mut Run) -> Result<(), GmmError> {
        run.hurried = self.may_hurry(run);
        let next = self.step(&run.at.stats, run.ascent())?;
        let gain = next.stats.loglik() - run.loglik();
        // Not so for the first step, which brings a user's start into the family, nor with a
        // penalty, nor where a number of iterations was asked for.
        let must_climb = run.trace.len() > 1 && self.model.reg_covar == 0.0;
        if must_climb && self.tolerance > 0.0 && gain < 0.0 {
            if run.hurried {
                // It has cost a pass, and the next is not hurried.
                self.passes.progress().iteration_done();
                run.note();
            } else {
                run.stop = Stop::Converged;
            }
            return Ok(());
        }
        self.move_to(run, next);
        if run.in_vain {
            run.in_vain = false;
            run.stalled = if gain < self.negligible {
                run.stalled + 1
            } else {
                0
            };
        }
        let at_rest = run.stalled >= STALLED || is_rounding(&run.trace);
        if at_rest && !run.hurried && self.tolerance > 0.0 {
            run.stop = Stop::Converged;
        }
        Ok(())
    }

    /// The M-step of statistics that lie ahead, if it gains.
    fn try_ahead(&self, run: &mut Run, ahead: &Ahead) -> Result<(), GmmError> {
        let is_little = |gain| gain < SETTLED_GAIN * self.tolerance;
        let is_settled = ahead.depth >= SETTLED_DEPTH && ahead.gain.is_some_and(is_little);
        run.settled = if is_settled { run.settled + 1 } else { 0 };
        run.hurried = self.may_hurry(run);
        match self.step(&ahead.stats, run.ascent()) {
            Ok(next) if next.stats.loglik() >= run.loglik() => {
                let gain = next.stats.loglik() - run.loglik();
                self.move_to(run, next);
                if gain >= self.negligible {
                    run.stalled = 0;
                }
                if gain < self.tolerance && run.settled >= SETTLED && !run.hurried {
                    run.stop = Stop::Converged;
                }
            }
            Err(GmmError::Interrupted) => return Err(GmmError::Interrupted),
            tried => {
                run.past.step_back();
                run.in_vain = true;
                if tried.is_ok() {
                    // It has cost a pass.
                    self.passes.progress().iteration_done();
                    run.note();
                }
            }
        }
        Ok(())
    }

    /// Whether the next M-step, if it iterates, may be left before its maximum.
    fn may_hurry(&self, run: &Run) -> bool {
        self.hurries && run.last_gain() > STILL_CLIMBING
    }

    fn move_to(&self, run: &mut Run, next: Box<Point>) {
        self.passes.progress().iteration_done();
        run.at = next;
        run.note();
    }
}

impl Run {
    /// Whether there is more to do, up to so many iterations since the start.
    fn is_on(&self, iterations: usize) -> bool {
        self.trace.len() <= iterations && self.stop != Stop::Converged
    }

    /// The way of the next M-step, if it iterates.
    fn ascent(&self) -> Ascent<'_> {
        ascent(&self.at.mixture.covariances, self.hurried)
    }

    fn fail(self, error: GmmError) -> Failed {
        let last = Last::Mixture(Box::new(self.at.mixture));
        Failed { error, last }
    }
}

/// The way of an M-step from these covariances, that may end before its maximum if it hurries.
fn ascent(previous: &Covariances, hurries: bool) -> Ascent<'_> {
    if hurries {
        Ascent::Upwards(previous)
    } else {
        Ascent::From(previous)
    }
}

/// A run whose last step gained more is not near its optimum.
const STILL_CLIMBING: f64 = 0.01;
/// An accelerated run has converged when this many looks ahead in a row, each over at least so
/// many differences of steps, promise less than this part of the tolerance: what slow directions
/// still hide comes on top.
const SETTLED: usize = 3;
const SETTLED_DEPTH: usize = 2;
const SETTLED_GAIN: f64 = 0.1;
/// It has also converged when, so many times in a row, a look ahead is in vain and the step of EM
/// after it gains less than the tolerance: what is left is rounding.
const STALLED: usize = 3;

/// Whether the last step is mere rounding.
fn is_rounding(trace: &[f64]) -> bool {
    let &[.., before, last] = trace else {
        return false;
    };
    (last - before).abs() <= 8.0 * f64::EPSILON * last.abs()
}

/// Whether a climbing log-likelihood has less than `tolerance` left to gain.
///
/// EM converges linearly: the steps shrink by a factor `a`, so after a step `s` there is
/// `s a / (1 - a)` to come. Judging by `s` alone stops a slow run far below its optimum. The
/// factor is the larger of the last two, since one huge step, as from a start far off, makes the
/// next look like nothing.
/// Steps that are mere rounding end the run too; a tolerance of zero asks for a fixed number of
/// iterations.
///
/// # Source
/// Aitken's acceleration as in Böhning et al. (1994), *The distribution of the likelihood ratio
/// for mixtures of densities from the one-parameter exponential family*, Annals of the
/// Institute of Statistical Mathematics 46, section 4.
fn has_converged(trace: &[f64], tolerance: f64) -> bool {
    if tolerance == 0.0 {
        return false;
    }
    if is_rounding(trace) {
        return true;
    }
    let &[.., first, second, before, last] = trace else {
        return false;
    };
    let (middle, step) = (before - second, last - before);
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
