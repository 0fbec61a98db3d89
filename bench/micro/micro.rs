//! Micro-benchmarks of the engine: `make bench`.
//!
//! The kernels are private to the engine. So this crate is made of the engine's own source files:
//! they need not be opened for it, and are compiled as in the package.

// Whatever no benchmark calls.
#![allow(dead_code, unused_imports)]

#[path = "../../src/rust/engine/src/accelerate.rs"]
mod accelerate;
#[path = "../../src/rust/engine/src/algorithm.rs"]
mod algorithm;
#[path = "../../src/rust/engine/src/assignment.rs"]
mod assignment;
#[path = "../../src/rust/engine/src/covariance/mod.rs"]
mod covariance;
#[path = "../../src/rust/engine/src/criteria.rs"]
mod criteria;
#[path = "../../src/rust/engine/src/data.rs"]
mod data;
#[path = "../../src/rust/engine/src/em.rs"]
mod em;
#[path = "../../src/rust/engine/src/error.rs"]
mod error;
#[path = "../../src/rust/engine/src/factors.rs"]
mod factors;
#[path = "../../src/rust/engine/src/fixed.rs"]
mod fixed;
#[path = "../../src/rust/engine/src/init/mod.rs"]
mod init;
#[path = "../../src/rust/engine/src/kernel/mod.rs"]
mod kernel;
#[path = "../../src/rust/engine/src/memory.rs"]
mod memory;
#[path = "../../src/rust/engine/src/mixture.rs"]
mod mixture;
#[path = "../../src/rust/engine/src/model.rs"]
mod model;
#[path = "../../src/rust/engine/src/pass/mod.rs"]
mod pass;
#[path = "../../src/rust/engine/src/progress.rs"]
mod progress;
#[path = "../../src/rust/engine/src/responsibilities.rs"]
mod responsibilities;
#[path = "../../src/rust/engine/src/score.rs"]
mod score;
#[path = "../../src/rust/engine/src/search/mod.rs"]
mod search;
#[path = "../../src/rust/engine/src/stats.rs"]
mod stats;

mod kernels;
mod m_steps;

fn main() {
    divan::Divan::from_args().run_benches();
}
