//! From a sample of the rows to all, for the cells that may turn out to be the best.

use rayon::prelude::*;

use super::cell::Cell;
use super::runs::{run_on, FIRST_ROUND, OUT_OF_REACH};
use super::stage::Stage;
use super::Settings;
use crate::criteria::Criterion;
use crate::em::{Run, Stop};
use crate::error::GmmError;
use crate::score::Score;

/// Standard errors that a cell may be behind the best.
const ERRORS: f64 = 3.0;
/// Cells that go on with the best in any case.
const LEAST: usize = 4;
/// Cells on which more than one long run is spent, and which learn from others.
const INSIDERS: usize = 24;

/// A difference of the criterion that is nobody's reason to prefer a model.
const NO_MATTER: f64 = 1.0;

/// What the sample says of a cell.
struct Outlook {
    cell: usize,
    /// The criterion on all rows, as expected from the sample.
    value: f64,
    /// What it may become if the cell goes on.
    hoped: f64,
    /// Log-density of every sampled row.
    density: Vec<f64>,
    /// Whether this is no more than chance, by which others are not to be judged.
    is_suspect: bool,
}

/// A cell on its way to the optimum on all rows.
struct Racer<'a> {
    cell: &'a mut Cell,
    starts: usize,
    run: Run,
    /// What the last round gained.
    gain: f64,
}

/// Run on all cells; after every round, each twice as long as the one before, those give up that
/// would take many such rounds to become the best by the criterion.
///
/// # Errors
/// [`GmmError::Interrupted`].
pub(super) fn race(
    all: &Stage<'_>,
    cells: &mut [&mut Cell],
    settings: &Settings,
) -> Result<(), GmmError> {
    let n = all.passes.data().n();
    let d = all.passes.data().d();
    let progress = all.passes.progress();
    let value = |cell: &Cell, loglik: f64| {
        let df = settings.free_parameters(&cell.model, cell.k, d);
        settings.criterion.value(loglik, df, n, cell.entropy)
    };
    let mut racers: Vec<Racer<'_>> = cells
        .par_iter_mut()
        .filter(|cell| cell.behind.is_none())
        .filter_map(|cell| {
            let (run, starts) = cell.move_to(all, settings).pop()?;
            Some(Racer {
                cell,
                starts,
                run,
                gain: f64::INFINITY,
            })
        })
        .collect();
    progress.expect_runs(racers.len());
    let mut best = f64::INFINITY;
    let mut limit = FIRST_ROUND;
    while !racers.is_empty() {
        limit = limit.min(settings.max_iterations);
        let round = racers.into_par_iter().filter_map(|mut racer| {
            let em = all.em(racer.cell.model, settings);
            let before = racer.run.loglik();
            match run_on(&em, racer.run, limit, settings) {
                Ok(run) => {
                    racer.gain = run.loglik() - before;
                    racer.run = run;
                    Some(racer)
                }
                Err(failed) => {
                    racer.cell.note_failure(all, failed, racer.starts);
                    None
                }
            }
        });
        let round: Vec<Racer<'_>> = round.collect();
        progress.check()?;
        for racer in &round {
            if !all.is_chance(racer.run.mixture()) {
                best = best.min(value(racer.cell, racer.run.loglik()));
            }
        }
        racers = Vec::new();
        for racer in round {
            let hoped = racer.run.loglik() + OUT_OF_REACH * racer.gain;
            if racer.run.stop == Stop::Converged || limit == settings.max_iterations {
                progress.run_done();
                racer
                    .cell
                    .optima
                    .note(all, racer.run.into(), racer.starts, 1, settings);
            } else if value(racer.cell, hoped) > best + NO_MATTER {
                progress.run_done();
                racer.cell.behind = Some(value(racer.cell, racer.run.loglik()) - best);
            } else {
                racers.push(racer);
            }
        }
        limit *= 2;
    }
    Ok(())
}

/// The value of the criterion for a cell, at a log-likelihood that it may reach on these rows;
/// infinite where there are as many parameters as rows.
pub(super) fn value(stage: &Stage<'_>, cell: &Cell, loglik: f64, settings: &Settings) -> f64 {
    let data = stage.passes.data();
    let df = settings.free_parameters(&cell.model, cell.k, data.d());
    if df < data.n() {
        let (criterion, entropy) = (settings.criterion, cell.entropy);
        criterion.value(loglik, df, data.n(), entropy)
    } else {
        f64::INFINITY
    }
}

/// The best cell by the criterion on these rows, of those that were asked for, if it is no matter
/// of chance.
pub(super) fn leader(stage: &Stage<'_>, cells: &[&mut Cell], settings: &Settings) -> Option<usize> {
    let is_sound = |cell: &Cell| {
        let may_be_best = cell.behind.is_none() && !cell.is_helper;
        may_be_best && cell.optima.best().is_some() && !cell.optima.is_suspect(stage)
    };
    let sound = cells.iter().enumerate().filter(|(_, cell)| is_sound(cell));
    let values = sound.map(|(i, cell)| (i, value(stage, cell, cell.loglik(), settings)));
    let finite = values.filter(|(_, value)| value.is_finite());
    let best = finite.min_by(|a, b| a.1.total_cmp(&b.1));
    best.map(|(i, _)| i)
}

/// Find the entropies of the cells that are not given up, if the criterion asks for them.
///
/// # Errors
/// [`GmmError::Interrupted`].
pub(super) fn find_entropies(
    stage: &Stage<'_>,
    cells: &mut [&mut Cell],
    settings: &Settings,
) -> Result<(), GmmError> {
    if settings.criterion == Criterion::Icl {
        let open = cells.par_iter_mut().filter(|cell| cell.behind.is_none());
        open.try_for_each(|cell| cell.find_entropy(stage))?;
    }
    Ok(())
}

/// Give up the cells whose criterion on all `n` rows will hardly be the best.
///
/// A fit is better on the rows that it was made of than on others, by about one half for every
/// free parameter. What is left to chance is the difference of the rows' log-densities between two
/// cells, whose standard error the sample tells.
///
/// # Errors
/// [`GmmError::Interrupted`].
///
/// # Source
/// Akaike (1974), as for the criterion; the standard error after Vuong (1989), *Likelihood ratio
/// tests for model selection and non-nested hypotheses*, Econometrica 57.
pub(super) fn choose(
    stage: &Stage<'_>,
    cells: &mut [&mut Cell],
    n: usize,
    settings: &Settings,
) -> Result<(), GmmError> {
    let rows = stage.passes.data().n();
    let times = n as f64 / rows as f64;
    let outlook = |(cell, found): (usize, &mut &mut Cell)| {
        let found: &mut Cell = found;
        let df = settings.free_parameters(&found.model, found.k, stage.passes.data().d());
        let position = found.position()?;
        let look = || {
            let mut density = vec![0.0; rows];
            let score = Score::LogDensity;
            stage.passes.score(position.mixture, score, &mut density)?;
            let entropy = times * stage.passes.evaluate(position.mixture)?.entropy;
            let value = |loglik: f64| {
                let optimism = 0.5 * df as f64;
                let loglik = times * (loglik - optimism) + optimism;
                settings.criterion.value(loglik, df, n, entropy)
            };
            let outlook = Outlook {
                cell,
                value: value(position.loglik),
                hoped: value(position.hoped),
                density,
                is_suspect: stage.is_chance(position.mixture),
            };
            Ok((entropy, outlook))
        };
        Some(look().map(|(entropy, outlook)| {
            found.entropy = entropy;
            outlook
        }))
    };
    let cells_on = cells.par_iter_mut().enumerate();
    let outlooks = cells_on
        .filter(|(_, cell)| cell.behind.is_none())
        .filter_map(outlook);
    let mut outlooks = outlooks.collect::<Result<Vec<Outlook>, GmmError>>()?;
    outlooks.sort_by(|a, b| a.value.total_cmp(&b.value));
    let Some(best) = outlooks.iter().find(|outlook| !outlook.is_suspect) else {
        return Ok(());
    };
    let mut ranked: Vec<&Outlook> = outlooks.iter().collect();
    ranked.sort_by(|a, b| a.hoped.total_cmp(&b.hoped));
    for (rank, outlook) in ranked.into_iter().enumerate() {
        cells[outlook.cell].is_outsider = rank >= INSIDERS;
    }
    let worse = outlooks.iter().filter(|other| other.value > best.value);
    for other in worse.skip(LEAST) {
        let differences = best.density.iter().zip(&other.density).map(|(a, b)| a - b);
        let mean = differences.clone().sum::<f64>() / rows as f64;
        let variance = differences.map(|x| (x - mean).powi(2)).sum::<f64>() / rows as f64;
        let error = 2.0 * times * (rows as f64 * variance).sqrt();
        if other.hoped - best.value > ERRORS * error + NO_MATTER {
            cells[other.cell].behind = Some(other.value - best.value);
        }
    }
    Ok(())
}
