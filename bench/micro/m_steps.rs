//! The M-steps of all families, from statistics to a mixture. Those that iterate begin at the
//! result of the one before, as in EM, but with the same statistics: it is their optimum already.

use divan::{black_box, Bencher};
use rand::Rng;

use crate::covariance::{Ascent, Family};
use crate::data::Data;
use crate::init::generator;
use crate::model::Model;
use crate::pass::Passes;
use crate::progress::Progress;
use crate::responsibilities::Given;
use crate::stats::SufficientStats;

/// Statistics of `k` random components.
fn statistics(d: usize, k: usize, family: Family) -> SufficientStats {
    let n = 20 * d * k;
    let mut rng = generator(1, d);
    let x: Vec<f64> = (0..n * d).map(|_| rng.random_range(-1.0..1.0)).collect();
    let labels: Vec<usize> = (0..n).map(|i| i % k).collect();
    let progress = Progress::new();
    let passes = Passes::over(Data::new(&x, n, d), &progress);
    let stats = passes.given(Given::Labels(&labels), k, family);
    stats.expect("statistics")
}

fn m_step(bencher: Bencher, name: &str, d: usize) {
    let model = Model {
        family: Family::from_name(name).expect("a family"),
        equal_weights: false,
        reg_covar: 0.0,
    };
    let stats = statistics(d, 5, model.family);
    let progress = Progress::new();
    let before = model.maximise(&stats, Ascent::Anew, &progress);
    let before = before.expect("a mixture");
    let ascent = Ascent::From(&before.covariances);
    bencher.bench_local(|| model.maximise(black_box(&stats), ascent, &progress));
}

fn names() -> impl Iterator<Item = &'static str> {
    Family::ALL.into_iter().map(Family::name)
}

/// In 3 dimensions.
#[divan::bench(args = names())]
fn of_3_columns(bencher: Bencher, name: &str) {
    m_step(bencher, name, 3);
}

/// In 10 dimensions.
#[divan::bench(args = names())]
fn of_10_columns(bencher: Bencher, name: &str) {
    m_step(bencher, name, 10);
}

/// In 50 dimensions.
#[divan::bench(args = names())]
fn of_50_columns(bencher: Bencher, name: &str) {
    m_step(bencher, name, 50);
}
