#' gaussmix: Gaussian mixtures by the EM algorithm
#'
#' Start with [gmm_fit()], which also chooses the model; [gmm_select()] shows all of them. A fit has
#' the usual methods: `print()`, [`summary()`][summary.gmm], [`plot()`][plot.gmm],
#' [`predict()`][predict.gmm], [`simulate()`][simulate.gmm] and [those of R's models][gmm-methods].
#'
#' EM in the open: [gmm_mixture()] makes a mixture from parameters, [gmm_estep()] and [gmm_mstep()]
#' are the two steps, [gmm_elbo()] is the bound that they raise. [gmm_trace()] and [gmm_animate()]
#' show the iterations of a fit; [gmm-algorithms] is about EM and its relatives.
#'
#' [gmm_example()] and [gmm_lab_data()] are data to try it on, [gmm_compare()] compares clusters with
#' known labels. [as_gmm()] and [as_mclust()] convert fits from and to the package mclust.
#'
#' @section Options:
#' `gaussmix.threads`: threads that a fit may use, see [gmm_control()].
#'
#' @section Conditions:
#' Every error inherits from `gmm_error` and every warning from `gmm_warning`; help pages name
#' the classes.
#'
#' @keywords internal
#' @useDynLib gaussmix, .registration = TRUE
#' @importFrom rlang %||% caller_env interrupt is_bool is_interactive is_named is_string names2 set_names
#' @importFrom stats coef fitted formula logLik nobs predict simulate update
"_PACKAGE"
