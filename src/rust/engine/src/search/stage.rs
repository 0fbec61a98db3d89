//! Rows on which cells are searched: all, or a sample of them.

use std::sync::Arc;

use nalgebra::DMatrix;

use super::narrowest::{ties, Narrowest};
use super::Settings;
use crate::covariance::Family;
use crate::em::{Em, Failed, Last, Scale, SMALLEST_OWN_PART};
use crate::error::GmmError;
use crate::mixture::Mixture;
use crate::model::Model;
use crate::pass::Passes;
use crate::score::Score;

/// Variances that leave room for their sums and for the inverse.
const VARIANCES: std::ops::RangeInclusive<f64> = 1e-304..=1e304;
/// Rounding errors of a column's values that make its resolution.
const ROUNDINGS: f64 = 64.0;

/// Log-likelihood that rough runs may leave.
const ROUGH: f64 = 0.03;

/// Rows, and what all runs on them have in common.
#[derive(Debug, Clone)]
pub(super) struct Stage<'a> {
    pub(super) passes: Passes<'a>,
    /// Of a sample, which rows these are.
    sampled: Option<&'a [usize]>,
    pub(super) scale: Scale,
    /// The first column that others determine, which families with orientations can't have.
    pub(super) dependent: Option<usize>,
    /// Whether covariances are given.
    are_given: bool,
    /// Whether components may be as narrow as they like.
    may_tie: bool,
    /// Log-likelihood that runs may leave, if the tolerance is less.
    roughness: f64,
}

impl<'a> Stage<'a> {
    /// # Errors
    /// [`GmmError::OutOfRange`], [`GmmError::Interrupted`].
    pub(super) fn new(
        passes: Passes<'a>,
        sampled: Option<&'a [usize]>,
        settings: &Settings,
    ) -> Result<Self, GmmError> {
        let oriented = settings.families.iter().find(|family| family.is_oriented());
        let family = *oriented.unwrap_or(&Family::Vvi);
        let (scale, covariance) = Scale::of(&passes, family, settings.reg_covar)?;
        let dependent = match oriented {
            Some(_) => first_dependent_column(&covariance, &passes)?,
            None => None,
        };
        Ok(Stage {
            passes,
            sampled,
            scale,
            dependent,
            are_given: settings.has_fixed_covariances(),
            may_tie: settings.reg_covar == 0.0 && !settings.has_fixed_covariances(),
            roughness: 0.0,
        })
    }

    /// The same rows, where optima are guesses only, from which runs go on elsewhere.
    pub(super) fn roughly(self) -> Self {
        Stage {
            roughness: ROUGH,
            ..self
        }
    }

    /// Whether runs leave more than the tolerance.
    pub(super) fn is_rough(&self, settings: &Settings) -> bool {
        settings.tolerance > 0.0 && settings.tolerance < self.roughness
    }

    /// The narrowest component of a mixture of these rows. What is given is no chance.
    pub(super) fn narrowest(&self, mixture: &Mixture) -> Narrowest {
        // Where a width is given, a value is no narrower than that.
        let ties = if self.may_tie {
            ties(mixture, &self.passes)
        } else {
            vec![None; mixture.k()]
        };
        let mut narrowest = Narrowest::of(mixture, self.passes.data().n(), &ties);
        narrowest.is_suspect &= !self.are_given;
        narrowest
    }

    /// Whether a mixture of these rows may be chance.
    pub(super) fn is_chance(&self, mixture: &Mixture) -> bool {
        self.narrowest(mixture).is_suspect
    }

    /// Of all rows, those that the component owned that failed.
    pub(super) fn rows_of(&self, failed: &Failed) -> Vec<usize> {
        let rows = match &failed.last {
            Last::Rows(rows) => rows.clone(),
            Last::Mixture(mixture) => {
                let mut cluster = vec![0.0; self.passes.data().n()];
                let own = failed.error.component().map_or(0.0, |k| (k + 1) as f64);
                // Only a stop keeps this from its end, and then nobody asks for the rows.
                let _ = self.passes.score(mixture, Score::Cluster, &mut cluster);
                (0..cluster.len()).filter(|&i| cluster[i] == own).collect()
            }
        };
        match self.sampled {
            Some(sampled) => rows.into_iter().map(|row| sampled[row]).collect(),
            None => rows,
        }
    }

    /// EM on these rows.
    pub(super) fn em<'s>(&'s self, model: Model, settings: &'s Settings) -> Em<'s> {
        Em {
            passes: self.passes,
            model,
            scale: &self.scale,
            // Without a tolerance, a number of iterations was asked for.
            tolerance: if self.is_rough(settings) {
                self.roughness
            } else {
                settings.tolerance
            },
            negligible: settings.tolerance,
            min_eigen_ratio: settings.min_eigen_ratio,
            hurries: model.family.iterates() && settings.accelerates() && settings.tolerance > 0.0,
            keep_path: settings.keep_path,
            fixed: settings.fixed.as_ref(),
        }
    }
}

impl Scale {
    /// The scale of the data, and the covariance of all rows, of which families without
    /// orientations know the diagonal only.
    ///
    /// # Errors
    /// [`GmmError::OutOfRange`], [`GmmError::Interrupted`].
    pub(crate) fn of(
        passes: &Passes<'_>,
        family: Family,
        reg_covar: f64,
    ) -> Result<(Self, DMatrix<f64>), GmmError> {
        let total = passes.total(family)?;
        let mut covariance = &total.scatter / total.mass;
        for j in 0..covariance.nrows() {
            covariance[(j, j)] += reg_covar;
            if !VARIANCES.contains(&covariance[(j, j)]) {
                return Err(GmmError::OutOfRange { column: j });
            }
        }
        let deviation: Vec<f64> = covariance.diagonal().iter().map(|v| v.sqrt()).collect();
        let sizes = total.mean.iter().zip(&deviation);
        let resolution =
            sizes.map(|(mean, deviation)| ROUNDINGS * f64::EPSILON * (mean.abs() + deviation));
        let scale = Scale {
            resolution: resolution.collect(),
            deviation,
            total: Arc::new(total),
        };
        Ok((scale, covariance))
    }
}

/// The first column that the columns before it determine: where the Cholesky factorisation of
/// the correlation matrix loses its pivot.
fn first_dependent_column(
    covariance: &DMatrix<f64>,
    passes: &Passes<'_>,
) -> Result<Option<usize>, GmmError> {
    let d = covariance.nrows();
    let deviation: Vec<f64> = covariance.diagonal().iter().map(|v| v.sqrt()).collect();
    // Rows of the factor, so that every product runs along memory.
    let mut factor: Vec<Vec<f64>> = Vec::with_capacity(d);
    for i in 0..d {
        passes.progress().check()?;
        let mut row = Vec::with_capacity(i + 1);
        for j in 0..=i {
            let other = if j < i { &factor[j] } else { &row };
            let known: f64 = row.iter().zip(other).map(|(a, b)| a * b).sum();
            let own = covariance[(i, j)] / deviation[i] / deviation[j] - known;
            if j < i {
                row.push(own / other[j]);
            } else if own < SMALLEST_OWN_PART {
                return Ok(Some(i));
            } else {
                row.push(own.sqrt());
            }
        }
        factor.push(row);
    }
    Ok(None)
}
