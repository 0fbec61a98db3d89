//! The search by relatives of EM: every start runs to its end, on all rows, and the best counts.
//! Cells do not learn from one another: what is an optimum of one is none of another.

use rayon::prelude::*;

use super::cell::{first_mixture, no_mixture, Cell};
use super::fixed::Near;
use super::stage::Stage;
use super::starts::{deal, partitions_of, sample_of, stage_of, AtATime, STARTS_AT_A_TIME};
use super::Settings;
use crate::algorithm::{Algorithm, Ended};
use crate::em::{Em, Failed};
use crate::error::GmmError;
use crate::init::{Partition, Start};
use crate::mixture::Mixture;
use crate::responsibilities::Given;

/// Run every start of every cell to its end; returns the rows that starts are made of.
///
/// # Errors
/// [`GmmError::Interrupted`].
pub(super) fn search(
    all: &Stage<'_>,
    start: &Start<'_>,
    cells: &mut [&mut Cell],
    settings: &Settings,
) -> Result<usize, GmmError> {
    let n = all.passes.data().n();
    let given = |cell: &mut Cell, given: Given<'_>| {
        let em = all.em(cell.model, settings);
        let stats = em.passes.given(given, cell.k, em.model.family);
        let mixture = stats.and_then(|stats| em.maximise_soundly(&stats));
        let mixture = mixture.map_err(|error| no_mixture(error, given, n));
        cell.run_all(all, all, vec![mixture], 0, settings)
    };
    let partition = |cell: &mut Cell, stage: &Stage<'_>, partitions: &[Partition], first: usize| {
        let em = stage.em(cell.model, settings);
        let starts = partitions.iter().map(|partition| begin(&em, partition));
        cell.run_all(stage, all, starts.collect(), first, settings)
    };
    match start {
        Start::Labels(labels) => cells
            .par_iter_mut()
            .try_for_each(|cell| given(cell, Given::Labels(labels)))?,
        Start::Posterior(posterior) => cells
            .par_iter_mut()
            .try_for_each(|cell| given(cell, Given::Posterior(*posterior)))?,
        Start::Mixture(mixture) => cells
            .par_iter_mut()
            .try_for_each(|cell| cell.run_all(all, all, vec![Ok(mixture.clone())], 0, settings))?,
        Start::Partitions => match settings.fixed.as_ref().filter(|f| f.means.is_some()) {
            Some(fixed) => {
                let near = Near::of(all, fixed, settings)?;
                cells.par_iter_mut().try_for_each(|cell| match &near {
                    Near::Partition(own) => partition(cell, all, std::slice::from_ref(own), 0),
                    Near::Mixture(mixture) => {
                        cell.run_all(all, all, vec![Ok(mixture.clone())], 0, settings)
                    }
                })?;
            }
            None => {
                let sample = sample_of(all, cells.len(), settings);
                let rows = sample.data().n();
                let own;
                let stage = if rows < n {
                    own = stage_of(&sample, all, settings)?;
                    &own
                } else {
                    all
                };
                let partitions = partitions_of(stage, settings)?;
                let at_a_time = AtATime {
                    starts: STARTS_AT_A_TIME,
                    runs: 1,
                };
                let begin = |cell: &mut Cell, made: &[Partition], first| {
                    partition(cell, stage, made, first)
                };
                let starts = 0..settings.budget.n_init;
                deal(
                    &partitions,
                    cells,
                    settings,
                    starts,
                    at_a_time,
                    begin,
                    |_| Ok(()),
                )?;
                return Ok(rows);
            }
        },
    }
    Ok(n)
}

fn begin(em: &Em<'_>, partition: &Partition) -> Result<Mixture, Failed> {
    let stats = partition.stats.clone();
    let mixture = stats.and_then(|stats| first_mixture(em, &stats));
    let n = em.passes.data().n();
    mixture.map_err(|error| no_mixture(error, Given::Labels(&partition.labels), n))
}

impl Cell {
    /// Run these starts, made on a stage and counted from `first`, to their end on all rows.
    ///
    /// # Errors
    /// [`GmmError::Interrupted`]; other failures are of a start, and noted.
    fn run_all(
        &mut self,
        stage: &Stage<'_>,
        all: &Stage<'_>,
        starts: Vec<Result<Mixture, Failed>>,
        first: usize,
        settings: &Settings,
    ) -> Result<(), GmmError> {
        let progress = all.passes.progress();
        progress.expect_runs(starts.len());
        self.tried += starts.len();
        let em = all.em(self.model, settings);
        self.note_stage(stage, &em);
        self.optima.may_leave(em.tolerance);
        let iterations = settings.max_iterations;
        let run = |(run, start): (usize, Result<Mixture, Failed>)| {
            let ended = start.map(|start| match settings.algorithm {
                Algorithm::Sem => em.wander(start, iterations, settings.seed, first + run),
                Algorithm::Em | Algorithm::Cem => em.classify(start, iterations),
            });
            progress.run_done();
            ended
        };
        let runs = starts.into_par_iter().enumerate().map(run);
        let runs: Vec<Result<Result<Ended, Failed>, Failed>> = runs.collect();
        // A run that was told to stop looks as if it had failed.
        progress.check()?;
        for run in runs {
            match run {
                Ok(Ok(ended)) => self.optima.note(all, ended.into(), 1, 1, settings),
                Ok(Err(failed)) => self.note_failure(all, failed, 1),
                Err(failed) => self.note_failure(stage, failed, 1),
            }
        }
        Ok(())
    }
}
