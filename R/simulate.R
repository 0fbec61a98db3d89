#' Simulate data sets from a fit or a mixture
#'
#' Draws whole data sets, by one of two procedures. `"categorical"` draws every row as the model
#' says: first its component, by the weights, then a point of that component. `"stratified"` draws a
#' fixed number of points from each component, its weight times `n`, so that the data have the
#' proportions of the mixture.
#'
#' All follows from one number per data set of R's generator.
#'
#' @param object A fit from [gmm_fit()], or a mixture from [gmm_mixture()].
#' @param nsim Whole number, at least 1: data sets.
#' @param seed `NULL`, or a whole number for `set.seed()`: the generator is put back afterwards.
#' @param n Whole number, 1 to 1e9: rows of a data set. By default as many as the fit has; a mixture
#'   needs it.
#' @param method `"categorical"` or `"stratified"`.
#' @param ... Nothing: other arguments are refused.
#'
#' @returns A list of `nsim` matrices `double[n, d]`, named `sim_1`, `sim_2`, ..., with an
#'   attribute `"seed"` as for every [stats::simulate()] method. Each matrix has an attribute
#'   `"component"`, `integer[n]`: the component of each row.
#'
#'   With `"stratified"`, component `k` has `round(n * weights[k])` rows: because of the rounding
#'   there may be a few more or less than `n` in all. The rows are in the order of the components.
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
#'
#' mixture <- gmm_mixture(c(0.6, 0.4), means = c(0, 4), covariances = 1)
#' x <- simulate(mixture, n = 100, method = "stratified")$sim_1
#' table(attr(x, "component"))
#' @aliases simulate.gmm
#' @export
simulate.gmm_mixture <- function(object, nsim = 1, seed = NULL, n = object$n,
                                 method = c("categorical", "stratified"), ...) {
  call <- quote(simulate())
  check_no_dots(list(...), c("nsim", "seed", "n", "method"), call)
  object <- as_mixture(object, "object", call)
  if (is.null(n)) {
    abort_gmm(
      c(
        "{.arg n} is missing.",
        i = "A mixture has no rows: say how many to draw.",
        i = if (is.numeric(nsim) && length(nsim) == 1 && !identical(nsim, 1)) {
          "Did you mean `n = {nsim}`? The second argument, {.arg nsim}, counts data sets."
        }
      ),
      "bad_value",
      argument = "n",
      call = call
    )
  }
  n <- check_count(n, "n", max = 1e9, call = call)
  methods <- eval(formals()$method)
  method <- if (missing(method)) methods[1] else check_choice(method, methods, "method", call)
  nsim <- check_count(nsim, "nsim", call = call)
  if (!exists(".Random.seed", envir = globalenv(), inherits = FALSE)) {
    stats::runif(1)
  }
  local_seed(seed, call)
  origin <- if (is.null(seed)) {
    get(".Random.seed", envir = globalenv())
  } else {
    structure(seed, kind = as.list(RNGkind()))
  }
  drawn <- lapply(seq_len(nsim), function(i) draw_rows(object, n, method, call))
  structure(drawn, names = paste0("sim_", seq_len(nsim)), seed = origin)
}

#' Draw about `n` rows from a mixture, with one number from R's generator
#' @noRd
draw_rows <- function(mixture, n, method, call) {
  parameters <- lapply(mixture[mixture_parts], as.double)
  counts <- if (method == "stratified") as.integer(round(n * parameters$weights))
  if (!is.null(counts)) {
    n <- sum(counts)
  }
  columns <- colnames(mixture$means)
  # The engine fills these in place.
  x <- matrix(
    0,
    nrow = n,
    ncol = ncol(mixture$means),
    dimnames = if (!is.null(columns)) list(NULL, columns)
  )
  component <- integer(n)
  engine_value(engine_simulate(x, component, counts, parameters, stats::runif(1)), x, call)
  structure(x, component = component)
}
