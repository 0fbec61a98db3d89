//! Gaussian mixture models by the EM algorithm.
