//! What cells learn from one another.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::cell::{Cell, Source};
use super::moves::{merge, nearest_pairs, split, with_component_at};
use super::runs::Effort;
use super::stage::Stage;
use super::starts::family_of_starts;
use super::Settings;
use crate::covariance::Family;
use crate::error::GmmError;
use crate::factors::Factors;
use crate::mixture::Mixture;
use crate::model::Model;
use crate::score::Score;
use crate::stats::SufficientStats;

/// Cells that get their neighbours to help.
pub(super) const FEW: usize = 3;
/// Pairs of components whose union is tried.
const MERGES: usize = 3;
/// Of what neighbours propose, so many runs more than of the starts go on, and so many times these
/// make a short run.
const LEARNERS: usize = 1;
const FEW_TIMES: usize = 2;

/// The neighbours of few cells, which nobody asked for, but from which these learn. Many cells have
/// each other.
pub(super) fn helpers(
    cells: &[&mut Cell],
    d: usize,
    distinct: usize,
    settings: &Settings,
) -> Vec<Cell> {
    let mut helpers: Vec<Cell> = Vec::new();
    // Fixed parameters may fit no other number of components.
    if cells.len() > FEW || settings.budget.rounds == 0 || settings.fixed.is_some() {
        return helpers;
    }
    for cell in cells {
        let family = cell.model.family;
        // Whether columns determine others is known only where orientations were asked for.
        let families = Family::ALL.into_iter().filter(|other| {
            other.is_neighbour(family)
                && other.in_dimension(d) == *other
                && (family.is_oriented() || !other.is_oriented())
        });
        let mut wanted: Vec<(usize, Family)> = families.map(|other| (cell.k, other)).collect();
        wanted.extend([(cell.k - 1, family), (cell.k + 1, family)]);
        for (k, family) in wanted {
            let is = |other: &Cell| other.k == k && other.model.family == family;
            let is_there = cells.iter().any(|other| is(other)) || helpers.iter().any(is);
            if cell.k > 1 && k > 0 && k <= distinct && !is_there {
                let model = Model {
                    family,
                    ..cell.model
                };
                helpers.push(Cell::helper(k, model));
            }
        }
    }
    helpers
}

/// Let cells try the optima of their neighbours in the table, until there is no more news.
///
/// In turns down and up the numbers of components, a family tries those of the families that differ
/// from it by a letter; on the way down, those of its own with a component more, of which two are
/// merged; on the way up, those with a component less, which is split or gets another. What a
/// family finds for one number of components, it has for the next on the same way; what another
/// family finds, on the next way. The cells must be those whose optima are `known`, if any are.
///
/// # Errors
/// [`GmmError::Interrupted`].
///
/// # Source
/// Ueda, Nakano, Ghahramani and Hinton (2000), *SMEM algorithm for mixture models*, Neural
/// Computation 12, for splitting and merging.
pub(super) fn learn(
    stage: &Stage<'_>,
    cells: &mut [&mut Cell],
    known: &mut Known,
    of_starts: Effort,
    settings: &Settings,
) -> Result<(), GmmError> {
    if cells.len() < 2 {
        return Ok(());
    }
    let learning = Learning {
        stage,
        settings,
        effort: learning_effort(of_starts, settings),
    };
    let Known(known) = known;
    known.resize_with(cells.len(), || None);
    let mut empty = 0;
    for way in [Way::Down, Way::Up]
        .into_iter()
        .cycle()
        .take(settings.budget.rounds)
    {
        let looks = known.par_iter_mut().zip(cells.par_iter());
        looks.try_for_each(|(known, cell)| learning.look(known, cell))?;
        let is_over = AtomicBool::new(true);
        let mut lines: Vec<_> = lines(cells, way)
            .into_iter()
            .map(|line| (line, Ok(())))
            .collect();
        // In the order of the lines, so that those that take longest are not the last to begin.
        rayon::scope_fifo(|scope| {
            for (line, done) in &mut lines {
                let (known, is_over) = (&*known, &is_over);
                scope.spawn_fifo(move |_| *done = learning.go_along(line, way, known, is_over));
            }
        });
        lines.into_iter().try_for_each(|(_, done)| done)?;
        // One way may have nothing to try where the other has.
        empty = if is_over.into_inner() { empty + 1 } else { 0 };
        if empty == 2 {
            break;
        }
    }
    Ok(())
}

/// Runs of what is proposed.
fn learning_effort(of_starts: Effort, settings: &Settings) -> Effort {
    let long = settings.budget.n_final + LEARNERS;
    Effort {
        glance: 0,
        few: FEW_TIMES * long,
        short: settings.short_iterations,
        long,
        ..of_starts
    }
}

/// Along the numbers of components.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

/// The cells of each family, in the order of the way; families that take longest first.
fn lines<'a>(cells: &'a mut [&mut Cell], way: Way) -> Vec<Vec<&'a mut Cell>> {
    let mut lines: Vec<Vec<&mut Cell>> = Vec::new();
    for cell in cells {
        let is_own = |line: &&mut Vec<&mut Cell>| line[0].model == cell.model;
        match lines.iter_mut().find(is_own) {
            Some(line) => line.push(cell),
            None => lines.push(vec![cell]),
        }
    }
    lines.sort_by_key(|line| {
        let family = line[0].model.family;
        let slow = (family.seeks_orientation(), family.iterates());
        Reverse((slow, family.is_oriented()))
    });
    for line in &mut lines {
        line.sort_by_key(|cell| cell.k);
        if way == Way::Down {
            line.reverse();
        }
    }
    lines
}

/// What learning takes.
#[derive(Clone, Copy)]
struct Learning<'a> {
    stage: &'a Stage<'a>,
    settings: &'a Settings,
    effort: Effort,
}

impl Learning<'_> {
    /// Take note of the cell's best optimum, unless it is known; of one that was given up, of none.
    fn look(&self, known: &mut Option<News>, cell: &Cell) -> Result<(), GmmError> {
        let is_known = |news: &News| news.loglik == cell.loglik() && cell.behind.is_none();
        if !known.as_ref().is_some_and(is_known) {
            *known = News::of(cell, self.stage, self.settings)?;
        }
        Ok(())
    }

    /// Let the cells of a family learn, one after the other.
    fn go_along(
        &self,
        line: &mut [&mut Cell],
        way: Way,
        known: &[Option<News>],
        is_over: &AtomicBool,
    ) -> Result<(), GmmError> {
        let mut before: Option<News> = None;
        for cell in line {
            let is_own = |news: &&News| news.k == cell.k && news.family == cell.model.family;
            let own = known.iter().flatten().find(is_own);
            if cell.is_in_play() {
                let others = known.iter().flatten().filter(|news| news.is_beside(cell));
                let mut news: Vec<&News> = others.chain(&before).collect();
                // From chance to chance leads no way that anybody would go.
                let is_suspect = own.is_some_and(|own| own.is_suspect);
                news.retain(|news| !(is_suspect && news.is_suspect));
                news.retain(|news| cell.notes(news.source()));
                let mut proposals: Vec<Proposal> = Vec::new();
                for news in news {
                    proposals.extend(news.proposals(way, cell));
                }
                proposals.retain(|proposal| !cell.knows(&proposal.mixture, self.stage));
                if !proposals.is_empty() {
                    is_over.store(false, Ordering::Relaxed);
                    cell.learn_from(self.stage, &proposals, self.effort, self.settings)?;
                }
            }
            before = own.cloned();
            self.look(&mut before, cell)?;
        }
        Ok(())
    }
}

/// Let no cell stay below one whose family its own contains.
///
/// # Errors
/// [`GmmError::Interrupted`].
pub(super) fn nest(
    stage: &Stage<'_>,
    cells: &mut [&mut Cell],
    settings: &Settings,
) -> Result<(), GmmError> {
    // Families come after those that they contain.
    for family in Family::ALL {
        let others = cells.iter().filter(|cell| cell.behind.is_none());
        let found: Vec<(usize, Family, f64, Mixture)> = others
            .filter_map(|cell| {
                let best = cell.optima.best()?;
                let mixture = best.mixture.clone();
                Some((cell.k, cell.model.family, best.loglik(), mixture))
            })
            .collect();
        let of_family = cells
            .par_iter_mut()
            .filter(|cell| cell.model.family == family && cell.behind.is_none());
        of_family.try_for_each(|cell| {
            let contained = found.iter().filter(|(k, other, loglik, _)| {
                *k == cell.k && family.contains(*other) && *loglik > cell.loglik()
            });
            let proposals: Vec<Proposal> = contained
                .map(|(.., mixture)| Proposal::guess(mixture.clone()))
                .collect();
            cell.learn_from(stage, &proposals, Effort::ONE_RUN, settings)
        })?;
    }
    Ok(())
}

/// A mixture to go on from.
#[derive(Debug)]
pub(super) struct Proposal {
    pub(super) mixture: Mixture,
    /// The statistics that it gives, or one much like it, where these are known.
    pub(super) stats: Option<SufficientStats>,
}

impl Proposal {
    pub(super) fn guess(mixture: Mixture) -> Self {
        Proposal {
            mixture,
            stats: None,
        }
    }
}

/// What is known of the optima of cells, each in its place.
#[derive(Debug, Default)]
pub(super) struct Known(Vec<Option<News>>);

/// The best optimum of a cell, for others.
#[derive(Debug, Clone)]
struct News {
    k: usize,
    family: Family,
    loglik: f64,
    is_suspect: bool,
    mixture: Mixture,
    /// Those that the mixture gives, enough for all families.
    stats: SufficientStats,
    /// The row that it explains least, where a component may be one row.
    strangest: Option<Vec<f64>>,
}

impl News {
    /// Of a cell that is not given up.
    fn of(cell: &Cell, stage: &Stage<'_>, settings: &Settings) -> Result<Option<Self>, GmmError> {
        let best = cell.optima.best().filter(|_| cell.behind.is_none());
        let Some(best) = best else {
            return Ok(None);
        };
        let (passes, mixture) = (&stage.passes, &best.mixture);
        let family = family_of_starts(settings);
        let Ok(factors) = Factors::of(&mixture.covariances) else {
            return Ok(None);
        };
        let stats = passes.expectation(mixture, &factors, family, &stage.scale.total)?;
        let strangest = if cell.model.family.has_equal_volumes() {
            let mut density = vec![0.0; passes.data().n()];
            passes.score(mixture, Score::LogDensity, &mut density)?;
            let rows = 0..density.len();
            let least = rows.min_by(|&a, &b| density[a].total_cmp(&density[b]));
            least.map(|row| passes.data().row(row))
        } else {
            None
        };
        Ok(Some(News {
            k: cell.k,
            family: cell.model.family,
            loglik: best.loglik(),
            is_suspect: cell.optima.is_suspect(stage),
            mixture: mixture.clone(),
            stats,
            strangest,
        }))
    }

    /// What tells it from other news.
    fn source(&self) -> Source {
        (self.k, self.family, self.loglik)
    }

    /// Whether the cell is one of a neighbouring family, with as many components.
    fn is_beside(&self, cell: &Cell) -> bool {
        self.k == cell.k && self.family.is_neighbour(cell.model.family)
    }

    /// Mixtures that the cell should try.
    fn proposals(&self, way: Way, cell: &Cell) -> Vec<Proposal> {
        if self.is_beside(cell) {
            vec![Proposal {
                mixture: self.mixture.clone(),
                stats: Some(self.stats.clone()),
            }]
        } else if way == Way::Up && self.k + 1 == cell.k {
            let splits = (0..self.k).map(|k| split(&self.mixture, k, 0));
            let strangest = self.strangest.iter();
            let extended = strangest.map(|row| with_component_at(&self.mixture, row));
            splits.chain(extended).map(Proposal::guess).collect()
        } else if way == Way::Down && self.k == cell.k + 1 {
            let pairs = nearest_pairs(&self.mixture).into_iter().take(MERGES);
            let merged = pairs.map(|(a, b)| Proposal {
                mixture: merge(&self.mixture, a, b),
                stats: Some(self.stats.union(a, b)),
            });
            merged.collect()
        } else {
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::responsibilities::Given;
    use crate::search::fixture::{on_stage, settings};

    #[test]
    fn a_way_without_news_does_not_end_learning() {
        let x: Vec<f64> = (0..40).map(|i| f64::from(i % 2 * 100 + i % 7)).collect();
        on_stage(&x, |stage, model| {
            let settings = settings(model.family);
            let (mut one, mut two) = (Cell::new(1, model), Cell::new(2, model));
            let given = Given::Labels(&[0; 40]);
            one.start_given(stage, given, Effort::ONE_RUN, &settings)
                .unwrap();
            // On the way down nobody has anything for the other.
            let cells = &mut [&mut one, &mut two];
            let known = &mut Known::default();
            learn(stage, cells, known, Effort::ONE_RUN, &settings).unwrap();
            assert!(two.loglik() > one.loglik() + 50.0);
        });
    }

    #[test]
    fn what_is_given_up_is_known_no_more() {
        let x: Vec<f64> = (0..40).map(|i| f64::from(i % 2 * 100 + i % 7)).collect();
        on_stage(&x, |stage, model| {
            let settings = settings(model.family);
            let learning = Learning {
                stage,
                settings: &settings,
                effort: Effort::ONE_RUN,
            };
            let mut cell = Cell::new(1, model);
            let given = Given::Labels(&[0; 40]);
            cell.start_given(stage, given, Effort::ONE_RUN, &settings)
                .unwrap();
            let mut known = None;
            learning.look(&mut known, &cell).unwrap();
            assert_eq!(known.as_ref().unwrap().loglik, cell.loglik());
            cell.behind = Some(1.0);
            learning.look(&mut known, &cell).unwrap();
            assert!(known.is_none());
        });
    }

    #[test]
    fn a_cell_looks_at_every_optimum_of_another_once() {
        let model = Model {
            family: Family::Vvv,
            equal_weights: false,
            reg_covar: 0.0,
        };
        let mut cell = Cell::new(3, model);
        assert!(cell.notes((3, Family::Evv, -10.0)));
        assert!(!cell.notes((3, Family::Evv, -10.0)));
        assert!(cell.notes((3, Family::Evv, -9.0)));
        assert!(cell.notes((2, Family::Evv, -9.0)));
        assert!(!cell.notes((3, Family::Evv, -9.0)));
    }

    #[test]
    fn lines_are_the_cells_of_a_family_along_the_way() {
        let cell = |k: usize, family: Family| {
            let model = Model {
                family,
                equal_weights: false,
                reg_covar: 0.0,
            };
            Cell::new(k, model)
        };
        let (e, v) = (Family::Eee, Family::Vvv);
        let mut cells = [cell(2, e), cell(2, v), cell(5, v), cell(3, v)];
        let mut cells: Vec<&mut Cell> = cells.iter_mut().collect();
        for (way, expected) in [(Way::Up, [2, 3, 5]), (Way::Down, [5, 3, 2])] {
            let lines = lines(&mut cells, way);
            assert_eq!(lines.len(), 2);
            let k: Vec<usize> = lines[1].iter().map(|cell| cell.k).collect();
            assert_eq!(k, expected);
        }
    }
}
