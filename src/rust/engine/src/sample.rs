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
    /// [`GmmError::Degenerate`] where a covariance is not positive definite,
    /// [`GmmError::Interrupted`].
    pub fn draw(&self, n: usize, seed: u64, progress: &Progress) -> Result<Draws, GmmError> {
        let factors = Factors::of(&self.covariances)?;
        let roots: Vec<_> = (0..self.k()).map(|k| factors.factor(k).root).collect();
        let mut rng = generator(seed, 0);
        let d = self.d();
        let mut x = vec![0.0; n * d];
        let mut components = Vec::with_capacity(n);
        let mut normal = vec![0.0; d];
        for i in 0..n {
            progress.check()?;
            let mut left = rng.random::<f64>();
            let drawn = self.weights.iter().position(|weight| {
                left -= weight;
                left < 0.0
            });
            // Rounding of the weights' sum may leave a little over.
            let k = drawn.unwrap_or(self.k() - 1);
            components.push(k);
            normal.fill_with(|| rng.sample(StandardNormal));
            for j in 0..d {
                let terms = (0..d).map(|l| roots[k][(j, l)] * normal[l]);
                x[j * n + i] = self.means[(k, j)] + terms.sum::<f64>();
            }
        }
        Ok(Draws { x, components })
    }
}
