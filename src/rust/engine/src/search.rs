//! Many starts, one optimum.

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::covariance::Family;
use crate::data::Data;
use crate::em::{Em, Failed, Run, Scale, Stop, SMALLEST_OWN_PART};
use crate::error::GmmError;
use crate::init::{Start, Starts};
use crate::mixture::Mixture;
use crate::pass::Passes;
use crate::progress::Progress;
use crate::responsibilities::Given;
use crate::score::Score;

/// Variances that leave room for their sums and for the inverse.
const VARIANCES: std::ops::RangeInclusive<f64> = 1e-304..=1e304;
/// Rounding errors of a column's values that make its resolution.
const ROUNDINGS: f64 = 64.0;
/// Two runs have reached the same optimum if their log-likelihoods differ by less, or by what
/// the tolerance allows.
const SAME_OPTIMUM: f64 = 1e-4;

/// What to fit, and how hard to try.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Number of components.
    pub k: usize,
    /// Covariance family.
    pub family: Family,
    /// Starts; a user's start is one.
    pub n_init: usize,
    /// Starts that run on after the short runs.
    pub n_final: usize,
    /// Iterations of a short run.
    pub short_iterations: usize,
    /// Iterations of a run.
    pub max_iterations: usize,
    /// Log-likelihood that may be left to gain.
    pub tolerance: f64,
    /// Added to the diagonal of every covariance.
    pub reg_covar: f64,
    /// Governs everything random.
    pub seed: u64,
}

impl Settings {
    /// Free parameters of the mixture in `d` dimensions.
    pub fn free_parameters(&self, d: usize) -> usize {
        let weights_and_means = self.k - 1 + self.k * d;
        weights_and_means + self.family.free_parameters(self.k, d)
    }
}

/// The best run of a fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// The mixture, its components in their documented order.
    pub mixture: Mixture,
    /// Log-likelihood of the start and after each iteration; the last is the fit's own.
    pub trace: Vec<f64>,
    /// Why the run stopped.
    pub stop: Stop,
    /// What became of the starts.
    pub starts: StartCounts,
}

/// What became of the starts of a fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartCounts {
    /// Starts tried.
    pub tried: usize,
    /// Starts that ended because a component collapsed or lost its rows.
    pub degenerate: usize,
    /// Starts that ran on to the end.
    pub finished: usize,
    /// Finished starts that reached the reported optimum.
    pub reached: usize,
}

/// Fit a mixture: short runs from every start, long runs from the best of them.
///
/// # Errors
/// [`GmmError::TooFewDistinct`], [`GmmError::OutOfRange`], [`GmmError::Collinear`] for data that
/// no mixture of this kind fits; [`GmmError::NoStartSurvived`]; [`GmmError::Interrupted`].
///
/// # Source
/// Short runs after Biernacki, Celeux and Govaert (2003), *Choosing starting values for the EM
/// algorithm*, Computational Statistics & Data Analysis 41.
pub fn fit(
    data: Data<'_>,
    start: &Start<'_>,
    settings: &Settings,
    progress: &Progress,
) -> Result<Fit, GmmError> {
    let distinct = data.distinct_rows(settings.k);
    if distinct < settings.k {
        return Err(GmmError::TooFewDistinct { distinct });
    }
    let passes = Passes::over(data, progress);
    let scale = data_scale(&passes, settings.reg_covar)?;
    let em = Em {
        passes,
        family: settings.family,
        scale: &scale,
        reg_covar: settings.reg_covar,
        tolerance: settings.tolerance,
    };
    let starts = Starts::new(em, start, settings.k, settings.seed);
    let tried = match start {
        Start::KMeans if settings.k > 1 => settings.n_init,
        _ => 1,
    };
    let (mut short, mut failed) = short_runs(&em, &starts, tried, settings)?;
    let mut finished = Vec::new();
    // The best few run on; should they all collapse later, the next few do.
    while finished.is_empty() && !short.is_empty() {
        let few: Vec<Run> = short.drain(..settings.n_final.min(short.len())).collect();
        progress.expect_runs(few.len());
        let (runs, more) = long_runs(&em, few, settings)?;
        finished = runs;
        failed.extend(more);
    }
    let logliks: Vec<f64> = finished.iter().map(Run::loglik).collect();
    let Some(best) = finished.into_iter().reduce(better) else {
        let first = failed.swap_remove(0);
        return Err(no_start_survived(&em, &starts, first, tried));
    };
    let margin = SAME_OPTIMUM.max(2.0 * settings.tolerance);
    let reached = |loglik: &&f64| **loglik > best.loglik() - margin;
    Ok(Fit {
        starts: StartCounts {
            tried,
            degenerate: failed.len(),
            finished: logliks.len(),
            reached: logliks.iter().filter(reached).count(),
        },
        mixture: best.mixture.ordered(),
        trace: best.trace,
        stop: best.stop,
    })
}

/// Runs that survived, best first, and the others.
type Ended = (Vec<Run>, Vec<Failed>);

fn short_runs(
    em: &Em<'_>,
    starts: &Starts<'_, '_>,
    tried: usize,
    settings: &Settings,
) -> Result<Ended, GmmError> {
    em.passes.progress().expect_runs(tried);
    let iterations = settings.short_iterations.min(settings.max_iterations);
    let run = |index| {
        let run = starts.mixture(index).and_then(|start| em.begin(start));
        let ended = run.and_then(|run| em.advance(run, iterations));
        em.passes.progress().run_done();
        ended
    };
    let runs = (0..tried).into_par_iter().map(run).collect();
    let (mut survived, failed) = separate(runs, em)?;
    survived.sort_by(|a, b| b.loglik().total_cmp(&a.loglik()));
    Ok((survived, failed))
}

fn long_runs(em: &Em<'_>, few: Vec<Run>, settings: &Settings) -> Result<Ended, GmmError> {
    let runs = few
        .into_par_iter()
        .map(|run| {
            let ended = em.advance(run, settings.max_iterations);
            em.passes.progress().run_done();
            ended
        })
        .collect();
    separate(runs, em)
}

/// Part the runs that survived from those that failed; an interrupt ends all.
fn separate(runs: Vec<Result<Run, Failed>>, em: &Em<'_>) -> Result<Ended, GmmError> {
    em.passes.progress().check()?;
    let (mut survived, mut failed) = (Vec::new(), Vec::new());
    for run in runs {
        match run {
            Ok(run) => survived.push(run),
            Err(ended) => failed.push(ended),
        }
    }
    Ok((survived, failed))
}

/// The run with the higher log-likelihood, the first of equals.
fn better(a: Run, b: Run) -> Run {
    if b.loglik() > a.loglik() {
        b
    } else {
        a
    }
}

/// Say which component of a failed start collapsed, and which rows it owned just before.
fn no_start_survived(
    em: &Em<'_>,
    starts: &Starts<'_, '_>,
    first: Failed,
    tried: usize,
) -> GmmError {
    let k = match first.error {
        GmmError::EmptyComponent { k, .. } | GmmError::Degenerate { k } => k,
        other => return other,
    };
    let rows = match first.last {
        None => starts.rows(k),
        Some(mixture) => {
            let mut cluster = vec![0.0; em.passes.data().n()];
            if let Err(error) = em.passes.score(&mixture, Score::Cluster, &mut cluster) {
                return error;
            }
            let own = (k + 1) as f64;
            (0..cluster.len()).filter(|&i| cluster[i] == own).collect()
        }
    };
    GmmError::NoStartSurvived {
        cause: Box::new(first.error),
        rows,
        starts: tried,
    }
}

/// The scale of the data, which must have full rank once `reg_covar` is added.
fn data_scale(passes: &Passes<'_>, reg_covar: f64) -> Result<Scale, GmmError> {
    let stats = passes.given(Given::Whole, 1)?;
    let mut covariance = stats.scatter(0) / stats.mass(0);
    for j in 0..covariance.nrows() {
        covariance[(j, j)] += reg_covar;
        if !VARIANCES.contains(&covariance[(j, j)]) {
            return Err(GmmError::OutOfRange { column: j });
        }
    }
    let deviation: Vec<f64> = covariance.diagonal().iter().map(|v| v.sqrt()).collect();
    if let Some(column) = first_dependent_column(&covariance, passes.progress())? {
        return Err(GmmError::Collinear { column });
    }
    let sizes = stats.mean(0).into_iter().zip(&deviation);
    let resolution =
        sizes.map(|(mean, deviation)| ROUNDINGS * f64::EPSILON * (mean.abs() + deviation));
    Ok(Scale {
        resolution: resolution.collect(),
        deviation,
    })
}

/// The first column that the columns before it determine: where the Cholesky factorisation of
/// the correlation matrix loses its pivot.
fn first_dependent_column(
    covariance: &DMatrix<f64>,
    progress: &Progress,
) -> Result<Option<usize>, GmmError> {
    let d = covariance.nrows();
    let deviation: Vec<f64> = covariance.diagonal().iter().map(|v| v.sqrt()).collect();
    // Rows of the factor, so that every product runs along memory.
    let mut factor: Vec<Vec<f64>> = Vec::with_capacity(d);
    for i in 0..d {
        progress.check()?;
        let mut row = Vec::with_capacity(i + 1);
        for j in 0..=i {
            let other = if j < i { &factor[j] } else { &row };
            let known: f64 = row.iter().zip(other).map(|(a, b)| a * b).sum();
            let own = covariance[(i, j)] / deviation[i] / deviation[j] - known;
            if j < i {
                row.push(own / other[j]);
            } else if own < SMALLEST_OWN_PART {
                return Ok(Some(i));
            } else {
                row.push(own.sqrt());
            }
        }
        factor.push(row);
    }
    Ok(None)
}
