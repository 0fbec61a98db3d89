//! One cell of the table: all runs of one family with one number of components.

use super::learning::Proposal;
use super::optima::{margin, Optima};
use super::runs::{
    group, is_out_of_reach, long_runs, short_runs, Effort, End, Group, Optimum, OUT_OF_REACH,
};
use super::stage::Stage;
use super::{Settings, StartCounts};
use crate::algorithm::Algorithm;
use crate::covariance::Family;
use crate::em::{Em, Failed, Last, Run};
use crate::error::GmmError;
use crate::init::Partition;
use crate::mixture::Mixture;
use crate::model::Model;
use crate::responsibilities::Given;
use crate::stats::SufficientStats;

/// A cell gets no more starts once its optimum was reached by so many.
const ENOUGH: usize = 3;
/// Components are alike if neither their weights, nor their means in standard deviations of all
/// rows, differ by more.
const ALIKE: f64 = 0.05;

/// A family, a number of components, and what the runs have found for them.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) k: usize,
    pub(super) model: Model,
    pub(super) optima: Optima,
    /// Short runs from the last starts, the best first.
    short: Vec<Group>,
    pub(super) tried: usize,
    /// Of these, partitions of the engine's own.
    pub(super) started: usize,
    /// Whether all starts are followed to their end.
    is_followed: bool,
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
    /// The optima of other cells that it has looked at, the last of each.
    seen: Vec<Source>,
    /// Whether others are so many and so much better that more runs would be wasted on it.
    pub(super) is_outsider: bool,
    /// Whether nobody asked for it, and others only learn from it.
    pub(super) is_helper: bool,
}

/// An optimum of another cell: its number of components, its family, and the log-likelihood.
pub(super) type Source = (usize, Family, f64);

/// The best run of a cell on its way.
pub(super) struct Position<'a> {
    pub(super) mixture: &'a Mixture,
    pub(super) loglik: f64,
    /// The log-likelihood that it may reach.
    pub(super) hoped: f64,
}

impl Cell {
    pub(super) fn new(k: usize, model: Model) -> Self {
        Cell {
            k,
            model,
            optima: Optima::default(),
            short: Vec::new(),
            tried: 0,
            started: 0,
            is_followed: false,
            rows: 0,
            degenerate: 0,
            failure: None,
            entropy: 0.0,
            behind: None,
            seen: Vec::new(),
            is_outsider: false,
            is_helper: false,
        }
    }

    /// A cell that nobody asked for.
    pub(super) fn helper(k: usize, model: Model) -> Self {
        Cell {
            is_helper: true,
            ..Cell::new(k, model)
        }
    }

    /// The log-likelihood of the best optimum.
    pub(super) fn loglik(&self) -> f64 {
        self.optima.loglik()
    }

    /// What became of the starts.
    pub(super) fn counts(&self) -> StartCounts {
        StartCounts {
            tried: self.tried,
            degenerate: self.degenerate,
            finished: self.optima.finished(),
            reached: self.optima.reached(),
            rows: self.rows,
        }
    }

    /// A cell for the same model in which chance does not count, see [`Optima::without_chance`].
    pub(super) fn without_chance(&self, stage: &Stage<'_>) -> Self {
        Cell {
            optima: self.optima.without_chance(stage),
            tried: self.tried,
            started: self.started,
            rows: self.rows,
            degenerate: self.degenerate,
            failure: self.failure.clone(),
            ..self.anew()
        }
    }

    /// Find the entropy of the best optimum on these rows.
    pub(super) fn find_entropy(&mut self, stage: &Stage<'_>) -> Result<(), GmmError> {
        if let Some(best) = self.optima.best() {
            self.entropy = stage.passes.evaluate(&best.mixture)?.entropy;
        }
        Ok(())
    }

    /// Whether more starts are worth their time: not where they would find the same optimum again.
    pub(super) fn needs_more(&self, settings: &Settings) -> bool {
        let enough = match settings.algorithm {
            Algorithm::Em if self.k == 1 => 1,
            Algorithm::Em => ENOUGH,
            Algorithm::Cem | Algorithm::Sem => usize::MAX,
        };
        let is_settled = self.optima.reached() >= enough && !self.is_followed;
        self.is_in_play() && !is_settled
    }

    /// Whether more runs may be worth their time.
    pub(super) fn is_in_play(&self) -> bool {
        self.behind.is_none() && !self.is_outsider
    }

    /// Short runs from partitions of the stage's rows; [`Cell::go_far`] makes long ones of them.
    pub(super) fn start_from(
        &mut self,
        stage: &Stage<'_>,
        partitions: &[Partition],
        effort: Effort,
        settings: &Settings,
    ) -> Result<(), GmmError> {
        self.started += partitions.len();
        let em = stage.em(self.model, settings);
        let begin = |partition: &Partition| {
            let stats = partition.stats.clone();
            let mixture = stats.and_then(|stats| first_mixture(&em, &stats));
            begin_given(&em, Given::Labels(&partition.labels), mixture)
        };
        let is_chosen = |partition: &Partition| partition.is_chosen;
        self.set_out(stage, partitions, is_chosen, begin, effort, settings)
    }

    /// A cell for the same model that knows nothing yet, but what is to be passed over.
    pub(super) fn anew(&self) -> Self {
        Cell {
            optima: self.optima.anew(),
            is_helper: self.is_helper,
            ..Cell::new(self.k, self.model)
        }
    }

    /// A cell for the same model that knows the same optimum, and follows all its starts.
    pub(super) fn to_be_followed(&self) -> Self {
        Cell {
            optima: self.optima.without_starts(),
            is_followed: true,
            ..self.anew()
        }
    }

    /// Take over the starts of [`Cell::to_be_followed`], and what they have found. If none has led
    /// to the optimum, what did counts as one more. Returns whether one has led further.
    pub(super) fn take_followed(&mut self, mut followed: Cell) -> bool {
        if followed.optima.reached() == 0 {
            followed.tried += 1;
            let loglik = followed.loglik();
            followed.optima.note_met(loglik, 1);
        }
        let leads_further = followed.loglik() > self.loglik();
        *self = followed;
        leads_further
    }

    /// Take over what another search for the same model has found, if it is better; what was given
    /// up is known of a sample only.
    pub(super) fn take_over(&mut self, other: Cell, tolerance: f64) -> bool {
        let least = if self.behind.is_some() {
            f64::NEG_INFINITY
        } else {
            self.loglik() + margin(tolerance)
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
        self.set_out(stage, &[given], |_| false, begin, effort, settings)?;
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
        self.set_out(stage, &[mixture], |_| false, begin, effort, settings)?;
        self.go_far(stage, effort, settings)
    }

    /// Short runs from every start; [`Cell::go_far`] makes long ones of the best, and of those that
    /// are chosen, whatever they are worth.
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
        is_chosen: impl Fn(&S) -> bool,
        begin: impl Fn(&S) -> Result<Run, Failed> + Sync,
        effort: Effort,
        settings: &Settings,
    ) -> Result<(), GmmError> {
        let em = &stage.em(self.model, settings);
        let (chosen, others): (Vec<&S>, Vec<&S>) =
            starts.iter().partition(|start| is_chosen(start));
        let begin = |start: &&S| begin(start);
        let is_lost = |run: &Run| is_out_of_reach(run, self.loglik());
        let (runs, mut failed) = short_runs(em, &others, begin, is_lost, effort, settings)?;
        let each = Effort {
            glance: 0,
            few: chosen.len(),
            long: chosen.len(),
            ..effort
        };
        let (chosen, also) = short_runs(em, &chosen, begin, |_| false, each, settings)?;
        failed.extend(also);
        self.tried += starts.len();
        self.note_stage(stage, em);
        for failed in failed {
            self.note_failure(stage, failed, 1);
        }
        self.short = group(chosen, runs);
        Ok(())
    }

    /// Long runs from the best few of the short ones, and from those that were chosen; should they
    /// all collapse or give up, from the next few.
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
        let before = self.optima.finished();
        while self.optima.finished() == before && !groups.is_empty() {
            let ranked = groups.into_iter().enumerate();
            let (few, others): (Vec<_>, Vec<_>) =
                ranked.partition(|(rank, group)| *rank < effort.long || group.is_chosen);
            groups = others.into_iter().map(|(_, group)| group).collect();
            let few = few.into_iter().map(|(_, group)| (group.run, group.starts));
            let few = few.collect();
            let best = self.loglik();
            let has_met = |run: &Run| self.optima.best_is_met_by(run);
            let counts = |run: &Run| !self.optima.shuns(run.mixture(), stage);
            let ended = long_runs(em, few, best, has_met, counts, effort.patience, settings)?;
            for (end, starts) in ended {
                match end {
                    End::Optimum(run) => {
                        self.optima
                            .note(stage, (*run).into(), starts, effort.kept, settings);
                    }
                    End::Met => self.optima.note_met(best, starts),
                    End::GaveUp => {}
                    End::Failed(failed) => self.note_failure(stage, failed, starts),
                }
            }
        }
        Ok(())
    }

    /// Where the best run is, and what it may reach.
    pub(super) fn position(&self) -> Option<Position<'_>> {
        let optimum = self.optima.best().map(|optimum| Position {
            mixture: &optimum.mixture,
            loglik: optimum.loglik(),
            hoped: optimum.loglik(),
        });
        let hope = |Group { run, .. }: &Group| run.loglik() + OUT_OF_REACH * run.last_gain();
        let short = self.short.first().map(|Group { run, .. }| Position {
            mixture: run.mixture(),
            loglik: run.loglik(),
            hoped: self.short.iter().map(hope).fold(f64::MIN, f64::max),
        });
        let positions = optimum.into_iter().chain(short);
        positions.max_by(|a, b| a.hoped.total_cmp(&b.hoped))
    }

    /// Note where starts are tried.
    pub(super) fn note_stage(&mut self, stage: &Stage<'_>, em: &Em<'_>) {
        self.rows = stage.passes.data().n();
        self.optima.may_leave(em.tolerance);
    }

    /// Go on from optima that were found roughly on the same rows: from the best, or, should that
    /// collapse, from the next; those that are worse stay.
    ///
    /// # Errors
    /// [`GmmError::Interrupted`]; other failures are of a start, and noted.
    pub(super) fn finish(
        &mut self,
        stage: &Stage<'_>,
        settings: &Settings,
    ) -> Result<(), GmmError> {
        let em = stage.em(self.model, settings);
        self.optima.forget_passed_over();
        // The first step of one component is the last.
        while self.k > 1 {
            let Some((optimum, starts)) = self.optima.take_best() else {
                break;
            };
            let ended = optimum.go_on(&em, settings);
            stage.passes.progress().check()?;
            match ended {
                Ok(optimum) => {
                    self.optima.put_best(optimum, starts);
                    break;
                }
                Err(failed) => self.note_failure(stage, failed, starts),
            }
        }
        self.optima.may_leave(em.tolerance);
        Ok(())
    }

    /// Go on from the optima on a sample to those on all rows.
    pub(super) fn go_on(&mut self, all: &Stage<'_>, settings: &Settings) -> Result<(), GmmError> {
        let em = all.em(self.model, settings);
        let groups = self.move_to(all, settings);
        let (best, patience) = (f64::NEG_INFINITY, Some(OUT_OF_REACH));
        let ended = long_runs(&em, groups, best, |_| false, |_| true, patience, settings)?;
        for (end, starts) in ended {
            match end {
                End::Optimum(run) => self.optima.note(all, (*run).into(), starts, 1, settings),
                End::Met | End::GaveUp => self.optima.note_below(starts),
                End::Failed(failed) => self.note_failure(all, failed, starts),
            }
        }
        Ok(())
    }

    /// Take the optima away to other rows, where they are runs.
    pub(super) fn move_to(&mut self, all: &Stage<'_>, settings: &Settings) -> Vec<(Run, usize)> {
        let em = all.em(self.model, settings);
        let mut groups = Vec::new();
        while let Some((optimum, starts)) = self.optima.take_best() {
            match em.begin(optimum.mixture) {
                Ok(run) => groups.push((run, starts)),
                Err(failed) => self.note_failure(all, failed, starts),
            }
        }
        self.optima.may_leave(em.tolerance);
        self.optima.forget_ends();
        groups
    }

    /// Whether the best optimum has the same components, but for their covariances.
    pub(super) fn knows(&self, mixture: &Mixture, stage: &Stage<'_>) -> bool {
        let Some(Optimum { mixture: own, .. }) = self.optima.best() else {
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
        let each = || components.clone();
        own.k() == mixture.k()
            && each().all(|a| each().any(|b| is_like(a, b)))
            && each().all(|b| each().any(|a| is_like(a, b)))
    }

    /// Whether a run has come near to the best optimum, and is no better: it is followed no further.
    fn is_back(&self, run: &Run, stage: &Stage<'_>) -> bool {
        run.loglik() <= self.loglik() && self.knows(run.mixture(), stage)
    }

    /// Note that it looks at an optimum of another cell, unless it has already.
    pub(super) fn notes(&mut self, source: Source) -> bool {
        let (k, family, loglik) = source;
        let of_cell = |seen: &&mut Source| (seen.0, seen.1) == (k, family);
        match self.seen.iter_mut().find(of_cell) {
            Some(seen) => std::mem::replace(&mut seen.2, loglik) != loglik,
            None => {
                self.seen.push(source);
                true
            }
        }
    }

    /// Try whether mixtures, of whatever family, lead to a better optimum. Only one that does
    /// counts as a start.
    pub(super) fn learn_from(
        &mut self,
        stage: &Stage<'_>,
        proposals: &[Proposal],
        effort: Effort,
        settings: &Settings,
    ) -> Result<(), GmmError> {
        let em = stage.em(self.model, settings);
        let begin =
            |Proposal { mixture, stats }: &Proposal| em.adopt(mixture.clone(), stats.clone());
        let best = self.loglik();
        let is_lost = |run: &Run| is_out_of_reach(run, best) || self.is_back(run, stage);
        // Where all has collapsed so far, whatever survives will do.
        let is_empty = self.optima.best().is_none();
        let effort = Effort {
            few: if is_empty {
                proposals.len()
            } else {
                effort.few
            },
            ..effort
        };
        let (runs, _) = short_runs(&em, proposals, begin, is_lost, effort, settings)?;
        // Places are for runs that lead elsewhere than to the optimum that is known.
        let promising = runs.into_iter().filter(|run| !is_lost(run)).collect();
        let mut groups = group(Vec::new(), promising).into_iter();
        let least = best + margin(settings.tolerance);
        loop {
            let few = groups.by_ref().take(effort.long);
            let few: Vec<_> = few.map(|group| (group.run, group.starts)).collect();
            if few.is_empty() {
                break;
            }
            let has_met = |run: &Run| self.optima.best_is_met_by(run) || self.is_back(run, stage);
            let counts = |run: &Run| !self.optima.shuns(run.mixture(), stage);
            let ended = long_runs(&em, few, best, has_met, counts, effort.patience, settings)?;
            for (end, _) in ended {
                let End::Optimum(run) = end else { continue };
                if run.loglik() > best + self.optima.margin() {
                    let starts = usize::from(!self.optima.shuns(run.mixture(), stage));
                    self.tried += starts;
                    self.optima
                        .note(stage, (*run).into(), starts, effort.kept, settings);
                } else if run.loglik() > least {
                    // The same climb, a little further.
                    self.optima
                        .note(stage, (*run).into(), 0, effort.kept, settings);
                }
            }
            if self.optima.best().is_some() {
                break;
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
    em.maximise_roughly(stats).or_else(|_| {
        let rows = stats.d() as f64 + 1.0;
        let progress = em.passes.progress();
        let mixture = em.model.maximise_pooled(em.fixed, stats, rows, progress)?;
        em.sound_factors(&mixture).map(|_| mixture)
    })
}

#[cfg(test)]
mod tests;
