//! While the engine works on threads of its own, R's thread waits here: it polls for an
//! interrupt and ticks the progress bar.

use std::ffi::c_void;
use std::time::Duration;

use extendr_api::prelude::*;
use gaussmix_engine::{watched, GmmError, Progress};

use crate::border::Failure;

/// How often R's thread looks up: an interrupt is answered within 0.2 s with room to spare.
const PERIOD: Duration = Duration::from_millis(20);

extern "C-unwind" {
    fn R_CheckUserInterrupt();
    fn R_ToplevelExec(f: extern "C-unwind" fn(*mut c_void), data: *mut c_void);
}

/// Number of threads that this machine offers
/// @noRd
#[extendr]
fn engine_available_threads() -> i32 {
    std::thread::available_parallelism().map_or(1, |threads| threads.get() as i32)
}

/// Do `work` on `threads` threads while R's own waits.
///
/// `tick` is `NULL` or an R function of the runs done, all runs and the iterations so far.
pub(crate) fn on_threads<T: Send>(
    threads: i32,
    tick: &Robj,
    work: impl FnOnce(&Progress) -> Result<T, GmmError> + Send,
) -> Result<T, Failure> {
    let progress = Progress::new();
    let tick = tick.as_function();
    let mut stopping = false;
    let look_up = || {
        if !stopping && (interrupt_pending() || !ticked(tick.as_ref(), &progress)) {
            progress.request_stop();
            stopping = true;
        }
    };
    let result = watched(threads.max(1) as usize, PERIOD, look_up, || work(&progress))?;
    Ok(result?)
}

/// Tell R how far the work is; `false` if the user interrupted it there.
fn ticked(tick: Option<&Function>, progress: &Progress) -> bool {
    let Some(tick) = tick else { return true };
    let report = progress.report();
    tick.call(pairlist!(
        report.runs_done as f64,
        report.runs_total as f64,
        report.iterations as f64
    ))
    .is_ok()
}

/// Whether the user has asked R to stop. The request is taken: R does not act on it again.
fn interrupt_pending() -> bool {
    let mut returned = false;
    let data: *mut bool = &mut returned;
    // SAFETY: called on R's thread; `poll` holds nothing that a jump could skip, and
    // `R_ToplevelExec` ends the jump.
    unsafe { R_ToplevelExec(poll, data.cast()) };
    !returned
}

/// Jumps away if an interrupt is pending, otherwise notes that it has returned.
extern "C-unwind" fn poll(data: *mut c_void) {
    // SAFETY: only `interrupt_pending` calls this, with a pointer to a `bool` of its own.
    unsafe {
        R_CheckUserInterrupt();
        *data.cast::<bool>() = true;
    }
}

extendr_module! {
    mod watch;
    fn engine_available_threads;
}
