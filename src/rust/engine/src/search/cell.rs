//! One cell of the table: all runs of one family with one number of components.

use rayon::prelude::*;

use super::stage::Stage;
use super::{Settings, StartCounts};
use crate::em::{Em, Failed, Run, Stop};
use crate::error::GmmError;
use crate::mixture::Mixture;
use crate::model::Model;
use crate::responsibilities::Given;
use crate::score::Score;

/// Two runs have reached the same optimum if their log-likelihoods differ by less, or by what
/// the tolerance allows.
const SAME_OPTIMUM: f64 = 1e-4;
/// Iterations since its start after which a run is compared with what is known for the first time,
/// and after which it may give up.
const FIRST_ROUND: usize = 16;
const FIRST_JUDGED: usize = 64;
/// A run gives up if so many times the gain of its last round would not lead it to the best.
const OUT_OF_REACH: f64 = 20.0;
/// A cell gets no more starts once its optimum was reached by so many.
const ENOUGH: usize = 3;
/// Two runs have met if neither their log-likelihoods nor their weights differ by more.
const MET: f64 = 1e-3;

/// A family, a number of components, and what the runs have found for them.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) k: usize,
    pub(super) model: Model,
    /// Different optima, the best first.
    pub(super) optima: Vec<Optimum>,
    /// Log-likelihoods at which runs ended, and how many starts led there.
    ends: Vec<(f64, usize)>,
    tried: usize,
    degenerate: usize,
    /// The first failure of all.
    failed: Option<Failed>,
    /// Whether the best optimum is new to the cells that may learn from it.
    pub(super) is_news: bool,
}

/// Where a run ended.
#[derive(Debug, Clone)]
pub(super) struct Optimum {
    pub(super) mixture: Mixture,
    pub(super) trace: Vec<f64>,
    pub(super) stop: Stop,
}

impl Optimum {
    pub(super) fn loglik(&self) -> f64 {
        self.trace[self.trace.len() - 1]
    }

    fn is_met_by(&self, run: &Run) -> bool {
        have_met(run, self.loglik(), &self.mixture)
    }
}

impl From<Run> for Optimum {
    fn from(run: Run) -> Self {
        let (mixture, trace, stop) = run.into_parts();
        Optimum {
            mixture,
            trace,
            stop,
        }
    }
}

/// How many of the runs go on, and how far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort {
    /// Iterations of a short run.
    pub(super) short: usize,
    /// Runs that go on.
    pub(super) long: usize,
    /// Optima that are kept.
    pub(super) kept: usize,
}

impl Cell {
    pub(super) fn new(k: usize, model: Model) -> Self {
        Cell {
            k,
            model,
            optima: Vec::new(),
            ends: Vec::new(),
            tried: 0,
            degenerate: 0,
            failed: None,
            is_news: false,
        }
    }

    /// The log-likelihood of the best optimum.
    pub(super) fn loglik(&self) -> f64 {
        self.optima
            .first()
            .map_or(f64::NEG_INFINITY, Optimum::loglik)
    }

    /// What became of the starts.
    pub(super) fn counts(&self, tolerance: f64) -> StartCounts {
        let margin = SAME_OPTIMUM.max(2.0 * tolerance);
        let above = |least: f64| {
            let above = self.ends.iter().filter(|(loglik, _)| *loglik > least);
            above.map(|(_, starts)| starts).sum()
        };
        StartCounts {
            tried: self.tried,
            degenerate: self.degenerate,
            finished: above(f64::NEG_INFINITY),
            reached: above(self.loglik() - margin),
        }
    }

    /// Whether more starts would find the same optimum again.
    pub(super) fn is_settled(&self, settings: &Settings) -> bool {
        let enough = if self.k == 1 { 1 } else { ENOUGH };
        self.counts(settings.tolerance).reached >= enough
    }

    /// Begin at partitions of the stage's rows.
    pub(super) fn start_from(
        &mut self,
        stage: &Stage<'_>,
        partitions: &[Vec<usize>],
        effort: Effort,
        settings: &Settings,
    ) -> Result<(), GmmError> {
        let em = stage.em(self.model, settings);
        let k = self.k;
        let begin = |labels: &Vec<usize>| begin_given(&em, Given::Labels(labels), k, true);
        self.follow(&em, partitions, begin, effort, settings)
    }

    /// Begin at responsibilities of the user's own.
    pub(super) fn start_given(
        &mut self,
        stage: &Stage<'_>,
        given: Given<'_>,
        effort: Effort,
        settings: &Settings,
    ) -> Result<(), GmmError> {
        let em = stage.em(self.model, settings);
        let k = self.k;
        let begin = |given: &Given<'_>| begin_given(&em, *given, k, false);
        self.follow(&em, &[given], begin, effort, settings)
    }

    /// Begin at a mixture of the user's own.
    pub(super) fn start_at(
        &mut self,
        stage: &Stage<'_>,
        mixture: &Mixture,
        effort: Effort,
        settings: &Settings,
    ) -> Result<(), GmmError> {
        let em = stage.em(self.model, settings);
        let begin = |mixture: &&Mixture| em.begin((*mixture).clone());
        self.follow(&em, &[mixture], begin, effort, settings)
    }

    /// Short runs from every start, long runs from the best of them.
    ///
    /// # Errors
    /// [`GmmError::Interrupted`]; other failures are of a start, and noted.
    ///
    /// # Source
    /// Biernacki, Celeux and Govaert (2003), *Choosing starting values for the EM algorithm*,
    /// Computational Statistics & Data Analysis 41.
    fn follow<S: Sync>(
        &mut self,
        em: &Em<'_>,
        starts: &[S],
        begin: impl Fn(&S) -> Result<Run, Failed> + Sync,
        effort: Effort,
        settings: &Settings,
    ) -> Result<(), GmmError> {
        let iterations = effort.short.min(settings.max_iterations);
        let runs = short_runs(em, starts, begin, iterations)?;
        self.tried += starts.len();
        let mut survived = Vec::new();
        for run in runs {
            match run {
                Ok(run) => survived.push(run),
                Err(failed) => self.note_failure(failed, 1),
            }
        }
        let mut groups = group(survived);
        // The best few run on; should they all collapse later, the next few do.
        let before = self.ends.len();
        while self.ends.len() == before && !groups.is_empty() {
            let few = groups.drain(..effort.long.min(groups.len())).collect();
            for (end, starts) in long_runs(em, few, self.optima.first(), settings)? {
                match end {
                    End::Optimum(run) => self.note_optimum(run, starts, effort.kept, settings),
                    End::Met => self.ends.push((self.loglik(), starts)),
                    End::GaveUp => {}
                    End::Failed(failed) => self.note_failure(failed, starts),
                }
            }
        }
        Ok(())
    }

    /// Go on from the optima on a sample to those on all rows.
    pub(super) fn go_on(&mut self, all: &Stage<'_>, settings: &Settings) -> Result<(), GmmError> {
        let em = all.em(self.model, settings);
        let margin = SAME_OPTIMUM.max(2.0 * settings.tolerance);
        let sampled = std::mem::take(&mut self.optima);
        let mut groups: Vec<Group> = Vec::new();
        for optimum in sampled {
            let at = optimum.loglik();
            let here = |end: &&(f64, usize)| (end.0 - at).abs() <= margin;
            let starts = self
                .ends
                .iter()
                .filter(here)
                .map(|(_, starts)| starts)
                .sum();
            self.ends.retain(|end| !here(&end));
            match em.begin(optimum.mixture) {
                Ok(run) => groups.push((run, starts)),
                Err(failed) => self.note_failure(failed, starts),
            }
        }
        // What has ended elsewhere is far below.
        for end in &mut self.ends {
            end.0 = f64::MIN;
        }
        for (end, starts) in long_runs(&em, groups, None, settings)? {
            match end {
                End::Optimum(run) => self.note_optimum(run, starts, 1, settings),
                End::Met | End::GaveUp => self.ends.push((f64::MIN, starts)),
                End::Failed(failed) => self.note_failure(failed, starts),
            }
        }
        Ok(())
    }

    /// Try whether mixtures, of whatever family, lead to a better optimum. Only one that does counts
    /// as a start.
    pub(super) fn learn_from(
        &mut self,
        stage: &Stage<'_>,
        mixtures: &[Mixture],
        effort: Effort,
        settings: &Settings,
    ) -> Result<(), GmmError> {
        let em = stage.em(self.model, settings);
        let iterations = effort.short.min(settings.max_iterations);
        let begin = |mixture: &Mixture| em.begin(mixture.clone());
        let runs = short_runs(&em, mixtures, begin, iterations)?;
        let best = self.loglik();
        let is_promising = |run: &Run| run.loglik() + OUT_OF_REACH * run.last_gain() > best;
        let promising = runs.into_iter().flatten().filter(is_promising).collect();
        let mut groups = group(promising);
        groups.truncate(effort.long);
        let least = best + SAME_OPTIMUM.max(2.0 * settings.tolerance);
        for (end, _) in long_runs(&em, groups, self.optima.first(), settings)? {
            if let End::Optimum(run) = end {
                if run.loglik() > least {
                    self.tried += 1;
                    self.note_optimum(run, 1, effort.kept, settings);
                }
            }
        }
        Ok(())
    }

    fn note_failure(&mut self, failed: Failed, starts: usize) {
        self.degenerate += starts;
        self.failed.get_or_insert(failed);
    }

    fn note_optimum(&mut self, run: Run, starts: usize, kept: usize, settings: &Settings) {
        let loglik = run.loglik();
        self.ends.push((loglik, starts));
        // Of runs at the same optimum, the one that was first to get there stays.
        let is_same = |other: &Optimum| (other.loglik() - loglik).abs() <= 2.0 * settings.tolerance;
        if self.optima.iter().any(is_same) {
            return;
        }
        self.is_news |= loglik > self.loglik();
        let at = self.optima.partition_point(|other| other.loglik() > loglik);
        self.optima.insert(at, run.into());
        self.optima.truncate(kept);
    }

    /// Say which component of the first failed start collapsed, and which rows of the stage it
    /// owned just before.
    pub(super) fn why_none(
        &self,
        stage: &Stage<'_>,
        rows_at_start: impl Fn(usize) -> Vec<usize>,
    ) -> GmmError {
        let failed = self
            .failed
            .as_ref()
            .expect("a cell without an optimum has failed");
        let k = match failed.error {
            GmmError::EmptyComponent { k, .. } | GmmError::Degenerate { k } => k,
            ref other => return other.clone(),
        };
        let rows = match &failed.last {
            None => rows_at_start(k),
            Some(mixture) => {
                let mut cluster = vec![0.0; stage.passes.data().n()];
                if let Err(error) = stage.passes.score(mixture, Score::Cluster, &mut cluster) {
                    return error;
                }
                let own = (k + 1) as f64;
                (0..cluster.len()).filter(|&i| cluster[i] == own).collect()
            }
        };
        GmmError::NoStartSurvived {
            cause: Box::new(failed.error.clone()),
            rows,
            starts: self.tried,
        }
    }
}

/// A run, and how many starts led to it.
type Group = (Run, usize);

/// How the long run of a group ended.
enum End {
    Optimum(Run),
    /// At the optimum that was known before.
    Met,
    /// Too far below it, or below another run's.
    GaveUp,
    Failed(Failed),
}

/// Runs that have met go on as one, so that the places of those that run on go to different
/// climbs: without this, the quickest optimum takes them all. Best first.
fn group(mut runs: Vec<Run>) -> Vec<Group> {
    runs.sort_by(|a, b| b.loglik().total_cmp(&a.loglik()));
    let mut groups: Vec<Group> = Vec::new();
    for run in runs {
        let met = groups
            .iter_mut()
            .find(|(other, _)| have_met(&run, other.loglik(), other.mixture()));
        match met {
            Some((_, starts)) => *starts += 1,
            None => groups.push((run, 1)),
        }
    }
    groups
}

/// Whether a run is at the same place as another, but for the numbering of its components.
fn have_met(run: &Run, loglik: f64, mixture: &Mixture) -> bool {
    let sorted = |mixture: &Mixture| {
        let mut weights = mixture.weights.clone();
        weights.sort_by(f64::total_cmp);
        weights
    };
    let near = |(a, b): (f64, f64)| (a - b).abs() < MET;
    near((run.loglik(), loglik))
        && sorted(run.mixture())
            .into_iter()
            .zip(sorted(mixture))
            .all(near)
}

fn short_runs<S: Sync>(
    em: &Em<'_>,
    starts: &[S],
    begin: impl Fn(&S) -> Result<Run, Failed> + Sync,
    iterations: usize,
) -> Result<Vec<Result<Run, Failed>>, GmmError> {
    let progress = em.passes.progress();
    progress.expect_runs(starts.len());
    let run = |start: &S| {
        let ended = begin(start).and_then(|run| em.advance(run, iterations));
        progress.run_done();
        ended
    };
    let runs = starts.par_iter().map(run).collect();
    // A run that was told to stop looks as if it had failed.
    progress.check()?;
    Ok(runs)
}

/// Run on to the end, or until it is out of reach; with each run that ended the number of its
/// starts.
///
/// After every round, each twice as long as the one before, a run ends that has met the best that
/// is `known`; and one gives up if it would take many such rounds to catch up with the best that
/// has converged: what is left on its plateau is nothing that the fit would report. Rounds end
/// together, so that the outcome does not depend on the threads.
fn long_runs(
    em: &Em<'_>,
    mut running: Vec<Group>,
    known: Option<&Optimum>,
    settings: &Settings,
) -> Result<Vec<(End, usize)>, GmmError> {
    let most = settings.max_iterations;
    let accelerate = settings.accelerate && settings.reg_covar == 0.0;
    let progress = em.passes.progress();
    progress.expect_runs(running.len());
    let mut ended = Vec::new();
    let mut best = known.map_or(f64::NEG_INFINITY, Optimum::loglik);
    let mut limit = FIRST_ROUND;
    while !running.is_empty() {
        limit = limit.min(most);
        let round: Vec<(f64, Result<Run, Failed>, usize)> = running
            .into_par_iter()
            .map(|(run, starts)| {
                let before = run.loglik();
                let run = if accelerate {
                    em.accelerate(run, limit)
                } else {
                    em.advance(run, limit)
                };
                (before, run, starts)
            })
            .collect();
        progress.check()?;
        running = Vec::new();
        let mut waiting = Vec::new();
        for (before, run, starts) in round {
            let end = match run {
                Err(failed) => End::Failed(failed),
                Ok(run) if known.is_some_and(|known| known.is_met_by(&run)) => End::Met,
                Ok(run) if run.stop == Stop::Converged || limit == most => End::Optimum(run),
                Ok(run) => {
                    waiting.push((run.loglik() - before, (run, starts)));
                    continue;
                }
            };
            if let End::Optimum(run) = &end {
                best = best.max(run.loglik());
            }
            progress.run_done();
            ended.push((end, starts));
        }
        for (gain, (run, starts)) in waiting {
            let is_lost = limit >= FIRST_JUDGED && run.loglik() + OUT_OF_REACH * gain < best;
            if is_lost {
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

/// The run that begins with the M-step of given responsibilities.
///
/// A cluster of k-means may have too few rows for a covariance of its own: with `rescue`, it
/// borrows from the pooled one. A user's start is taken at its word.
fn begin_given(em: &Em<'_>, given: Given<'_>, k: usize, rescue: bool) -> Result<Run, Failed> {
    let passes = em.passes;
    let sound = |mixture: Mixture| em.sound_factors(&mixture).map(|_| mixture);
    let start = || {
        let stats = passes.given(given, k, em.model.family)?;
        let result = em
            .model
            .maximise(&stats, None, passes.progress())
            .and_then(sound);
        match result {
            Err(_) if rescue => {
                let rows = passes.data().d() as f64 + 1.0;
                em.model
                    .maximise_pooled(&stats, rows, passes.progress())
                    .and_then(sound)
            }
            other => other,
        }
    };
    let mixture = start().map_err(|error| Failed { error, last: None })?;
    em.begin(mixture)
}
