#' How a mixture is fitted
#'
#' Settings of the algorithm for [gmm_fit()], which also takes them directly:
#' `gmm_fit(x, k = 3, n_init = 50)`.
#'
#' A fit makes `n_init` short runs of `short_iter` EM iterations, each from another partition: four
#' in five by k-means with other k-means++ centres (every second one of the data in their own units,
#' the others with all columns scaled to the same variance), the fifth at random. Runs that have met
#' (the same log-likelihood and weights, to 1e-3) go on as one. The `n_final` best run on until they
#' converge, and the best of these is the fit. After 64, 128, 256, ... iterations a run gives up if
#' twenty times the gain of its last round would not lead it to the best that has converged. With
#' more starts, follow more of them, too.
#'
#' A run has converged when less than `tol` is left to gain, judged by Aitken's extrapolation of the
#' climb or, with `accelerate = TRUE`, by what the next accelerated steps promise.
#'
#' Where the processor has AVX2, gaussmix uses it; with the environment variable `GAUSSMIX_ISA` set
#' to `portable` it does as if there were none. Results then differ by rounding.
#'
#' @param n_init Whole number, 1 to 100,000: starts. A start of your own (`start =`) is one.
#' @param n_final Whole number, 1 to 100,000: different runs that go on after the short ones.
#' @param short_iter Whole number, at least 1: iterations of a short run.
#' @param max_iter Whole number, at least 1: iterations after which a run stops even if it has
#'   not converged; the fit then carries a `gmm_warning_not_converged`.
#' @param tol Non-negative number, in units of the total log-likelihood: what may be left to gain.
#'   With 0 every run makes exactly `max_iter` iterations, without a warning.
#' @param reg_covar Non-negative number, in squared units of the data: added to the diagonal of
#'   every component's sample covariance in every M-step, from which those of the family follow.
#'   With 0, the default, the fit is a maximum of the likelihood; with more it is not, exactly, and
#'   the log-likelihood may fall on the way, but no covariance can become singular. Such runs are
#'   not accelerated.
#' @param accelerate `TRUE` or `FALSE`: whether the runs that go on after the short ones take
#'   Anderson-accelerated steps, which cross in tens of iterations the plateaus that cost EM
#'   thousands. An accelerated step that would lower the log-likelihood is not taken: such an
#'   iteration gains nothing, and the next is one of EM. With `FALSE` every iteration is a
#'   textbook M-step and E-step.
#' @param threads Whole number, 1 to 1024: threads that work. `NULL` takes
#'   `getOption("gaussmix.threads")` or else all that the machine has, but two at most where
#'   `R CMD check` limits them. Results are the same, to the last bit, for any number.
#'
#' @param ... Nothing: other arguments are refused.
#'
#' @returns A list of the settings.
#'
#' @section Errors:
#' `gmm_error_bad_type` and `gmm_error_bad_value` name the `argument` that is wrong;
#' `gmm_error_unknown_argument` names one that does not exist.
#'
#' @references
#' Biernacki, C., Celeux, G. and Govaert, G. (2003). Choosing starting values for the EM
#' algorithm for getting the highest likelihood in multivariate Gaussian mixture models.
#' *Computational Statistics & Data Analysis* 41, 561--575.
#'
#' Henderson, N. C. and Varadhan, R. (2019). Damped Anderson acceleration with restarts and
#' monotonicity control for accelerating EM and EM-like algorithms. *Journal of Computational and
#' Graphical Statistics* 28, 834--846.
#'
#' Böhning, D., Dietz, E., Schaub, R., Schlattmann, P. and Lindsay, B. G. (1994). The
#' distribution of the likelihood ratio for mixtures of densities from the one-parameter
#' exponential family. *Annals of the Institute of Statistical Mathematics* 46, 373--388.
#'
#' @examples
#' gmm_fit(faithful, k = 2, control = gmm_control(n_init = 50))
#' @export
gmm_control <- function(n_init = 20, n_final = 10, short_iter = 10, max_iter = 5000,
                        tol = 1e-6, reg_covar = 0, accelerate = TRUE, threads = NULL, ...) {
  call <- quote(gmm_control())
  settings <- setdiff(names(formals(gmm_control)), "...")
  check_no_dots(list(...), settings, call)
  check_control(mget(settings), call)
}

#' Check settings that may come from a user's own list
#' @noRd
check_control <- function(control, call) {
  # Every start is kept until the best are known, and iterations go into a trace.
  most <- c(n_init = 1e5, n_final = 1e5, short_iter = 1e9, max_iter = 1e9)
  for (arg in names(most)) {
    control[[arg]] <- check_count(control[[arg]], arg, max = most[[arg]], call = call)
  }
  control$tol <- check_number(control$tol, "tol", min = 0, call = call)
  control$reg_covar <- check_number(control$reg_covar, "reg_covar", min = 0, call = call)
  check_flag(control$accelerate, "accelerate", call)
  if (!is.null(control$threads)) {
    control$threads <- check_count(control$threads, "threads", max = 1024, call = call)
  }
  control
}

#' Settings from `control` and from `...`, which has the last word
#' @noRd
merge_control <- function(control, dots, call) {
  must <- "a list of named settings, as `gmm_control()` makes it"
  if (!is.list(control)) {
    abort_argument("control", must, is_type(control), "bad_type", call)
  }
  defaults <- formals(gmm_control)
  settings <- setdiff(names(defaults), "...")
  if (length(control) > 0 && !is_named(control)) {
    abort_argument("control", must, "has elements without a name", "bad_value", call)
  }
  given <- c(control, dots)
  known <- names2(given) %in% settings
  if (!all(known)) {
    abort_unknown(names2(given)[!known][1], settings, call)
  }
  control <- as.list(defaults[settings])
  for (i in seq_along(given)) {
    control[names(given)[i]] <- given[i]
  }
  check_control(control, call)
}

#' Refuse an argument that `gmm_fit()` does not have, and say which was probably meant
#' @noRd
abort_unknown <- function(unknown, settings, call) {
  arguments <- c("k", "covariance", "data", "equal_weights", "start", "keep_data", settings)
  message <- if (unknown == "") {
    "Arguments after {.arg covariance} must be named."
  } else if (unknown == "data") {
    c(
      "{.arg data} must come with a formula, such as `~ a + b`.",
      i = "Leave it out: {.arg x} has the data."
    )
  } else {
    c(
      "{.arg {unknown}} is not an argument of `gmm_fit()` or `gmm_control()`.",
      # The names in mclust, which the distance of words does not find.
      switch(unknown,
        G = c(i = "{.arg k} is the number of components."),
        modelNames = c(i = "Use {.arg covariance}."),
        suggest(unknown, arguments)
      )
    )
  }
  abort_gmm(message, "unknown_argument", argument = unknown, call = call)
}
