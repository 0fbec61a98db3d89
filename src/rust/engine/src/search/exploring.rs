//! What cells find by moves at random.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::cell::Cell;
use super::learning::{learn, learning_effort, Proposal};
use super::moves::{merge, nearest_pairs, split, with_component_at, without};
use super::runs::Effort;
use super::stage::Stage;
use super::Settings;
use crate::covariance::Family;
use crate::data::Data;
use crate::error::GmmError;
use crate::init::generator;
use crate::mixture::Mixture;

/// The last stream of random numbers; those of starts are the first.
const LAST_STREAM: usize = u32::MAX as usize;
/// Of a mixture's principal axes, those across which components are split.
const AXES: usize = 3;

/// Let the cells that were asked for try moves at random from their own optima, and from those of their family with a
/// component more or less; what one has found, the others learn. Where learning ends, each cell
/// depends on its neighbours only: this leads on.
///
/// # Errors
/// [`GmmError::Interrupted`].
///
/// # Source
/// Ueda, Nakano, Ghahramani and Hinton (2000), as for learning; Fränti and Kivijärvi (2000),
/// *Randomised local search algorithm for the clustering problem*, Pattern Analysis & Applications
/// 3, for components that go elsewhere.
pub(super) fn explore(
    stage: &Stage<'_>,
    cells: &mut [&mut Cell],
    of_starts: Effort,
    times: usize,
    settings: &Settings,
) -> Result<(), GmmError> {
    // Moves renumber components, of which fixed ones may each be another.
    if settings.fixed.is_some() {
        return Ok(());
    }
    let effort = learning_effort(of_starts, settings);
    for round in 0..times {
        let found: Vec<(usize, Family, Mixture)> = cells
            .iter()
            .filter(|cell| cell.behind.is_none())
            .filter_map(|cell| {
                let mixture = cell.optima.first()?.mixture.clone();
                Some((cell.k, cell.model.family, mixture))
            })
            .collect();
        let first = LAST_STREAM - round * cells.len();
        let open = cells.par_iter_mut().enumerate();
        let open = open.filter(|(_, cell)| cell.k > 1 && cell.is_in_play() && !cell.is_helper);
        open.try_for_each(|(i, cell)| {
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
            let mut proposals = around.moves(stage.passes.data(), &mut rng);
            proposals.retain(|mixture| !cell.knows(mixture, stage));
            let proposals: Vec<Proposal> = proposals.into_iter().map(Proposal::guess).collect();
            cell.learn_from(stage, &proposals, effort, settings)
        })?;
        learn(stage, cells, of_starts, settings)?;
    }
    Ok(())
}

/// Where moves begin: the optima of a family around a number of components.
struct Around<'a> {
    own: Option<&'a Mixture>,
    with_more: Option<&'a Mixture>,
    with_less: Option<&'a Mixture>,
}

impl Around<'_> {
    /// Mixtures of the same number of components: for each component, one of every kind.
    fn moves(&self, data: &Data<'_>, rng: &mut ChaCha8Rng) -> Vec<Mixture> {
        let mut moves = Vec::new();
        let any_row = |rng: &mut ChaCha8Rng| data.row(rng.random_range(0..data.n()));
        if let Some(own) = self.own {
            let pairs = nearest_pairs(own);
            for k in 0..own.k() {
                // It goes elsewhere.
                moves.push(without(&with_component_at(own, &any_row(rng)), k));
                // It is split, and two are merged.
                let (a, b) = pairs[rng.random_range(0..pairs.len())];
                let merged = merge(own, a, b);
                let k = rng.random_range(0..merged.k());
                moves.push(split(&merged, k, rng.random_range(0..AXES)));
            }
        }
        if let Some(more) = self.with_more {
            let pairs = nearest_pairs(more);
            for k in 0..more.k() {
                moves.push(without(more, k));
                let (a, b) = pairs[rng.random_range(0..pairs.len())];
                moves.push(merge(more, a, b));
            }
        }
        if let Some(less) = self.with_less {
            for k in 0..less.k() {
                moves.push(split(less, k, rng.random_range(0..AXES)));
                moves.push(with_component_at(less, &any_row(rng)));
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
    use crate::search::fixture::{on_stage, settings};
    use nalgebra::DMatrix;
    use ndarray::Array2;

    fn mixture(k: usize) -> Mixture {
        Mixture {
            weights: vec![1.0 / k as f64; k],
            means: Array2::from_shape_fn((k, 2), |(i, j)| (10 * i + j) as f64),
            covariances: (0..k)
                .map(|_| DMatrix::identity(2, 2))
                .collect::<Covariances>(),
        }
    }

    #[test]
    fn moves_are_mixtures_of_as_many_components() {
        let x: Vec<f64> = (0..40).map(f64::from).collect();
        let data = Data::new(&x, 20, 2);
        let (own, more, less) = (mixture(3), mixture(4), mixture(2));
        let around = Around {
            own: Some(&own),
            with_more: Some(&more),
            with_less: Some(&less),
        };
        let moves = around.moves(&data, &mut generator(1, 0));
        assert_eq!(moves.len(), 2 * (3 + 4 + 2));
        for found in &moves {
            assert_eq!((found.k(), found.means.nrows()), (3, 3));
            assert!((found.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
        let alone = Around {
            own: None,
            with_more: None,
            with_less: None,
        };
        assert!(alone.moves(&data, &mut generator(1, 0)).is_empty());
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
                explore(stage, &mut [&mut cell], Effort::ONE_RUN, times, &settings).unwrap();
                cell.loglik()
            };
            assert!(explored(2) > explored(0) + 20.0);
        });
    }
}
