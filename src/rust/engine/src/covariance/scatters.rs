//! What an M-step is given: scatter matrices, as little of them as the family needs.

use nalgebra::{DMatrix, DVector};

use super::stack::Stack;
use super::triangles::diagonal;

/// The least that a family's M-step must know of the scatters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// The matrix of every component.
    Full,
    /// The diagonals of those matrices.
    Diagonal,
    /// The traces of those matrices.
    Trace,
    /// The sum of those matrices.
    Pooled,
}

/// Scatter matrices `W_k = sum r (x - mean_k)(x - mean_k)'` of the components, each about its own
/// mean, not divided by mass.
///
/// What a kind does not hold can't be asked of it: a family says what it [`Needs`], and asking
/// for more is a mistake in the program.
///
/// # Shapes
/// Symmetric `double[d, d]`, one per component or one for all; diagonals `double[d, k]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scatters {
    /// One matrix per component.
    Full(Stack),
    /// One diagonal per component, a column each.
    Diagonal(DMatrix<f64>),
    /// One trace per component, of matrices in `d` dimensions.
    Trace {
        /// The traces.
        traces: Vec<f64>,
        /// Number of columns.
        d: usize,
    },
    /// The sum over components.
    Pooled(DMatrix<f64>),
}

impl Scatters {
    /// Number of columns.
    pub(crate) fn d(&self) -> usize {
        match self {
            Scatters::Full(scatters) => scatters.d(),
            Scatters::Diagonal(diagonals) => diagonals.nrows(),
            Scatters::Trace { d, .. } => *d,
            Scatters::Pooled(pooled) => pooled.nrows(),
        }
    }

    /// The sum over components.
    ///
    /// # Panics
    /// If only diagonals or traces are known.
    pub(crate) fn pooled(&self) -> DMatrix<f64> {
        match self {
            Scatters::Full(scatters) => scatters.sum(),
            Scatters::Pooled(pooled) => pooled.clone(),
            _ => panic!("only matrices give the pooled scatter"),
        }
    }

    /// Diagonal of the sum over components.
    ///
    /// # Panics
    /// If only traces are known.
    pub(crate) fn pooled_diagonal(&self) -> DVector<f64> {
        match self {
            Scatters::Full(_) | Scatters::Diagonal(_) => self.diagonals().column_sum(),
            Scatters::Trace { .. } => panic!("traces do not give a diagonal"),
            Scatters::Pooled(pooled) => pooled.diagonal(),
        }
    }

    /// Diagonals of the components' scatters, a column each.
    ///
    /// # Panics
    /// If only the sum over components, or only traces are known.
    pub(crate) fn diagonals(&self) -> DMatrix<f64> {
        match self {
            Scatters::Full(scatters) => {
                let d = scatters.d();
                let entries = scatters.each().flat_map(|scatter| diagonal(scatter, d));
                DMatrix::from_iterator(d, scatters.k(), entries)
            }
            Scatters::Diagonal(diagonals) => diagonals.clone(),
            _ => panic!("neither the pooled scatter nor a trace gives a component's diagonal"),
        }
    }

    /// Trace of the sum over components.
    pub(crate) fn pooled_trace(&self) -> f64 {
        match self {
            Scatters::Trace { traces, .. } => traces.iter().sum(),
            _ => self.pooled_diagonal().sum(),
        }
    }

    /// Trace of component `k`'s scatter.
    ///
    /// # Panics
    /// If only the sum over components is known.
    pub(crate) fn trace(&self, k: usize) -> f64 {
        match self {
            Scatters::Full(scatters) => diagonal(scatters.of(k), scatters.d()).sum(),
            Scatters::Diagonal(diagonals) => diagonals.column(k).sum(),
            Scatters::Trace { traces, .. } => traces[k],
            Scatters::Pooled(_) => panic!("the pooled scatter does not give a component's trace"),
        }
    }

    /// Add `amount` to the diagonals of the covariances that these scatters stand for.
    pub(crate) fn add_to_diagonal(&mut self, mass: &[f64], amount: f64) {
        match self {
            Scatters::Full(scatters) => {
                let d = scatters.d();
                for (scatter, mass) in scatters.each_mut().zip(mass) {
                    for entry in scatter.iter_mut().step_by(d + 1) {
                        *entry += mass * amount;
                    }
                }
            }
            Scatters::Diagonal(diagonals) => {
                for (mut diagonal, mass) in diagonals.column_iter_mut().zip(mass) {
                    diagonal.add_scalar_mut(mass * amount);
                }
            }
            Scatters::Trace { traces, d } => {
                for (trace, mass) in traces.iter_mut().zip(mass) {
                    *trace += *d as f64 * mass * amount;
                }
            }
            Scatters::Pooled(pooled) => {
                for i in 0..pooled.nrows() {
                    pooled[(i, i)] += mass.iter().sum::<f64>() * amount;
                }
            }
        }
    }

    /// Take the scatters about other points than the components' means: `offsets` are these means less
    /// the points.
    pub(crate) fn add_offsets(&mut self, mass: &[f64], offsets: &[Vec<f64>]) {
        for (k, (mass, offset)) in mass.iter().zip(offsets).enumerate() {
            let offset = DVector::from_column_slice(offset);
            match self {
                Scatters::Full(scatters) => {
                    let mut scatter = scatters.matrix_mut(k);
                    scatter.ger(*mass, &offset, &offset, 1.0);
                }
                Scatters::Diagonal(diagonals) => {
                    let mut diagonal = diagonals.column_mut(k);
                    diagonal += offset.component_mul(&offset) * *mass;
                }
                Scatters::Trace { traces, .. } => traces[k] += mass * offset.norm_squared(),
                Scatters::Pooled(pooled) => pooled.ger(*mass, &offset, &offset, 1.0),
            }
        }
    }

    /// Every component's scatter as a compromise with the pooled one, which counts for `rows`
    /// rows.
    pub(crate) fn shrunk(mut self, mass: &[f64], rows: f64) -> Self {
        let share = rows / mass.iter().sum::<f64>();
        let towards = |pooled: &[f64], scatter: &mut [f64], mass: f64| {
            for (entry, pooled) in scatter.iter_mut().zip(pooled) {
                *entry = (*entry + pooled * share) * (mass / (mass + rows));
            }
        };
        match &mut self {
            Scatters::Full(scatters) => {
                let pooled = scatters.sum();
                for (scatter, mass) in scatters.each_mut().zip(mass) {
                    towards(pooled.as_slice(), scatter, *mass);
                }
            }
            Scatters::Diagonal(diagonals) => {
                let (d, pooled) = (diagonals.nrows(), diagonals.column_sum());
                let each = diagonals.as_mut_slice().chunks_exact_mut(d);
                for (diagonal, mass) in each.zip(mass) {
                    towards(pooled.as_slice(), diagonal, *mass);
                }
            }
            Scatters::Trace { traces, .. } => {
                let pooled = [traces.iter().sum::<f64>()];
                for (trace, mass) in traces.chunks_exact_mut(1).zip(mass) {
                    towards(&pooled, trace, *mass);
                }
            }
            Scatters::Pooled(_) => {}
        }
        self
    }

    /// The matrices of the components.
    ///
    /// # Panics
    /// Unless every component's is known.
    pub(crate) fn full(&self) -> &Stack {
        match self {
            Scatters::Full(scatters) => scatters,
            _ => panic!("only full scatters give a component's matrix"),
        }
    }
}
