//! Gaussian mixture models by the EM algorithm.
//!
//! The M-step of every Gaussian mixture needs only [`SufficientStats`], which merge: so one
//! pass over the data, in blocks of rows, is both the E-step and the preparation of the
//! M-step, on any number of threads, without ever storing the responsibilities.
//!
//! [`search`] fits; [`Passes::score`] says what a mixture makes of data; [`Mixture::draw`]
//! simulates; [`best_matching`] compares partitions; [`watched`] lets a thread wait, watch and
//! interrupt.

#![warn(missing_docs)]

mod accelerate;
mod algorithm;
mod assignment;
mod covariance;
mod criteria;
mod data;
mod em;
mod error;
mod factors;
mod fixed;
mod init;
mod kernel;
mod m_step;
mod matching;
mod memory;
mod mixture;
mod model;
mod pass;
mod progress;
mod responsibilities;
mod sample;
mod score;
mod search;
mod stats;

pub use algorithm::Algorithm;
pub use covariance::{covariance_fault, CovarianceFault, Covariances, Family};
pub use criteria::Criterion;
pub use data::Data;
pub use em::Stop;
pub use error::GmmError;
pub use fixed::Fixed;
pub use init::Start;
pub use matching::best_matching;
pub use memory::Pool;
pub use mixture::Mixture;
pub use model::Model;
pub use pass::Passes;
pub use progress::{watched, Progress, Report};
pub use responsibilities::Given;
pub use sample::Draws;
pub use score::Score;
pub use search::{search, Budget, Fit, Narrowest, Search, Settings, StartCounts, Tie};
pub use stats::SufficientStats;
