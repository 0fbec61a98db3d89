//! Laws of a fit.

mod support;

use std::time::Duration;

use gaussmix_engine::{
    search, watched, Budget, Data, Family, Fit, GmmError, Passes, Progress, Score, Search,
    Settings, Start, Stop,
};
use support::{draws, fit_on, loglik, mixture, settings, BUDGET};

/// Rounding of a log-likelihood.
fn noise(loglik: f64) -> f64 {
    64.0 * f64::EPSILON * loglik.abs()
}

/// Families whose M-steps need not end at their maximum far from the optimum.
const ITERATE: [Family; 5] = [
    Family::Vei,
    Family::Vee,
    Family::Vev,
    Family::Eve,
    Family::Vve,
];

#[test]
fn the_log_likelihood_never_falls() {
    for (k, d, distance) in [
        (2, 1, 1.0),
        (3, 2, 2.0),
        (4, 3, 1.0),
        (2, 6, 0.5),
        (5, 2, 4.0),
    ] {
        let x = draws(k, d, 700, distance);
        for family in [Family::Vvv].into_iter().chain(ITERATE) {
            for seed in 0..10 {
                let settings = Settings {
                    families: vec![family],
                    seed,
                    budget: Budget {
                        n_init: 1,
                        ..BUDGET
                    },
                    ..settings(k)
                };
                let Ok(found) = fit_on(1, &x, d, &Start::Partitions, &settings) else {
                    continue;
                };
                for step in found.trace.windows(2) {
                    assert!(step[1] - step[0] > -noise(step[0]), "fell at {step:?}");
                }
            }
        }
    }
}

#[test]
fn the_reported_log_likelihood_is_that_of_the_reported_mixture() {
    for (k, d) in [(1, 1), (2, 2), (3, 5), (2, 9)] {
        let x = draws(k, d, 400, 3.0);
        let found = fit_on(2, &x, d, &Start::Partitions, &settings(k)).unwrap();
        let reported = *found.trace.last().unwrap();
        let computed = loglik(&found.mixture, &x);
        assert!(
            (reported / computed - 1.0).abs() < 1e-11,
            "{reported} {computed}"
        );
        assert!((found.mixture.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}

#[test]
fn threads_change_no_bit() {
    let x = draws(3, 3, 5000, 2.0);
    let fits: Vec<_> = [1, 2, 7]
        .iter()
        .map(|&threads| fit_on(threads, &x, 3, &Start::Partitions, &settings(3)).unwrap())
        .collect();
    assert_eq!(fits[0], fits[1]);
    assert_eq!(fits[0], fits[2]);
}

#[test]
fn a_run_that_goes_on_from_a_converged_fit_gains_nothing() {
    let x = draws(3, 4, 1000, 1.5);
    for family in [Family::Vvv].into_iter().chain(ITERATE) {
        let settings = Settings {
            families: vec![family],
            ..settings(3)
        };
        let found = fit_on(2, &x, 4, &Start::Partitions, &settings).unwrap();
        assert_eq!(found.stop, Stop::Converged);
        let longer = Settings {
            max_iterations: 2000,
            tolerance: 0.0,
            ..settings
        };
        let start = Start::Mixture(found.mixture.clone());
        let again = fit_on(2, &x, 4, &start, &longer).unwrap();
        let last = found.trace.last().unwrap();
        let gained = again.trace.last().unwrap() - last;
        assert!(
            (0.0..1e-5).contains(&(gained + noise(*last))),
            "{} gained {gained}",
            family.name()
        );
        assert_eq!(again.stop, Stop::MaxIterations);
    }
}

#[test]
fn a_well_separated_mixture_is_recovered() {
    let (k, d, n) = (3, 2, 20_000);
    let truth = mixture(k, d, 8.0);
    let x = draws(k, d, n, 8.0);
    let found = fit_on(2, &x, d, &Start::Partitions, &settings(k)).unwrap();
    for j in 0..k {
        let rows = truth.weights[j] * n as f64;
        let error = (found.mixture.weights[j] - truth.weights[j]).abs();
        assert!(error < 4.0 * (truth.weights[j] / n as f64).sqrt());
        for a in 0..d {
            let deviation = truth.covariance(j)[(a, a)].sqrt();
            let error = (found.mixture.means[(j, a)] - truth.means[(j, a)]).abs();
            assert!(error < 4.0 * deviation / rows.sqrt());
        }
    }
}

#[test]
fn components_that_lie_far_apart_keep_their_precision() {
    // Ten million standard deviations: moments about a common point would cancel.
    let apart = 1e7;
    let near: Vec<f64> = draws(1, 1, 500, 0.0);
    let x: Vec<f64> = near
        .iter()
        .copied()
        .chain(near.iter().map(|x| x + apart))
        .collect();
    let one = fit_on(1, &near, 1, &Start::Partitions, &settings(1)).unwrap();
    let labels: Vec<usize> = (0..1000).map(|i| i / 500).collect();
    let two = fit_on(1, &x, 1, &Start::Labels(&labels), &settings(2)).unwrap();
    let variance = one.mixture.covariance(0)[(0, 0)];
    for k in 0..2 {
        let other = two.mixture.covariance(k)[(0, 0)];
        assert!((other / variance - 1.0).abs() < 1e-7);
    }
    let expected = 2.0 * one.trace[0] - 1000.0 * 2.0_f64.ln();
    assert!((two.trace.last().unwrap() / expected - 1.0).abs() < 1e-10);
}

#[test]
fn a_start_from_labels_is_the_same_as_from_their_indicators() {
    let x = draws(2, 2, 300, 2.0);
    let labels: Vec<usize> = (0..300).map(|i| i % 2).collect();
    let indicators =
        ndarray::Array2::from_shape_fn((300, 2), |(i, j)| f64::from(u8::from(labels[i] == j)));
    let a = fit_on(1, &x, 2, &Start::Labels(&labels), &settings(2)).unwrap();
    let b = fit_on(1, &x, 2, &Start::Posterior(indicators.view()), &settings(2)).unwrap();
    assert_eq!(a, b);
}

#[test]
fn a_component_that_collapses_is_an_error_with_its_rows() {
    // Forty rows of one value: its variance goes to zero, and the likelihood to infinity.
    let mut x = draws(1, 1, 60, 0.0);
    x.extend([9.0; 40]);
    let failed = fit_on(2, &x, 1, &Start::Partitions, &settings(2)).unwrap_err();
    let GmmError::NoStartSurvived {
        cause,
        rows,
        starts,
    } = failed
    else {
        panic!("{failed:?}");
    };
    assert!(matches!(*cause, GmmError::Degenerate { .. }));
    assert_eq!(rows, (60..100).collect::<Vec<_>>());
    assert_eq!(starts, 10);
}

#[test]
fn what_no_mixture_can_fit_is_told_apart() {
    let column = draws(1, 1, 50, 0.0);
    let fitted = |x: &[f64], d: usize, k: usize| {
        fit_on(1, x, d, &Start::Partitions, &settings(k)).unwrap_err()
    };
    let twice: Vec<f64> = [&column[..], &column[..]].concat();
    assert_eq!(fitted(&twice, 2, 1), GmmError::Collinear { column: 1 });
    let huge: Vec<f64> = column.iter().map(|x| x * 1e155).collect();
    assert_eq!(fitted(&huge, 1, 1), GmmError::OutOfRange { column: 0 });
    let few: Vec<f64> = (0..50).map(|i| f64::from(i % 3)).collect();
    assert_eq!(fitted(&few, 1, 4), GmmError::TooFewDistinct { distinct: 3 });
}

#[test]
fn regularisation_keeps_a_component_from_collapsing() {
    let mut x = draws(1, 1, 60, 0.0);
    x.extend([9.0; 40]);
    let regularised = Settings {
        reg_covar: 1e-3,
        ..settings(2)
    };
    let found = fit_on(1, &x, 1, &Start::Partitions, &regularised).unwrap();
    let smallest = (0..2).map(|k| found.mixture.covariance(k)[(0, 0)]);
    let smallest = smallest.fold(f64::INFINITY, f64::min);
    assert!((smallest - 1e-3).abs() < 1e-9, "{smallest}");
}

#[test]
fn a_request_to_stop_ends_the_fit() {
    let x = draws(4, 4, 400_000, 0.5);
    let progress = Progress::new();
    let slow = Settings {
        max_iterations: 1_000_000,
        tolerance: 0.0,
        ..settings(4)
    };
    let data = Data::new(&x, 400_000, 4);
    let watch = || progress.request_stop();
    let ended = watched(2, Duration::from_millis(50), watch, || {
        search(data, &Start::Partitions, &slow, &progress)
    });
    assert_eq!(ended.unwrap(), Err(GmmError::Interrupted));
}

#[test]
fn scores_agree_with_each_other() {
    let (k, d, n) = (3, 2, 3000);
    let x = draws(k, d, n, 2.0);
    let mixture = mixture(k, d, 2.0);
    let progress = Progress::new();
    let passes = Passes::over(Data::new(&x, n, d), &progress);
    let score = |score: Score| {
        let mut out = vec![f64::NAN; n * score.columns(k)];
        passes.score(&mixture, score, &mut out).unwrap();
        out
    };
    let posterior = score(Score::Posterior);
    let cluster = score(Score::Cluster);
    let uncertainty = score(Score::Uncertainty);
    let density = score(Score::LogDensity);
    let component = score(Score::LogComponentDensity);
    assert!((density.iter().sum::<f64>() / loglik(&mixture, &x) - 1.0).abs() < 1e-12);
    for i in 0..n {
        let row: Vec<f64> = (0..k).map(|j| posterior[j * n + i]).collect();
        assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-14);
        let own = cluster[i] as usize - 1;
        assert!(row.iter().all(|&other| other <= row[own]));
        assert!((uncertainty[i] - (1.0 - row[own])).abs() < 1e-14);
        for j in 0..k {
            let joint = component[j * n + i] + mixture.weights[j].ln();
            assert!((joint - density[i] - row[j].ln()).abs() < 1e-9 * joint.abs());
        }
    }
}

#[test]
fn rows_at_the_end_of_the_numbers_get_a_component() {
    let mixture = mixture(2, 2, 3.0);
    let x = [1e200, -1e308, 0.0, 1e200, -1e308, 5e307];
    let progress = Progress::new();
    let passes = Passes::over(Data::new(&x, 3, 2), &progress);
    let mut posterior = [f64::NAN; 6];
    passes
        .score(&mixture, Score::Posterior, &mut posterior)
        .unwrap();
    for i in 0..3 {
        assert_eq!(posterior[i] + posterior[3 + i], 1.0);
    }
    let mut density = [f64::NAN; 3];
    passes
        .score(&mixture, Score::LogDensity, &mut density)
        .unwrap();
    assert_eq!(density, [f64::NEG_INFINITY; 3]);
}

#[test]
fn draws_have_the_moments_of_the_mixture() {
    let (k, d, n) = (2, 2, 100_000);
    let truth = mixture(k, d, 5.0);
    let draw = |seed| truth.draw(n, seed, &Progress::new()).unwrap();
    let drawn = draw(3);
    assert_eq!(drawn, draw(3));
    assert_ne!(drawn, draw(4));
    for j in 0..k {
        let rows: Vec<usize> = (0..n).filter(|&i| drawn.components[i] == j).collect();
        let count = rows.len() as f64;
        assert!((count / n as f64 - truth.weights[j]).abs() < 0.01);
        let mean = |a: usize| rows.iter().map(|&i| drawn.x[a * n + i]).sum::<f64>() / count;
        for a in 0..d {
            assert!((mean(a) - truth.means[(j, a)]).abs() < 0.05);
            for b in 0..d {
                let (ma, mb) = (mean(a), mean(b));
                let product = |&i: &usize| (drawn.x[a * n + i] - ma) * (drawn.x[b * n + i] - mb);
                let covariance = rows.iter().map(product).sum::<f64>() / count;
                assert!((covariance - truth.covariance(j)[(a, b)]).abs() < 0.05);
            }
        }
    }
}

#[test]
fn no_family_stays_below_one_that_it_contains() {
    let (d, n) = (2, 150);
    let x = draws(3, d, n, 1.5);
    let settings = Settings {
        k: vec![2, 3, 4],
        families: Family::ALL.to_vec(),
        ..settings(2)
    };
    let progress = Progress::new();
    let found = search(
        Data::new(&x, n, d),
        &Start::Partitions,
        &settings,
        &progress,
    )
    .unwrap();
    assert_eq!(found.rows, n);
    assert_eq!(found.cells.len(), 42);
    for (k, row) in found.cells.chunks(14).enumerate() {
        for (family, cell) in Family::ALL.into_iter().zip(row) {
            for (other, contained) in Family::ALL.into_iter().zip(row) {
                let (Ok(a), Ok(b)) = (cell, contained) else {
                    continue;
                };
                let below = b.loglik - a.loglik;
                assert!(
                    !family.contains(other) || below < 1e-4,
                    "{family:?} is {below} below {other:?} with k = {}",
                    k + 2
                );
            }
        }
    }
}

#[test]
fn a_table_does_not_depend_on_the_threads() {
    let (d, n) = (2, 300);
    let x = draws(3, d, n, 1.5);
    let settings = Settings {
        k: vec![1, 2, 3],
        families: vec![Family::Eii, Family::Vve, Family::Vvv],
        ..settings(2)
    };
    let table = |threads| {
        let progress = Progress::new();
        let data = Data::new(&x, n, d);
        let work = || search(data, &Start::Partitions, &settings, &progress);
        watched(threads, Duration::from_millis(5), || (), work)
    };
    let one = table(1);
    assert_eq!(one, table(2));
    assert_eq!(one, table(5));
}

#[test]
fn of_many_rows_only_cells_that_may_be_the_best_are_finished() {
    let (k, d, n) = (2, 2, 12_000);
    let x = draws(k, d, n, 6.0);
    let few = Settings {
        k: vec![1, 2, 3],
        families: Family::ALL.to_vec(),
        ..settings(2)
    };
    let all = Settings {
        finish_all: true,
        ..few.clone()
    };
    let progress = Progress::new();
    let table = |settings: &Settings| {
        let data = Data::new(&x, n, d);
        search(data, &Start::Partitions, settings, &progress).unwrap()
    };
    let (few, all) = (table(&few), table(&all));
    assert!(few.rows < n);
    assert_eq!(few.best, all.best);
    let behind = |cell: &Result<Fit, GmmError>| matches!(cell, Err(GmmError::Behind { .. }));
    assert!(few.cells.iter().filter(|cell| behind(cell)).count() >= 20);
    assert!(all.cells.iter().all(Result::is_ok));
    let best = |table: Search| table.into_best().unwrap();
    let (few, all) = (best(few), best(all));
    assert!((few.loglik - all.loglik).abs() < 1e-4);
    assert!((few.loglik / loglik(&few.mixture, &x) - 1.0).abs() < 1e-11);
}

#[test]
fn one_component_needs_no_second_iteration_on_all_rows() {
    let n = 12_000;
    let x = draws(1, 2, n, 0.0);
    let settings = Settings {
        families: vec![Family::Eii, Family::Vii, Family::Vvv, Family::Evv],
        ..settings(1)
    };
    let progress = Progress::new();
    let data = Data::new(&x, n, 2);
    let found = search(data, &Start::Partitions, &settings, &progress).unwrap();
    assert!(found.rows < n);
    let fits: Vec<&Fit> = found.cells.iter().flatten().collect();
    assert!(fits
        .iter()
        .all(|fit| fit.stop == Stop::Converged && fit.trace.len() < 10));
    // Families that are the same with one component end together.
    assert_eq!(found.cells[0].is_ok(), found.cells[1].is_ok());
    assert_eq!(found.cells[2].is_ok(), found.cells[3].is_ok());
}

#[test]
fn chance_in_the_sample_does_not_choose_the_cells_that_go_on() {
    // Noise in four columns: components of few rows win on a sample, by chance.
    let (d, n) = (4, 12_000);
    let x = draws(1, d, n, 0.0);
    let settings = Settings {
        k: vec![1, 2, 3, 4, 5],
        families: Family::ALL.to_vec(),
        ..settings(1)
    };
    let progress = Progress::new();
    let data = Data::new(&x, n, d);
    let found = search(data, &Start::Partitions, &settings, &progress).unwrap();
    assert!(found.rows < n);
    let best = found.into_best().unwrap();
    assert_eq!(best.mixture.k(), 1);
    assert!(!best.narrowest.is_suspect);
}

#[test]
fn a_collapse_in_a_sample_names_the_rows_of_all() {
    // Every tenth row has the same value: the sample has some of them.
    let n = 20_000;
    let mut x = draws(1, 1, n, 0.0);
    for x in x.iter_mut().step_by(10) {
        *x = 50.0;
    }
    let failed = fit_on(2, &x, 1, &Start::Partitions, &settings(2)).unwrap_err();
    let GmmError::NoStartSurvived { rows, .. } = failed else {
        panic!("{failed:?}");
    };
    assert!(rows.len() > 300 && rows.len() < 700);
    assert!(rows.iter().all(|row| row % 10 == 0));
}

#[test]
fn runs_that_become_too_narrow_are_dropped() {
    let mut x = draws(1, 1, 200, 0.0);
    // Five rows next to each other.
    x.extend((0..5).map(|i| 1.0 + 1e-3 * f64::from(i)));
    let labels: Vec<usize> = (0..205).map(|i| usize::from(i >= 200)).collect();
    let start = Start::Labels(&labels);
    let found = fit_on(1, &x, 1, &start, &settings(2)).unwrap();
    assert!(found.narrowest.is_suspect && found.narrowest.ratio < 1e-4);
    let wide = Settings {
        min_eigen_ratio: 0.01,
        ..settings(2)
    };
    let failed = fit_on(1, &x, 1, &start, &wide).unwrap_err();
    assert!(matches!(failed, GmmError::NoStartSurvived { cause, .. }
        if matches!(*cause, GmmError::Narrow { k: 1 })));
}

#[test]
fn all_starts_of_the_best_of_several_models_are_followed() {
    let x = draws(3, 2, 300, 8.0);
    let settings = Settings {
        k: (1..=4).collect(),
        families: vec![Family::Vvi, Family::Vvv],
        budget: Budget {
            n_init: 12,
            n_final: 1,
            ..BUDGET
        },
        ..settings(3)
    };
    let progress = Progress::new();
    let data = Data::new(&x, 300, 2);
    let found = search(data, &Start::Partitions, &settings, &progress).unwrap();
    let best = found.best.unwrap();
    let starts = |cell: usize| found.cells[cell].as_ref().unwrap().starts;
    assert!(starts(best).tried >= 12 && starts(best).reached >= 6);
    for cell in (0..found.cells.len()).filter(|cell| *cell != best) {
        assert!(starts(cell).finished < starts(best).finished);
    }
}
