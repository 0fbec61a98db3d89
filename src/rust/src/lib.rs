//! The border between R and `gaussmix-engine`: values in, one engine call, values out.
use extendr_api::prelude::*;

/// Number of threads this machine offers.
/// @noRd
#[extendr]
fn engine_available_threads() -> i32 {
    std::thread::available_parallelism().map_or(1, |n| n.get() as i32)
}

extendr_module! {
    mod gaussmix;
    fn engine_available_threads;
}
