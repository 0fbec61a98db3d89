//! An orientation that all components share, and what it is worth.

use nalgebra::{DMatrix, DMatrixView};

use super::products::{dot, product, sum_of_logs};
use super::stack::Stack;
use super::triangles::log_volume;

/// A change of the objective by less than this is its rounding.
const ROUNDING: f64 = 1e-15;

/// How the volumes of the components enter the objective.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Volumes {
    /// One volume: EVE.
    Equal,
    /// A volume each: VVE.
    Varying,
}

/// Scatters `W_k = g_k F_k'F_k` with `|F_k| = 1`, so that nothing in `F_k` under- or overflows.
#[derive(Debug, Clone)]
pub(super) struct Roots {
    /// `double[(k + 1) d, d]`: the identity on top of `F_1`, ..., `F_k`.
    stacked: DMatrix<f64>,
    /// `log g_k`, with `g_k = |W_k|^(1/d)`.
    log_volumes: Vec<f64>,
}

impl Roots {
    /// The roots of scatters that have the Cholesky factors `lowers`.
    pub(super) fn of(lowers: &Stack) -> Self {
        let (k, d) = (lowers.k(), lowers.d());
        let mut log_volumes = Vec::with_capacity(k);
        let mut stacked = DMatrix::identity((k + 1) * d, d);
        for (k, lower) in lowers.each().enumerate() {
            let log_volume = log_volume(lower, d);
            let scale = (-0.5 * log_volume).exp();
            for j in 0..d {
                for i in 0..=j {
                    stacked[((k + 1) * d + i, j)] = scale * lower[i * d + j];
                }
            }
            log_volumes.push(log_volume);
        }
        Roots {
            stacked,
            log_volumes,
        }
    }

    /// `F_k` of every component.
    pub(super) fn each(&self) -> impl Iterator<Item = DMatrixView<'_, f64>> {
        let d = self.stacked.ncols();
        (0..self.log_volumes.len()).map(move |k| self.stacked.rows((k + 1) * d, d))
    }
}

/// An orthogonal basis `D` and the roots of the scatters turned into it.
///
/// With `y_kj = (D'W_kD)_jj` and `l_k = sum_j log(y_kj) / d`, the best orientation minimises
///
/// - `log sum_k exp(l_k)` where the volume is equal,
/// - `sum_k (N_k / N) l_k` where volumes vary.
///
/// Both have the derivative `sum_k p_k l_k'` with weights `p_k` that sum to one: the shares of
/// the sum of exponentials, or of the mass. That is all the difference there is between EVE and
/// VVE.
///
/// Of the scatters only `F_k D` is kept: `y_kj` is the squared length of a column of it, of full
/// relative precision however small, and a rotation in a plane touches two columns, contiguous
/// in memory.
///
/// # Source
/// Browne and McNicholas (2014), *Estimating common principal components in high dimensions*,
/// Advances in Data Analysis and Classification 8(2); Celeux and Govaert (1995).
#[derive(Debug, Clone)]
pub(super) struct Frame {
    volumes: Volumes,
    /// The `log g_k`.
    pub(super) log_volumes: Vec<f64>,
    /// `double[(k + 1) d, d]`: `D` on top of `F_1 D`, ..., `F_k D`.
    pub(super) stacked: DMatrix<f64>,
    /// `y_kj / g_k` as `double[k, d]`.
    pub(super) squares: DMatrix<f64>,
    /// The `p_k`.
    pub(super) weights: Vec<f64>,
}

impl Frame {
    /// The orthogonal `basis`, with `shares` the components' of the mass.
    pub(super) fn new(
        volumes: Volumes,
        shares: &[f64],
        roots: &Roots,
        basis: &DMatrix<f64>,
    ) -> Self {
        let mut frame = Frame {
            volumes,
            log_volumes: roots.log_volumes.clone(),
            stacked: product(&roots.stacked, basis),
            squares: DMatrix::zeros(shares.len(), basis.ncols()),
            weights: shares.to_vec(),
        };
        frame.measure();
        frame
    }

    pub(super) fn k(&self) -> usize {
        self.squares.nrows()
    }

    pub(super) fn d(&self) -> usize {
        self.squares.ncols()
    }

    pub(super) fn volumes(&self) -> Volumes {
        self.volumes
    }

    /// `D`.
    pub(super) fn basis(&self) -> DMatrix<f64> {
        self.stacked.rows(0, self.d()).into_owned()
    }

    /// The `l_k`.
    pub(super) fn mean_logs(&self) -> Vec<f64> {
        let d = self.d();
        let own = |(k, log_volume): (usize, &f64)| {
            log_volume + sum_of_logs((0..d).map(|j| self.squares[(k, j)])) / d as f64
        };
        self.log_volumes.iter().enumerate().map(own).collect()
    }

    /// What the orientation minimises.
    pub(super) fn objective(&self) -> f64 {
        let mean_logs = self.mean_logs();
        match self.volumes {
            Volumes::Equal => log_sum_exp(&mean_logs),
            Volumes::Varying => {
                let terms = mean_logs.iter().zip(&self.weights);
                terms.map(|(mean_log, share)| share * mean_log).sum()
            }
        }
    }

    /// Turn the basis: `D` becomes `D turn`, unless the objective rises. Returns the gain.
    ///
    /// The gain is the sum of the logarithms of ratios, precise where the objectives themselves
    /// differ by their rounding only.
    pub(super) fn turn(&mut self, turn: &DMatrix<f64>) -> Option<f64> {
        let stacked = product(&self.stacked, turn);
        let before = self.squares.clone();
        let turned_back = std::mem::replace(&mut self.stacked, stacked);
        self.measure_squares();
        let gain = self.gain(&self.growths_since(&before));
        if gain >= -ROUNDING {
            self.weigh();
            Some(gain)
        } else {
            self.stacked = turned_back;
            self.squares = before;
            None
        }
    }

    /// The growths of the components since they had other squares.
    fn growths_since(&self, before: &DMatrix<f64>) -> Vec<f64> {
        let d = self.d();
        let growth = |k: usize| {
            let ratios = (0..d).map(|j| self.squares[(k, j)] / before[(k, j)]);
            self.growth_by(sum_of_logs(ratios) / d as f64)
        };
        (0..self.k()).map(growth).collect()
    }

    /// The scatters in this basis, `Y_1`, ..., `Y_k` on top of each other, each over its `g_k`.
    pub(super) fn scatters(&self, out: &mut DMatrix<f64>) {
        let (k, d) = (self.k(), self.d());
        let out = out.as_mut_slice();
        for j in 0..d {
            for i in 0..=j {
                let (left, right) = (self.stacked.column(i), self.stacked.column(j));
                let left = left.as_slice().chunks_exact(d).skip(1);
                let right = right.as_slice().chunks_exact(d).skip(1);
                for (c, (left, right)) in left.zip(right).enumerate() {
                    let entry = dot(left, right);
                    out[(j * k + c) * d + i] = entry;
                    out[(i * k + c) * d + j] = entry;
                }
            }
        }
    }

    /// The growth of a component whose `exp(d l_k)` grows by a part of itself: by which part
    /// `exp(l_k)` grows where the volume is equal, else by how much `l_k` does.
    pub(super) fn growth(&self, part: f64) -> f64 {
        let d = self.d();
        if self.volumes == Volumes::Equal && d == 2 {
            // A root takes less time than a logarithm and an exponential.
            return part / (1.0 + (1.0 + part).sqrt());
        }
        self.growth_by(part.ln_1p() / d as f64)
    }

    /// The growth of a component whose `l_k` grows by `difference`.
    fn growth_by(&self, difference: f64) -> f64 {
        match self.volumes {
            Volumes::Equal => difference.exp_m1(),
            Volumes::Varying => difference,
        }
    }

    /// By how much the objective falls with these growths of the components.
    pub(super) fn gain(&self, growths: &[f64]) -> f64 {
        let pairs = growths.iter().zip(&self.weights);
        let mean: f64 = pairs.map(|(growth, weight)| weight * growth).sum();
        match self.volumes {
            Volumes::Equal => -mean.ln_1p(),
            Volumes::Varying => -mean,
        }
    }

    /// Follow the weights with these growths.
    pub(super) fn reweigh(&mut self, growths: &[f64]) {
        if self.volumes == Volumes::Equal {
            for (weight, growth) in self.weights.iter_mut().zip(growths) {
                *weight *= 1.0 + growth;
            }
            let total: f64 = self.weights.iter().sum();
            for weight in &mut self.weights {
                *weight /= total;
            }
        }
    }

    /// Squared lengths and weights of the present columns.
    pub(super) fn measure(&mut self) {
        self.measure_squares();
        self.weigh();
    }

    fn measure_squares(&mut self) {
        let d = self.d();
        for (column, mut squares) in self
            .stacked
            .column_iter()
            .zip(self.squares.column_iter_mut())
        {
            let parts = column.as_slice().chunks_exact(d).skip(1);
            for (square, part) in squares.iter_mut().zip(parts) {
                *square = dot(part, part);
            }
        }
    }

    fn weigh(&mut self) {
        if self.volumes == Volumes::Equal {
            let mean_logs = self.mean_logs();
            let total = log_sum_exp(&mean_logs);
            for (weight, mean_log) in self.weights.iter_mut().zip(&mean_logs) {
                *weight = (mean_log - total).exp();
            }
        }
    }
}

/// `log sum exp`, free of overflow.
pub(super) fn log_sum_exp(terms: &[f64]) -> f64 {
    let largest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    largest
        + terms
            .iter()
            .map(|term| (term - largest).exp())
            .sum::<f64>()
            .ln()
}
