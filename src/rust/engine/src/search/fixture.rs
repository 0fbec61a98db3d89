//! What tests of the search have in common.

use super::cell::Cell;
use super::runs::Effort;
use super::stage::Stage;
use super::{Budget, Settings};
use crate::algorithm::Algorithm;
use crate::covariance::Family;
use crate::criteria::Criterion;
use crate::data::Data;
use crate::model::Model;
use crate::pass::Passes;
use crate::progress::Progress;
use crate::responsibilities::Given;

const BUDGET: Budget = Budget {
    n_init: 1,
    n_final: 1,
    rounds: 2,
    explorations: 0,
};

/// For few runs of one family.
pub(super) fn settings(family: Family) -> Settings {
    Settings {
        k: vec![1, 2],
        families: vec![family],
        criterion: Criterion::Bic,
        equal_weights: false,
        reg_covar: 0.0,
        min_eigen_ratio: 0.0,
        budget: BUDGET,
        alone: BUDGET,
        finish_all: false,
        short_iterations: 5,
        max_iterations: 1000,
        tolerance: 1e-6,
        accelerate: true,
        algorithm: Algorithm::Em,
        fixed: None,
        keep_path: false,
        seed: 1,
    }
}

/// All rows of one column, with the model of spheres of different sizes.
pub(super) fn on_stage(x: &[f64], test: impl FnOnce(&Stage<'_>, Model)) {
    let model = Model {
        family: Family::Vii,
        equal_weights: false,
        reg_covar: 0.0,
    };
    let progress = Progress::new();
    let passes = Passes::over(Data::new(x, x.len(), 1), &progress);
    test(
        &Stage::new(passes, None, &settings(model.family)).unwrap(),
        model,
    );
}

/// A cell with one run, which began at these labels.
pub(super) fn run_from(stage: &Stage<'_>, model: Model, k: usize, labels: &[usize]) -> Cell {
    let mut cell = Cell::new(k, model);
    let given = Given::Labels(labels);
    cell.start_given(stage, given, Effort::ONE_RUN, &settings(model.family))
        .unwrap();
    cell
}
