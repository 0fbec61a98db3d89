//! What an M-step is given: scatter matrices, as little of them as the family needs.

use nalgebra::{DMatrix, DVector};

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
/// Symmetric `double[d, d]`, diagonals `double[d]`; one per component, or one for all.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scatters {
    /// One matrix per component.
    Full(Vec<DMatrix<f64>>),
    /// One diagonal per component.
    Diagonal(Vec<DVector<f64>>),
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
            Scatters::Full(scatters) => scatters[0].nrows(),
            Scatters::Diagonal(diagonals) => diagonals[0].len(),
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
            Scatters::Full(scatters) => {
                let mut pooled = scatters[0].clone();
                for scatter in &scatters[1..] {
                    pooled += scatter;
                }
                pooled
            }
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
            Scatters::Full(scatters) => sum(scatters.iter().map(DMatrix::diagonal)),
            Scatters::Diagonal(diagonals) => sum(diagonals.iter().cloned()),
            Scatters::Trace { .. } => panic!("traces do not give a diagonal"),
            Scatters::Pooled(pooled) => pooled.diagonal(),
        }
    }

    /// Diagonal of component `k`'s scatter.
    ///
    /// # Panics
    /// If only the sum over components, or only traces are known.
    pub(crate) fn diagonal(&self, k: usize) -> DVector<f64> {
        match self {
            Scatters::Full(scatters) => scatters[k].diagonal(),
            Scatters::Diagonal(diagonals) => diagonals[k].clone(),
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
            Scatters::Trace { traces, .. } => traces[k],
            _ => self.diagonal(k).sum(),
        }
    }

    /// Add `amount` to the diagonals of the covariances that these scatters stand for.
    pub(crate) fn add_to_diagonal(&mut self, mass: &[f64], amount: f64) {
        match self {
            Scatters::Full(scatters) => {
                for (scatter, mass) in scatters.iter_mut().zip(mass) {
                    for i in 0..scatter.nrows() {
                        scatter[(i, i)] += mass * amount;
                    }
                }
            }
            Scatters::Diagonal(diagonals) => {
                for (diagonal, mass) in diagonals.iter_mut().zip(mass) {
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
                Scatters::Full(scatters) => scatters[k].ger(*mass, &offset, &offset, 1.0),
                Scatters::Diagonal(diagonals) => {
                    diagonals[k] += offset.component_mul(&offset) * *mass;
                }
                Scatters::Trace { traces, .. } => traces[k] += mass * offset.norm_squared(),
                Scatters::Pooled(pooled) => pooled.ger(*mass, &offset, &offset, 1.0),
            }
        }
    }

    /// Every component's scatter as a compromise with the pooled one, which counts for `rows`
    /// rows.
    pub(crate) fn shrunk(self, mass: &[f64], rows: f64) -> Self {
        let share = rows / mass.iter().sum::<f64>();
        let own = |k: usize| mass[k] / (mass[k] + rows);
        let components = 0..mass.len();
        match &self {
            Scatters::Full(scatters) => {
                let pooled = self.pooled() * share;
                let shrunk = components.map(|k| (&scatters[k] + &pooled) * own(k));
                Scatters::Full(shrunk.collect())
            }
            Scatters::Diagonal(diagonals) => {
                let pooled = self.pooled_diagonal() * share;
                let shrunk = components.map(|k| (&diagonals[k] + &pooled) * own(k));
                Scatters::Diagonal(shrunk.collect())
            }
            Scatters::Trace { traces, d } => {
                let pooled = self.pooled_trace() * share;
                let shrunk = components.map(|k| (traces[k] + pooled) * own(k));
                Scatters::Trace {
                    traces: shrunk.collect(),
                    d: *d,
                }
            }
            Scatters::Pooled(_) => self,
        }
    }

    /// Scatter of component `k`.
    ///
    /// # Panics
    /// Unless every component's matrix is known.
    pub(crate) fn full(&self, k: usize) -> &DMatrix<f64> {
        match self {
            Scatters::Full(scatters) => &scatters[k],
            _ => panic!("only full scatters give a component's matrix"),
        }
    }
}

fn sum(mut diagonals: impl Iterator<Item = DVector<f64>>) -> DVector<f64> {
    let first = diagonals.next().expect("at least one component");
    diagonals.fold(first, |sum, diagonal| sum + diagonal)
}
