//! Draws from a mixture.

use rand::Rng;
use rand_distr::StandardNormal;

use crate::error::GmmError;
use crate::factors::Factors;
use crate::init::generator;
use crate::mixture::Mixture;
use crate::progress::Progress;

/// Points drawn from a mixture.
#[derive(Debug, Clone, PartialEq)]
pub struct Draws {
    /// `double[n, d]`, column-major.
    pub x: Vec<f64>,
    /// The component of each point, counted from zero.
    pub components: Vec<usize>,
}

impl Mixture {
    /// Draw `n` points: a component by its weight, then a point of it.
    ///
    /// # Errors
    /// As [`Mixture::draw_into`].
    pub fn draw(&self, n: usize, seed: u64, progress: &Progress) -> Result<Draws, GmmError> {
        let mut x = vec![0.0; n * self.d()];
        let mut components = vec![0; n];
        self.draw_into(None, seed, progress, &mut x, |row, k| components[row] = k)?;
        Ok(Draws { x, components })
    }

    /// Draw as many points as `x`, `double[n, d]`, has rows, and tell `note` the row and the
    /// component of each: by the weights or, given `counts`, so many of each component, one
    /// component after the other.
    ///
    /// # Errors
    /// [`GmmError::Degenerate`] where a covariance is not positive definite,
    /// [`GmmError::Interrupted`].
    pub fn draw_into(
        &self,
        counts: Option<&[usize]>,
        seed: u64,
        progress: &Progress,
        x: &mut [f64],
        mut note: impl FnMut(usize, usize),
    ) -> Result<(), GmmError> {
        let factors = Factors::of(&self.covariances)?;
        let roots: Vec<_> = (0..self.k()).map(|k| factors.root(k)).collect();
        let mut rng = generator(seed, 0);
        let d = self.d();
        let n = x.len() / d;
        let mut in_turn = counts.map(turns);
        let mut normal = vec![0.0; d];
        for i in 0..n {
            progress.check()?;
            let turn = in_turn.as_mut().and_then(Iterator::next);
            let k = turn.unwrap_or_else(|| self.draw_component(rng.random()));
            note(i, k);
            normal.fill_with(|| rng.sample(StandardNormal));
            for j in 0..d {
                let terms = (0..d).map(|l| roots[k][(j, l)] * normal[l]);
                x[j * n + i] = self.means[(k, j)] + terms.sum::<f64>();
            }
        }
        Ok(())
    }

    /// The component where the cumulated weights pass `left`, which is uniform on [0, 1).
    fn draw_component(&self, mut left: f64) -> usize {
        let drawn = self.weights.iter().position(|weight| {
            left -= weight;
            left < 0.0
        });
        // Rounding of the weights' sum may leave a little over.
        drawn.unwrap_or(self.k() - 1)
    }
}

/// Every component as often as it counts.
fn turns(counts: &[usize]) -> impl Iterator<Item = usize> + '_ {
    let each = counts.iter().enumerate();
    each.flat_map(|(k, &count)| std::iter::repeat(k).take(count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::DMatrix;
    use ndarray::Array2;

    fn line() -> Mixture {
        Mixture {
            weights: vec![0.75, 0.25],
            means: Array2::from_shape_vec((2, 1), vec![0.0, 1e6]).unwrap(),
            covariances: (0..2).map(|_| DMatrix::identity(1, 1)).collect(),
        }
    }

    #[test]
    fn counts_are_kept_one_component_after_the_other() {
        let (mut x, mut components) = ([0.0; 5], [9; 5]);
        let progress = Progress::new();
        let note = |row: usize, k| components[row] = k;
        line()
            .draw_into(Some(&[3, 2]), 1, &progress, &mut x, note)
            .unwrap();
        assert_eq!(components, [0, 0, 0, 1, 1]);
        assert!(x[..3].iter().all(|x| x.abs() < 10.0));
        assert!(x[3..].iter().all(|x| (x - 1e6).abs() < 10.0));
    }

    #[test]
    fn weights_share_the_unit_interval() {
        let drawn = [0.0, 0.74, 0.75, 0.99, 1.0].map(|left| line().draw_component(left));
        assert_eq!(drawn, [0, 0, 1, 1, 1]);
    }
}
