//! What holds for every data set.

use gaussmix_engine::{Data, Fit, Passes, Progress, Score, Start};
use gaussmix_properties::{labels, samples, Sample};
use proptest::prelude::*;

fn last(fit: &Fit) -> f64 {
    *fit.trace.last().unwrap()
}

/// Whether `b` climbed as `a` did, lower by `offset`.
fn same_climb(a: &Fit, b: &Fit, offset: f64, tolerance: f64) -> bool {
    let near = |(a, b): (&f64, &f64)| (a - offset - b).abs() <= tolerance + 1e-12 * (1.0 + a.abs());
    a.trace.iter().zip(&b.trace).all(near)
}

fn posterior(sample: &Sample, fit: &Fit) -> Vec<f64> {
    let progress = Progress::new();
    let passes = Passes::over(Data::new(&sample.x, sample.n(), sample.d), &progress);
    let mut out = vec![f64::NAN; sample.n() * fit.mixture.k()];
    passes
        .score(&fit.mixture, Score::Posterior, &mut out)
        .unwrap();
    out
}

proptest! {
    #[test]
    fn a_fit_is_sound_or_an_error(sample in samples(), k in 1_usize..5) {
        if let Ok(fit) = sample.fit(k, &Start::KMeans, 1) {
            prop_assert!(fit.trace.iter().all(|loglik| loglik.is_finite()));
            prop_assert!((fit.mixture.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            prop_assert!(fit.mixture.weights.windows(2).all(|pair| pair[0] >= pair[1]));
            prop_assert!(fit.mixture.means.iter().all(|mean| mean.is_finite()));
            for covariance in &fit.mixture.covariances {
                prop_assert!(covariance.clone().cholesky().is_some());
            }
            prop_assert!(fit.starts.reached >= 1);
            prop_assert!(fit.starts.reached <= fit.starts.finished);
            prop_assert!(fit.starts.finished + fit.starts.degenerate <= fit.starts.tried);
        }
    }

    #[test]
    fn the_log_likelihood_never_falls(sample in samples(), k in 1_usize..5) {
        let labels = labels(sample.n(), k);
        if let Ok(fit) = sample.fit(k, &Start::Labels(&labels), 1) {
            for step in fit.trace.windows(2) {
                let noise = 1e-13 * (1.0 + step[0].abs());
                prop_assert!(step[1] >= step[0] - noise, "{:?}", step);
            }
        }
    }

    #[test]
    fn posteriors_sum_to_one(sample in samples(), k in 1_usize..5) {
        if let Ok(fit) = sample.fit(k, &Start::KMeans, 2) {
            let n = sample.n();
            let posterior = posterior(&sample, &fit);
            for i in 0..n {
                let sum: f64 = (0..k).map(|j| posterior[j * n + i]).sum();
                prop_assert!((sum - 1.0).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn threads_change_no_bit(sample in samples(), k in 1_usize..5, threads in 2_usize..8) {
        prop_assert_eq!(sample.fit(k, &Start::KMeans, 1), sample.fit(k, &Start::KMeans, threads));
    }

    #[test]
    fn scaling_scales_the_fit(sample in samples(), power in -300..300_i32) {
        let factor = 2.0_f64.powi(power);
        let scaled = sample.map(|_, x| x * factor);
        let labels = labels(sample.n(), 2);
        let start = Start::Labels(&labels);
        let squared = 1e-2 * factor * factor;
        match (sample.begin(1e-2, 2, &start), scaled.begin(squared, 2, &start)) {
            (Ok(a), Ok(b)) => {
                let jacobian = (sample.n() * sample.d) as f64 * factor.ln();
                prop_assert!(same_climb(&a, &b, jacobian, 1e-12 * jacobian.abs()));
                for (a, b) in a.mixture.means.iter().zip(&b.mixture.means) {
                    prop_assert!((a * factor - b).abs() <= 1e-6 * factor);
                }
            }
            (a, b) => prop_assert_eq!(a.is_err(), b.is_err()),
        }
    }

    #[test]
    fn shifting_does_not_change_the_likelihood(sample in samples(), shift in -1e4..1e4_f64) {
        let shifted = sample.map(|j, x| x + shift * (j + 1) as f64);
        let labels = labels(sample.n(), 2);
        let start = Start::Labels(&labels);
        let begin = |sample: &Sample| sample.begin(1e-2, 2, &start);
        if let (Ok(a), Ok(b)) = (begin(&sample), begin(&shifted)) {
            // The shifted data are themselves rounded, to 1e-12 of their spread.
            prop_assert!(same_climb(&a, &b, 0.0, 1e-6), "{:?} {:?}", a.trace, b.trace);
        }
    }

    #[test]
    fn the_order_of_rows_does_not_matter(sample in samples(), by in 1_usize..8) {
        let labels = labels(sample.n(), 2);
        let mut rotated = labels.clone();
        rotated.rotate_left(by);
        let a = sample.begin(1e-2, 2, &Start::Labels(&labels));
        let b = sample.rotate_rows(by).begin(1e-2, 2, &Start::Labels(&rotated));
        if let (Ok(a), Ok(b)) = (a, b) {
            prop_assert!(same_climb(&a, &b, 0.0, 1e-9), "{:?} {:?}", a.trace, b.trace);
        }
    }

    #[test]
    fn more_components_are_no_worse_from_a_split(sample in samples()) {
        // Splitting a component of a fit in two leaves the likelihood nearly as it is; EM only
        // adds.
        if let Ok(one) = sample.fit(1, &Start::KMeans, 1) {
            let mut split = one.mixture.clone();
            split.weights = vec![0.5; 2];
            split.covariances = vec![split.covariances[0].clone(); 2];
            split.means = mean_twice(&one);
            for (j, mean) in split.means.row_mut(1).iter_mut().enumerate() {
                *mean += 1e-6 * split.covariances[0][(j, j)].sqrt();
            }
            if let Ok(two) = sample.fit(2, &Start::Mixture(split), 1) {
                prop_assert!(last(&two) >= last(&one) - 1e-8 * (1.0 + last(&one).abs()));
            }
        }
    }
}

/// The one mean of a fit, twice.
fn mean_twice(one: &Fit) -> ndarray::Array2<f64> {
    ndarray::concatenate![ndarray::Axis(0), one.mixture.means, one.mixture.means]
}
