//! What cells find by moves at random, and on a random half of the rows.

use rand::seq::SliceRandom;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::cell::Cell;
use super::learning::{learn, Known, Proposal};
use super::moves::{merge, split, with_component_at, without};
use super::runs::Effort;
use super::stage::Stage;
use super::starts::{runs_in_memory, stage_of};
use super::Settings;
use crate::covariance::Family;
use crate::data::Data;
use crate::error::GmmError;
use crate::init::{generator, Sample};
use crate::mixture::Mixture;

/// The last stream of random numbers; those of starts are the first.
const LAST_STREAM: usize = u32::MAX as usize;
/// Of a component's principal axes, the longest, across which it is split.
const AXES: usize = 3;
/// Iterations at most that an optimum makes on a random half of the rows.
const ITERATIONS_ON_HALF: usize = 8;
/// More than runs of the starts go on: moves that are tried at a time, and those that run on after
/// a short run of so many iterations. What a move leads to shows late.
const MOVES: usize = 3;
const MOVERS: usize = 2;
const SHORT: usize = 2;

/// Lets cells explore, time after time.
pub(super) struct Explorer<'a> {
    pub(super) stage: &'a Stage<'a>,
    of_starts: Effort,
    pub(super) settings: &'a Settings,
    /// Rounds so far, each of which has random numbers of its own.
    rounds: usize,
}

impl<'a> Explorer<'a> {
    pub(super) fn new(stage: &'a Stage<'a>, of_starts: Effort, settings: &'a Settings) -> Self {
        Explorer {
            stage,
            of_starts,
            settings,
            rounds: 0,
        }
    }

    /// Let the cells learn from one another.
    ///
    /// # Errors
    /// [`GmmError::Interrupted`].
    pub(super) fn learn(&self, cells: &mut [&mut Cell], known: &mut Known) -> Result<(), GmmError> {
        learn(self.stage, cells, known, self.of_starts, self.settings)
    }

    /// Let the cells try moves at random from their own optima, and from those of their family with
    /// a component more or less, and where their own lead on a random half of the rows; what one
    /// has found, the others learn. Where learning ends, each cell depends on its neighbours only:
    /// this leads on.
    ///
    /// A cell stops when it has tried in vain as often as `times` says for it; the count begins
    /// anew with every better optimum among these. Cells that nobody asked for do not try. Nor do
    /// those whose optimum may be chance, unless there is no other: the next would be no less so.
    ///
    /// # Errors
    /// [`GmmError::Interrupted`].
    ///
    /// # Source
    /// Ueda, Nakano, Ghahramani and Hinton (2000), as for learning; Fränti and Kivijärvi (2000),
    /// *Randomised local search algorithm for the clustering problem*, Pattern Analysis &
    /// Applications 3, for components that go elsewhere; Nixon (1999), *The parsimony ratchet, a
    /// new method for rapid parsimony analysis*, Cladistics 15, for ways out of an optimum by other
    /// weights of the data.
    pub(super) fn explore(
        &mut self,
        cells: &mut [&mut Cell],
        known: &mut Known,
        times: &[usize],
    ) -> Result<(), GmmError> {
        // Moves renumber components, of which fixed ones may each be another.
        if self.settings.fixed.is_some() {
            return Ok(());
        }
        let mut in_vain = vec![0; cells.len()];
        let is_alone = cells.iter().filter(|cell| !cell.is_helper).count() == 1;
        loop {
            self.stage.passes.progress().check()?;
            let explores = |(cell, left): (&&mut Cell, bool)| {
                let may = cell.k > 1 && cell.is_in_play() && !cell.is_helper;
                may && left && (is_alone || !cell.optima.is_suspect(self.stage))
            };
            let left = in_vain.iter().zip(times).map(|(a, b)| a < b);
            let open: Vec<bool> = cells.iter().zip(left).map(explores).collect();
            if !open.contains(&true) {
                return Ok(());
            }
            let before: Vec<f64> = cells.iter().map(|cell| cell.loglik()).collect();
            self.move_on(cells, &open)?;
            self.learn(cells, known)?;
            let changed: Vec<&Cell> = (cells.iter().zip(&before))
                .filter(|(cell, before)| cell.loglik() > **before + cell.optima.margin())
                .map(|(cell, _)| &**cell)
                .collect();
            for (i, (cell, in_vain)) in cells.iter().zip(&mut in_vain).enumerate() {
                let is_near = |other: &&Cell| {
                    other.model.family == cell.model.family && other.k.abs_diff(cell.k) <= 1
                };
                *in_vain = if changed.iter().any(is_near) {
                    0
                } else {
                    *in_vain + usize::from(open[i])
                };
            }
        }
    }

    /// Let the `open` ones of the cells try.
    fn move_on(&mut self, cells: &mut [&mut Cell], open: &[bool]) -> Result<(), GmmError> {
        let (stage, settings) = (self.stage, self.settings);
        let runs = settings.budget.n_final;
        let effort = Effort {
            glance: 0,
            // All, with what half of the rows has led to.
            few: runs + MOVES + 1,
            short: SHORT.min(settings.short_iterations),
            long: runs + MOVERS,
            ..self.of_starts
        };
        let found: Vec<(usize, Family, Mixture)> = cells
            .iter()
            .filter(|cell| cell.behind.is_none())
            .filter_map(|cell| {
                let mixture = cell.optima.best()?.mixture.clone();
                Some((cell.k, cell.model.family, mixture))
            })
            .collect();
        let first = LAST_STREAM - self.rounds * (cells.len() + 1);
        self.rounds += 1;
        let mut rng = generator(settings.seed, first - cells.len());
        let sample = Sample::of(
            *stage.passes.data(),
            stage.passes.data().n() / 2,
            rng.random(),
        );
        let half = stage_of_half(&sample, stage, settings)?;
        let each = cells.par_iter_mut().enumerate();
        each.filter(|(i, _)| open[*i]).try_for_each(|(i, cell)| {
            let mut rng = generator(settings.seed, first - i);
            let of_family = |k: usize| {
                let is_it = |other: &&(usize, Family, Mixture)| {
                    (other.0, other.1) == (k, cell.model.family)
                };
                found.iter().find(is_it).map(|(.., mixture)| mixture)
            };
            let around = Around {
                own: of_family(cell.k),
                with_more: of_family(cell.k + 1),
                with_less: of_family(cell.k - 1),
            };
            let proposals = around.proposals(stage, cell, half.as_ref(), &mut rng, settings);
            cell.learn_from(stage, &proposals, effort, settings)
        })
    }
}

/// The stage of half of the rows, if all columns vary enough there.
///
/// # Errors
/// [`GmmError::Interrupted`].
fn stage_of_half<'a>(
    half: &'a Sample<'_>,
    stage: &Stage<'a>,
    settings: &Settings,
) -> Result<Option<Stage<'a>>, GmmError> {
    match stage_of(half, stage, settings) {
        Err(GmmError::OutOfRange { .. }) => Ok(None),
        other => Ok(Some(other?.roughly())),
    }
}

/// Where the cell's optimum leads on half of the rows, unless it collapses.
fn led_by(half: &Stage<'_>, cell: &Cell, settings: &Settings) -> Option<Mixture> {
    let best = cell.optima.best()?;
    let most = ITERATIONS_ON_HALF.min(settings.max_iterations);
    let em = half.em(cell.model, settings);
    let run = em.begin(best.mixture.clone());
    let run = run.and_then(|run| em.advance(run, most)).ok()?;
    Some(run.into_parts().0)
}

/// A way from an optimum to a mixture with another number of components, or with the same.
#[derive(Debug, Clone, Copy)]
enum Move {
    /// A component goes to a row.
    Send {
        component: usize,
        row: usize,
    },
    /// Two are merged, and then one is split.
    Regroup {
        pair: (usize, usize),
        component: usize,
        axis: usize,
    },
    Drop {
        component: usize,
    },
    Merge {
        pair: (usize, usize),
    },
    Split {
        component: usize,
        axis: usize,
    },
    /// A component is added at a row.
    Add {
        row: usize,
    },
}

impl Move {
    fn from(self, optimum: &Mixture, data: &Data<'_>) -> Mixture {
        match self {
            Move::Send { component, row } => {
                without(&with_component_at(optimum, &data.row(row)), component)
            }
            Move::Regroup {
                pair: (a, b),
                component,
                axis,
            } => split(&merge(optimum, a, b), component, axis),
            Move::Drop { component } => without(optimum, component),
            Move::Merge { pair: (a, b) } => merge(optimum, a, b),
            Move::Split { component, axis } => split(optimum, component, axis),
            Move::Add { row } => with_component_at(optimum, &data.row(row)),
        }
    }
}

/// Where moves begin: the optima of a family around a number of components.
struct Around<'a> {
    own: Option<&'a Mixture>,
    with_more: Option<&'a Mixture>,
    with_less: Option<&'a Mixture>,
}

impl<'a> Around<'a> {
    /// What the cell should try that it does not know.
    fn proposals(
        &self,
        stage: &Stage<'_>,
        cell: &Cell,
        half: Option<&Stage<'_>>,
        rng: &mut ChaCha8Rng,
        settings: &Settings,
    ) -> Vec<Proposal> {
        let data = stage.passes.data();
        let mut moves = self.moves(data, rng);
        moves.shuffle(rng);
        let moved = moves.into_iter().map(|(from, way)| way.from(from, data));
        let unknown = |mixture: &Mixture| !cell.knows(mixture, stage);
        let most = settings.budget.n_final + MOVES;
        let moved = moved
            .filter(unknown)
            .take(most.min(runs_in_memory(cell.k, data.d())));
        let led = half.and_then(|half| led_by(half, cell, settings));
        let made = led.filter(unknown).into_iter().chain(moved);
        made.map(Proposal::guess).collect()
    }

    /// Moves to as many components: for each component, one of every kind.
    fn moves(&self, data: &Data<'_>, rng: &mut ChaCha8Rng) -> Vec<(&'a Mixture, Move)> {
        let mut moves = Vec::new();
        let (n, axes) = (data.n(), AXES.min(data.d()));
        let any = |below: usize, rng: &mut ChaCha8Rng| rng.random_range(0..below);
        let any_pair = |k: usize, rng: &mut ChaCha8Rng| {
            let a = rng.random_range(0..k);
            (a, (a + rng.random_range(1..k)) % k)
        };
        if let Some(own) = self.own {
            for component in 0..own.k() {
                let row = any(n, rng);
                moves.push((own, Move::Send { component, row }));
                let regroup = Move::Regroup {
                    pair: any_pair(own.k(), rng),
                    component: any(own.k() - 1, rng),
                    axis: any(axes, rng),
                };
                moves.push((own, regroup));
            }
        }
        if let Some(more) = self.with_more {
            for component in 0..more.k() {
                moves.push((more, Move::Drop { component }));
                let pair = any_pair(more.k(), rng);
                moves.push((more, Move::Merge { pair }));
            }
        }
        if let Some(less) = self.with_less {
            for component in 0..less.k() {
                let axis = any(axes, rng);
                moves.push((less, Move::Split { component, axis }));
                moves.push((less, Move::Add { row: any(n, rng) }));
            }
        }
        moves
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::covariance::Covariances;
    use crate::responsibilities::Given;
    use crate::search::fixture::{on_stage, run_from, settings};
    use nalgebra::DMatrix;
    use ndarray::Array2;

    fn mixture(k: usize, d: usize) -> Mixture {
        Mixture {
            weights: vec![1.0 / k as f64; k],
            means: Array2::from_shape_fn((k, d), |(i, j)| (10 * i + j) as f64),
            covariances: (0..k)
                .map(|_| DMatrix::identity(d, d))
                .collect::<Covariances>(),
        }
    }

    fn explore_alone(stage: &Stage<'_>, cell: &mut Cell, times: usize, settings: &Settings) {
        let (cells, known) = (&mut [cell], &mut Known::default());
        let mut explorer = Explorer::new(stage, Effort::ONE_RUN, settings);
        explorer.explore(cells, known, &[times]).unwrap();
    }

    #[test]
    fn moves_are_mixtures_of_as_many_components() {
        let x: Vec<f64> = (0..60).map(f64::from).collect();
        for (k, d) in [(2, 1), (2, 2), (3, 2), (4, 3)] {
            let data = Data::new(&x[..20 * d], 20, d);
            let (own, more, less) = (mixture(k, d), mixture(k + 1, d), mixture(k - 1, d));
            let around = Around {
                own: Some(&own),
                with_more: Some(&more),
                with_less: Some(&less),
            };
            for seed in 0..20 {
                let moves = around.moves(&data, &mut generator(seed, 0));
                assert_eq!(moves.len(), 2 * (k + k + 1 + k - 1));
                for (from, way) in moves {
                    let found = way.from(from, &data);
                    assert_eq!((found.k(), found.means.dim()), (k, (k, d)));
                    assert!((found.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
                    assert!(found.means.iter().all(|mean| mean.is_finite()));
                }
            }
        }
        let nowhere = Around {
            own: None,
            with_more: None,
            with_less: None,
        };
        let data = Data::new(&x, 20, 3);
        assert!(nowhere.moves(&data, &mut generator(1, 0)).is_empty());
    }

    #[test]
    fn exploring_leaves_an_optimum_that_is_not_the_best() {
        // Three groups of which two are given as one, and the third as two.
        let x: Vec<f64> = (0..90)
            .map(|i| f64::from(i / 30 * 100 + i * i % 31))
            .collect();
        let labels: Vec<usize> = (0..90)
            .map(|i| if i < 60 { 0 } else { 1 + i % 2 })
            .collect();
        on_stage(&x, |stage, model| {
            let settings = settings(model.family);
            let explored = |times| {
                let mut cell = Cell::new(3, model);
                let given = Given::Labels(&labels);
                cell.start_given(stage, given, Effort::ONE_RUN, &settings)
                    .unwrap();
                explore_alone(stage, &mut cell, times, &settings);
                cell.loglik()
            };
            assert!(explored(2) > explored(0) + 20.0);
        });
    }

    #[test]
    fn a_cell_explores_until_it_has_tried_in_vain() {
        // Six groups. Three are given as one, and two as two each: more than one has to move.
        let x: Vec<f64> = (0..120)
            .map(|i| f64::from((i / 20) * 100 + i * i % 23))
            .collect();
        let labels: Vec<usize> = (0..120)
            .map(|i| [0, 0, 0, 1 + i % 2, 3 + i % 2, 5][i / 20])
            .collect();
        let groups: Vec<usize> = (0..120).map(|i| i as usize / 20).collect();
        on_stage(&x, |stage, model| {
            let settings = settings(model.family);
            let found = |labels: &[usize], times| {
                let mut cell = Cell::new(6, model);
                let given = Given::Labels(labels);
                cell.start_given(stage, given, Effort::ONE_RUN, &settings)
                    .unwrap();
                explore_alone(stage, &mut cell, times, &settings);
                cell.loglik()
            };
            let best = found(&groups, 0);
            assert!(found(&labels, 0) < best - 20.0);
            assert!(found(&labels, 3) > best - 1e-3);
        });
    }

    fn half_of<'a>(stage: &Stage<'a>, seed: u64) -> Sample<'a> {
        Sample::of(*stage.passes.data(), stage.passes.data().n() / 2, seed)
    }

    #[test]
    fn half_of_the_rows_leads_away_from_an_optimum() {
        let x: Vec<f64> = (0..90).map(|i| f64::from(i % 9 * i)).collect();
        let labels: Vec<usize> = (0..90).map(|i| i % 2).collect();
        on_stage(&x, |stage, model| {
            let settings = settings(model.family);
            let cell = run_from(stage, model, 2, &labels);
            let own = &cell.optima.best().unwrap().mixture;
            let sample = half_of(stage, 1);
            let half = stage_of_half(&sample, stage, &settings).unwrap().unwrap();
            assert_eq!(half.passes.data().n(), 45);
            let led = led_by(&half, &cell, &settings).unwrap();
            let loglik = |of| half.passes.evaluate(of).unwrap().loglik;
            assert!(loglik(&led) > loglik(own));
            assert!(!cell.knows(&led, stage));
            let nowhere = Around {
                own: None,
                with_more: None,
                with_less: None,
            };
            let rng = &mut generator(1, 0);
            let proposals = nowhere.proposals(stage, &cell, Some(&half), rng, &settings);
            assert_eq!(proposals.len(), 1);
            assert_eq!(proposals[0].mixture, led);
        });
    }

    #[test]
    fn a_few_moves_are_tried_at_a_time() {
        let x: Vec<f64> = (0..90).map(|i| f64::from(i % 9 * i)).collect();
        on_stage(&x, |stage, model| {
            let cell = Cell::new(4, model);
            let own = mixture(4, 1);
            let around = Around {
                own: Some(&own),
                with_more: None,
                with_less: None,
            };
            let proposed = |n_final, seed| {
                let mut settings = settings(model.family);
                settings.budget.n_final = n_final;
                let rng = &mut generator(seed, 0);
                let proposals = around.proposals(stage, &cell, None, rng, &settings);
                let mixtures = proposals.into_iter().map(|proposal| proposal.mixture);
                mixtures.collect::<Vec<_>>()
            };
            // Of each component, one of either kind.
            assert_eq!([1, 2, 100].map(|n| proposed(n, 1).len()), [4, 5, 8]);
            assert_ne!(proposed(1, 1), proposed(1, 2));
        });
    }

    #[test]
    fn half_in_which_a_column_varies_too_little_is_left_out() {
        // All that varies enough is one row.
        let mut x: Vec<f64> = (0..40).map(|i| f64::from(i % 2) * 1e-153).collect();
        x[7] = 1e-140;
        on_stage(&x, |stage, model| {
            let mut had_row = [false; 2];
            for seed in 0..10 {
                let sample = half_of(stage, seed);
                let half = stage_of_half(&sample, stage, &settings(model.family)).unwrap();
                let has_row = sample.rows().unwrap().contains(&7);
                assert_eq!(half.is_some(), has_row);
                had_row[usize::from(has_row)] = true;
            }
            assert_eq!(had_row, [true; 2]);
        });
    }

    #[test]
    fn only_cells_that_were_asked_for_and_not_given_up_explore() {
        let x: Vec<f64> = (0..40).map(|i| f64::from(i % 2 * 100 + i % 7)).collect();
        on_stage(&x, |stage, model| {
            let settings = settings(model.family);
            let explored = |mut cell: Cell| {
                let labels: Vec<usize> = (0..40).map(|i| i / 20).collect();
                let given = Given::Labels(&labels);
                cell.start_given(stage, given, Effort::ONE_RUN, &settings)
                    .unwrap();
                let before = cell.loglik();
                explore_alone(stage, &mut cell, 3, &settings);
                cell.loglik() - before
            };
            assert!(explored(Cell::new(2, model)) > 20.0);
            assert_eq!(explored(Cell::helper(2, model)), 0.0);
            let mut given_up = Cell::new(2, model);
            given_up.behind = Some(1.0);
            assert_eq!(explored(given_up), 0.0);
        });
        // Three groups as one, and two rows that lie close together as another.
        let mut x: Vec<f64> = (0..60)
            .map(|i| f64::from(i % 3 * 100 + i * i % 31))
            .collect();
        x.extend([20.0, 20.000001]);
        on_stage(&x, |stage, model| {
            let settings = settings(model.family);
            let labels: Vec<usize> = (0..62).map(|i| usize::from(i >= 60)).collect();
            let mut chance = Cell::new(2, model);
            chance
                .start_given(stage, Given::Labels(&labels), Effort::ONE_RUN, &settings)
                .unwrap();
            assert!(chance.optima.is_suspect(stage));
            let before = chance.loglik();
            explore_alone(stage, &mut chance, 3, &settings);
            assert_eq!(chance.loglik(), before);
        });
    }
}
