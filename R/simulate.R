#' Simulate data sets from a fit or a mixture
#'
#' Draws whole data sets of as many rows as the fit has: for every row a component by the
#' weights, then a point of that component.
#'
#' @param object A fit from [gmm_fit()].
#' @param nsim Whole number, at least 1: data sets.
#' @param seed `NULL`, or a whole number for `set.seed()`: the generator is put back afterwards.
#' @param ... Nothing: other arguments are refused.
#'
#' @returns A list of `nsim` matrices `double[n, d]`, named `sim_1`, `sim_2`, ..., with an
#'   attribute `"seed"` as for every [stats::simulate()] method. Each matrix has an attribute
#'   `"component"`, `integer[n]`: the component of each row.
#'
#' @section Errors:
#' `gmm_error_bad_type`, `gmm_error_bad_value` and `gmm_error_unknown_argument` name the
#' `argument` that is wrong.
#'
#' @examples
#' fit <- gmm_fit(faithful, k = 2)
#' drawn <- simulate(fit, nsim = 2, seed = 1)
#' head(drawn$sim_1)
#' table(attr(drawn$sim_1, "component"))
#' @aliases simulate.gmm
#' @export
simulate.gmm_mixture <- function(object, nsim = 1, seed = NULL, ...) {
  call <- quote(simulate())
  check_no_dots(list(...), c("nsim", "seed"), call)
  nsim <- check_count(nsim, "nsim", call = call)
  if (!exists(".Random.seed", envir = globalenv(), inherits = FALSE)) {
    stats::runif(1)
  }
  state <- get(".Random.seed", envir = globalenv())
  origin <- state
  if (!is.null(seed)) {
    most <- .Machine$integer.max
    check_count(seed, "seed", min = -most, max = most, call = call)
    on.exit(assign(".Random.seed", state, envir = globalenv()))
    set.seed(seed)
    origin <- structure(seed, kind = as.list(RNGkind()))
  }
  drawn <- lapply(seq_len(nsim), function(i) draw_rows(object, object$n, call))
  structure(drawn, names = paste0("sim_", seq_len(nsim)), seed = origin)
}

#' Draw `n` rows from a mixture, with one number from R's generator
#' @noRd
draw_rows <- function(mixture, n, call) {
  parameters <- lapply(mixture[c("weights", "means", "covariances")], as.double)
  drawn <- engine_value(engine_simulate(n, parameters, stats::runif(1)), NULL, call)
  columns <- colnames(mixture$means)
  x <- matrix(drawn$x, nrow = n, dimnames = if (!is.null(columns)) list(NULL, columns))
  structure(x, component = drawn$component)
}
