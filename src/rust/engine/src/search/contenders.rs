//! The last of a search for the best of several models: those that it is between.

use super::cell::Cell;
use super::exploring::Explorer;
use super::learning::Known;
use super::stage::Stage;
use super::survivors::{find_entropies, leader, value};
use super::Settings;
use crate::error::GmmError;

/// Where models are given up, those of the others at most that are searched for alone.
const LEADERS: usize = 4;

/// Cells that count no chance from here on.
struct Entered {
    /// The best one before.
    best: Option<usize>,
    /// Those that are new.
    new: Vec<usize>,
}

/// Let the best cell and those that would be better by an optimum that may be chance count no
/// chance from here on; the latter are passed over as they were.
fn enter(
    stage: &Stage<'_>,
    cells: &mut [&mut Cell],
    passed_over: &mut Vec<Cell>,
    settings: &Settings,
) -> Result<Entered, GmmError> {
    find_entropies(stage, cells, settings)?;
    let best = leader(stage, cells, settings);
    let value = |cell: &Cell| value(stage, cell, cell.loglik(), settings);
    let least = best.map_or(f64::INFINITY, |best| value(cells[best]));
    let mut new = Vec::new();
    for (i, cell) in cells.iter_mut().enumerate() {
        // What is given may be narrow, and is no chance.
        if cell.is_helper || cell.behind.is_some() || settings.fixed.is_some() {
            continue;
        }
        if best == Some(i) {
            if !cell.optima.counts_no_chance() {
                cell.optima.be_sound();
                new.push(i);
            }
        } else if cell.optima.is_suspect(stage) && value(cell) < least {
            let sound = cell.without_chance(stage);
            passed_over.push(std::mem::replace(&mut **cell, sound));
            new.push(i);
        }
    }
    Ok(Entered { best, new })
}

/// The same where rough optima have been finished: those that are left are finished, too, and may
/// turn out to be chance in the end. Returns all cells that are new.
fn enter_finished(
    all: &Stage<'_>,
    cells: &mut [&mut Cell],
    passed_over: &mut Vec<Cell>,
    settings: &Settings,
) -> Result<Vec<usize>, GmmError> {
    let mut entered = Vec::new();
    loop {
        let new = enter(all, cells, passed_over, settings)?.new;
        if new.is_empty() {
            return Ok(entered);
        }
        for &i in &new {
            cells[i].finish(all, settings)?;
        }
        entered.extend(new);
    }
}

/// Explore further where the best model may yet be found: in the one that is best so far, and in
/// those that would be better by an optimum that may be chance. These may have another beside it
/// that is none: it is passed over.
///
/// Returns the latter as they were, for those of them that will not be the best.
///
/// # Errors
/// [`GmmError::Interrupted`].
pub(super) fn contend(
    explorer: &mut Explorer<'_>,
    cells: &mut [&mut Cell],
    known: &mut Known,
) -> Result<Vec<Cell>, GmmError> {
    let (stage, settings) = (explorer.stage, explorer.settings);
    let mut passed_over = Vec::new();
    loop {
        let entered = enter(stage, cells, &mut passed_over, settings)?;
        if entered.new.is_empty() {
            return Ok(passed_over);
        }
        let mut times = vec![0; cells.len()];
        for i in entered.new {
            // The best one has explored already.
            let before = if entered.best == Some(i) {
                settings.budget.explorations
            } else {
                0
            };
            times[i] = settings.alone.explorations.saturating_sub(before);
        }
        explorer.learn(cells, known)?;
        explorer.explore(cells, known, &times)?;
    }
}

/// The same by a search for each as if it had been asked for alone; should that find more, also for
/// those of its family with a component more or less. `search` makes one.
///
/// # Errors
/// [`GmmError::Interrupted`].
pub(super) fn contend_alone(
    all: &Stage<'_>,
    cells: &mut [&mut Cell],
    settings: &Settings,
    search: impl Fn(&mut Cell) -> Result<(), GmmError>,
) -> Result<(), GmmError> {
    let (mut alone, mut passed_over): (Vec<usize>, _) = (Vec::new(), Vec::new());
    for next in 0..LEADERS {
        let entered = enter_finished(all, cells, &mut passed_over, settings)?;
        if next == 0 {
            alone.extend(leader(all, cells, settings));
        }
        // Of one that was searched for, chance may have come.
        let due = &alone[next..];
        let news: Vec<usize> = entered.into_iter().filter(|i| !due.contains(i)).collect();
        alone.extend(news);
        let Some(&at) = alone.get(next) else { break };
        let (k, model) = (cells[at].k, cells[at].model);
        let mut found = cells[at].anew();
        search(&mut found)?;
        if cells[at].take_over(found, settings.tolerance) {
            let is_next = |i: &usize| cells[*i].model == model && cells[*i].k.abs_diff(k) == 1;
            let others = (0..cells.len()).filter(is_next);
            let news: Vec<usize> = others.filter(|i| !alone.contains(i)).collect();
            alone.extend(news);
        }
    }
    settle(all, cells, passed_over, settings)
}

/// Put back what was passed over where it is better, but for the best cell.
///
/// # Errors
/// [`GmmError::Interrupted`].
pub(super) fn settle(
    all: &Stage<'_>,
    cells: &mut [&mut Cell],
    mut passed_over: Vec<Cell>,
    settings: &Settings,
) -> Result<(), GmmError> {
    enter_finished(all, cells, &mut passed_over, settings)?;
    let best = leader(all, cells, settings);
    for other in passed_over {
        let is_it = |cell: &&mut Cell| (cell.k, cell.model) == (other.k, other.model);
        let Some(at) = cells.iter().position(is_it) else {
            continue;
        };
        let cell = &mut cells[at];
        let has_none = cell.behind.is_some() || cell.optima.best().is_none();
        if best == Some(at) && other.optima.is_suspect(all) {
            cell.optima.note_passed_over(other.loglik());
        } else if has_none || other.loglik() > cell.loglik() {
            **cell = other;
        }
    }
    // What is yet to be found of the best must not hide it.
    let best = leader(all, cells, settings);
    for (i, cell) in cells.iter_mut().enumerate() {
        if best != Some(i) {
            cell.optima.count_chance();
        } else if settings.fixed.is_none() {
            cell.optima.be_sound();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;
    use crate::responsibilities::Given;
    use crate::search::fixture::{on_stage, settings};
    use crate::search::runs::Effort;
    use crate::search::Budget;

    /// Two groups, and two rows of the first that lie close together.
    fn rows() -> Vec<f64> {
        let groups = (0..40).map(|i| f64::from(i % 2 * 60 + i * i % 31));
        groups.chain([20.0, 20.000001]).collect()
    }

    fn groups() -> Vec<usize> {
        (0..42).map(|i| if i < 40 { i % 2 } else { 0 }).collect()
    }

    fn pair() -> Vec<usize> {
        (0..42).map(|i| usize::from(i >= 40)).collect()
    }

    /// A cell whose runs began at these, one after the other.
    fn cell(stage: &Stage<'_>, model: Model, k: usize, starts: &[Vec<usize>]) -> Cell {
        let effort = Effort {
            kept: 3,
            ..Effort::ONE_RUN
        };
        let mut cell = Cell::new(k, model);
        for labels in starts {
            let given = Given::Labels(labels);
            cell.start_given(stage, given, effort, &settings(model.family))
                .unwrap();
        }
        cell
    }

    #[test]
    fn another_optimum_is_sought_beside_one_that_may_be_chance() {
        on_stage(&rows(), |stage, model| {
            let settings = Settings {
                alone: Budget {
                    explorations: 3,
                    ..settings(model.family).alone
                },
                ..settings(model.family)
            };
            let best = cell(stage, model, 2, &[groups()]).loglik();
            let mut one = cell(stage, model, 1, &[vec![0; 42]]);
            let mut two = cell(stage, model, 2, &[pair(), pair(), pair()]);
            let chance = two.loglik();
            assert_eq!(two.counts().reached, 3);
            assert!(two.optima.is_suspect(stage));
            let cells = &mut [&mut one, &mut two];
            let mut explorer = Explorer::new(stage, Effort::ONE_RUN, &settings);
            let passed_over = contend(&mut explorer, cells, &mut Known::default()).unwrap();
            assert_eq!(passed_over.len(), 1);
            assert_eq!(passed_over[0].loglik(), chance);
            settle(stage, cells, passed_over, &settings).unwrap();
            assert_eq!(leader(stage, cells, &settings), Some(1));
            assert!((two.loglik() - best).abs() < 1e-3);
            assert_eq!(two.optima.passed_over(), Some(chance));
            // Only what has led there counts as such.
            assert_eq!((two.counts().finished, two.counts().reached), (4, 1));
        });
    }

    #[test]
    fn what_a_search_alone_finds_beside_chance_becomes_the_best() {
        on_stage(&rows(), |stage, model| {
            let settings = settings(model.family);
            let mut one = cell(stage, model, 1, &[vec![0; 42]]);
            let mut two = cell(stage, model, 2, &[pair()]);
            let mut three = cell(stage, model, 3, &[(0..42).map(|i| i % 3).collect()]);
            let (chance, most) = (two.loglik(), three.loglik());
            let best = cell(stage, model, 2, &[groups()]).loglik();
            let searched = std::cell::RefCell::new(Vec::new());
            let search = |found: &mut Cell| {
                searched.borrow_mut().push(found.k);
                let labels = [vec![0; 42], groups()];
                let Some(labels) = labels.get(found.k - 1) else {
                    return Ok(());
                };
                found.start_given(stage, Given::Labels(labels), Effort::ONE_RUN, &settings)
            };
            let cells = &mut [&mut one, &mut two, &mut three];
            contend_alone(stage, cells, &settings, search).unwrap();
            // The best one first, the one that chance has made better, and, since that was found
            // to be better without, too, its neighbour.
            assert_eq!(searched.into_inner(), [3, 2, 1]);
            assert!((two.loglik() - best).abs() < 1e-6);
            assert_eq!(two.optima.passed_over(), Some(chance));
            assert_eq!(three.loglik(), most);
        });
    }

    #[test]
    fn what_was_passed_over_is_not_put_back_for_what_is_better() {
        on_stage(&rows(), |stage, model| {
            let settings = settings(model.family);
            let mut one = cell(stage, model, 1, &[vec![0; 42]]);
            // Of three components, by which neither is the best.
            let worse: Vec<usize> = (0..42).map(|i| i % 3).collect();
            let better: Vec<usize> = groups()
                .iter()
                .zip(pair())
                .map(|(a, b)| a + 2 * b)
                .collect();
            let mut three = cell(stage, model, 3, &[better]);
            let before = three.loglik();
            let other = cell(stage, model, 3, &[worse]);
            assert!(other.loglik() < before);
            settle(stage, &mut [&mut one, &mut three], vec![other], &settings).unwrap();
            assert_eq!(three.loglik(), before);
        });
    }

    #[test]
    fn what_was_passed_over_for_nothing_better_is_put_back() {
        on_stage(&rows(), |stage, model| {
            let settings = settings(model.family);
            let mut one = cell(stage, model, 1, &[vec![0; 42]]);
            let mut two = cell(stage, model, 2, &[pair()]);
            let chance = two.loglik();
            let cells = &mut [&mut one, &mut two];
            let mut passed_over = Vec::new();
            let entered = enter(stage, cells, &mut passed_over, &settings).unwrap();
            assert_eq!((entered.best, entered.new), (Some(0), vec![0, 1]));
            assert!(cells[1].optima.best().is_none());
            settle(stage, cells, passed_over, &settings).unwrap();
            assert_eq!((two.loglik(), two.optima.passed_over()), (chance, None));
            assert!(two.optima.is_suspect(stage));
        });
    }

    #[test]
    fn what_collapses_in_the_end_says_so_where_there_is_nothing_else() {
        on_stage(&rows(), |stage, model| {
            let settings = settings(model.family);
            let mut one = cell(stage, model, 1, &[vec![0; 42]]);
            // All rows of a component are one.
            let single: Vec<usize> = (0..42).map(|i| usize::from(i == 41)).collect();
            let collapsed = cell(stage, model, 2, &[single]);
            assert!(collapsed.optima.best().is_none());
            let mut two = Cell::new(2, model);
            settle(stage, &mut [&mut one, &mut two], vec![collapsed], &settings).unwrap();
            assert!(matches!(two.why_none(), GmmError::NoStartSurvived { .. }));
        });
    }

    #[test]
    fn an_optimum_that_turns_out_to_be_chance_in_the_end_is_passed_over() {
        on_stage(&rows(), |stage, model| {
            let settings = settings(model.family);
            let mut one = cell(stage, model, 1, &[vec![0; 42]]);
            // It counts no chance, as if it had been none when it was rough.
            let mut two = cell(stage, model, 2, &[pair(), groups()]);
            two.optima.be_sound();
            let (chance, sound) = (two.loglik(), two.without_chance(stage).loglik());
            settle(stage, &mut [&mut one, &mut two], Vec::new(), &settings).unwrap();
            assert!((two.loglik() - sound).abs() < 1e-6 && sound < chance);
            assert_eq!(two.optima.passed_over(), Some(chance));
        });
    }
}
