//! Relatives of EM that give every row to one component: by its most probable one, or by a draw.

use crate::assignment::Assignment;
use crate::covariance::Ascent;
use crate::em::{Em, Failed, Last, Stop};
use crate::error::GmmError;
use crate::mixture::Mixture;

/// How a run goes from a mixture to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// By responsibilities; it climbs the log-likelihood.
    Em,
    /// Classification EM: by the most probable components; it climbs the classification
    /// log-likelihood.
    Cem,
    /// Stochastic EM: by drawn components; it wanders, and the best mixture that it has seen counts.
    Sem,
}

impl Algorithm {
    /// The algorithm with this name: `"em"`, `"cem"` or `"sem"`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "em" => Some(Algorithm::Em),
            "cem" => Some(Algorithm::Cem),
            "sem" => Some(Algorithm::Sem),
            _ => None,
        }
    }
}

/// Where a run of a relative of EM ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) mixture: Mixture,
    /// The value of the trace at this mixture.
    pub(crate) value: f64,
    /// What the algorithm climbs, at the start and after each iteration.
    pub(crate) trace: Vec<f64>,
    /// The mixtures that these are of, if they are kept.
    pub(crate) path: Vec<Mixture>,
    pub(crate) stop: Stop,
}

impl Em<'_> {
    /// Run classification EM until a partition repeats, or for so many iterations.
    ///
    /// # Source
    /// Celeux and Govaert (1992), *A classification EM algorithm for clustering and two stochastic
    /// versions*, Computational Statistics & Data Analysis 14.
    pub(crate) fn classify(&self, start: Mixture, iterations: usize) -> Result<Ended, Failed> {
        self.alternate(start, iterations, |_| Assignment::most_probable())
    }

    /// Run stochastic EM for so many iterations; it ends at the mixture with the highest
    /// log-likelihood of all.
    ///
    /// # Source
    /// Celeux and Diebolt (1985), *The SEM algorithm: a probabilistic teacher algorithm derived
    /// from the EM algorithm for the mixture problem*, Computational Statistics Quarterly 2.
    pub(crate) fn wander(
        &self,
        start: Mixture,
        iterations: usize,
        seed: u64,
        run: usize,
    ) -> Result<Ended, Failed> {
        let draw = |iteration| Assignment::drawn(seed, run, iteration);
        self.alternate(start, iterations, draw)
    }

    /// Assign the rows and take the M-step in turn, until a partition repeats. A run in which none
    /// does ends at the best mixture that it has seen.
    fn alternate(
        &self,
        start: Mixture,
        iterations: usize,
        assignment: impl Fn(usize) -> Assignment,
    ) -> Result<Ended, Failed> {
        let no_start = || Failed {
            error: GmmError::OutOfScale,
            last: Last::Rows(Vec::new()),
        };
        let mut factors = self.sound_factors(&start).map_err(|_| no_start())?;
        let mut mixture = start;
        let mut best = (f64::NEG_INFINITY, mixture.clone());
        let (mut trace, mut path) = (Vec::new(), Vec::new());
        let mut stop = Stop::MaxIterations;
        let mut before = None;
        for iteration in 0..=iterations {
            let assignment = assignment(iteration);
            let (family, total) = (self.model.family, &self.scale.total);
            let stats = self
                .passes
                .assign(&mixture, &factors, family, total, &assignment)
                .map_err(|error| failed(error, &mixture))?;
            if iteration == 0 && !stats.loglik().is_finite() {
                return Err(no_start());
            }
            trace.push(stats.loglik());
            if self.keep_path {
                path.push(mixture.clone());
            }
            // Also of the last mixture: what has collapsed shows in moments about its own means,
            // where nothing cancels.
            let next = self.maximise(&stats, Ascent::From(&mixture.covariances));
            let next = next.and_then(|next| Ok((self.sound_factors(&next)?, next)));
            let next = next.map_err(|error| failed(error, &mixture))?;
            let partition = assignment.fingerprint();
            if partition.is_some() && partition == before {
                best = (stats.loglik(), mixture);
                stop = Stop::Converged;
                break;
            }
            before = partition;
            if stats.loglik() > best.0 {
                best = (stats.loglik(), mixture.clone());
            }
            if iteration < iterations {
                (factors, mixture) = next;
                self.passes.progress().iteration_done();
            }
        }
        Ok(Ended {
            value: best.0,
            mixture: best.1,
            trace,
            path,
            stop,
        })
    }
}

fn failed(error: GmmError, mixture: &Mixture) -> Failed {
    let last = Last::Mixture(Box::new(mixture.clone()));
    Failed { error, last }
}
