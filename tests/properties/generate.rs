//! Random data sets for the laws: small, large, rounded, on any scale, with rows repeated.

use std::time::Duration;

use gaussmix_engine::{
    search, watched, Algorithm, Budget, Criterion, Data, Family, Fit, GmmError, Model, Progress,
    Settings, Start,
};
use proptest::prelude::*;

/// Rows and columns, column-major.
#[derive(Debug, Clone)]
pub struct Sample {
    /// `double[n, d]`.
    pub x: Vec<f64>,
    /// Number of columns.
    pub d: usize,
}

impl Sample {
    /// Number of rows.
    pub fn n(&self) -> usize {
        self.x.len() / self.d
    }

    /// The sample with every value of column `j` replaced by `change(j, value)`.
    pub fn map(&self, change: impl Fn(usize, f64) -> f64) -> Self {
        let n = self.n();
        let x = self.x.iter().enumerate();
        Sample {
            x: x.map(|(i, &x)| change(i / n, x)).collect(),
            d: self.d,
        }
    }

    /// The sample with its rows in another order.
    pub fn rotate_rows(&self, by: usize) -> Self {
        let mut x = self.x.clone();
        x.chunks_mut(self.n())
            .for_each(|column| column.rotate_left(by));
        Sample { x, d: self.d }
    }

    /// Fit `k` components on `threads` threads.
    pub fn fit(
        &self,
        model: Model,
        k: usize,
        start: &Start<'_>,
        threads: usize,
    ) -> Result<Fit, GmmError> {
        self.fit_for(200, 1e-6, model, k, start, threads)
    }

    /// The first few iterations of EM from `start`, without a collapse or acceleration, in which
    /// rounding decides.
    pub fn begin(
        &self,
        family: Family,
        reg_covar: f64,
        k: usize,
        start: &Start<'_>,
    ) -> Result<Fit, GmmError> {
        let model = Model {
            family,
            equal_weights: false,
            reg_covar,
        };
        self.fit_for(5, 0.0, model, k, start, 1)
    }

    fn fit_for(
        &self,
        iterations: usize,
        tolerance: f64,
        model: Model,
        k: usize,
        start: &Start<'_>,
        threads: usize,
    ) -> Result<Fit, GmmError> {
        const BUDGET: Budget = Budget {
            n_init: 5,
            n_final: 2,
            rounds: 2,
            explorations: 1,
        };
        let settings = Settings {
            k: vec![k],
            families: vec![model.family],
            criterion: Criterion::Bic,
            equal_weights: model.equal_weights,
            reg_covar: model.reg_covar,
            min_eigen_ratio: 0.0,
            budget: BUDGET,
            alone: BUDGET,
            finish_all: false,
            short_iterations: 5,
            max_iterations: iterations,
            tolerance,
            accelerate: tolerance > 0.0,
            algorithm: Algorithm::Em,
            fixed: None,
            keep_path: false,
            seed: 5,
        };
        let progress = Progress::new();
        let data = Data::new(&self.x, self.n(), self.d);
        watched(
            threads,
            Duration::from_secs(1),
            || (),
            || search(data, start, &settings, &progress),
        )??
        .into_best()
    }
}

/// Every covariance family, with free and equal weights.
pub fn models() -> impl Strategy<Value = Model> {
    (families(), any::<bool>()).prop_map(|(family, equal_weights)| Model {
        family,
        equal_weights,
        reg_covar: 0.0,
    })
}

/// Every covariance family.
pub fn families() -> impl Strategy<Value = Family> {
    prop::sample::select(Family::ALL.to_vec())
}

/// The families whose M-step depends continuously on the data. The orientation that EVE and VVE
/// share may have several optima, and in EEV and VEV two axes of the same length may change places:
/// between those rounding decides.
pub fn continuous_families() -> impl Strategy<Value = Family> {
    families().prop_filter("continuous", |family| {
        use Family::{Eev, Eve, Vev, Vve};
        !matches!(family, Eve | Vve | Eev | Vev)
    })
}

/// A few columns of values that are smooth or rounded, in two groups.
pub fn samples() -> impl Strategy<Value = Sample> {
    (
        1_usize..5,
        8_usize..200,
        prop_oneof![Just(0.0), Just(0.5), Just(4.0)],
    )
        .prop_flat_map(|(d, n, grid)| {
            prop::collection::vec(-3.0..3.0_f64, n * d).prop_map(move |mut x| {
                for (i, x) in x.iter_mut().enumerate() {
                    *x += if (i % n) % 3 == 0 { 6.0 } else { 0.0 };
                    if grid > 0.0 {
                        *x = (*x * grid).round() / grid;
                    }
                }
                Sample { x, d }
            })
        })
}

/// Labels that use every component, for `n` rows.
pub fn labels(n: usize, k: usize) -> Vec<usize> {
    (0..n).map(|i| (i * 7 + i / 5) % k).collect()
}
