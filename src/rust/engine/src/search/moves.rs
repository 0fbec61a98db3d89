//! What cells learn from one another.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicBool, Ordering};

use nalgebra::{Cholesky, DMatrix, DVector};
use ndarray::{concatenate, Array1, Axis};
use rayon::prelude::*;

use super::cell::{Cell, Source};
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
const FEW: usize = 3;
/// Pairs of components whose union is tried.
const MERGES: usize = 5;
/// Of what neighbours propose, so many runs more than of the starts go on, and so many times these
/// make a short run.
const LEARNERS: usize = 2;
const FEW_TIMES: usize = 3;

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
    if cells.len() > FEW || settings.rounds == 0 || settings.fixed.is_some() {
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
                helpers.push(Cell::new(
                    k,
                    Model {
                        family,
                        ..cell.model
                    },
                ));
            }
        }
    }
    helpers
}

/// Let cells try the optima of their neighbours in the table, until there is no more news.
///
/// In turns down and up the numbers of components, a family tries those of the families that differ
/// from it by a letter; on the way down, those of its own with a component more, of which two are
/// merged; on the way up, those with a component less, which is split or gets another. What a family
/// finds for one number of components, it has for the next on the same way; what another family
/// finds, on the next way.
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
    kept: usize,
    settings: &Settings,
) -> Result<(), GmmError> {
    if cells.len() < 2 {
        return Ok(());
    }
    let long = settings.n_final + LEARNERS;
    let learning = Learning {
        stage,
        settings,
        effort: Effort {
            glance: 0,
            few: FEW_TIMES * long,
            short: settings.short_iterations,
            long,
            kept,
        },
    };
    let mut known: Vec<Option<News>> = Vec::new();
    known.resize_with(cells.len(), || None);
    let mut empty = 0;
    for way in [Way::Down, Way::Up]
        .into_iter()
        .cycle()
        .take(settings.rounds)
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
                let (known, is_over) = (&known, &is_over);
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
    /// Take note of the cell's best optimum, unless it is known.
    fn look(&self, known: &mut Option<News>, cell: &Cell) -> Result<(), GmmError> {
        let is_known = |news: &News| news.loglik == cell.loglik();
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
            if cell.behind.is_none() && !cell.is_outsider {
                let others = known.iter().flatten().filter(|news| news.is_beside(cell));
                let mut news: Vec<&News> = others.chain(&before).collect();
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
            let mut own = known.iter().flatten();
            let is_own = |news: &&News| news.k == cell.k && news.family == cell.model.family;
            before = own.find(is_own).cloned();
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
                let best = cell.optima.first()?;
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
    fn guess(mixture: Mixture) -> Self {
        Proposal {
            mixture,
            stats: None,
        }
    }
}

/// The best optimum of a cell, for others.
#[derive(Debug, Clone)]
struct News {
    k: usize,
    family: Family,
    loglik: f64,
    mixture: Mixture,
    /// Those that the mixture gives, enough for all families.
    stats: SufficientStats,
    /// The row that it explains least, where a component may be one row.
    strangest: Option<Vec<f64>>,
}

impl News {
    /// Of a cell that is not given up.
    fn of(cell: &Cell, stage: &Stage<'_>, settings: &Settings) -> Result<Option<Self>, GmmError> {
        let best = cell.optima.first().filter(|_| cell.behind.is_none());
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
            let splits = (0..self.k).map(|k| split(&self.mixture, k));
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

/// A mixture with component `k` split across its longest axis, its moments kept.
fn split(mixture: &Mixture, k: usize) -> Mixture {
    let eigen = mixture.covariance(k).symmetric_eigen();
    let longest = eigen.eigenvalues.imax();
    // The halves lie half a standard deviation from the mean.
    let step = eigen.eigenvectors.column(longest) * (0.5 * eigen.eigenvalues[longest].sqrt());
    let half = mixture.covariance(k) - &step * step.transpose();
    let covariance = |other| {
        if other == k {
            half.clone()
        } else {
            mixture.covariance(other)
        }
    };
    let mut weights = mixture.weights.clone();
    weights[k] *= 0.5;
    weights.push(weights[k]);
    let mut means = mixture.means.clone();
    let mut mean = means.row(k).to_owned();
    for (j, step) in step.iter().enumerate() {
        means[(k, j)] += step;
        mean[j] -= step;
    }
    Mixture {
        weights,
        means: concatenate![Axis(0), means, mean.insert_axis(Axis(0))],
        covariances: (0..mixture.k()).chain([k]).map(covariance).collect(),
    }
}

/// A mixture with a component more, of few rows about this one, that has the covariance within
/// components.
fn with_component_at(mixture: &Mixture, row: &[f64]) -> Mixture {
    let k = mixture.k();
    let weight = 0.5 / (k + 1) as f64;
    let mut within = DMatrix::zeros(mixture.d(), mixture.d());
    for (k, own) in mixture.weights.iter().enumerate() {
        within += mixture.covariance(k) * *own;
    }
    let covariance = |other| {
        if other == k {
            within.clone()
        } else {
            mixture.covariance(other)
        }
    };
    let others = mixture.weights.iter().map(|own| own * (1.0 - weight));
    let row = Array1::from_iter(row.iter().copied()).insert_axis(Axis(0));
    Mixture {
        weights: others.chain([weight]).collect(),
        means: concatenate![Axis(0), mixture.means, row],
        covariances: (0..=k).map(covariance).collect(),
    }
}

/// Pairs of components, those first whose union loses least.
fn nearest_pairs(mixture: &Mixture) -> Vec<(usize, usize)> {
    let volume = |weight: f64, covariance: DMatrix<f64>| {
        Cholesky::new(covariance).map_or(f64::INFINITY, |root| {
            let diagonal = root.l_dirty().diagonal();
            weight * diagonal.iter().map(|l| l.ln()).sum::<f64>()
        })
    };
    let own: Vec<f64> = (0..mixture.k())
        .map(|k| volume(mixture.weights[k], mixture.covariance(k)))
        .collect();
    let mut pairs: Vec<(f64, usize, usize)> = Vec::new();
    for a in 0..mixture.k() {
        for b in 0..a {
            let weight = mixture.weights[a] + mixture.weights[b];
            let union = volume(weight, union(mixture, a, b).1);
            pairs.push((union - own[a] - own[b], a, b));
        }
    }
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    pairs.into_iter().map(|(_, a, b)| (a, b)).collect()
}

/// Mean and covariance of two components as one.
fn union(mixture: &Mixture, a: usize, b: usize) -> (DVector<f64>, DMatrix<f64>) {
    let mean = |k: usize| DVector::from_iterator(mixture.d(), mixture.means.row(k).iter().copied());
    let share = mixture.weights[b] / (mixture.weights[a] + mixture.weights[b]);
    let apart = mean(b) - mean(a);
    let mut covariance = mixture.covariance(a) * (1.0 - share) + mixture.covariance(b) * share;
    covariance.ger(share * (1.0 - share), &apart, &apart, 1.0);
    (mean(a) + apart * share, covariance)
}

/// A mixture with component `a` in the place of both.
fn merge(mixture: &Mixture, a: usize, b: usize) -> Mixture {
    let (mean, covariance) = union(mixture, a, b);
    let kept: Vec<usize> = (0..mixture.k()).filter(|&k| k != b).collect();
    let mut weights = mixture.weights.clone();
    weights[a] += weights[b];
    weights.remove(b);
    let mut means = mixture.means.clone();
    means
        .row_mut(a)
        .assign(&Array1::from_iter(mean.iter().copied()));
    let own = |&k: &usize| {
        if k == a {
            covariance.clone()
        } else {
            mixture.covariance(k)
        }
    };
    Mixture {
        weights,
        means: means.select(Axis(0), &kept),
        covariances: kept.iter().map(own).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algorithm::Algorithm;
    use crate::criteria::Criterion;
    use crate::data::Data;
    use crate::pass::Passes;
    use crate::progress::Progress;
    use crate::responsibilities::Given;
    use crate::search::Alone;
    use ndarray::Array2;

    fn mixture() -> Mixture {
        let covariance = |a: f64, b: f64| DMatrix::from_row_slice(2, 2, &[a, b, b, 2.0]);
        Mixture {
            weights: vec![0.5, 0.3, 0.2],
            means: Array2::from_shape_vec((3, 2), vec![0.0, 0.0, 1.0, 1.0, 9.0, 9.0]).unwrap(),
            covariances: [
                covariance(1.0, 0.5),
                covariance(2.0, 0.1),
                covariance(3.0, -1.0),
            ]
            .into_iter()
            .collect(),
        }
    }

    /// Mean and covariance of the whole mixture.
    fn moments(mixture: &Mixture) -> (DVector<f64>, DMatrix<f64>) {
        let mut all = mixture.clone();
        while all.k() > 1 {
            all = merge(&all, 0, 1);
        }
        let mean = DVector::from_iterator(2, all.means.iter().copied());
        (mean, all.covariance(0))
    }

    fn assert_same_moments(a: &Mixture, b: &Mixture) {
        let ((mean, covariance), (other, expected)) = (moments(a), moments(b));
        assert!((mean - other).norm() < 1e-12);
        assert!((covariance - expected).norm() < 1e-12);
        assert!((b.weights.iter().sum::<f64>() - 1.0).abs() < 1e-15);
    }

    #[test]
    fn a_split_keeps_the_moments_and_the_other_components() {
        let whole = mixture();
        for k in 0..3 {
            let parts = split(&whole, k);
            assert_eq!(parts.k(), 4);
            assert_same_moments(&whole, &parts);
            let other = (k + 1) % 3;
            assert_eq!(parts.means.row(other), whole.means.row(other));
            assert!(Cholesky::new(parts.covariance(3)).is_some());
            let (mean, covariance) = union(&parts, k, 3);
            assert!((mean[0] - whole.means[(k, 0)]).abs() < 1e-12);
            assert!((covariance - whole.covariance(k)).norm() < 1e-12);
        }
    }

    #[test]
    fn a_component_more_is_small_and_as_wide_as_the_others_are_within() {
        let (before, row) = (mixture(), [40.0, -3.0]);
        let found = with_component_at(&before, &row);
        assert_eq!(found.k(), 4);
        assert_eq!(found.means.row(3).to_vec(), row);
        assert!((found.weights.iter().sum::<f64>() - 1.0).abs() < 1e-15);
        assert_eq!(found.weights[3], 0.125);
        let ratio = before.weights[0] / before.weights[1];
        assert!((found.weights[0] / found.weights[1] - ratio).abs() < 1e-14);
        // 0.5 * 1 + 0.3 * 2 + 0.2 * 3, and so on.
        let within = DMatrix::from_row_slice(2, 2, &[1.7, 0.08, 0.08, 2.0]);
        assert!((found.covariance(3) - within).norm() < 1e-14);
        assert_eq!(found.covariance(1), before.covariance(1));
    }

    #[test]
    fn a_way_without_news_does_not_end_learning() {
        let x: Vec<f64> = (0..40).map(|i| f64::from(i % 2 * 100 + i % 7)).collect();
        let model = Model {
            family: Family::Vii,
            equal_weights: false,
            reg_covar: 0.0,
        };
        let settings = Settings {
            k: vec![1, 2],
            families: vec![model.family],
            criterion: Criterion::Bic,
            equal_weights: false,
            reg_covar: 0.0,
            min_eigen_ratio: 0.0,
            n_init: 1,
            n_final: 1,
            rounds: 2,
            alone: Alone {
                n_init: 1,
                n_final: 1,
                rounds: 2,
            },
            finish_all: false,
            short_iterations: 5,
            max_iterations: 1000,
            tolerance: 1e-6,
            accelerate: true,
            algorithm: Algorithm::Em,
            fixed: None,
            keep_path: false,
            seed: 1,
        };
        let progress = Progress::new();
        let passes = Passes::over(Data::new(&x, 40, 1), &progress);
        let stage = Stage::new(passes, None, &settings).unwrap();
        let (mut one, mut two) = (Cell::new(1, model), Cell::new(2, model));
        let given = Given::Labels(&[0; 40]);
        one.start_given(&stage, given, Effort::ONE_RUN, &settings)
            .unwrap();
        // On the way down nobody has anything for the other.
        learn(&stage, &mut [&mut one, &mut two], 1, &settings).unwrap();
        assert!(two.loglik() > one.loglik() + 50.0);
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

    #[test]
    fn unions_keep_the_moments_and_the_nearest_pair_comes_first() {
        let pairs = nearest_pairs(&mixture()).into_iter();
        let unions: Vec<Mixture> = pairs.map(|(a, b)| merge(&mixture(), a, b)).collect();
        assert_eq!(unions.len(), 3);
        for union in &unions {
            assert_eq!(union.k(), 2);
            assert_same_moments(&mixture(), union);
        }
        assert!((unions[0].weights[0].max(unions[0].weights[1]) - 0.8).abs() < 1e-15);
    }
}
