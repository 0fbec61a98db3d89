//! The starts that the engine makes itself: of which rows, and for whom.

use std::ops::Range;

use rayon::prelude::*;

use super::cell::Cell;
use super::stage::Stage;
use super::{fixed, Settings};
use crate::covariance::Family;
use crate::error::GmmError;
use crate::init::{Partition, Partitions, Sample};
use crate::pass::Passes;

/// Starts that a cell gets at a time.
pub(super) const STARTS_AT_A_TIME: usize = 12;
/// Doubles that starts which are made together may take: their statistics, and the runs.
const START_DOUBLES: usize = 16 << 20;
/// Matrices per component that a run keeps: of its mixture, its factors and its statistics.
const RUN_MATRICES: usize = 4;
/// Of many rows, those on which starts are tried: the more cells, the fewer.
const SAMPLE_WORK: usize = 100_000;
pub(super) const LEAST_SAMPLE: usize = 1000;
const MOST_SAMPLE: usize = 5000;

/// What cells get and keep at a time.
#[derive(Debug, Clone, Copy)]
pub(super) struct AtATime {
    pub(super) starts: usize,
    /// Runs of a cell that wait for those of others.
    pub(super) runs: usize,
}

/// Cells whose starts are made together: all, or those of one number of components after the other
/// where so many starts and runs take much memory.
fn in_memory(cells: &[&mut Cell], d: usize, at_a_time: AtATime) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut matrices = 0;
    for (i, cell) in cells.iter().enumerate() {
        matrices += cell.k * at_a_time.runs * RUN_MATRICES;
        match ranges.last_mut() {
            Some(range) if cells[range.start].k == cell.k => range.end += 1,
            _ => {
                matrices += cell.k * at_a_time.starts;
                ranges.push(i..i + 1);
            }
        }
    }
    if matrices * d * d <= START_DOUBLES {
        std::iter::once(0..cells.len()).collect()
    } else {
        ranges
    }
}

/// Runs of a cell that may be made together: so many at least as it gets starts at a time.
pub(super) fn runs_in_memory(k: usize, d: usize) -> usize {
    (START_DOUBLES / (k * RUN_MATRICES * d * d)).max(STARTS_AT_A_TIME)
}

/// The rows of which starts are made, for so many cells.
pub(super) fn sample_of<'a>(all: &Stage<'a>, cells: usize, settings: &Settings) -> Sample<'a> {
    let rows = (SAMPLE_WORK / cells.max(1)).clamp(LEAST_SAMPLE, MOST_SAMPLE);
    Sample::of(*all.passes.data(), rows, settings.seed)
}

/// The stage of a sample.
pub(super) fn stage_of<'a>(
    sample: &'a Sample<'_>,
    all: &Stage<'a>,
    settings: &Settings,
) -> Result<Stage<'a>, GmmError> {
    let passes = Passes::with_isa(sample.data(), all.passes.progress(), all.passes.isa());
    Stage::new(passes, sample.rows(), settings)
}

/// The partitions of a stage's rows with which starts begin.
pub(super) fn partitions_of<'a>(
    stage: &Stage<'a>,
    settings: &Settings,
) -> Result<Partitions<'a>, GmmError> {
    let most = settings.k.iter().copied().max().unwrap_or(1);
    let family = family_of_starts(settings);
    Partitions::of(stage.passes, &stage.scale, family, most + 1, settings.seed)
}

/// The family whose statistics are enough for all.
pub(super) fn family_of_starts(settings: &Settings) -> Family {
    if settings.families.iter().any(|family| family.is_oriented()) {
        Family::Vvv
    } else {
        Family::Vvi
    }
}

/// Give the cells these starts, few at a time, until they need no more: `begin` takes a cell, the
/// partitions, and the number of the first; `then` takes all cells after each time.
pub(super) fn deal(
    partitions: &Partitions<'_>,
    cells: &mut [&mut Cell],
    settings: &Settings,
    starts: Range<usize>,
    at_a_time: AtATime,
    begin: impl Fn(&mut Cell, &[Partition], usize) -> Result<(), GmmError> + Sync,
    then: impl Fn(&mut [&mut Cell]) -> Result<(), GmmError>,
) -> Result<(), GmmError> {
    for first in starts.clone().step_by(at_a_time.starts) {
        let starts = first..starts.end.min(first + at_a_time.starts);
        for range in in_memory(cells, partitions.d(), at_a_time) {
            let is_open = |cell: &&mut &mut Cell| cell.needs_more(settings);
            let mut open: Vec<&mut &mut Cell> = cells[range].iter_mut().filter(is_open).collect();
            let mut k: Vec<usize> = open.iter().map(|cell| cell.k).collect();
            k.dedup();
            let make = |k: &usize| partitions.make(*k, starts.clone());
            let mut made = k.par_iter().map(make).collect::<Result<Vec<_>, _>>()?;
            if let Some(fixed) = &settings.fixed {
                for partition in made.iter_mut().flatten() {
                    fixed::number(partition, fixed, partitions, settings)?;
                }
            }
            open.par_iter_mut().try_for_each(|cell| {
                let k = k.iter().position(|&k| k == cell.k).expect("made above");
                begin(cell, &made[k], first)
            })?;
            then(cells)?;
        }
    }
    Ok(())
}
