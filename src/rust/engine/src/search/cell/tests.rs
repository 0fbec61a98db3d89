use super::*;
use crate::search::fixture::{on_stage, run_from, settings};
use crate::search::runs::FIRST_ROUND;
use nalgebra::DMatrix;
use ndarray::Array2;

#[test]
fn chosen_starts_run_on_however_bad_they_are() {
    // Three groups, of which two components have to share one: two optima.
    let centres = [0.0, 10.0, 40.0];
    let x: Vec<f64> = (0..60)
        .map(|i| centres[i / 20] + 0.1 * (i % 20) as f64)
        .collect();
    let labels = |cut: usize| (0..60).map(|i| usize::from(i >= cut)).collect::<Vec<_>>();
    on_stage(&x, |stage, model| {
        let settings = settings(model.family);
        let start = |cut: usize, is_chosen: bool| {
            let labels = labels(cut);
            let given = Given::Labels(&labels);
            let stats = stage.passes.given(given, 2, model.family);
            Partition {
                labels,
                stats,
                is_chosen,
            }
        };
        for (are_chosen, finished) in [(false, 1), (true, 3)] {
            let mut cell = Cell::new(2, model);
            // The bad ones meet, and count as two.
            let starts = [
                start(20, are_chosen),
                start(40, false),
                start(20, are_chosen),
            ];
            cell.start_from(stage, &starts, Effort::ONE_RUN, &settings)
                .unwrap();
            cell.go_far(stage, Effort::ONE_RUN, &settings).unwrap();
            let counts = cell.counts();
            assert_eq!((counts.finished, counts.reached), (finished, 1));
        }
    });
}

#[test]
fn rough_optima_are_finished_with_all_that_led_there() {
    let x: Vec<f64> = (0..90).map(|i| f64::from(i % 9 * i)).collect();
    let labels: Vec<usize> = (0..90).map(|i| i % 2).collect();
    on_stage(&x, |stage, model| {
        let settings = settings(model.family);
        let find = |stage: &Stage<'_>| run_from(stage, model, 2, &labels);
        let reached = |cell: &Cell| (cell.counts().finished, cell.counts().reached);
        let exact = find(stage);
        let mut cell = find(&stage.clone().roughly());
        assert!(cell.loglik() < exact.loglik() && cell.loglik() > exact.loglik() - 0.06);
        let rough = cell.optima.best().unwrap().clone();
        cell.finish(stage, &settings).unwrap();
        assert!((cell.loglik() - exact.loglik()).abs() < 1e-6);
        assert!(cell.optima.best().unwrap().trace.starts_with(&rough.trace));
        assert_eq!(reached(&cell), (1, 1));
    });
}

#[test]
fn what_may_be_chance_is_passed_over_for_what_is_not() {
    // Two groups, and two rows of the first that lie close together.
    let mut x: Vec<f64> = (0..40)
        .map(|i| f64::from(i % 2 * 60 + i * i % 31))
        .collect();
    x.extend([20.0, 20.000001]);
    let groups: Vec<usize> = (0..42).map(|i| if i < 40 { i % 2 } else { 0 }).collect();
    let pair: Vec<usize> = (0..42).map(|i| usize::from(i >= 40)).collect();
    on_stage(&x, |stage, model| {
        let settings = settings(model.family);
        let effort = Effort {
            kept: 3,
            ..Effort::ONE_RUN
        };
        let start = |cell: &mut Cell, labels: &[usize]| {
            cell.start_given(stage, Given::Labels(labels), effort, &settings)
                .unwrap();
        };
        let found_from = |labels: &[usize]| {
            let mut cell = Cell::new(2, model);
            start(&mut cell, labels);
            cell
        };
        let (sound, chance) = (found_from(&groups), found_from(&pair));
        assert!(!sound.optima.is_suspect(stage) && chance.optima.is_suspect(stage));
        let mut both = found_from(&pair);
        start(&mut both, &groups);
        // Whichever is better, the sound one is known.
        let mut both = both.without_chance(stage);
        assert!((both.loglik() - sound.loglik()).abs() < 1e-6);
        assert!(sound.loglik() < chance.loglik());
        assert_eq!(both.optima.passed_over(), Some(chance.loglik()));
        assert!(!both.optima.is_suspect(stage));
        assert_eq!((both.counts().tried, both.counts().reached), (2, 1));
        // It stays so, wherever more starts lead.
        start(&mut both, &pair);
        assert!(!both.optima.is_suspect(stage));
        assert_eq!((both.counts().finished, both.counts().reached), (3, 1));
        // Where no other is known, none is left.
        let none = chance.without_chance(stage);
        assert!(none.optima.best().is_none());
        assert_eq!(none.optima.passed_over(), Some(chance.loglik()));
        assert_eq!((none.counts().finished, none.counts().reached), (1, 0));
        // Nor does chance hide what is the best already.
        let mut guarded = found_from(&groups);
        guarded.optima.be_sound();
        assert_eq!(guarded.optima.passed_over(), None);
        start(&mut guarded, &pair);
        assert!(!guarded.optima.is_suspect(stage));
        assert_eq!(guarded.optima.passed_over(), Some(chance.loglik()));
    });
}

#[test]
fn a_cell_in_which_all_has_collapsed_tries_all_that_it_is_offered() {
    // Two groups, and a row of the first that is there three times.
    let mut x: Vec<f64> = (0..40)
        .map(|i| f64::from(i % 2 * 60 + i * i % 31))
        .collect();
    x.extend([20.5; 3]);
    let mixture = |weight: f64, means: [f64; 2], variances: [f64; 2]| Mixture {
        weights: vec![1.0 - weight, weight],
        means: Array2::from_shape_vec((2, 1), means.to_vec()).unwrap(),
        covariances: variances
            .into_iter()
            .map(|variance| DMatrix::from_element(1, 1, variance))
            .collect(),
    };
    let collapses = mixture(0.1, [45.0, 20.5], [1000.0, 0.02]);
    let climbs = mixture(0.5, [44.0, 46.0], [1000.0, 1000.0]);
    on_stage(&x, |stage, model| {
        let settings = settings(model.family);
        let em = stage.em(model, &settings);
        let at_first = |mixture: &Mixture| em.adopt(mixture.clone(), None).unwrap().loglik();
        assert!(at_first(&collapses) > at_first(&climbs));
        let found = |offered: &[&Mixture]| {
            let mut cell = Cell::new(2, model);
            let offered: Vec<Proposal> = offered
                .iter()
                .map(|&mixture| Proposal::guess(mixture.clone()))
                .collect();
            cell.learn_from(stage, &offered, Effort::ONE_RUN, &settings)
                .unwrap();
            cell.loglik()
        };
        assert_eq!(found(&[&collapses]), f64::NEG_INFINITY);
        assert!(found(&[&climbs]).is_finite());
        assert_eq!(found(&[&collapses, &climbs]), found(&[&climbs]));
    });
}

/// A cell that knows an optimum, and a mixture from which textbook EM comes back to it so slowly
/// that it is near long before it is there.
fn on_slow_way(test: impl FnOnce(&Stage<'_>, &Settings, Cell, &Mixture)) {
    let x: Vec<f64> = (0..90).map(|i| f64::from(i % 9 * i)).collect();
    let labels: Vec<usize> = (0..90).map(|i| i % 2).collect();
    on_stage(&x, |stage, model| {
        let settings = Settings {
            accelerate: false,
            ..settings(model.family)
        };
        let cell = run_from(stage, model, 2, &labels);
        let mut away = cell.optima.best().unwrap().mixture.clone();
        away.weights = vec![away.weights[0] - 2.0 * ALIKE, away.weights[1] + 2.0 * ALIKE];
        assert!(!cell.knows(&away, stage));
        test(stage, &settings, cell, &away);
    });
}

/// Iterations that something makes.
fn iterations(stage: &Stage<'_>, of: impl FnOnce() -> Result<(), GmmError>) -> usize {
    let so_far = || stage.passes.progress().report().iterations;
    let before = so_far();
    of().unwrap();
    so_far() - before
}

#[test]
fn what_leads_back_is_left_before_it_has_converged() {
    on_slow_way(|stage, settings, mut cell, away| {
        let best = cell.loglik();
        let learn = |cell: &mut Cell| {
            let proposals = [Proposal::guess(away.clone())];
            iterations(stage, || {
                cell.learn_from(stage, &proposals, Effort::ONE_RUN, settings)
            })
        };
        let mut alone = Cell::new(2, cell.model);
        let to_the_end = learn(&mut alone);
        // One more for where it begins.
        let first_round = FIRST_ROUND + 1;
        assert!(to_the_end > 4 * first_round, "{to_the_end}");
        assert!((alone.loglik() - best).abs() < alone.optima.margin());
        assert_eq!(learn(&mut cell), first_round);
        assert_eq!((cell.loglik(), cell.counts().finished), (best, 1));
    });
}

#[test]
fn a_start_that_meets_the_optimum_counts_and_ends_there() {
    on_slow_way(|stage, settings, mut cell, away| {
        let best = cell.loglik();
        let start = |cell: &mut Cell| {
            iterations(stage, || {
                cell.start_at(stage, away, Effort::ONE_RUN, settings)
            })
        };
        let to_the_end = start(&mut Cell::new(2, cell.model));
        let until_they_meet = start(&mut cell);
        assert!(
            until_they_meet < to_the_end,
            "{until_they_meet} {to_the_end}"
        );
        assert_eq!(cell.loglik(), best);
        assert_eq!((cell.counts().finished, cell.counts().reached), (2, 2));
    });
}

#[test]
fn a_run_goes_on_however_long_its_short_run_was() {
    on_slow_way(|stage, settings, cell, away| {
        let em = stage.em(cell.model, settings);
        for made in [5, FIRST_ROUND, 2 * FIRST_ROUND, 2 * FIRST_ROUND + 1] {
            let run = em.begin(away.clone()).unwrap();
            let run = em.advance(run, made).unwrap();
            assert!(run.loglik() < cell.loglik());
            // A round without an iteration would gain nothing, however much patience there is.
            let patience = Some(f64::MAX);
            let (running, best) = (vec![(run, 1)], cell.loglik());
            let ended = long_runs(&em, running, best, |_| false, |_| true, patience, settings);
            let is_optimum = matches!(ended.unwrap()[..], [(End::Optimum(_), 1)]);
            assert!(is_optimum, "{made}");
        }
    });
}
