#' The E-step: responsibilities of the components
#'
#' Given a mixture, every row has a posterior probability to come from each component, by Bayes'
#' formula: the component's responsibility for it. With [gmm_mstep()] this is an iteration of EM, as
#' [gmm_fit()] makes it; the log-likelihood never falls.
#'
#' @param x The data: a matrix, data frame or vector. Columns are found by name, in any order and
#'   among others; without names, by position. A bare vector is one row of length `d`, or for `d` =
#'   1 one value per row. All values must be finite. For a fit from a formula, a data frame gives
#'   its variables.
#' @param mixture A mixture from [gmm_mixture()] or [gmm_mstep()], or a fit from [gmm_fit()].
#'
#' @returns A list of class `"gmm_estep"`:
#' \describe{
#'   \item{`posterior`}{`double[n, k]`: responsibilities
#'     \eqn{r_{nk} = \pi_k N(x_n | \mu_k, \Sigma_k) / \sum_j \pi_j N(x_n | \mu_j, \Sigma_j)}{r_nk =
#'     pi_k N(x_n | mu_k, Sigma_k) / sum_j pi_j N(x_n | mu_j, Sigma_j)}. Each row has the sum 1.}
#'   \item{`log_density`}{`double[n]`: logarithm of the mixture's density at each row, the
#'     denominator above.}
#'   \item{`loglik`}{The log-likelihood of the mixture, which is the sum of these.}
#' }
#' Rows are named like those of `x`. Printing shows the sums of the responsibilities.
#'
#' @section Errors:
#' `gmm_error_bad_type`, `gmm_error_bad_shape` and `gmm_error_bad_value` name the `argument` that is
#' wrong; `gmm_error_missing_columns` the `columns` that `x` lacks; `gmm_error_non_finite` those
#' with missing or infinite values.
#'
#' @references
#' Bishop, C. M. (2006). *Pattern Recognition and Machine Learning*, equations 9.13, 9.23 and 9.28.
#' Springer.
#'
#' @seealso [gmm_mstep()], [gmm_elbo()]; [predict.gmm_mixture()] for rows with missing values.
#'
#' @examples
#' mixture <- gmm_mixture(c(5, 2) / 7, means = c(1.75, 3.8), covariances = c(2.3, 0.24))
#' step <- gmm_estep(c(1.13, 4.76, 0.87, 3.32, 4.29, 1.03, 0.98), mixture)
#' round(step$posterior, 2)
#' step$loglik
#'
#' # EM by hand, from labels
#' mixture <- gmm_mstep(iris[1:4], rep(1:3, 50))
#' for (i in 1:50) {
#'   step <- gmm_estep(iris[1:4], mixture)
#'   mixture <- gmm_mstep(iris[1:4], step)
#' }
#' step
#' @export
gmm_estep <- function(x, mixture) {
  call <- quote(gmm_estep())
  check_given(c(x = missing(x), mixture = missing(mixture)), call)
  check_order(x, "gmm_estep(x, mixture)", call)
  mixture <- as_mixture(mixture, "mixture", call)
  x <- step_rows(x, mixture, call)
  log_density <- score_complete(mixture, x, "density", call, TRUE)
  structure(
    list(
      posterior = name_rows(score_complete(mixture, x, "posterior", call, TRUE), x),
      log_density = name_rows(log_density, x),
      loglik = sum(log_density)
    ),
    class = "gmm_estep"
  )
}

#' Refuse a mixture or an E-step in the place of the data
#' @noRd
check_order <- function(x, usage, call) {
  if (inherits(x, c("gmm_mixture", "gmm_estep"))) {
    hint <- c(i = sprintf("Did you swap the arguments? It is `%s`.", usage))
    abort_argument("x", "the data", is_type(x), "bad_type", call, hint)
  }
}

#' Rows as a matrix with the columns of a mixture
#' @noRd
step_rows <- function(x, mixture, call) {
  if (!is.data.frame(x)) {
    # A matrix already has the columns that a formula would make.
    mixture$terms <- NULL
  }
  x <- new_rows(mixture, x, call, "x")
  check_finite(x, "x", call)
  x
}

#' @export
print.gmm_estep <- function(x, digits = 4, ...) {
  check_count(digits, "digits", max = 22, call = quote(print()))
  n <- nrow(x$posterior)
  cat(cli::pluralize("E-step: {format_count(n)} {cli::qty(n)}row{?s}, "))
  cat(cli::pluralize("{ncol(x$posterior)} component{?s}, log-likelihood {format_2(x$loglik)}"))
  cat("\n\n")
  print_cut(cbind(`sum of responsibilities` = colSums(x$posterior)), digits)
  invisible(x)
}
