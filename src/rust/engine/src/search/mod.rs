//! Many starts, one optimum.

use std::sync::Arc;

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::data::Data;
use crate::em::{Em, Failed, Run, Scale, Stop, SMALLEST_OWN_PART};
use crate::error::GmmError;
use crate::init::{Start, Starts};
use crate::mixture::Mixture;
use crate::model::Model;
use crate::pass::Passes;
use crate::progress::Progress;
use crate::score::Score;

/// Variances that leave room for their sums and for the inverse.
const VARIANCES: std::ops::RangeInclusive<f64> = 1e-304..=1e304;
/// Rounding errors of a column's values that make its resolution.
const ROUNDINGS: f64 = 64.0;
/// Two runs have reached the same optimum if their log-likelihoods differ by less, or by what
/// the tolerance allows.
const SAME_OPTIMUM: f64 = 1e-4;
/// Iterations since its start after which a run is compared with the others for the first time.
const FIRST_ROUND: usize = 64;
/// A run gives up if so many times the gain of its last round would not lead it to the best.
const OUT_OF_REACH: f64 = 20.0;
/// Two runs have met if neither their log-likelihoods nor their weights differ by more.
const MET: f64 = 1e-3;

/// What to fit, and how hard to try.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Number of components.
    pub k: usize,
    /// Constraints on the mixture.
    pub model: Model,
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
    /// Whether the runs that go on are accelerated.
    pub accelerate: bool,
    /// Governs everything random.
    pub seed: u64,
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
    /// Starts that ran on to the end, alone or with one that they had met.
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
    let model = settings.model.in_dimension(data.d());
    let scale = data_scale(&passes, &model)?;
    let em = Em {
        passes,
        model,
        scale: &scale,
        tolerance: settings.tolerance,
    };
    let starts = Starts::new(em, start, settings.k, settings.seed);
    let tried = match start {
        Start::Partitions if settings.k > 1 => settings.n_init,
        _ => 1,
    };
    let (short, mut failed) = short_runs(&em, &starts, tried, settings)?;
    let mut groups = group(short);
    let mut finished = Vec::new();
    let mut degenerate = failed.len();
    // The best few run on; should they all collapse later, the next few do.
    while finished.is_empty() && !groups.is_empty() {
        let few: Vec<Group> = groups.drain(..settings.n_final.min(groups.len())).collect();
        progress.expect_runs(few.len());
        for (ended, starts) in long_runs(&em, few, settings)? {
            match ended {
                Ok(run) => finished.push((run, starts)),
                Err(ended) => {
                    failed.push(ended);
                    degenerate += starts;
                }
            }
        }
    }
    let logliks = finished.iter().map(|(run, _)| run.loglik());
    let best = logliks.fold(f64::NEG_INFINITY, f64::max);
    let margin = SAME_OPTIMUM.max(2.0 * settings.tolerance);
    let starts_above = |least: f64| {
        let above = finished.iter().filter(|(run, _)| run.loglik() > least);
        above.map(|(_, starts)| starts).sum()
    };
    let counts = StartCounts {
        tried,
        degenerate,
        finished: starts_above(f64::NEG_INFINITY),
        reached: starts_above(best - margin),
    };
    // Of runs at the same optimum, one that was among the first to get there.
    let is_best = |(run, _): &Group| run.loglik() >= best - 2.0 * settings.tolerance;
    let Some((best, _)) = finished.into_iter().find(is_best) else {
        let first = failed.swap_remove(0);
        return Err(no_start_survived(&em, &starts, first, tried));
    };
    Ok(Fit {
        starts: counts,
        mixture: best.mixture().ordered(),
        trace: best.trace,
        stop: best.stop,
    })
}

/// A run, and how many starts led to it.
type Group = (Run, usize);

/// How a group ended, and how many starts it had.
type Ended = (Result<Run, Failed>, usize);

/// Runs that have met go on as one, so that the places of those that run on go to different
/// climbs: without this, the quickest optimum takes them all. Best first.
fn group(mut runs: Vec<Run>) -> Vec<Group> {
    runs.sort_by(|a, b| b.loglik().total_cmp(&a.loglik()));
    let mut groups: Vec<Group> = Vec::new();
    for run in runs {
        match groups.iter_mut().find(|(other, _)| have_met(&run, other)) {
            Some((_, starts)) => *starts += 1,
            None => groups.push((run, 1)),
        }
    }
    groups
}

/// Whether two runs are at the same place, but for the numbering of their components.
fn have_met(a: &Run, b: &Run) -> bool {
    let sorted = |run: &Run| {
        let mut weights = run.mixture().weights.clone();
        weights.sort_by(f64::total_cmp);
        weights
    };
    let near = |(a, b): (f64, f64)| (a - b).abs() < MET;
    near((a.loglik(), b.loglik())) && sorted(a).into_iter().zip(sorted(b)).all(near)
}

/// Short runs that survived, and the others.
fn short_runs(
    em: &Em<'_>,
    starts: &Starts<'_, '_>,
    tried: usize,
    settings: &Settings,
) -> Result<(Vec<Run>, Vec<Failed>), GmmError> {
    em.passes.progress().expect_runs(tried);
    let iterations = settings.short_iterations.min(settings.max_iterations);
    let run = |index| {
        let run = starts.mixture(index).and_then(|start| em.begin(start));
        let ended = run.and_then(|run| em.advance(run, iterations));
        em.passes.progress().run_done();
        ended
    };
    let runs: Vec<Result<Run, Failed>> = (0..tried).into_par_iter().map(run).collect();
    // A run that was told to stop looks as if it had failed.
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

/// Run on to the end, or until it is out of reach; with each run that ended the number of its
/// starts.
///
/// After every round, each twice as long as the one before, a run gives up if it would take many
/// such rounds to catch up with the best that has converged: what is left on its plateau is
/// nothing that the fit would report. Rounds end together, so that the outcome does not depend on
/// the threads.
fn long_runs(
    em: &Em<'_>,
    mut running: Vec<Group>,
    settings: &Settings,
) -> Result<Vec<Ended>, GmmError> {
    let most = settings.max_iterations;
    let accelerate = settings.accelerate && settings.model.reg_covar == 0.0;
    let mut ended: Vec<Ended> = Vec::new();
    let mut limit = FIRST_ROUND;
    while !running.is_empty() {
        limit = limit.min(most);
        let round: Vec<(f64, Ended)> = running
            .into_par_iter()
            .map(|(run, starts)| {
                let before = run.loglik();
                let run = if accelerate {
                    em.accelerate(run, limit)
                } else {
                    em.advance(run, limit)
                };
                (before, (run, starts))
            })
            .collect();
        em.passes.progress().check()?;
        running = Vec::new();
        let mut waiting = Vec::new();
        for (before, (run, starts)) in round {
            match run {
                Ok(run) if run.stop != Stop::Converged && limit < most => {
                    waiting.push((run.loglik() - before, (run, starts)));
                }
                other => {
                    em.passes.progress().run_done();
                    ended.push((other, starts));
                }
            }
        }
        let reached = ended.iter().filter_map(|(run, _)| run.as_ref().ok());
        let best = reached.map(Run::loglik).fold(f64::NEG_INFINITY, f64::max);
        for (gain, group) in waiting {
            if group.0.loglik() + OUT_OF_REACH * gain < best {
                em.passes.progress().run_done();
            } else {
                running.push(group);
            }
        }
        limit *= 2;
    }
    Ok(ended)
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

/// The scale of the data, which must have as full a rank, once `reg_covar` is added, as the
/// family needs.
fn data_scale(passes: &Passes<'_>, model: &Model) -> Result<Scale, GmmError> {
    let total = passes.total(model.family)?;
    let mut covariance = &total.scatter / total.mass;
    for j in 0..covariance.nrows() {
        covariance[(j, j)] += model.reg_covar;
        if !VARIANCES.contains(&covariance[(j, j)]) {
            return Err(GmmError::OutOfRange { column: j });
        }
    }
    let deviation: Vec<f64> = covariance.diagonal().iter().map(|v| v.sqrt()).collect();
    if model.family.is_oriented() {
        if let Some(column) = first_dependent_column(&covariance, passes.progress())? {
            return Err(GmmError::Collinear { column });
        }
    }
    let sizes = total.mean.iter().zip(&deviation);
    let resolution =
        sizes.map(|(mean, deviation)| ROUNDINGS * f64::EPSILON * (mean.abs() + deviation));
    Ok(Scale {
        resolution: resolution.collect(),
        deviation,
        total: Arc::new(total),
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
