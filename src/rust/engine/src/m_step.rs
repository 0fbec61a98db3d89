//! The M-step on its own, of responsibilities that are known.

use crate::em::{Em, Scale};
use crate::error::GmmError;
use crate::mixture::Mixture;
use crate::model::Model;
use crate::pass::Passes;
use crate::responsibilities::Given;

impl Passes<'_> {
    /// The mixture of `k` components that maximises the expected complete-data log-likelihood of
    /// known responsibilities.
    ///
    /// # Errors
    /// [`GmmError::EmptyComponent`]; [`GmmError::Degenerate`] where a covariance is singular at the
    /// scale of the data; [`GmmError::OutOfRange`], [`GmmError::Interrupted`].
    pub fn maximise(&self, given: Given<'_>, k: usize, model: &Model) -> Result<Mixture, GmmError> {
        let model = model.in_dimension(self.data().d());
        let (scale, _) = Scale::of(self, model.family, model.reg_covar)?;
        let em = Em {
            passes: *self,
            model,
            scale: &scale,
            tolerance: 0.0,
            negligible: 0.0,
            min_eigen_ratio: 0.0,
            hurries: false,
            keep_path: false,
            fixed: None,
        };
        em.maximise_soundly(&self.given(given, k, model.family)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::covariance::Family;
    use crate::data::Data;
    use crate::progress::Progress;

    fn maximise(values: &[f64], labels: &[usize]) -> Result<Mixture, GmmError> {
        let progress = Progress::new();
        let model = Model {
            family: Family::Vvv,
            equal_weights: false,
            reg_covar: 0.0,
        };
        let data = Data::new(values, labels.len(), values.len() / labels.len());
        Passes::over(data, &progress).maximise(Given::Labels(labels), 2, &model)
    }

    #[test]
    fn labels_give_the_moments_of_their_rows() {
        let mixture = maximise(&[1.0, 3.0, 10.0, 14.0, 18.0], &[0, 0, 1, 1, 1]).unwrap();
        assert_eq!(mixture.weights, [0.4, 0.6]);
        assert_eq!(mixture.means.column(0).to_vec(), [2.0, 14.0]);
        assert!((mixture.covariance(0)[(0, 0)] - 1.0).abs() < 1e-15);
        assert!((mixture.covariance(1)[(0, 0)] - 32.0 / 3.0).abs() < 1e-14);
    }

    #[test]
    fn rounding_is_no_variance() {
        // 0.1 has no exact value: the mean of three is off by a rounding.
        let failed = maximise(&[0.1, 0.1, 0.1, 4.0, 5.0], &[0, 0, 0, 1, 1]).unwrap_err();
        assert_eq!(failed, GmmError::Degenerate { k: 0 });
        // In a line, but along no axis.
        let x = [0.1, 0.2, 0.4, 5.0, 6.0, 5.0, 0.3, 0.6, 1.2, 5.0, 5.0, 7.0];
        let failed = maximise(&x, &[0, 0, 0, 1, 1, 1]).unwrap_err();
        assert_eq!(failed, GmmError::Degenerate { k: 0 });
    }

    #[test]
    fn a_component_without_rows_is_empty() {
        let failed = maximise(&[1.0, 2.0, 4.0], &[0, 0, 0]).unwrap_err();
        assert_eq!(failed, GmmError::EmptyComponent { k: 1, mass: 0.0 });
    }
}
