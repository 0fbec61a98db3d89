//! What a fit reports while it works, and how it is told to stop.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{channel, RecvTimeoutError};
use std::thread::Builder;
use std::time::Duration;

use rayon::{ThreadBuilder, ThreadPoolBuilder};

use crate::error::GmmError;
use crate::memory::Pool;

/// Shared between the threads that work and the one that waits.
#[derive(Debug, Default)]
pub struct Progress {
    stop: Apart<AtomicBool>,
    runs_total: AtomicUsize,
    runs_done: AtomicUsize,
    iterations: AtomicUsize,
}

/// What has its cache lines for itself: every block of rows looks whether to stop, and must not
/// wait for a line on which other threads count.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Apart<T>(T);

/// How far a fit has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// EM runs that the fit will make, short and long.
    pub runs_total: usize,
    /// Runs that have ended.
    pub runs_done: usize,
    /// EM iterations so far, over all runs.
    pub iterations: usize,
}

impl Progress {
    /// Nothing done yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ask the work to end; it does so within a block of rows, or a step
    /// of an iterative M-step.
    pub fn request_stop(&self) {
        self.stop.0.store(true, Ordering::Relaxed);
    }

    /// [`GmmError::Interrupted`] once a stop was asked for.
    pub(crate) fn check(&self) -> Result<(), GmmError> {
        if self.stop.0.load(Ordering::Relaxed) {
            Err(GmmError::Interrupted)
        } else {
            Ok(())
        }
    }

    pub(crate) fn expect_runs(&self, runs: usize) {
        self.runs_total.fetch_add(runs, Ordering::Relaxed);
    }

    pub(crate) fn run_done(&self) {
        self.runs_done.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn iteration_done(&self) {
        self.iterations.fetch_add(1, Ordering::Relaxed);
    }

    /// How far the work has come.
    pub fn report(&self) -> Report {
        Report {
            runs_total: self.runs_total.load(Ordering::Relaxed),
            runs_done: self.runs_done.load(Ordering::Relaxed),
            iterations: self.iterations.load(Ordering::Relaxed),
        }
    }
}

/// Do `work` on `threads` threads of its own, while this thread only waits and calls `watch`
/// every `period`.
///
/// The threads live as long as this call: nothing is left behind, and a forked process starts
/// with none. All that `work` does in parallel runs on them.
///
/// # Errors
/// [`GmmError::NoThread`] if the system grants none; with fewer than `threads` the work is done.
///
/// # Panics
/// If `work` panics.
pub fn watched<T: Send>(
    threads: usize,
    period: Duration,
    mut watch: impl FnMut(),
    work: impl FnOnce() -> T + Send,
) -> Result<T, GmmError> {
    let value = std::thread::scope(|scope| {
        let (ready, awake) = channel();
        let start = |thread: ThreadBuilder| {
            let ready = ready.clone();
            Builder::new().spawn_scoped(scope, move || {
                // Fails only if nobody waits any more.
                let _ = ready.send(());
                thread.run();
                Pool::close();
            })
        };
        let mut waiting = Vec::with_capacity(threads);
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .spawn_handler(|thread| {
                waiting.push(thread);
                Ok(())
            })
            .build()
            .map_err(|_| GmmError::NoThread)?;
        let started = waiting.into_iter().map(start).take_while(Result::is_ok);
        let started = started.count();
        if started == 0 {
            return Err(GmmError::NoThread);
        }
        // Until each has run once: a new thread may be put where another works, and wait there for
        // milliseconds; one that wakes goes where nobody works.
        awake.iter().take(started).for_each(drop);
        Ok(pool.in_place_scope(|scope| {
            let (sender, receiver) = channel();
            scope.spawn(move |_| {
                // Fails only if nobody waits any more.
                let _ = sender.send(work());
            });
            loop {
                match receiver.recv_timeout(period) {
                    Ok(value) => return Some(value),
                    Err(RecvTimeoutError::Timeout) => watch(),
                    // `work` panicked: the scope raises it again.
                    Err(RecvTimeoutError::Disconnected) => return None,
                }
            }
        }))
    });
    Ok(value?.expect("the scope has raised the panic"))
}
