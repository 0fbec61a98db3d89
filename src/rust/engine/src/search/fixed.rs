//! Where parameters are fixed: their check, and the starts that follow from them.

use rayon::prelude::*;

use super::cell::Cell;
use super::runs::Effort;
use super::stage::Stage;
use super::starts::family_of_starts;
use super::Settings;
use crate::error::GmmError;
use crate::fixed::Fixed;
use crate::init::{Partition, Partitions};
use crate::mixture::Mixture;
use crate::responsibilities::Given;

/// Refuse fixed covariances that are singular at the scale of the data.
///
/// # Errors
/// [`GmmError::FixedOutOfScale`].
pub(super) fn check(
    all: &Stage<'_>,
    cells: &[&mut Cell],
    settings: &Settings,
) -> Result<(), GmmError> {
    let Some(fixed) = &settings.fixed else {
        return Ok(());
    };
    for cell in cells {
        if let Some(covariances) = fixed.covariances(cell.k) {
            let mixture = Mixture {
                weights: vec![1.0 / cell.k as f64; cell.k],
                means: ndarray::Array2::zeros((cell.k, all.passes.data().d())),
                covariances,
            };
            let sound = all.em(cell.model, settings).sound_factors(&mixture);
            sound.map_err(|_| GmmError::FixedOutOfScale)?;
        }
    }
    Ok(())
}

/// The start that follows from fixed means.
#[derive(Debug)]
pub(super) enum Near {
    /// Every row belongs to the mean that it is nearest to, in standard deviations of all rows.
    Partition(Partition),
    /// Nothing but the weights is to be estimated: they are equal at first.
    Mixture(Mixture),
}

impl Near {
    /// # Errors
    /// [`GmmError::Interrupted`].
    ///
    /// # Panics
    /// If the means are not fixed.
    pub(super) fn of(
        all: &Stage<'_>,
        fixed: &Fixed,
        settings: &Settings,
    ) -> Result<Self, GmmError> {
        let means = fixed.means.as_ref().expect("fixed means");
        let (k, data) = (means.nrows(), all.passes.data());
        if let Some(covariances) = fixed.covariances(k) {
            let weights = fixed.weights.clone();
            return Ok(Near::Mixture(Mixture {
                weights: weights.unwrap_or_else(|| vec![1.0 / k as f64; k]),
                means: means.clone(),
                covariances,
            }));
        }
        let deviation = &all.scale.deviation;
        let distance = |i: usize, k: usize| {
            let parts = (0..data.d()).map(|j| (data.column(j)[i] - means[(k, j)]) / deviation[j]);
            parts.map(|part| part * part).sum::<f64>()
        };
        let nearest = |i: usize| {
            let to = |k: usize| (k, distance(i, k));
            let nearest = (0..k).map(to).min_by(|a, b| a.1.total_cmp(&b.1));
            nearest.map_or(0, |(k, _)| k)
        };
        let progress = all.passes.progress();
        let label = |i: usize| progress.check().map(|()| nearest(i));
        let labels: Vec<usize> = (0..data.n())
            .into_par_iter()
            .map(label)
            .collect::<Result<_, _>>()?;
        let family = family_of_starts(settings);
        let stats = all.passes.given(Given::Labels(&labels), k, family);
        Ok(Near::Partition(Partition {
            labels,
            stats,
            is_chosen: false,
        }))
    }
}

/// Every cell a run from the start that follows from fixed means.
///
/// # Errors
/// [`GmmError::Interrupted`].
pub(super) fn start_near(
    all: &Stage<'_>,
    fixed: &Fixed,
    cells: &mut [&mut Cell],
    settings: &Settings,
) -> Result<(), GmmError> {
    let near = Near::of(all, fixed, settings)?;
    let effort = Effort::ONE_RUN;
    cells.par_iter_mut().try_for_each(|cell| match &near {
        Near::Partition(partition) => {
            cell.start_from(all, std::slice::from_ref(partition), effort, settings)?;
            cell.go_far(all, effort, settings)
        }
        Near::Mixture(mixture) => cell.start_at(all, mixture, effort, settings),
    })
}

/// Number the clusters of a partition by the components that fixed parameters make of them.
///
/// # Errors
/// [`GmmError::Interrupted`].
pub(super) fn number(
    partition: &mut Partition,
    fixed: &Fixed,
    partitions: &Partitions<'_>,
    settings: &Settings,
) -> Result<(), GmmError> {
    let Some(stats) = partition.stats.as_ref().ok().filter(|_| fixed.is_indexed()) else {
        return Ok(());
    };
    let order = fixed.order_of(stats);
    let k = order.len();
    let mut component = vec![0; k];
    for (own, &cluster) in order.iter().enumerate() {
        component[cluster] = own;
    }
    for label in &mut partition.labels {
        *label = component[*label];
    }
    let passes = partitions.passes();
    partition.stats = passes.given(
        Given::Labels(&partition.labels),
        k,
        family_of_starts(settings),
    );
    passes.progress().check()
}
