//! What the runs of a cell have found: the best optima, and how many starts have led to each.

use super::runs::{have_met, weight_difference, Optimum};
use super::stage::Stage;
use super::Settings;
use crate::em::Run;
use crate::mixture::Mixture;

/// Two runs have reached the same optimum if their log-likelihoods differ by less, or by what
/// the tolerance allows.
const SAME_OPTIMUM: f64 = 1e-4;
/// And of these only one is kept, if their weights differ by less.
const SAME_WEIGHTS: f64 = 0.01;

/// By how much less the log-likelihood of a run may be that is at an optimum.
pub(super) fn margin(tolerance: f64) -> f64 {
    SAME_OPTIMUM.max(2.0 * tolerance)
}

/// The optima of a cell.
#[derive(Debug, Default)]
pub(super) struct Optima {
    /// Different ones, the best first.
    kept: Vec<Optimum>,
    /// The log-likelihood of an optimum that is not counted, for it may be chance.
    passed_over: Option<f64>,
    /// Log-likelihoods at which runs ended, and how many starts led there.
    ends: Vec<(f64, usize)>,
    /// What they may have left to gain.
    tolerance: f64,
}

impl Optima {
    /// None yet; what is passed over in the other's place is passed over here.
    pub(super) fn anew(&self) -> Self {
        Optima {
            passed_over: self.passed_over,
            ..Optima::default()
        }
    }

    /// The same, as if no start had led there yet.
    pub(super) fn without_starts(&self) -> Self {
        Optima {
            kept: self.kept.clone(),
            ..self.anew()
        }
    }

    /// From here on they may have so much left to gain.
    pub(super) fn may_leave(&mut self, tolerance: f64) {
        self.tolerance = tolerance;
    }

    /// The best.
    pub(super) fn best(&self) -> Option<&Optimum> {
        self.kept.first()
    }

    /// Whether a run is at the best.
    pub(super) fn best_is_met_by(&self, run: &Run) -> bool {
        let met = |best: &Optimum| have_met(run, best.loglik(), &best.mixture);
        self.best().is_some_and(met)
    }

    /// The log-likelihood of the best.
    pub(super) fn loglik(&self) -> f64 {
        self.best().map_or(f64::NEG_INFINITY, Optimum::loglik)
    }

    /// The log-likelihood of a better optimum that is not counted, for it may be chance.
    pub(super) fn passed_over(&self) -> Option<f64> {
        self.passed_over.filter(|other| *other > self.loglik())
    }

    /// By how much less the log-likelihood of a run may be that is at the best.
    pub(super) fn margin(&self) -> f64 {
        margin(self.tolerance)
    }

    /// Starts that ended anywhere.
    pub(super) fn finished(&self) -> usize {
        self.ends.iter().map(|(_, starts)| starts).sum()
    }

    /// Starts that ended at the best.
    pub(super) fn reached(&self) -> usize {
        self.best().map_or(0, |best| self.ended_at(best.loglik()))
    }

    /// Starts that ended here.
    fn ended_at(&self, loglik: f64) -> usize {
        let is_here = |end: &&(f64, usize)| (end.0 - loglik).abs() <= self.margin();
        let here = self.ends.iter().filter(is_here);
        here.map(|(_, starts)| starts).sum()
    }

    /// Whether the best may be chance.
    pub(super) fn is_suspect(&self, stage: &Stage<'_>) -> bool {
        self.best().is_some_and(|best| best.is_chance(stage))
    }

    /// From here on what may be chance does not count, as if such an optimum had been passed over.
    pub(super) fn be_sound(&mut self) {
        self.passed_over.get_or_insert(f64::NEG_INFINITY);
    }

    /// Whether a mixture does not count, for it may be chance.
    pub(super) fn shuns(&self, mixture: &Mixture, stage: &Stage<'_>) -> bool {
        self.counts_no_chance() && stage.is_chance(mixture)
    }

    /// Without those that may be chance, which are passed over. From here on such do not count.
    pub(super) fn without_chance(&self, stage: &Stage<'_>) -> Self {
        let is_sound = |optimum: &&Optimum| !optimum.is_chance(stage);
        let mut sound = Optima {
            kept: self.kept.iter().filter(is_sound).cloned().collect(),
            ends: self.ends.clone(),
            ..*self
        };
        sound.note_passed_over(self.loglik());
        sound
    }

    /// Note that a better optimum does not count, for it may be chance.
    pub(super) fn note_passed_over(&mut self, loglik: f64) {
        let before = self.passed_over.unwrap_or(f64::NEG_INFINITY);
        self.passed_over = Some(before.max(loglik));
    }

    /// From here on what may be chance counts, too.
    pub(super) fn count_chance(&mut self) {
        self.passed_over = None;
    }

    /// What was passed over when it was rough may be no optimum in the end.
    pub(super) fn forget_passed_over(&mut self) {
        self.passed_over = self.passed_over.map(|_| f64::NEG_INFINITY);
    }

    /// Whether what may be chance does not count.
    pub(super) fn counts_no_chance(&self) -> bool {
        self.passed_over.is_some()
    }

    /// Note that starts have met an optimum that was known.
    pub(super) fn note_met(&mut self, loglik: f64, starts: usize) {
        self.ends.push((loglik, starts));
    }

    /// Note that starts have ended far below.
    pub(super) fn note_below(&mut self, starts: usize) {
        self.ends.push((f64::MIN, starts));
    }

    /// Note where starts have led, or, if none is new, how much further; so many optima are kept.
    pub(super) fn note(
        &mut self,
        stage: &Stage<'_>,
        end: Optimum,
        starts: usize,
        most: usize,
        settings: &Settings,
    ) {
        let loglik = end.loglik();
        if self.shuns(&end.mixture, stage) {
            self.note_passed_over(loglik);
            self.note_below(starts);
            return;
        }
        if starts == 0 && loglik > self.loglik() {
            self.move_ends(self.loglik(), loglik);
        }
        self.ends.push((loglik, starts));
        // Of runs at the same optimum, the one that was first to get there stays, unless it is
        // rougher.
        let margin = 2.0 * self.tolerance;
        let is_same = |other: &Optimum| {
            (other.loglik() - loglik).abs() <= margin
                && weight_difference(&other.mixture, &end.mixture) < SAME_WEIGHTS
        };
        if let Some(same) = self.kept.iter().position(is_same) {
            if self.kept[same].loglik() + 2.0 * settings.tolerance >= loglik {
                return;
            }
            let rougher = self.kept.remove(same).loglik();
            self.move_ends(rougher, loglik);
        }
        let at = self.kept.partition_point(|other| other.loglik() > loglik);
        self.kept.insert(at, end);
        if self.kept.len() > most {
            // One that is no chance stays in any case, if there is room for it beside the best.
            if most > 1 {
                let mut kept = self.kept.iter();
                let sound = kept.position(|other| !other.is_chance(stage));
                if let Some(sound) = sound.filter(|&sound| sound >= most) {
                    self.kept.swap(sound, most - 1);
                }
            }
            self.kept.truncate(most);
        }
    }

    /// What has led to an optimum has led further.
    fn move_ends(&mut self, from: f64, to: f64) {
        let margin = self.margin();
        let led_there = |end: &&mut (f64, usize)| (end.0 - from).abs() <= margin;
        for led in self.ends.iter_mut().filter(led_there) {
            led.0 = to;
        }
    }

    /// Take out the best, with the number of starts that have led there.
    pub(super) fn take_best(&mut self) -> Option<(Optimum, usize)> {
        if self.kept.is_empty() {
            return None;
        }
        let best = self.kept.remove(0);
        let starts = self.ended_at(best.loglik());
        let margin = self.margin();
        self.ends
            .retain(|end| (end.0 - best.loglik()).abs() > margin);
        Some((best, starts))
    }

    /// Put the best back in its place, followed further.
    pub(super) fn put_best(&mut self, best: Optimum, starts: usize) {
        self.ends.push((best.loglik(), starts));
        self.kept.insert(0, best);
    }

    /// What has ended elsewhere is far below.
    pub(super) fn forget_ends(&mut self) {
        for end in &mut self.ends {
            end.0 = f64::MIN;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algorithm::Ended;
    use crate::em::Stop;
    use crate::search::fixture::{on_stage, run_from, settings};
    use crate::search::stage::Stage;

    #[test]
    fn the_same_climb_further_up_is_kept_in_the_place_of_the_rougher() {
        let x: Vec<f64> = (0..90).map(|i| f64::from(i % 9 * i)).collect();
        let labels: Vec<usize> = (0..90).map(|i| i % 2).collect();
        on_stage(&x, |stage, model| {
            let settings = settings(model.family);
            let find = |stage: &Stage<'_>| run_from(stage, model, 2, &labels).optima;
            let fine = Settings {
                tolerance: 0.0,
                ..settings.clone()
            };
            let exact = find(stage).best().unwrap().clone();
            let mut optima = find(&stage.clone().roughly());
            let rough = optima.best().unwrap().clone();
            for end in [exact.clone(), rough] {
                optima.note(stage, end, 0, 3, &fine);
                assert_eq!((optima.kept.len(), optima.loglik()), (1, exact.loglik()));
            }
            // No other start has led there.
            assert_eq!((optima.finished(), optima.reached()), (1, 1));
        });
    }

    #[test]
    fn starts_are_counted_where_the_climb_that_they_led_to_goes_on() {
        let x: Vec<f64> = (0..90).map(|i| f64::from(i % 9 * i)).collect();
        on_stage(&x, |stage, model| {
            let settings = settings(model.family);
            let rough = stage.clone().roughly();
            let labels: Vec<usize> = (0..90).map(|i| usize::from(i % 9 > 4)).collect();
            let mut optima = run_from(&rough, model, 2, &labels).optima;
            let (first, margin) = (optima.best().unwrap().clone(), optima.margin());
            // Each a little further, but together further than what counts as the same.
            for step in 1..=3 {
                let weight = f64::from(step) / 10.0;
                let further = Ended {
                    mixture: Mixture {
                        weights: vec![weight, 1.0 - weight],
                        ..first.mixture.clone()
                    },
                    value: first.loglik() + 0.8 * margin * f64::from(step),
                    trace: Vec::new(),
                    path: Vec::new(),
                    stop: Stop::Converged,
                };
                optima.note(stage, further.into(), 0, 3, &settings);
            }
            assert!(optima.loglik() > first.loglik() + 2.0 * margin);
            assert_eq!((optima.finished(), optima.reached()), (1, 1));
            // What is below is not where they have led.
            optima.note(stage, first.clone(), 0, 3, &settings);
            assert_eq!(optima.reached(), 1);
        });
    }
}
