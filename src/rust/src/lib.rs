//! The border between R and `gaussmix-engine`: values in, one engine call, values out.
//!
//! Every exported function gets arguments that R has checked and returns plain values, or a list
//! with an element `condition` that R raises as a classed error. No panic and no `Err` crosses.

mod adopt;
mod border;
mod families;
mod fit;
mod m_step;
mod matching;
mod mixture;
mod score;
mod simulate;
mod watch;

use extendr_api::prelude::*;

// On Windows a thread's own memory is itself allocated.
#[cfg(not(windows))]
#[global_allocator]
static MEMORY: gaussmix_engine::Pool = gaussmix_engine::Pool;

extendr_module! {
    mod gaussmix;
    use adopt;
    use families;
    use fit;
    use m_step;
    use matching;
    use mixture;
    use score;
    use simulate;
    use watch;
}
