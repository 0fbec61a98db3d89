//! The search: every family with every number of components, many starts, the best optimum of
//! each.
//!
//! A [`Cell`] is one family with one number of components. All cells of a number of components
//! share their starts, and cells learn from one another's optima ([`moves`]). Where there are many
//! rows, all this happens on a sample of them, and only the optima go on to all.

mod cell;
mod moves;
mod stage;
mod survivors;

use std::ops::Range;

use rayon::prelude::*;

use crate::covariance::Family;
use crate::criteria::Criterion;
use crate::data::Data;
use crate::em::Stop;
use crate::error::GmmError;
use crate::init::{Partitions, Sample, Start};
use crate::mixture::Mixture;
use crate::model::Model;
use crate::pass::Passes;
use crate::progress::Progress;
use crate::responsibilities::Given;
use cell::{Cell, Effort};
use stage::Stage;

/// Starts that a cell gets at a time.
const STARTS_AT_A_TIME: usize = 10;
/// Doubles that the statistics of starts that are made together may take.
const START_DOUBLES: usize = 8 << 20;
/// Iterations after which the worst starts are dropped.
const GLANCE: usize = 3;
/// Of many rows, those on which starts are tried: the more cells, the fewer.
const SAMPLE_WORK: usize = 100_000;
const LEAST_SAMPLE: usize = 1000;
const MOST_SAMPLE: usize = 5000;
/// Optima on a sample that go on to all rows, where there is but one cell.
const KEPT: usize = 3;

/// What to fit, and how hard to try.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Numbers of components.
    pub k: Vec<usize>,
    /// Covariance families.
    pub families: Vec<Family>,
    /// What the best cell is best by.
    pub criterion: Criterion,
    /// Whether all weights are `1 / k`.
    pub equal_weights: bool,
    /// Added to the diagonal of the covariance of every component's rows.
    pub reg_covar: f64,
    /// Starts at most; a user's start is one.
    pub n_init: usize,
    /// Of the starts that a cell gets at a time, those that run on after the short runs.
    pub n_final: usize,
    /// Times that cells learn from one another.
    pub rounds: usize,
    /// Whether all cells go on from a sample to all rows, or only those that may be the best.
    pub finish_all: bool,
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

/// The table of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// A fit, or why there is none, for every number of components and family in turn.
    pub cells: Vec<Result<Fit, GmmError>>,
    /// The best of them, if there is a fit at all: one that is not suspect, if there is one.
    pub best: Option<usize>,
    /// Rows on which starts were tried.
    pub rows: usize,
}

impl Search {
    /// The best fit.
    ///
    /// # Errors
    /// Why there is none in the first cell, if there is none in any.
    pub fn into_best(mut self) -> Result<Fit, GmmError> {
        let best = self.best.unwrap_or(0);
        self.cells.swap_remove(best)
    }
}

/// The best run of a cell.
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
    /// Number of free parameters.
    pub df: usize,
    /// Entropy of the responsibilities, summed over the rows.
    pub entropy: f64,
    /// The narrowest component.
    pub narrowest: Narrowest,
}

/// The component of a fit that is narrowest in any direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Narrowest {
    /// Which one.
    pub component: usize,
    /// Its variance there, over that within the components on average.
    pub ratio: f64,
    /// Whether it has so few rows, and is so narrow, that they may lie so by chance: a
    /// likelihood that is high for this reason means nothing.
    pub is_suspect: bool,
}

/// A component is suspect if it is narrower than this
const SUSPECT_RATIO: f64 = 1e-2;
/// and has fewer rows than so many for each number that describes it.
const SUSPECT_ROWS: f64 = 4.0;

impl Narrowest {
    fn of(mixture: &Mixture, n: usize) -> Self {
        let (component, ratio) = mixture.narrowest();
        let d = mixture.d() as f64;
        let rows = mixture.weights[component] * n as f64;
        Narrowest {
            component,
            ratio,
            is_suspect: ratio < SUSPECT_RATIO && rows < SUSPECT_ROWS * d * (d + 3.0) / 2.0,
        }
    }
}

impl Fit {
    /// The log-likelihood.
    pub fn loglik(&self) -> f64 {
        self.trace[self.trace.len() - 1]
    }
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

/// Fit every family with every number of components.
///
/// # Errors
/// [`GmmError::OutOfRange`], [`GmmError::Interrupted`]. A cell's own:
/// [`GmmError::TooFewDistinct`], [`GmmError::Collinear`] for data that no such mixture fits;
/// [`GmmError::NoStartSurvived`], [`GmmError::OutOfScale`], [`GmmError::Behind`].
pub fn search(
    data: Data<'_>,
    start: &Start<'_>,
    settings: &Settings,
    progress: &Progress,
) -> Result<Search, GmmError> {
    let all = Stage::new(Passes::over(data, progress), settings)?;
    let mut cells: Vec<Cell> = Vec::new();
    for &k in &settings.k {
        cells.extend(settings.families.iter().map(|&family| {
            let model = Model {
                family: family.in_dimension(data.d()),
                equal_weights: settings.equal_weights,
                reg_covar: settings.reg_covar,
            };
            Cell::new(k, model)
        }));
    }
    let most = settings.k.iter().copied().max().unwrap_or(1);
    let distinct = data.distinct_rows(most);
    let refused = |cell: &Cell| {
        if distinct < cell.k {
            return Some(GmmError::TooFewDistinct { distinct });
        }
        let column = all.dependent.filter(|_| cell.model.family.is_oriented())?;
        Some(GmmError::Collinear { column })
    };
    let rows = {
        let mut open: Vec<&mut Cell> = cells
            .iter_mut()
            .filter(|cell| refused(cell).is_none())
            .collect();
        match start {
            Start::Partitions => search_freely(&all, &mut open, settings)?,
            _ => {
                start_from(&all, start, &mut open, settings)?;
                data.n()
            }
        }
    };
    let rows_at_start = |k| start.rows(k, data.n());
    let fits = cells.par_iter().map(|cell| {
        if let Some(error) = refused(cell) {
            return Ok(Err(error));
        }
        if let Some(by) = cell.behind {
            return Ok(Err(GmmError::Behind { by }));
        }
        let Some(best) = cell.optima.first() else {
            return Ok(Err(cell.why_none(&all, rows_at_start)));
        };
        let mixture = best.mixture.ordered();
        Ok(Ok(Fit {
            entropy: all.passes.entropy(&mixture)?,
            df: cell.model.free_parameters(cell.k, data.d()),
            narrowest: Narrowest::of(&mixture, data.n()),
            mixture,
            trace: best.trace.clone(),
            stop: best.stop,
            starts: cell.counts(settings.tolerance),
        }))
    });
    let cells = fits.collect::<Result<Vec<_>, GmmError>>()?;
    Ok(Search {
        best: best_of(&cells, settings.criterion, data.n()),
        cells,
        rows,
    })
}

/// The cell with the best value of the criterion.
fn best_of(cells: &[Result<Fit, GmmError>], criterion: Criterion, n: usize) -> Option<usize> {
    let value = |fit: &Fit| {
        let value = criterion.value(fit.loglik(), fit.df, n, fit.entropy);
        (fit.narrowest.is_suspect, value)
    };
    let fits = cells
        .iter()
        .enumerate()
        .filter_map(|(i, cell)| Some((i, cell.as_ref().ok()?)));
    let values = fits.map(|(i, fit)| (value(fit), i));
    let best = values.min_by(|((a, x), _), ((b, y), _)| a.cmp(b).then(x.total_cmp(y)));
    best.map(|(_, i)| i)
}

/// From a start of the user's own, each cell a run.
fn start_from(
    all: &Stage<'_>,
    start: &Start<'_>,
    cells: &mut [&mut Cell],
    settings: &Settings,
) -> Result<(), GmmError> {
    let effort = Effort {
        glance: 0,
        short: 0,
        long: 1,
        kept: 1,
    };
    cells.par_iter_mut().try_for_each(|cell| match start {
        Start::Partitions => Ok(()),
        Start::Labels(labels) => cell.start_given(all, Given::Labels(labels), effort, settings),
        Start::Posterior(posterior) => {
            cell.start_given(all, Given::Posterior(*posterior), effort, settings)
        }
        Start::Mixture(mixture) => cell.start_at(all, mixture, effort, settings),
    })
}

/// Cells whose starts are made together: all, or those of one number of components after the other
/// where the statistics of so many starts take much memory.
fn in_memory(cells: &[&mut Cell], d: usize, starts: usize) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut components = 0;
    for (i, cell) in cells.iter().enumerate() {
        match ranges.last_mut() {
            Some(range) if cells[range.start].k == cell.k => range.end += 1,
            _ => {
                components += cell.k;
                ranges.push(i..i + 1);
            }
        }
    }
    if components * starts * d * d <= START_DOUBLES {
        vec![0..cells.len()]
    } else {
        ranges
    }
}

/// From partitions of the engine's own; returns the rows that these are of.
fn search_freely(
    all: &Stage<'_>,
    cells: &mut [&mut Cell],
    settings: &Settings,
) -> Result<usize, GmmError> {
    let progress = all.passes.progress();
    let n = all.passes.data().n();
    let rows = (SAMPLE_WORK / cells.len().max(1)).clamp(LEAST_SAMPLE, MOST_SAMPLE);
    let sample = Sample::of(*all.passes.data(), rows, settings.seed);
    let sampled = sample.data().n() < n;
    let own;
    let stage = if sampled {
        let passes = Passes::with_isa(sample.data(), progress, all.passes.isa());
        own = Stage::new(passes, settings)?;
        &own
    } else {
        all
    };
    let most = settings.k.iter().copied().max().unwrap_or(1);
    let is_oriented = settings.families.iter().any(|family| family.is_oriented());
    let family = if is_oriented {
        Family::Vvv
    } else {
        Family::Vvi
    };
    let partitions = Partitions::of(stage.passes, &stage.scale, family, most, settings.seed)?;
    let effort = Effort {
        glance: GLANCE.min(settings.short_iterations),
        short: settings.short_iterations,
        long: settings.n_final,
        kept: if sampled && cells.len() == 1 { KEPT } else { 1 },
    };
    for first in (0..settings.n_init).step_by(STARTS_AT_A_TIME) {
        let starts = first..settings.n_init.min(first + STARTS_AT_A_TIME);
        for range in in_memory(cells, stage.passes.data().d(), starts.len()) {
            let unsettled = cells[range]
                .iter_mut()
                .filter(|cell| !cell.is_settled(settings));
            let mut unsettled: Vec<&mut &mut Cell> = unsettled.collect();
            let mut k: Vec<usize> = unsettled.iter().map(|cell| cell.k).collect();
            k.dedup();
            let begin = |k: &usize| partitions.statistics(*k, starts.clone());
            let stats: Vec<Vec<_>> = k.par_iter().map(begin).collect();
            unsettled.par_iter_mut().try_for_each(|cell| {
                let k = k.iter().position(|&k| k == cell.k).expect("made above");
                cell.start_from(stage, &stats[k], effort, settings)
            })?;
        }
    }
    moves::learn(stage, cells, effort.kept, settings)?;
    if sampled && cells.len() > 1 && !settings.finish_all {
        survivors::finish(stage, all, cells, settings)?;
    } else if sampled {
        cells
            .par_iter_mut()
            .try_for_each(|cell| cell.go_on(all, settings))?;
    }
    moves::nest(all, cells, settings)?;
    Ok(sample.data().n())
}
