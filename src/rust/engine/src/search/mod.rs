//! The search: every family with every number of components, many starts, the best optimum of
//! each.
//!
//! A [`Cell`] is one family with one number of components. All cells of a number of components
//! share their starts, and cells learn from one another's optima ([`learning`]). Where there are
//! many rows, all this happens on a sample of them, and only the optima go on to all.

mod cell;
mod contenders;
mod exploring;
mod fixed;
#[cfg(test)]
mod fixture;
mod freely;
mod learning;
mod moves;
mod narrowest;
mod optima;
mod relatives;
mod runs;
mod stage;
mod starts;
mod survivors;

use rayon::prelude::*;

use crate::algorithm::Algorithm;
use crate::covariance::Family;
use crate::criteria::Criterion;
use crate::data::Data;
use crate::em::Stop;
use crate::error::GmmError;
use crate::fixed::Fixed;
use crate::init::Start;
use crate::mixture::Mixture;
use crate::model::Model;
use crate::pass::Passes;
use crate::progress::Progress;
use crate::responsibilities::Given;
use crate::score::Evaluation;
use cell::Cell;
pub use narrowest::{Narrowest, Tie};
use runs::Effort;
use stage::Stage;

/// Relative difference of values of the criterion that is but rounding.
const EQUAL: f64 = 1e-12;

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
    /// The least that a variance of a component may be, in any direction, of that within the
    /// components on average.
    pub min_eigen_ratio: f64,
    /// How hard to try.
    pub budget: Budget,
    /// The same for the best of many cells, which is searched for alone in the end.
    pub alone: Budget,
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
    /// How runs go from a mixture to the next.
    pub algorithm: Algorithm,
    /// Parameters that are not estimated; runs are then not accelerated.
    pub fixed: Option<Fixed>,
    /// Whether fits tell the mixture of every iteration.
    pub keep_path: bool,
    /// Governs everything random.
    pub seed: u64,
}

/// How hard to try a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Starts at most; a user's start is one.
    pub n_init: usize,
    /// Of the starts that a cell gets at a time, those that run on after the short runs, beside
    /// those that do in any case.
    pub n_final: usize,
    /// Times that cells learn from one another, each time that there may be news.
    pub rounds: usize,
    /// Times that cells explore in vain, after all starts.
    pub explorations: usize,
}

impl Settings {
    /// Free parameters of a mixture of `k` components in `d` dimensions.
    fn free_parameters(&self, model: &Model, k: usize, d: usize) -> usize {
        match &self.fixed {
            Some(fixed) => fixed.free_parameters(model, k, d),
            None => model.free_parameters(k, d),
        }
    }

    /// Whether runs are accelerated: EM's alone, not with a penalty, nor with fixed parameters.
    fn accelerates(&self) -> bool {
        let is_em = self.algorithm == Algorithm::Em;
        self.accelerate && is_em && self.reg_covar == 0.0 && self.fixed.is_none()
    }

    /// Whether the covariances are fixed.
    fn has_fixed_covariances(&self) -> bool {
        let fixed = self.fixed.as_ref();
        fixed.is_some_and(|fixed| fixed.covariances.is_some())
    }
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
    /// The mixture, its components in their documented order, or in that of fixed parameters.
    pub mixture: Mixture,
    /// The log-likelihood.
    pub loglik: f64,
    /// That of a better optimum that may be chance, if it was passed over for this one.
    pub passed_over: Option<f64>,
    /// Log-likelihood of the start and after each iteration; the last is the fit's own. Of
    /// [`Algorithm::Cem`] classification log-likelihoods; of [`Algorithm::Sem`] the fit's own is
    /// the highest.
    pub trace: Vec<f64>,
    /// The mixtures of the trace, their components in the order of the fit's; none unless they were
    /// asked for.
    pub path: Vec<Mixture>,
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

impl Fit {
    /// A mixture that was fitted elsewhere, as a fit of the model to the data.
    ///
    /// # Errors
    /// [`GmmError::Degenerate`] where a covariance is not positive definite,
    /// [`GmmError::Interrupted`].
    pub fn adopt(passes: &Passes<'_>, mixture: &Mixture, model: &Model) -> Result<Self, GmmError> {
        let data = passes.data();
        let mixture = mixture.ordered();
        let Evaluation { loglik, entropy } = passes.evaluate(&mixture)?;
        Ok(Fit {
            loglik,
            passed_over: None,
            trace: vec![loglik],
            path: Vec::new(),
            stop: Stop::Converged,
            starts: StartCounts {
                tried: 1,
                degenerate: 0,
                finished: 1,
                reached: 1,
                rows: data.n(),
            },
            df: model.free_parameters(mixture.k(), data.d()),
            entropy,
            narrowest: Narrowest::of(&mixture, data.n(), &narrowest::ties(&mixture, passes)),
            mixture,
        })
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
    /// Rows on which they were tried.
    pub rows: usize,
}

/// Fit every family with every number of components.
///
/// # Errors
/// [`GmmError::OutOfRange`], [`GmmError::FixedOutOfScale`], [`GmmError::Interrupted`]. A cell's
/// own: [`GmmError::TooFewDistinct`], [`GmmError::Collinear`] for data that no such mixture fits;
/// [`GmmError::NoStartSurvived`], [`GmmError::OutOfScale`], [`GmmError::Behind`].
pub fn search(
    data: Data<'_>,
    start: &Start<'_>,
    settings: &Settings,
    progress: &Progress,
) -> Result<Search, GmmError> {
    let all = Stage::new(Passes::over(data, progress), None, settings)?;
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
    // A cell may learn from one with a component more.
    let distinct = data.distinct_rows(most + 1);
    let refused = |cell: &Cell| {
        if distinct < cell.k {
            return Some(GmmError::TooFewDistinct { distinct });
        }
        let needs_rank = cell.model.family.is_oriented() && !settings.has_fixed_covariances();
        let column = all.dependent.filter(|_| needs_rank)?;
        Some(GmmError::Collinear { column })
    };
    let rows = {
        let mut open: Vec<&mut Cell> = cells
            .iter_mut()
            .filter(|cell| refused(cell).is_none())
            .collect();
        fixed::check(&all, &open, settings)?;
        let has_means = |fixed: &Fixed| fixed.means.is_some();
        let is_given = !matches!(start, Start::Partitions);
        if settings.algorithm != Algorithm::Em {
            relatives::search(&all, start, &mut open, settings)?
        } else if is_given {
            start_from(&all, start, &mut open, settings)?;
            data.n()
        } else if let Some(fixed) = settings.fixed.as_ref().filter(|fixed| has_means(fixed)) {
            fixed::start_near(&all, fixed, &mut open, settings)?;
            data.n()
        } else {
            freely::search(&all, &mut open, distinct, settings)?
        }
    };
    let fits = cells.par_iter().map(|cell| {
        if let Some(error) = refused(cell) {
            return Ok(Err(error));
        }
        if let Some(by) = cell.behind {
            return Ok(Err(GmmError::Behind { by }));
        }
        let Some(best) = cell.optima.best() else {
            return Ok(Err(cell.why_none()));
        };
        let is_indexed = settings.fixed.as_ref().is_some_and(Fixed::is_indexed);
        let order = if is_indexed {
            (0..cell.k).collect()
        } else {
            best.mixture.order()
        };
        let mixture = best.mixture.select(&order);
        let mut evaluation = Evaluation {
            loglik: best.loglik(),
            entropy: 0.0,
        };
        let climbs_another = settings.algorithm == Algorithm::Cem;
        if cell.k > 1 || climbs_another {
            let found = all.passes.evaluate(&mixture)?;
            evaluation.entropy = found.entropy;
            if climbs_another {
                evaluation.loglik = found.loglik;
            }
        }
        Ok(Ok(Fit {
            loglik: evaluation.loglik,
            passed_over: cell.optima.passed_over(),
            entropy: evaluation.entropy,
            df: settings.free_parameters(&cell.model, cell.k, data.d()),
            narrowest: all.narrowest(&mixture),
            mixture,
            trace: best.trace.clone(),
            path: best
                .path
                .iter()
                .map(|mixture| mixture.select(&order))
                .collect(),
            stop: best.stop,
            starts: cell.counts(),
        }))
    });
    let cells = fits.collect::<Result<Vec<_>, GmmError>>()?;
    progress.check()?;
    Ok(Search {
        best: best_of(&cells, settings.criterion, data.n()),
        cells,
        rows,
    })
}

/// The cell with the best value of the criterion, those last that are suspect or have as many
/// parameters as rows; of equals, which differ by rounding, the first.
fn best_of(cells: &[Result<Fit, GmmError>], criterion: Criterion, n: usize) -> Option<usize> {
    let value = |fit: &Fit| {
        let value = criterion.value(fit.loglik, fit.df, n, fit.entropy);
        (fit.narrowest.is_suspect || fit.df >= n, value)
    };
    let fits = || {
        let fits = cells.iter().map(|cell| cell.as_ref().ok().map(value));
        fits.enumerate().filter_map(|(i, value)| Some((i, value?)))
    };
    let order = |(a, x): (bool, f64), (b, y): (bool, f64)| a.cmp(&b).then(x.total_cmp(&y));
    let (_, (suspect, best)) = fits().min_by(|a, b| order(a.1, b.1))?;
    let is_best = |value: (bool, f64)| value.0 == suspect && value.1 <= best + EQUAL * best.abs();
    fits().find(|(_, value)| is_best(*value)).map(|(i, _)| i)
}

/// From a start of the user's own, each cell a run.
fn start_from(
    all: &Stage<'_>,
    start: &Start<'_>,
    cells: &mut [&mut Cell],
    settings: &Settings,
) -> Result<(), GmmError> {
    let effort = Effort::ONE_RUN;
    cells.par_iter_mut().try_for_each(|cell| match start {
        Start::Partitions => Ok(()),
        Start::Labels(labels) => cell.start_given(all, Given::Labels(labels), effort, settings),
        Start::Posterior(posterior) => {
            cell.start_given(all, Given::Posterior(*posterior), effort, settings)
        }
        Start::Mixture(mixture) => cell.start_at(all, mixture, effort, settings),
    })
}
