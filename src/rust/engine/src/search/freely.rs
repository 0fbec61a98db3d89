//! The search from partitions of the engine's own: starts, learning, and, of many models, the
//! choice of those that go on.

use rayon::prelude::*;

use super::cell::Cell;
use super::exploring::Explorer;
use super::learning::Known;
use super::runs::{Effort, OUT_OF_REACH};
use super::stage::Stage;
use super::starts::{
    deal, partitions_of, sample_of, stage_of, AtATime, LEAST_SAMPLE, STARTS_AT_A_TIME,
};
use super::{contenders, learning, survivors, Settings};
use crate::error::GmmError;
use crate::init::Partitions;

/// So many models, of fewer rows than so many, are all finished.
const FEW_MODELS: usize = 30;
const MANY_ROWS: usize = 100_000;
/// Where models are given up, parts in which the starts are tried that are else tried at a time.
const BATCHES: usize = 3;
/// Iterations after which the worst starts are dropped.
const GLANCE: usize = 1;
/// Rounds that a long run of many cells may take to catch up.
const PATIENCE: f64 = 3.0;
/// Optima that are kept where the best may turn out to be none, one cell's on a sample and those of
/// rough runs; or to be chance, where there are several cells to choose from.
const KEPT: usize = 3;

/// From partitions of the engine's own; returns the rows that these are of.
pub(super) fn search(
    all: &Stage<'_>,
    cells: &mut [&mut Cell],
    distinct: usize,
    settings: &Settings,
) -> Result<usize, GmmError> {
    let n = all.passes.data().n();
    let sample = sample_of(all, cells.len(), settings);
    let sampled = sample.data().n() < n;
    let own;
    let is_one = cells.len() == 1;
    let are_many = cells.len() > learning::FEW;
    let stage = if sampled || are_many {
        let same = if sampled {
            stage_of(&sample, all, settings)?
        } else {
            all.clone()
        };
        own = if are_many { same.roughly() } else { same };
        &own
    } else {
        all
    };
    let partitions = partitions_of(stage, settings)?;
    let models = if n < MANY_ROWS { FEW_MODELS } else { 1 };
    let gives_up = n >= LEAST_SAMPLE && cells.len() > models && !settings.finish_all;
    let mut helpers = learning::helpers(cells, all.passes.data().d(), distinct, settings);
    let has_helpers = !helpers.is_empty();
    let mut everyone: Vec<&mut Cell> = cells.iter_mut().map(|cell| &mut **cell).collect();
    everyone.extend(&mut helpers);
    everyone.sort_by_key(|cell| cell.k);
    let chooses = gives_up && !has_helpers;
    let batches = if chooses { BATCHES } else { 1 };
    let long = settings.budget.n_final.div_ceil(batches);
    let keeps = if is_one { sampled } else { !sampled };
    let effort = Effort {
        glance: GLANCE.min(settings.short_iterations),
        few: 2 * long,
        short: settings.short_iterations,
        long,
        patience: Some(if are_many { PATIENCE } else { OUT_OF_REACH }),
        kept: if keeps { KEPT } else { 1 },
    };
    let choose = |cells: &mut [&mut Cell]| {
        if chooses {
            survivors::choose(stage, cells, n, settings)?;
        }
        Ok(())
    };
    let starts = STARTS_AT_A_TIME / batches;
    let at_a_time = AtATime {
        starts,
        // Up to half of them run on whatever they are worth.
        runs: (effort.few + starts / 2).min(starts),
    };
    let mut known = Known::default();
    // Whatever cells have learned, further starts only add to it.
    for first in (0..settings.budget.n_init).step_by(STARTS_AT_A_TIME) {
        deal(
            &partitions,
            &mut everyone,
            settings,
            first..settings.budget.n_init.min(first + STARTS_AT_A_TIME),
            at_a_time,
            |cell, made, _| cell.start_from(stage, made, effort, settings),
            |cells| {
                choose(cells)?;
                cells
                    .par_iter_mut()
                    .filter(|cell| cell.behind.is_none())
                    .try_for_each(|cell| cell.go_far(stage, effort, settings))
            },
        )?;
        choose(&mut everyone)?;
        learning::learn(stage, &mut everyone, &mut known, effort, settings)?;
    }
    let mut explorer = Explorer::new(stage, effort, settings);
    let times = vec![settings.budget.explorations; everyone.len()];
    explorer.explore(&mut everyone, &mut known, &times)?;
    let contend = !is_one && !sampled && settings.fixed.is_none();
    let mut passed_over = if contend {
        contenders::contend(&mut explorer, &mut everyone, &mut known)?
    } else {
        Vec::new()
    };
    if gives_up {
        survivors::choose(stage, cells, n, settings)?;
    }
    if !sampled && stage.is_rough(settings) {
        let finish = |cell: &mut Cell| {
            if cell.behind.is_none() {
                cell.finish(all, settings)?;
            }
            Ok(())
        };
        cells.par_iter_mut().try_for_each(|cell| finish(cell))?;
        passed_over.par_iter_mut().try_for_each(finish)?;
    }
    if sampled && gives_up {
        survivors::race(all, cells, settings)?;
    } else if sampled {
        cells
            .par_iter_mut()
            .try_for_each(|cell| cell.go_on(all, settings))?;
    }
    if contend {
        contenders::settle(all, cells, passed_over, settings)?;
    }
    if chooses {
        let alone = &Settings {
            budget: settings.alone,
            ..settings.clone()
        };
        contenders::contend_alone(all, cells, alone, |cell| {
            search(all, &mut [cell], distinct, alone).map(|_| ())
        })?;
    }
    learning::nest(all, cells, settings)?;
    let is_known = sampled || gives_up || has_helpers || is_one;
    if !is_known && follow_all_of_leader(all, &partitions, cells, settings)? {
        learning::nest(all, cells, settings)?;
    }
    Ok(sample.data().n())
}

/// Follow all starts of the best of several models to their end: how many lead to its optimum says
/// how sure that is. Returns whether one of them leads further.
fn follow_all_of_leader(
    all: &Stage<'_>,
    partitions: &Partitions<'_>,
    cells: &mut [&mut Cell],
    settings: &Settings,
) -> Result<bool, GmmError> {
    survivors::find_entropies(all, cells, settings)?;
    let leader = survivors::leader(all, cells, settings);
    let Some(leader) = leader.filter(|&leader| cells[leader].k > 1) else {
        return Ok(false);
    };
    let effort = Effort {
        glance: 0,
        few: STARTS_AT_A_TIME,
        short: settings.short_iterations,
        long: STARTS_AT_A_TIME,
        patience: None,
        kept: 1,
    };
    let at_a_time = AtATime {
        starts: STARTS_AT_A_TIME,
        runs: effort.few,
    };
    let mut again = cells[leader].to_be_followed();
    deal(
        partitions,
        &mut [&mut again],
        settings,
        0..cells[leader].started,
        at_a_time,
        |cell, made, _| cell.start_from(all, made, effort, settings),
        |cells| cells[0].go_far(all, effort, settings),
    )?;
    Ok(cells[leader].take_followed(again))
}
