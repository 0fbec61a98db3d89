//! The runs of a cell: short ones from all starts, long ones from the best.

use std::sync::OnceLock;

use rayon::prelude::*;

use super::stage::Stage;
use super::Settings;
use crate::algorithm::Ended;
use crate::em::{Em, Failed, Run, Stop};
use crate::error::GmmError;
use crate::mixture::Mixture;

/// Iterations since its start after which a run is compared with what is known for the first time.
pub(super) const FIRST_ROUND: usize = 8;
/// Iterations of a short run after which it ends if it is out of reach of what is known.
const HALFWAY: usize = 2;
/// What a run may reach: so many times the gain of its last iteration, or, on many rows, of its
/// last round.
pub(super) const OUT_OF_REACH: f64 = 20.0;
/// Two runs have met if neither their log-likelihoods nor their weights differ by more.
const MET: f64 = 1e-3;

/// Where a run ended.
#[derive(Debug, Clone)]
pub(super) struct Optimum {
    pub(super) mixture: Mixture,
    /// What the run climbed, at this mixture.
    loglik: f64,
    pub(super) trace: Vec<f64>,
    /// The mixtures of the trace, if they were kept.
    pub(super) path: Vec<Mixture>,
    pub(super) stop: Stop,
    /// Whether it may be chance, once somebody has asked.
    is_chance: OnceLock<bool>,
}

impl Optimum {
    /// Whether this may be chance; the stage is that which it was found on.
    pub(super) fn is_chance(&self, stage: &Stage<'_>) -> bool {
        // Nothing waits for another thread to find it: threads that look help one another.
        if let Some(known) = self.is_chance.get() {
            return *known;
        }
        let found = stage.is_chance(&self.mixture);
        *self.is_chance.get_or_init(|| found)
    }

    pub(super) fn loglik(&self) -> f64 {
        self.loglik
    }

    /// Run on from here to the end.
    pub(super) fn go_on(self, em: &Em<'_>, settings: &Settings) -> Result<Self, Failed> {
        let run = em.resume(self.mixture, self.trace, self.path)?;
        run_on(em, run, settings.max_iterations, settings).map(Optimum::from)
    }
}

impl From<Ended> for Optimum {
    fn from(ended: Ended) -> Self {
        Optimum {
            mixture: ended.mixture,
            loglik: ended.value,
            trace: ended.trace,
            path: ended.path,
            stop: ended.stop,
            is_chance: OnceLock::new(),
        }
    }
}

impl From<Run> for Optimum {
    fn from(run: Run) -> Self {
        let loglik = run.loglik();
        let (mixture, trace, path, stop) = run.into_parts();
        Optimum {
            mixture,
            loglik,
            trace,
            path,
            stop,
            is_chance: OnceLock::new(),
        }
    }
}

/// How many of the runs go on, and how far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort {
    /// Iterations after which the worst runs are dropped.
    pub(super) glance: usize,
    /// Runs that are left then.
    pub(super) few: usize,
    /// Iterations of a short run.
    pub(super) short: usize,
    /// Runs that go on.
    pub(super) long: usize,
    /// A long run gives up, if it may, where so many times the gain of its last round would not
    /// lead it to the best.
    pub(super) patience: Option<f64>,
    /// Optima that are kept.
    pub(super) kept: usize,
}

impl Effort {
    /// One run, to its end.
    pub(super) const ONE_RUN: Effort = Effort {
        glance: 0,
        few: 1,
        short: 0,
        long: 1,
        patience: Some(OUT_OF_REACH),
        kept: 1,
    };
}

/// A run for all that have met it.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) run: Run,
    /// How many starts led to it.
    pub(super) starts: usize,
    /// Whether it runs on in any case.
    pub(super) is_chosen: bool,
}

/// How the long run of a group ended.
pub(super) enum End {
    Optimum(Box<Run>),
    /// At the optimum that was known before.
    Met,
    /// Too far below it, or below another run's.
    GaveUp,
    Failed(Failed),
}

/// Runs that have met go on as one, so that the places of those that run on go to different
/// climbs: without this, the quickest optimum takes them all. Best first.
pub(super) fn group(chosen: Vec<Run>, others: Vec<Run>) -> Vec<Group> {
    let with_choice = |runs: Vec<Run>, is_chosen| runs.into_iter().map(move |run| (run, is_chosen));
    let mut runs: Vec<(Run, bool)> = with_choice(chosen, true).collect();
    runs.extend(with_choice(others, false));
    runs.sort_by(|(a, _), (b, _)| b.loglik().total_cmp(&a.loglik()));
    let mut groups: Vec<Group> = Vec::new();
    for (run, is_chosen) in runs {
        let is_here = |group: &&mut Group| have_met(&run, group.run.loglik(), group.run.mixture());
        match groups.iter_mut().find(is_here) {
            Some(group) => {
                group.starts += 1;
                group.is_chosen |= is_chosen;
            }
            None => groups.push(Group {
                run,
                starts: 1,
                is_chosen,
            }),
        }
    }
    groups
}

/// Whether a run is at the same place as another, but for the numbering of its components.
pub(super) fn have_met(run: &Run, loglik: f64, mixture: &Mixture) -> bool {
    (run.loglik() - loglik).abs() < MET && weight_difference(run.mixture(), mixture) < MET
}

/// The largest difference of the weights of two mixtures, in the order of their sizes.
pub(super) fn weight_difference(one: &Mixture, other: &Mixture) -> f64 {
    let sorted = |mixture: &Mixture| {
        let mut weights = mixture.weights.clone();
        weights.sort_by(f64::total_cmp);
        weights
    };
    let pairs = sorted(one).into_iter().zip(sorted(other));
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// Short runs from all starts: those that were not dropped on the way, and failures. Halfway ends
/// what is lost by then, or far behind the others.
pub(super) fn short_runs<S: Sync>(
    em: &Em<'_>,
    starts: &[S],
    begin: impl Fn(&S) -> Result<Run, Failed> + Sync,
    is_lost: impl Fn(&Run) -> bool + Sync,
    effort: Effort,
    settings: &Settings,
) -> Result<(Vec<Run>, Vec<Failed>), GmmError> {
    let progress = em.passes.progress();
    progress.expect_runs(starts.len());
    let most = settings.max_iterations;
    let glance = |start: &S| {
        let run = begin(start).and_then(|run| em.advance(run, effort.glance.min(most)));
        progress.run_done();
        run
    };
    let (mut runs, mut failed) = sorted_out(starts.par_iter().map(glance).collect());
    // A run that was told to stop looks as if it had failed.
    progress.check()?;
    runs.sort_by(|a, b| b.loglik().total_cmp(&a.loglik()));
    runs.truncate(effort.few);
    let halfway = |run| em.advance(run, HALFWAY.min(effort.short).min(most));
    let (mut runs, others) = sorted_out(runs.into_par_iter().map(halfway).collect());
    progress.check()?;
    failed.extend(others);
    runs.sort_by(|a, b| b.loglik().total_cmp(&a.loglik()));
    let (mut runs, mut ended): (Vec<Run>, Vec<Run>) =
        runs.into_iter().partition(|run| !is_lost(run));
    let places = (effort.few + effort.long).div_ceil(2);
    ended.extend(runs.drain(places.min(runs.len())..));
    let go_on = |run| em.advance(run, effort.short.min(most));
    let (mut runs, others) = sorted_out(runs.into_par_iter().map(go_on).collect());
    progress.check()?;
    failed.extend(others);
    runs.extend(ended);
    Ok((runs, failed))
}

/// Whether a run, if its gains stay as they are, would not reach a log-likelihood for long.
pub(super) fn is_out_of_reach(run: &Run, loglik: f64) -> bool {
    run.loglik() + OUT_OF_REACH * run.last_gain() <= loglik
}

fn sorted_out(runs: Vec<Result<Run, Failed>>) -> (Vec<Run>, Vec<Failed>) {
    let (mut survived, mut failed) = (Vec::new(), Vec::new());
    for run in runs {
        match run {
            Ok(run) => survived.push(run),
            Err(ended) => failed.push(ended),
        }
    }
    (survived, failed)
}

/// Run on to the end, or until it is out of reach, with the number of its starts for each.
///
/// After every round, each twice as long as the one before, a run ends that `has_met` what is known;
/// and one gives up that would take more such rounds than there is patience for to catch up with the
/// `best` that is known, or that has converged and `counts`: what is left on its plateau is nothing
/// that the fit would report. Rounds end together, so that the outcome does not depend on the
/// threads.
pub(super) fn long_runs(
    em: &Em<'_>,
    mut running: Vec<(Run, usize)>,
    mut best: f64,
    has_met: impl Fn(&Run) -> bool,
    counts: impl Fn(&Run) -> bool,
    patience: Option<f64>,
    settings: &Settings,
) -> Result<Vec<(End, usize)>, GmmError> {
    let most = settings.max_iterations;
    let progress = em.passes.progress();
    progress.expect_runs(running.len());
    let mut ended = Vec::new();
    // A round in which a run makes no iteration says nothing of it.
    let made = running.iter().map(|(run, _)| run.trace.len() - 1).max();
    let mut limit = FIRST_ROUND;
    while made.is_some_and(|made| limit <= made) {
        limit *= 2;
    }
    while !running.is_empty() {
        limit = limit.min(most);
        let round: Vec<(f64, Result<Run, Failed>, usize)> = running
            .into_par_iter()
            .map(|(run, starts)| (run.loglik(), run_on(em, run, limit, settings), starts))
            .collect();
        progress.check()?;
        running = Vec::new();
        let mut waiting = Vec::new();
        for (before, run, starts) in round {
            let end = match run {
                Err(failed) => End::Failed(failed),
                Ok(run) if has_met(&run) => End::Met,
                Ok(run) if run.stop == Stop::Converged || limit == most => {
                    End::Optimum(Box::new(run))
                }
                Ok(run) => {
                    waiting.push((run.loglik() - before, (run, starts)));
                    continue;
                }
            };
            if let End::Optimum(run) = &end {
                if counts(run) {
                    best = best.max(run.loglik());
                }
            }
            progress.run_done();
            ended.push((end, starts));
        }
        for (gain, (run, starts)) in waiting {
            if patience.is_some_and(|times| run.loglik() + times * gain < best) {
                progress.run_done();
                ended.push((End::GaveUp, starts));
            } else {
                running.push((run, starts));
            }
        }
        limit *= 2;
    }
    Ok(ended)
}

/// Run on until convergence, or until so many iterations have been made since the start.
pub(super) fn run_on(
    em: &Em<'_>,
    run: Run,
    iterations: usize,
    settings: &Settings,
) -> Result<Run, Failed> {
    if settings.accelerates() {
        em.accelerate(run, iterations)
    } else {
        em.advance(run, iterations)
    }
}
