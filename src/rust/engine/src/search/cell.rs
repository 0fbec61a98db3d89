//! One cell of the table: all runs of one family with one number of components.

use rayon::prelude::*;

use super::stage::Stage;
use super::{Settings, StartCounts};
use crate::algorithm::{Algorithm, Ended};
use crate::em::{Em, Failed, Last, Run, Stop};
use crate::error::GmmError;
use crate::init::Partition;
use crate::mixture::Mixture;
use crate::model::Model;
use crate::responsibilities::Given;
use crate::stats::SufficientStats;

/// Two runs have reached the same optimum if their log-likelihoods differ by less, or by what
/// the tolerance allows.
const SAME_OPTIMUM: f64 = 1e-4;
/// Iterations since its start after which a run is compared with what is known for the first time,
/// and after which it may give up.
pub(super) const FIRST_ROUND: usize = 8;
const FIRST_JUDGED: usize = 64;
/// A run gives up if so many times the gain of its last round would not lead it to the best.
pub(super) const OUT_OF_REACH: f64 = 20.0;
/// A cell gets no more starts once its optimum was reached by so many.
const ENOUGH: usize = 3;
/// Components are alike if neither their weights, nor their means in standard deviations of all rows,
/// differ by more.
const ALIKE: f64 = 0.02;
/// Two runs have met if neither their log-likelihoods nor their weights differ by more.
const MET: f64 = 1e-3;

/// A family, a number of components, and what the runs have found for them.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) k: usize,
    pub(super) model: Model,
    /// Different optima, the best first.
    pub(super) optima: Vec<Optimum>,
    /// Short runs from the last starts, the best first.
    short: Vec<Group>,
    /// Log-likelihoods at which runs ended, and how many starts led there.
    ends: Vec<(f64, usize)>,
    pub(super) tried: usize,
    /// Rows on which starts were tried.
    pub(super) rows: usize,
    degenerate: usize,
    /// The first failure of all, and the rows that the component it speaks of owned just before.
    failure: Option<(GmmError, Vec<usize>)>,
    /// Entropy of the responsibilities on all rows, as expected from a sample.
    pub(super) entropy: f64,
    /// By how much the criterion is expected to be worse than the best, of a cell that was given up
    /// for this reason.
    pub(super) behind: Option<f64>,
    /// Whether the best optimum is new to the cells that may learn from it.
    pub(super) is_news: bool,
    /// Whether others are so many and so much better that more runs would be wasted on it.
    pub(super) is_outsider: bool,
}

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
}

impl Optimum {
    pub(super) fn loglik(&self) -> f64 {
        self.loglik
    }

    fn is_met_by(&self, run: &Run) -> bool {
        have_met(run, self.loglik(), &self.mixture)
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
        }
    }
}

/// The best run of a cell on its way.
pub(super) struct Position<'a> {
    pub(super) mixture: &'a Mixture,
    pub(super) loglik: f64,
    /// The log-likelihood that it may reach.
    pub(super) hoped: f64,
}

/// How many of the runs go on, and how far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort {
    /// Iterations after which the worst runs are dropped: all but twice as many as run on.
    pub(super) glance: usize,
    /// Iterations of a short run.
    pub(super) short: usize,
    /// Runs that go on.
    pub(super) long: usize,
    /// Optima that are kept.
    pub(super) kept: usize,
}

impl Effort {
    /// One run, to its end.
    pub(super) const ONE_RUN: Effort = Effort {
        glance: 0,
        short: 0,
        long: 1,
        kept: 1,
    };
}

impl Cell {
    pub(super) fn new(k: usize, model: Model) -> Self {
        Cell {
            k,
            model,
            optima: Vec::new(),
            short: Vec::new(),
            ends: Vec::new(),
            tried: 0,
            rows: 0,
            degenerate: 0,
            failure: None,
            entropy: 0.0,
            behind: None,
            is_news: false,
            is_outsider: false,
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
            rows: self.rows,
        }
    }

    /// Whether more starts are worth their time: not where they would find the same optimum again.
    pub(super) fn needs_more(&self, settings: &Settings) -> bool {
        let enough = match settings.algorithm {
            Algorithm::Em if self.k == 1 => 1,
            Algorithm::Em => ENOUGH,
            Algorithm::Cem | Algorithm::Sem => usize::MAX,
        };
        let is_settled = self.counts(settings.tolerance).reached >= enough;
        self.behind.is_none() && !self.is_outsider && !is_settled
    }

    /// Short runs from partitions of the stage's rows; [`Cell::go_far`] makes long ones of them.
    pub(super) fn start_from(
        &mut self,
        stage: &Stage<'_>,
        partitions: &[Partition],
        effort: Effort,
        settings: &Settings,
    ) -> Result<(), GmmError> {
        let em = stage.em(self.model, settings);
        let begin = |partition: &Partition| {
            let stats = partition.stats.clone();
            let mixture = stats.and_then(|stats| first_mixture(&em, &stats));
            begin_given(&em, Given::Labels(&partition.labels), mixture)
        };
        self.set_out(stage, partitions, begin, effort, settings)
    }

    /// Take over what another search for the same model has found, if it is better; what was given
    /// up is known of a sample only.
    pub(super) fn take_over(&mut self, other: Cell, tolerance: f64) -> bool {
        let least = if self.behind.is_some() {
            f64::NEG_INFINITY
        } else {
            self.loglik() + SAME_OPTIMUM.max(2.0 * tolerance)
        };
        let is_better = other.loglik() > least;
        if is_better {
            *self = other;
        }
        is_better
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
        let begin = |given: &Given<'_>| {
            let stats = em.passes.given(*given, k, em.model.family);
            begin_given(
                &em,
                *given,
                stats.and_then(|stats| em.maximise_soundly(&stats)),
            )
        };
        self.set_out(stage, &[given], begin, effort, settings)?;
        self.go_far(stage, effort, settings)
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
        self.set_out(stage, &[mixture], begin, effort, settings)?;
        self.go_far(stage, effort, settings)
    }

    /// Short runs from every start.
    ///
    /// # Errors
    /// [`GmmError::Interrupted`]; other failures are of a start, and noted.
    ///
    /// # Source
    /// Biernacki, Celeux and Govaert (2003), *Choosing starting values for the EM algorithm*,
    /// Computational Statistics & Data Analysis 41.
    fn set_out<S: Sync>(
        &mut self,
        stage: &Stage<'_>,
        starts: &[S],
        begin: impl Fn(&S) -> Result<Run, Failed> + Sync,
        effort: Effort,
        settings: &Settings,
    ) -> Result<(), GmmError> {
        let em = &stage.em(self.model, settings);
        let (runs, failed) = short_runs(em, starts, begin, effort, settings)?;
        self.tried += starts.len();
        self.rows = stage.passes.data().n();
        for failed in failed {
            self.note_failure(stage, failed, 1);
        }
        self.short = group(runs);
        Ok(())
    }

    /// Long runs from the best few of the short ones; should they all collapse, from the next few.
    ///
    /// # Errors
    /// [`GmmError::Interrupted`]; other failures are of a start, and noted.
    pub(super) fn go_far(
        &mut self,
        stage: &Stage<'_>,
        effort: Effort,
        settings: &Settings,
    ) -> Result<(), GmmError> {
        let em = &stage.em(self.model, settings);
        let mut groups = std::mem::take(&mut self.short);
        let before = self.ends.len();
        while self.ends.len() == before && !groups.is_empty() {
            let few = groups.drain(..effort.long.min(groups.len())).collect();
            for (end, starts) in long_runs(em, few, self.optima.first(), settings)? {
                match end {
                    End::Optimum(run) => self.note_optimum(*run, starts, effort.kept, settings),
                    End::Met => self.ends.push((self.loglik(), starts)),
                    End::GaveUp => {}
                    End::Failed(failed) => self.note_failure(stage, failed, starts),
                }
            }
        }
        Ok(())
    }

    /// Where the best run is, and what it may reach.
    pub(super) fn position(&self) -> Option<Position<'_>> {
        let optimum = self.optima.first().map(|optimum| Position {
            mixture: &optimum.mixture,
            loglik: optimum.loglik(),
            hoped: optimum.loglik(),
        });
        let hope = |(run, _): &Group| run.loglik() + OUT_OF_REACH * run.last_gain();
        let short = self.short.first().map(|(run, _)| Position {
            mixture: run.mixture(),
            loglik: run.loglik(),
            hoped: self.short.iter().map(hope).fold(f64::MIN, f64::max),
        });
        let positions = optimum.into_iter().chain(short);
        positions.max_by(|a, b| a.hoped.total_cmp(&b.hoped))
    }

    /// Go on from the optima on a sample to those on all rows.
    pub(super) fn go_on(&mut self, all: &Stage<'_>, settings: &Settings) -> Result<(), GmmError> {
        let em = all.em(self.model, settings);
        let groups = self.move_to(all, settings);
        for (end, starts) in long_runs(&em, groups, None, settings)? {
            match end {
                End::Optimum(run) => self.note_optimum(*run, starts, 1, settings),
                End::Met | End::GaveUp => self.ends.push((f64::MIN, starts)),
                End::Failed(failed) => self.note_failure(all, failed, starts),
            }
        }
        Ok(())
    }

    /// Take the optima away to other rows, where they are runs.
    pub(super) fn move_to(&mut self, all: &Stage<'_>, settings: &Settings) -> Vec<Group> {
        let em = all.em(self.model, settings);
        let margin = SAME_OPTIMUM.max(2.0 * settings.tolerance);
        let mut groups: Vec<Group> = Vec::new();
        for optimum in std::mem::take(&mut self.optima) {
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
                Err(failed) => self.note_failure(all, failed, starts),
            }
        }
        // What has ended elsewhere is far below.
        for end in &mut self.ends {
            end.0 = f64::MIN;
        }
        groups
    }

    /// Whether the best optimum has the same components, but for their covariances.
    pub(super) fn knows(&self, mixture: &Mixture, stage: &Stage<'_>) -> bool {
        let Some(Optimum { mixture: own, .. }) = self.optima.first() else {
            return false;
        };
        let deviation = &stage.scale.deviation;
        let is_like = |a: usize, b: usize| {
            let means = own.means.row(a).into_iter().zip(mixture.means.row(b));
            let near =
                |((x, y), deviation): ((&f64, &f64), &f64)| (x - y).abs() < ALIKE * deviation;
            (own.weights[a] - mixture.weights[b]).abs() < ALIKE && means.zip(deviation).all(near)
        };
        let components = 0..own.k();
        own.k() == mixture.k()
            && components
                .clone()
                .all(|a| components.clone().any(|b| is_like(a, b)))
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
        let begin = |mixture: &Mixture| em.adopt(mixture.clone());
        let (runs, _) = short_runs(&em, mixtures, begin, effort, settings)?;
        let best = self.loglik();
        let is_promising = |run: &Run| run.loglik() + OUT_OF_REACH * run.last_gain() > best;
        let promising = runs.into_iter().filter(is_promising).collect();
        let mut groups = group(promising);
        groups.truncate(effort.long);
        let least = best + SAME_OPTIMUM.max(2.0 * settings.tolerance);
        for (end, _) in long_runs(&em, groups, self.optima.first(), settings)? {
            if let End::Optimum(run) = end {
                if run.loglik() > least {
                    self.tried += 1;
                    self.note_optimum(*run, 1, effort.kept, settings);
                }
            }
        }
        Ok(())
    }

    /// Note how starts have failed.
    pub(super) fn note_failure(&mut self, stage: &Stage<'_>, failed: Failed, starts: usize) {
        self.degenerate += starts;
        if self.failure.is_none() {
            let rows = stage.rows_of(&failed);
            self.failure = Some((failed.error, rows));
        }
    }

    pub(super) fn note_optimum(
        &mut self,
        run: Run,
        starts: usize,
        kept: usize,
        settings: &Settings,
    ) {
        self.note_end(run.into(), starts, kept, settings);
    }

    /// Note where starts have led.
    pub(super) fn note_end(
        &mut self,
        end: Optimum,
        starts: usize,
        kept: usize,
        settings: &Settings,
    ) {
        let loglik = end.loglik();
        self.ends.push((loglik, starts));
        // Of runs at the same optimum, the one that was first to get there stays.
        let is_same = |other: &Optimum| (other.loglik() - loglik).abs() <= 2.0 * settings.tolerance;
        if self.optima.iter().any(is_same) {
            return;
        }
        self.is_news |= loglik > self.loglik();
        let at = self.optima.partition_point(|other| other.loglik() > loglik);
        self.optima.insert(at, end);
        self.optima.truncate(kept);
    }

    /// Say how the first failed start failed.
    pub(super) fn why_none(&self) -> GmmError {
        let failure = self.failure.clone();
        let (cause, rows) = failure.expect("a cell without an optimum has failed");
        match cause.component() {
            Some(_) => GmmError::NoStartSurvived {
                cause: Box::new(cause),
                rows,
                starts: self.tried,
            },
            None => cause,
        }
    }
}

/// A run, and how many starts led to it.
pub(super) type Group = (Run, usize);

/// How the long run of a group ended.
enum End {
    Optimum(Box<Run>),
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

/// Short runs from all starts: those that were not dropped on the way, and failures.
fn short_runs<S: Sync>(
    em: &Em<'_>,
    starts: &[S],
    begin: impl Fn(&S) -> Result<Run, Failed> + Sync,
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
    runs.truncate(2 * effort.long);
    let go_on = |run| em.advance(run, effort.short.min(most));
    let (runs, others) = sorted_out(runs.into_par_iter().map(go_on).collect());
    progress.check()?;
    failed.extend(others);
    Ok((runs, failed))
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
    let progress = em.passes.progress();
    progress.expect_runs(running.len());
    let mut ended = Vec::new();
    let mut best = known.map_or(f64::NEG_INFINITY, Optimum::loglik);
    let mut limit = FIRST_ROUND;
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
                Ok(run) if known.is_some_and(|known| known.is_met_by(&run)) => End::Met,
                Ok(run) if run.stop == Stop::Converged || limit == most => {
                    End::Optimum(Box::new(run))
                }
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

/// Run on until convergence, or until so many iterations have been made since the start.
pub(super) fn run_on(
    em: &Em<'_>,
    run: Run,
    iterations: usize,
    settings: &Settings,
) -> Result<Run, Failed> {
    if settings.accelerate && settings.reg_covar == 0.0 && settings.fixed.is_none() {
        em.accelerate(run, iterations)
    } else {
        em.advance(run, iterations)
    }
}

/// The run that begins at a mixture made of given responsibilities, if there is one.
fn begin_given(
    em: &Em<'_>,
    given: Given<'_>,
    mixture: Result<Mixture, GmmError>,
) -> Result<Run, Failed> {
    let n = em.passes.data().n();
    em.begin(mixture.map_err(|error| no_mixture(error, given, n))?)
}

/// Responsibilities of `n` rows that gave no mixture.
pub(super) fn no_mixture(error: GmmError, given: Given<'_>, n: usize) -> Failed {
    let rows = error.component().map(|k| given.rows(k, n));
    Failed {
        error,
        last: Last::Rows(rows.unwrap_or_default()),
    }
}

/// The M-step of a partition of the engine's own. A cluster may have too few rows for a covariance
/// of its own: then all borrow from the pooled one.
pub(super) fn first_mixture(em: &Em<'_>, stats: &SufficientStats) -> Result<Mixture, GmmError> {
    em.maximise_soundly(stats).or_else(|_| {
        let rows = stats.d() as f64 + 1.0;
        let progress = em.passes.progress();
        let mixture = em.model.maximise_pooled(em.fixed, stats, rows, progress)?;
        em.sound_factors(&mixture).map(|_| mixture)
    })
}
