#' gaussmix: Gaussian mixtures by the EM algorithm
#'
#' Start with [gmm_fit()]; a fit has the usual methods: `print()`, `summary()`,
#' `plot()`, `predict()`, `simulate()`, `logLik()`, `AIC()`, `BIC()`.
#'
#' @keywords internal
#' @useDynLib gaussmix, .registration = TRUE
#' @import rlang
#' @importFrom stats nobs predict simulate coef fitted logLik
"_PACKAGE"
